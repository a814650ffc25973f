load lib

# far_broker: listens on P1 and accepts everything; its log shows where from.
far_broker() {
    cat >"$work/far.yaml" <<CONFIG
broker: {transport: $BACKEND}
listeners:
  - {name: far, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: other, address: 127.0.0.1, port: $P2, encaps_port: $U1}
routes: [{from: far, ppid: ngap, to: other, session: shared}]
CONFIG
    : >"$work/far.log"
    "$JUNCTOR" run -c "$work/far.yaml" >"$work/far.out" 2>"$work/far.log" 3>&- </dev/null &
    far=$!
    pids+=("$far")
    wait_in 1 "$work/far.log" event=ready
}

@test "local_port: a peer is called from that port, and again when it comes back" {
    far_broker
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: p, address: 127.0.0.1, port: $P1, encaps_port: $U1, local_port: $P5, reconnect: {initial: 100ms, max: 300ms}}
routes: [{from: access, to: p, session: shared}]
CONFIG
    wait_in 1 "$work/far.log" "event=association_up listener=far .*remote=127.0.0.1:$P5 "
    kill -TERM "$far"
    ends_with 0 "$far"
    wait_log 'event=association_closed peer=p' 20
    far_broker
    wait_in 1 "$work/far.log" "event=association_up listener=far .*remote=127.0.0.1:$P5 " 20
    stop_broker
}
