load lib

# A client whose host fails and comes back: it connects from the same address and port, and the association restarts (RFC 9260
# 5.2.4). Each life has a host, a network namespace, of its own, so that the end of the one before sends nothing.

# An address left behind would make the resolver of later scenarios look up no other family.
eval "$(declare -f teardown | sed '1s/teardown/end_all/')"
teardown() {
    end_all
    ip link delete c0 2>/dev/null || true
    ip address delete 10.97.0.1/32 dev lo 2>/dev/null || true
}

client_host() {
    network client
    in_client="nsenter --net=/proc/$network/ns/net"
    ip link add c0 type veth peer name c0 netns "$network"
    ip address add 10.97.1.1/24 dev c0
    ip link set c0 up
    $in_client ip address add 10.97.1.2/24 dev c0
    $in_client ip link set c0 up
    $in_client ip route add default via 10.97.1.1
}

shown() {
    grep -q "DATA.*$1" "$work/server.log"
}

# life WORD: the client connects and sends it; when it has arrived on the other side the client's host disappears silently.
life() {
    client_host
    $in_client sctp_darn -H 10.97.1.2 -P "$P2" -h 10.97.0.1 -p "$P0" -s >"$work/client.log" 2>&1 3>&- <"$work/typed" &
    local client=$!
    pids+=("$client")
    exec 8>"$work/typed"
    printf '%s\n' "$1" >&8
    wait_until 10 shown "$1"
    ip link delete c0
    kill -KILL "$client" "$network"
    wait "$client" "$network" || true
    exec 8>&-
}

# three_lives SESSION PEELOFF
three_lives() {
    ip link delete c0 2>/dev/null || true
    ip address replace 10.97.0.1/32 dev lo
    mkfifo "$work/typed"
    stdbuf -oL sctp_darn -H 127.0.0.1 -P "$P1" -l >"$work/server.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
    wait_until 10 is_listening "$P1" 0
    start_broker <<CONFIG
listeners: [{name: access, address: 10.97.0.1, port: $P0, peeloff: $2}]
peers: [{name: server, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: server, session: $1}]
CONFIG
    life first
    life second
    life third
    wait_count 2 'event=association_lost listener=access .*error="peer restarted"'
    wait_count 3 'event=association_up listener=access'
    not grep -q 'event=dropped' "$work/broker.log"
}

# The client's association continues; its partner ends and is replaced.
partners_follow() {
    wait_count 3 'event=association_up peer=server'
    wait_count 2 'event=association_lost peer=server'
}

@test "a client that restarts is served at once: paired, peeled off" {
    three_lives paired always
    partners_follow
}

@test "a client that restarts is served at once: paired, on the listener's socket" {
    three_lives paired never
    partners_follow
}

@test "a client that restarts is served at once: shared" {
    three_lives shared always
    not grep -q 'event=association_lost peer=server' "$work/broker.log"
}
