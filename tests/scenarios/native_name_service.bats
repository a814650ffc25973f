load lib

# The broker of these scenarios has names of its own, and a name server that never answers: 127.0.0.10 port 53 (11 in another
# lane) is a userland SCTP sink, which drops everything that is not SCTP.
lane=${JUNCTOR_LANE:-0}

# broker_with_etc <<CONFIG: like start_broker, with $work/etc in place of /etc.
broker_with_etc() {
    cat >"$work/junctor" <<SCRIPT
#!/bin/sh
exec unshare -m sh -c 'mount --bind "$work/etc" /etc && exec "$JUNCTOR" "\$@"' junctor "\$@"
SCRIPT
    chmod +x "$work/junctor"
    JUNCTOR=$work/junctor start_broker
}

# hosts LINE…: the names that the broker knows.
hosts() {
    unshare -m true 2>/dev/null || skip "needs a mount namespace (root)"
    mkdir -p "$work/etc"
    echo "hosts: files dns" >"$work/etc/nsswitch.conf"
    echo "multi on" >"$work/etc/host.conf" # all lines of a name count
    echo "nameserver 127.0.0.1$lane" >"$work/etc/resolv.conf"
    printf '%s\n' "$@" >"$work/etc/hosts"
}

# sink_at NAME ADDRESS[,ADDRESS]: on P1 and U1.
sink_at() {
    start_load "$1" --role sink --listen "$2:$P1" --listen-encaps "$U1" --keep --partial
    wait_until 10 is_listening "$P1" "$U1"
}

threads() {
    awk '/^Threads:/ {print $2}' "/proc/$broker/status"
}

@test "name service: a name server that does not answer holds up neither other peers nor the end" {
    hosts "127.0.0.1 core.example"
    "$JUNCTOR" load --transport usrsctp --quiet --role sink --listen 127.0.0.1$lane:1 --listen-encaps 53 \
        >"$work/dns.json" 2>"$work/dns.err" 3>&- </dev/null &
    pids+=("$!")
    wait_until 10 is_listening 1 53
    sink_at sink 127.0.0.1
    local sink=$loader
    broker_with_etc <<CONFIG
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
  - {name: lost, address: 127.0.0.1, port: $P4, encaps_port: $U4}
peers:
  - {name: core, address: core.example, port: $P1, encaps_port: $U1}
  - {name: dead, address: dead.example, port: $P2, encaps_port: $U2, connect_timeout: 300ms,
     reconnect: {initial: 50ms, max: 100ms}}
  - {name: mute, address: [mute.example, core.example], port: $P2, encaps_port: $U2, connect_timeout: 1m}
routes:
  - {from: access, to: core, session: shared}
  - {from: core, to: dead}
  - {from: lost, to: mute, session: paired}
CONFIG
    wait_log 'event=member_up member=core'
    # Attempts time out one after the other, but send a single query.
    wait_count 3 'event=connect_failed peer=dead error="its name is still being looked up'
    [ "$(threads)" -le $((4 + $(logged ready workers) + 2)) ] # control, the log, admin, tap, the workers, and a question each
    # Clients of a peer that is still being looked up wait; the others' messages go through meanwhile.
    start_load waiting --role source --to "127.0.0.1:$P4" --to-encaps $U4 --listen-encaps $U5 --rate 20 --duration 1m
    wait_log 'event=association_up listener=lost'
    run_source source $U3 --rate 500 --duration 1s
    wait_account delivered -eq "$(result source .sent)"
    kill -TERM "$broker"
    wait_log 'event=draining'
    kill -TERM "$broker"
    ends_with 1 "$broker" 3 # what waited for the name is dropped
    [ "$(account balanced)" = yes ]
    [ "$(account dropped)" -gt 0 ]
    kill -TERM $sink
    ends_with 0 $sink
}

@test "name service: a peer that has moved is found at its new address" {
    hosts "127.0.0.2 core.example"
    sink_at before 127.0.0.2
    broker_with_etc <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: core.example, port: $P1, encaps_port: $U1, reconnect: {max: 500ms}}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    wait_log 'event=association_up peer=core .*remote=[^ ]*127.0.0.2[]:]'
    kill -TERM $loader
    wait_log 'event=association_(lost|closed) peer=core'
    hosts "127.0.0.3 core.example"
    sink_at after 127.0.0.3
    wait_log 'event=association_up peer=core .*remote=[^ ]*127.0.0.3[]:]'
    run_source source $U3 --count 100
    stop_broker
    [ "$(account delivered)" = 100 ]
}

@test "name service: of several addresses one that refuses is passed over, before the client notices" {
    hosts "127.0.0.2 core.example" "127.0.0.3 core.example" "127.0.0.4 core.example"
    sink_at sink 127.0.0.3
    broker_with_etc <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: core.example, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core}]
CONFIG
    run_source source $U3 --rate 200 --duration 1s --associations 4
    stop_broker
    [ "$(account delivered)" = "$(result source .sent)" ]
    [ "$(grep -c 'event=association_up peer=core .*remote=[^ ]*127.0.0.3[]:]' "$work/broker.log")" = 4 ]
    not grep -q event=session_refused "$work/broker.log"
    # The kernel is given all of them, usrsctp one at a time.
    case $BACKEND in
    kernel) [ "$(logged resolved left_out)" = 0 ] ;;
    *) [ "$(logged resolved left_out)" = 2 ] ;;
    esac
}

@test "name service: an answer that does not fit the local addresses is told" {
    hosts "2001:db8::7 core.example"
    broker_with_etc <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: core.example, port: $P1, local: 127.0.0.1, encaps_port: $U1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    wait_log 'event=connect_failed peer=core error=".*2001:db8::7.*local IPv6 address'
    stop_broker
}
