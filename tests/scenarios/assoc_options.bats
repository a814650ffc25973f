load lib

@test "options that need an association are set when it is up" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - name: core
    address: 127.0.0.1
    port: $P1
    encaps_port: $U1
    sctp:
      primary_addr: 127.0.0.1
      peer_addr_params: {address: 127.0.0.1, pathmaxrxt: 3, hbinterval: 7s}
      associnfo: {asocmaxrxt: 3}
      peer_addr_thresholds: {address: 127.0.0.1, pathpfthld: 1}
      stream_scheduler: prio
      stream_scheduler_value: {stream: 1, value: 3}
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1
    local sink=$loader
    wait_log event=member_up
    run_source source $U3 --streams 4 --rate 500 --count 500
    ends_with 0 $sink
    delivered_all sink 500
    stop_broker
    not grep -qE 'event=option_differs .*text="(primary|peer|assoc|stream)' "$work/broker.log"
    not grep -q event=connect_failed.*address "$work/broker.log"
}
