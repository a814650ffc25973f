load lib

# erlang MODE PORT: in the background, output in $work/erlang-MODE.log.
erlang() {
    ERL_FLAGS="+S 1 +A 0" escript tests/scenarios/gen_sctp.escript "$1" "$2" >"$work/erlang-$1.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
    erlang=$!
}

said() {
    has_line "$work/erlang-$1.log" "^$2\$"
}

paired() {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: erlang, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: erlang, session: paired}]
CONFIG
}

@test "gen_sctp's manual: server and client with the broker between them" {
    erlang server "$P1"
    wait_in 1 "$work/erlang-server.log" '^listening$' 20
    paired
    erlang client "$P0"
    wait_until 30 ended "$erlang"
    # The client got its five streams, and the one it did not get is refused at once.
    said client "connected, streams out 5"
    said client "stream 0: ok"
    grep -q "^stream 5: {error,einval}" "$work/erlang-client.log"
    said client "abort: ok"
    # The broker asked for as many towards the server, brought Test 0 and carried the abort across.
    wait_until 10 said server "stream 0 ppid 0: Test 0"
    wait_in 1 "$work/erlang-server.log" "^association comm_lost"
    said server "association comm_up, streams in 5"
    stop_broker
}

@test "gen_sctp: five questions on five streams, each answer returns on its own; eof shuts both sides down" {
    erlang echo "$P1"
    wait_in 1 "$work/erlang-echo.log" '^listening$' 20
    paired
    erlang answers "$P0"
    wait_until 40 ended "$erlang"
    local n
    for n in 0 1 2 3 4; do said answers "answer on stream $n ppid $((100 + n)): Question $n"; done
    said answers "eof: ok"
    said answers "then: shutdown_comp"
    wait_in 1 "$work/erlang-echo.log" "^association shutdown_comp"
    stop_broker
}

@test "gen_sctp: the reason that a client gives with its abort stands in the broker's log" {
    erlang server "$P1"
    wait_in 1 "$work/erlang-server.log" '^listening$' 20
    paired
    erlang leave "$P0"
    wait_log 'event=association_lost listener=access .*error="User-Initiated Abort" reason="going into \\"maintenance\\""'
    wait_until 30 ended "$erlang"
    said leave "abort: ok"
    stop_broker
}
