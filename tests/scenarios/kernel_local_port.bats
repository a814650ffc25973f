load lib

# A broker that listens at P1 and P2 and sends nothing.
start_far() {
    cat >"$work/far.yaml" <<CONFIG
broker: {transport: kernel}
listeners:
  - {name: far, address: 127.0.0.1, port: $P1}
  - {name: other, address: 127.0.0.1, port: $P2}
routes: [{from: far, ppid: ngap, to: other, session: shared}]
CONFIG
    "$JUNCTOR" run -c "$work/far.yaml" >"$work/far.out" 2>"$work/far.log" 3>&- </dev/null &
    pids+=($!)
    wait_in 1 "$work/far.log" event=ready
}

@test "local_port: two peers and a listener of two workers share it" {
    start_far
    start_broker <<CONFIG
broker: {transport: kernel, workers: 2}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers:
  - {name: p, address: 127.0.0.1, port: $P1, local_port: $P0}
  - {name: q, address: 127.0.0.1, port: $P2, local_port: $P0}
groups: [{name: g, members: [p, q], mode: broadcast}]
routes: [{from: access, to: g, session: shared}]
CONFIG
    wait_count 2 "event=member_up"
    wait_in 1 "$work/far.log" "event=association_up listener=far .*remote=127.0.0.1:$P0 "
    wait_in 1 "$work/far.log" "event=association_up listener=other .*remote=127.0.0.1:$P0 "
    run_source source $U2 --associations 20 --rate 500 --count 100
    stop_broker
    [ "$(account received)" = 100 ]
    [ "$(account delivered)" = 200 ]
}

@test "local_port: a reload has a peer called from the port of a listener of one worker, under which it goes on" {
    start_far
    start_broker <<CONFIG
broker: {transport: kernel, workers: 1}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: p, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: p, session: shared}]
CONFIG
    wait_count 1 event=member_up
    write_config <<CONFIG
broker: {transport: kernel, workers: 1}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers:
  - {name: p, address: 127.0.0.1, port: $P1}
  - {name: q, address: 127.0.0.1, port: $P2, local_port: $P0}
groups: [{name: g, members: [p, q], mode: broadcast}]
routes: [{from: access, to: g, session: shared}]
CONFIG
    reload 1
    wait_count 1 "event=member_up member=q"
    wait_in 1 "$work/far.log" "event=association_up listener=other .*remote=127.0.0.1:$P0 "
    run_source source $U2 --associations 20 --rate 500 --count 100
    stop_broker
    [ "$(account received)" = 100 ]
    [ "$(account delivered)" = 200 ]
}
