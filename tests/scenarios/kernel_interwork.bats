load lib

# The two stacks with each other: usrsctp in one network namespace and the kernel, whose SCTP can run over UDP too, in
# another, with a cable between them. net.sctp.udp_port is the kernel's own UDP port; net.sctp.encap_port, or the option
# remote_udp_encaps_port, is the one it connects to.
#
# The kernel's interface lets no packet pass that is larger than the path MTU: Debian 12's kernel (6.1) fails at generic
# segmentation offload (GSO) for SCTP over UDP, and what it sends in bursts is lost. With net.sctp.udp_port, gso_max_size
# should be set too (transport/README.md).

examples=$(dirname "$JUNCTOR")/transport/examples
users=10.99.0.1
kernels=10.99.0.2

# cable [ENCAP-PORT]: between $in_users and $in_kernels, which run a command in their namespace.
cable() {
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    printf '5.11\n%s\n' "$(uname -r)" | sort -V -C || skip "Linux $(uname -r): SCTP over UDP came with 5.11"
    unshare --net sleep 600 3>&- &
    user=$!
    unshare --net sleep 600 3>&- &
    kernel=$!
    pids+=("$user" "$kernel")
    wait_until 5 has_namespace $user
    wait_until 5 has_namespace $kernel
    in_users="nsenter --net=/proc/$user/ns/net"
    in_kernels="nsenter --net=/proc/$kernel/ns/net"
    $in_users ip link add cable type veth peer name cable netns $kernel
    up "$in_users" $users
    up "$in_kernels" $kernels gso_max_size 1500
    $in_kernels sysctl -q -w net.sctp.udp_port="$U7" net.sctp.encap_port="${1:-0}"
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$in_users" "$JUNCTOR" >"$work/in_users"
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$in_kernels" "$JUNCTOR" >"$work/in_kernels"
    chmod +x "$work"/in_*
}

has_namespace() {
    not cmp -s <(readlink "/proc/$1/ns/net") <(readlink /proc/self/ns/net)
}

up() { # PREFIX ADDRESS SETTING…
    $1 ip address add "$2/24" dev cable
    $1 ip link set cable up "${@:3}"
    $1 ip link set lo up
}

# on SIDE COMMAND…: a function of lib.bash for one of the two sides.
on() {
    local side=$1
    shift
    case $side in
    users) BACKEND=usrsctp JUNCTOR=$work/in_users "$@" ;;
    kernels) BACKEND=kernel JUNCTOR=$work/in_kernels "$@" ;;
    esac
}

# echoed NAME COUNT: all messages went and came back, in order, and the associations were shut down as they should be.
echoed() {
    read_report "$1" && unharmed .replies && [ "${report[.report.ok]}" = true ] && [ "${report[.replies.delivered]}" = "$2" ] &&
        [ $((report[.associations.lost] + report[.associations.not_closed] + report[.associations.failed])) = 0 ]
}

# Small ones that are bundled, ones that fill a packet, and ones of many packets, on several streams there and back.
three_sizes() { # SIDE TO TO-UDP-PORT OPTION…
    local size count
    for size in 64:1000 1400:500 60000:60; do
        count=${size#*:} size=${size%:*}
        on "$1" run_load "size_$size" --role source --to "$2" --to-encaps "$3" --listen-encaps "$U4" --reply --verify \
            --associations 2 --streams 4 --ppid m3ua,ngap --size "$size" --count "$count" "${@:4}"
        echoed "size_$size" "$count"
    done
}

@test "a source on usrsctp, the broker and its peer on the kernel's SCTP" {
    cable
    on kernels start_load echo --role echo --listen "127.0.0.1:$P1" --keep
    local echo=$loader
    wait_until 10 on kernels is_listening "$P1" 0 "$kernel"
    on kernels start_broker <<CONFIG
broker: {transport: kernel}
listeners: [{name: access, address: $kernels, port: $P0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    three_sizes users "$kernels:$P0" "$U7"
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(account delivered)" ]
    kill -TERM "$echo"
    ends_with 0 "$echo"
}

@test "a source on the kernel's SCTP that is told the UDP port by itself, the broker and its peer on usrsctp" {
    cable
    on users start_load echo --role echo --listen "127.0.0.1:$P1" --listen-encaps "$U1" --keep
    local echo=$loader
    wait_until 10 on users is_listening "$P1" "$U1" "$user"
    on users start_broker <<CONFIG
broker: {transport: usrsctp}
listeners: [{name: access, address: $users, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    three_sizes kernels "$users:$P0" "$U0" --option remote_udp_encaps_port.port="$U0"
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(account delivered)" ]
    kill -TERM "$echo"
    ends_with 0 "$echo"
}

@test "streams granted, an abort and a shutdown mean the same on both sides" {
    cable "$U0"
    $in_users "$examples/server" $users "$P0" "$U0" >"$work/users.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
    $in_kernels "$examples/server" $kernels "$P0" >"$work/kernels.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
    wait_in 1 "$work/users.log" '^listening.*usrsctp'
    wait_in 1 "$work/kernels.log" '^listening.*kernel'
    timeout 30 $in_kernels "$examples/client" $users "$P0" >"$work/client.log" 2>&1
    timeout 30 $in_users "$examples/client" $kernels "$P0" "$U7" >>"$work/client.log" 2>&1
    [ "$(grep -c '^connected: 5 streams out' "$work/client.log")" = 2 ]
    [ "$(grep -c '^stream 5: TR_BAD_STREAM' "$work/client.log")" = 2 ]
    timeout 60 $in_kernels "$examples/connect_init" $users "$P0" $users "$P1" >"$work/two.log" 2>&1 || true
    timeout 60 $in_users "$examples/connect_init" $kernels "$P0" $kernels "$P1" "$U7" "$U7" >>"$work/two.log" 2>&1 || true
    [ "$(grep -c '^peer 1: shutdown_comp' "$work/two.log")" = 2 ]
    [ "$(grep -c '^peer 2: cant_assoc' "$work/two.log")" = 2 ]
    local side
    for side in users kernels; do
        wait_in 1 "$work/$side.log" '^shutdown_comp'
        grep -q 'inbound_streams=5$' "$work/$side.log"
        grep -q 'stream=0 ppid=0: Test 0$' "$work/$side.log"
        grep -q '^comm_lost .*cause="User-Initiated Abort" end=peer$' "$work/$side.log"
        grep -q 'stream=1 ppid=46: hello$' "$work/$side.log"
    done
}
