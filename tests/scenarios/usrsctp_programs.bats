load lib

programs=/usr/lib/usrsctp

# They print what they do only when their output is unbuffered.
start_program() { # NAME PROGRAM ARGUMENT…
    stdbuf -oL "${@:2}" >"$work/$1.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
}

paired() { # SCTP port of the server
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: server, address: 127.0.0.1, port: $1, encaps_port: $U1}]
routes: [{from: access, to: server, session: paired}]
CONFIG
}

# What is typed must not end before it has arrived.
both_came() {
    [ "$(grep -c 'Msg of length 6 ' "$work/server.log")" = 2 ]
}

@test "usrsctp's client and discard_server: lines arrive" {
    start_program server $programs/discard_server $U1 $U0
    wait_until 10 is_listening 9 $U1
    paired 9
    { printf 'hello\nworld\n' && wait_until 5 both_came; } |
        timeout 30 $programs/client 127.0.0.1 $P0 0 $U2 $U0 >"$work/client.log" 2>&1 || true
    both_came
    stop_broker
    [ "$(account received)" = 2 ]
    [ "$(account delivered)" = 2 ]
}

@test "usrsctp's client and echo_server: the answer returns through the broker" {
    start_program server $programs/echo_server $U1 $U0
    wait_until 10 is_listening 7 $U1
    paired 7
    { printf 'is anybody there\n' && wait_in 1 "$work/client.log" 'is anybody there' 5; } |
        timeout 30 stdbuf -oL $programs/client 127.0.0.1 $P0 0 $U2 $U0 >"$work/client.log" 2>&1 || true
    grep -q 'is anybody there' "$work/client.log"
    stop_broker
    [ "$(account received)" = 2 ]
    [ "$(account delivered)" = 2 ]
}

@test "usrsctp's tsctp: 20,000 messages" {
    start_program server $programs/tsctp -E $U1 -U $U0 -p $P1 -L 127.0.0.1
    wait_until 10 is_listening $P1 $U1
    paired $P1
    timeout 60 $programs/tsctp -E $U2 -U $U0 -p $P0 -n 20000 -l 400 127.0.0.1 >"$work/client.log" 2>&1
    wait_log 'event=association_closed listener=access' 20
    stop_broker
    [ "$(account received)" = 20000 ]
    [ "$(account delivered)" = 20000 ]
}

# life WORDS: a client that always connects from the same address and ports, sends this, and is killed when it has the
# answer: its end sends nothing, and the next one is a restart of the association (RFC 9260 5.2.4).
life() {
    : >"$work/client.log"
    stdbuf -oL $programs/client 127.0.0.1 "$P0" "$P2" "$U2" "$U0" >"$work/client.log" 2>&1 3>&- <"$work/typed" &
    local client=$!
    pids+=("$client")
    exec 8>"$work/typed"
    printf '%s\n' "$1" >&8
    wait_in 1 "$work/client.log" "$1"
    kill -KILL "$client"
    wait "$client" || true
    exec 8>&-
}

@test "a client that is killed and comes back from the same port is answered: its association and a new partner" {
    start_program server $programs/echo_server $U1 $U0
    wait_until 10 is_listening 7 $U1
    paired 7
    mkfifo "$work/typed"
    life 'first life'
    life 'second life'
    life 'third life'
    wait_count 2 'event=association_lost listener=access .*error="peer restarted"'
    wait_count 3 'event=association_up listener=access'
    wait_count 3 'event=association_up peer=server'
    wait_count 2 'event=association_lost peer=server'
    not grep -q 'event=dropped' "$work/broker.log"
}
