load lib

# The C programs of transport/examples/ and Erlang's own, each as the other's client and server.

examples=$(dirname "$JUNCTOR")/transport/examples

# erlang NAME MODE PORT…: in the background, output in $work/NAME.log; its process id in $erlang.
erlang() {
    ERL_FLAGS="+S 1 +A 0" escript tests/scenarios/gen_sctp.escript "${@:2}" >"$work/$1.log" 2>&1 3>&- </dev/null &
    erlang=$!
    pids+=("$erlang")
}

# c_server NAME PORT: the same for the C server, when it listens.
c_server() {
    "$examples/server" 127.0.0.1 "$2" >"$work/$1.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
    wait_until 10 said "$1" "listening on port $2 .*"
}

said() { # NAME LINE
    has_line "$work/$1.log" "^($2)\$"
}

heard() { # COUNT LINE: what Erlang's servers said
    [ "$(grep -cxE -- "$2" "$work/server.log")" = "$1" ]
}

@test "the C client, then connect_init in C, and two servers in Erlang" {
    erlang server server "$P0" "$P1"
    wait_in 2 "$work/server.log" '^listening$' 30
    timeout 60 "$examples/client" 127.0.0.1 "$P0" >"$work/client.log" 2>&1
    said client 'connected: 5 streams out, [0-9]+ in'
    said client 'stream 0: TR_OK .*'
    said client 'stream 5: TR_BAD_STREAM .*'
    wait_until 10 said server 'association comm_lost, streams in .*'
    said server 'association comm_up, streams in 5'
    said server 'stream 0 ppid 0: Test 0'
    heard 1 'stream .*'

    timeout 60 "$examples/connect_init" 127.0.0.1 "$P0" 127.0.0.1 "$P1" >"$work/client.log" 2>&1
    wait_in 2 "$work/server.log" '^association shutdown_comp, streams in '
    heard 2 'stream 1 ppid 46: hello'
    [ "$(grep -c 'shutdown_comp' "$work/client.log")" = 2 ]
}

@test "Erlang's client and the C server" {
    c_server server "$P0"
    erlang client client "$P0"
    wait_until 30 ended "$erlang"
    said client 'connected, streams out 5'
    said client 'stream 0: ok'
    said client 'stream 5: \{error,einval\}'
    said client 'abort: ok'
    wait_until 10 said server 'comm_lost assoc=[0-9]+ error=12 cause="User-Initiated Abort" end=peer'
    said server 'comm_up assoc=[0-9]+ outbound_streams=[0-9]+ inbound_streams=5'
    said server 'message assoc=[0-9]+ stream=0 ppid=0: Test 0'
    [ "$(grep -c ^message "$work/server.log")" = 1 ]
}

@test "connect_init in Erlang to two servers in C, and to one that is not there" {
    c_server first "$P0"
    c_server second "$P1"
    erlang client connect_init "$P0" "$P1" "$P2"
    wait_until 30 ended "$erlang"
    local server
    for server in first second; do
        wait_until 10 said $server 'shutdown_comp assoc=[0-9]+'
        said $server 'message assoc=[0-9]+ stream=1 ppid=46: hello'
    done
    said client "$P0: shutdown_comp"
    said client "$P1: shutdown_comp"
    said client "$P2: cant_assoc"
}
