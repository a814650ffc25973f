load lib

@test "messages of 300 kB arrive whole, between small ones of other streams" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    through_broker large --size 300000 --associations 2 --streams 3 --rate 10 --count 40 --verify
    delivered_all large 40
    through_broker mixed --size 64-300000 --associations 2 --streams 3 --rate 40 --count 120 --verify
    delivered_all mixed 120
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(logged cost reassembled)" -ge 40 ]
}

@test "a message over max_message is refused and counted; what follows arrives" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, max_message: 100k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    ! through_broker refused --size 300000 --rate 5 --count 5 --drain 1s
    # With the load generator's own end marks, which are of the same size.
    wait_account dropped_oversized -ge 5
    through_broker fits --size 90000 --rate 5 --count 5 --verify
    delivered_all fits 5
    stop_broker
}
