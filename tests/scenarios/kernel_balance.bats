load lib
load admin

# A worker that is busy while another one is not gives associations away, by itself, until the load is even: nothing is lost,
# nothing comes twice, no stream loses its order. (That they stay then is unit/test_broker_balance's: where another machine takes
# a processor away, the load of who runs on it is not what it seems.)

# The threshold is low: there may be one emulated processor for all.
gateway() {
    cat <<CONFIG
broker: {transport: $BACKEND, workers: 2, admin: {path: $work/admin.sock}, balance: {threshold: 5, interval: 1s, pause: 1s}}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
}

# on_worker N: how many of the clients it has.
on_worker() {
    ask "/v1/associations?limit=1000&listener=access" | jq "[.associations[] | select(.worker == $1)] | length"
}

is_even() {
    [ "$(on_worker 0)" = 2 ]
}

# all_to WORKER: moves all clients there by hand.
all_to() {
    local id
    for id in $(ask "/v1/associations?limit=1000&listener=access" | jq -r ".associations[] | select(.worker != $1) | .id"); do
        wait_until 20 "$JUNCTOR" move -s "$work/admin.sock" "$id" "$1" >>"$work/moved" 2>&1
    done
}

@test "balance: clients of a busy worker go to the idle one until both have as much to do" {
    start_broker < <(gateway | sed 's/threshold: 5/threshold: off/')
    start_sink core $U1 $P1 --keep
    local core=$loader source
    start_source source $U2 --associations 4 --streams 4 --rate 2000 --duration 10m
    source=$loader
    wait_account delivered -ge 100
    all_to 0
    [ "$(on_worker 0)" = 4 ]
    [ "$(ask /v1/status | jq .balance)" = null ]
    write_config < <(gateway)
    reload 1
    wait_account associations_balanced -ge 4 30 # a client and its partner, twice
    [ "$(ask /v1/status | jq .balance)" = 5 ]
    wait_until 30 is_even
    has_line "$work/broker.log" 'event=balancing listener=access .*from=0 to=1'
    "$JUNCTOR" history -s "$work/admin.sock" >"$work/history"
    grep -q balanced "$work/history"
    kill -INT $source
    ends_with 0 $source 60
    stop_broker
    kill -TERM $core
    ends_with 0 $core
    delivered_all core "$(account received)"
    [ "$(account dropped)" = 0 ]
}

@test "balance: one client that makes all of the load stays" {
    start_broker < <(gateway)
    start_sink core $U1 $P1 --keep
    local core=$loader source
    start_source source $U2 --streams 4 --rate 2000 --duration 10m
    source=$loader
    wait_account delivered -ge 10000 20
    [ "$(account associations_balanced)" = 0 ]
    not has_line "$work/broker.log" 'event=balancing'
    kill -INT $source
    ends_with 0 $source 60
    stop_broker
}
