load lib

# The programs of transport/examples/, which use the transport library and nothing else of Junctor, and the server in
# transport/README.md. If BACKEND is usrsctp they are given UDP ports.

examples=$(dirname "$JUNCTOR")/transport/examples

# udp PORT…: as arguments, where they mean something.
udp() {
    [ "$BACKEND" = kernel ] || echo "$@"
}

# start_example NAME PROGRAM ARGUMENT…: in the background; its process id in $example.
start_example() {
    "$examples/$2" "${@:3}" >"$work/$1.log" 2>&1 3>&- </dev/null &
    example=$!
    pids+=("$example")
}

start_server() { # NAME SCTP-PORT UDP-PORT
    # shellcheck disable=SC2046
    start_example "$1" server 127.0.0.1 "$2" $(udp "$3")
    wait_until 10 said "$1" "listening on port $2 ($BACKEND)"
}

said() { # NAME LINE
    local line=${2//\(/\\(}
    has_line "$work/$1.log" "^${line//)/\\)}\$"
}

@test "server and client: stream 0 arrives, stream 5 was not granted, then the abort" {
    start_server server "$P0" "$U0"
    # shellcheck disable=SC2046
    timeout 30 "$examples/client" localhost "$P0" $(udp "$U0") >"$work/client.log" 2>&1
    said client 'connected: 5 streams out, [0-9]+ in'
    said client 'stream 0: TR_OK .*'
    said client 'stream 5: TR_BAD_STREAM (the peer did not grant this stream)'
    said client aborted
    wait_until 10 said server 'comm_lost assoc=[0-9]+ error=12 cause="User-Initiated Abort" end=peer'
    said server 'comm_up assoc=[0-9]+ outbound_streams=[0-9]+ inbound_streams=5'
    said server 'message assoc=[0-9]+ stream=0 ppid=0: Test 0'
    [ "$(grep -c ^message "$work/server.log")" = 1 ]
}

@test "connect_init: two servers at once, each gets its message before the shutdown" {
    start_server first "$P0" "$U0"
    start_server second "$P1" "$U1"
    # shellcheck disable=SC2046
    timeout 60 "$examples/connect_init" localhost "$P0" 127.0.0.1 "$P1" $(udp "$U0" "$U1") >"$work/client.log" 2>&1
    # Both were on their way before either was there.
    [ "$(head -n 2 "$work/client.log" | grep -c connecting)" = 2 ]
    local server
    for server in first second; do
        wait_until 10 said $server 'shutdown_comp assoc=[0-9]+'
        said $server 'message assoc=[0-9]+ stream=1 ppid=46: hello'
    done
    [ "$(grep -c 'peer [12]: comm_up' "$work/client.log")" = 2 ]
    [ "$(grep -c 'peer [12]: shutdown_comp' "$work/client.log")" = 2 ]
}

@test "connect_init: a server that is not there is an event, and the other one gets its message" {
    start_server second "$P1" "$U1"
    local status=0
    # shellcheck disable=SC2046
    timeout 60 "$examples/connect_init" 127.0.0.1 "$P0" 127.0.0.1 "$P1" $(udp "$U0" "$U1") >"$work/client.log" 2>&1 || status=$?
    [ $status = 1 ]
    said client 'peer 1: cant_assoc assoc=[0-9]+.*'
    said client 'peer 2: shutdown_comp assoc=[0-9]+'
    wait_until 10 said second 'message assoc=[0-9]+ stream=1 ppid=46: hello'
}

@test "the README's server sends back what it gets, from several clients at once" {
    # shellcheck disable=SC2046
    start_example readme readme "$P0" $(udp "$U0")
    wait_until 10 is_listening "$P0" "$U0"
    run_source answers "$U1" --reply --associations 3 --streams 4 --ppid m3ua,ngap --size 64-1400 --rate 150 --count 300 --verify
    read_report answers
    [ "${report[.report.ok]}" = true ]
    unharmed .replies
    [ "${report[.replies.delivered]}" = 300 ]
    wait_in 3 "$work/readme.log" ^shutdown_comp
    [ "$(grep -c ^comm_up "$work/readme.log")" = 3 ]
}

@test "what goes wrong is told in words" {
    local status=0
    # shellcheck disable=SC2046
    timeout 30 "$examples/client" 127.0.0.1 "$P0" $(udp "$U0") >"$work/client.log" 2>&1 || status=$?
    [ $status = 1 ]
    said client 'client: connect to 127.0.0.1:[0-9]+: .*'
    start_server server "$P0" "$U0"
    status=0
    # shellcheck disable=SC2046
    timeout 30 "$examples/server" 127.0.0.1 "$P0" $(udp "$U0") >"$work/again.log" 2>&1 || status=$?
    [ $status = 1 ]
    grep -q '^server: .* in use' "$work/again.log"
    status=0
    "$examples/server" localhost 2>"$work/usage.log" || status=$?
    [ $status = 2 ]
    said usage 'usage: server ADDRESS PORT [[]UDP-PORT[]]'
}

@test "config/examples/low_delay.yaml relays, both ways and in order" {
    start_broker < <(sed -e "s/port: 2931/port: $P0, encaps_port: $U0/" -e "s/^broker:/&\n  transport: $BACKEND/" \
        -e "s/port: 2932, encaps_port: 9900/port: $P1, encaps_port: $U1/" config/examples/low_delay.yaml)
    through_broker load --reply --associations 2 --streams 8 --size 64-8000 --count 2000
    delivered_all load 2000
    [ "$(result load .replies.delivered)" = 2000 ]
    stop_broker
    [ "$(account dropped)" = 0 ]
}
