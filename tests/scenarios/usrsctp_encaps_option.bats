load lib

@test "the option remote_udp_encaps_port finds a peer without encaps_port" {
    start_broker <<CONFIG
sctp: {remote_udp_encaps_port: {port: $U1}}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1
    local sink=$loader
    wait_log event=member_up
    run_source source $U3 --count 10
    ends_with 0 $sink
    delivered_all sink 10
    stop_broker
}
