load lib

# Every address of a peer must be allowed, whichever it comes from.
@test "a multi-homed peer is let in only if all its addresses are" {
    start_broker <<CONFIG
broker: {transport: kernel, workers: 2}
listeners:
  - {name: open, address: [127.0.0.1, 127.0.0.2, 127.0.0.3], port: $P0, deny: 127.0.0.3, allow: 127.0.0.0/29}
peers: [{name: core, address: 127.0.0.1, port: $P1, reconnect: {initial: 100ms, max: 200ms}}]
routes: [{from: open, to: core, session: shared}]
CONFIG
    start_sink sink "$U1" "$P1" --keep
    run_source both "$U2" --from 127.0.0.1,127.0.0.2 --count 20
    not run_source denied "$U3" --from 127.0.0.2,127.0.0.3 --rate 10 --duration 20s
    not run_source outside "$U4" --from 127.0.0.1,127.0.0.9 --rate 10 --duration 20s
    wait_delivered_to core 20
    stop_broker
    [ "$(account received)" = $((20 + $(account dropped_not_accepted))) ]
    [ "$(account refused_denied)" = 2 ]
    [ "$(delivered_to core)" = 20 ]
}

# One that is added later (RFC 5061), too: it could become the primary one. `events` does not hide it.
@test "a peer that adds an address that is denied is aborted" {
    start_broker <<CONFIG
broker: {transport: kernel, workers: 1}
listeners:
  - name: open
    address: 127.0.0.1
    port: $P0
    deny: 127.0.0.3
    sctp: {auth_supported: true, asconf_supported: true, events: {address: false}}
peers: [{name: core, address: 127.0.0.1, port: $P1, reconnect: {initial: 100ms, max: 200ms}}]
routes: [{from: open, to: core, session: shared}]
CONFIG
    mkfifo "$work/typed"
    "${BUILD:-$(dirname "$JUNCTOR")}"/tests/scenarios/add_address "$P0" 127.0.0.3 <"$work/typed" >"$work/client.log" 2>&1 3>&- &
    local client=$!
    pids+=("$client")
    exec 8>"$work/typed"
    wait_log 'event=association_up listener=open' # before that it would be refused
    echo >&8
    ends_with 0 "$client"
    exec 8>&-
    [ "$(cat "$work/client.log")" = $'added\nended' ]
    stop_broker
    [ "$(account refused_denied)" = 1 ]
    grep -q 'its peer has added an address that is not allowed' "$work/broker.log"
}
