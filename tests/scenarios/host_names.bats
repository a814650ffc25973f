load lib

@test "host names: a peer called localhost gets its messages; one whose name does not exist is tried again, and holds up nobody" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: core, address: localhost, port: $P1, encaps_port: $U1, reconnect: {max: 1s}}
  - {name: ghost, address: no-such-name.invalid, port: $P2, encaps_port: $U2,
     reconnect: {initial: 100ms, max: 300ms}}
routes:
  - {from: access, to: core, session: shared}
  - {from: core, to: ghost, session: shared}
CONFIG
    start_sink sink $U1 "$P1" --partial
    # Where localhost is ::1 as well, that is refused at first, and 127.0.0.1 gets its turn.
    wait_log 'event=association_up peer=core'
    [[ "$(logged resolved addresses)" == *"127.0.0.1:$P1"* ]]
    # Each attempt looks the name up, fails with the reason, and is followed by a pause that grows.
    wait_count 3 'event=connect_failed peer=ghost error=".*no-such-name.invalid.*"'
    wait_count 3 'event=peer_retry peer=ghost in_ms='
    run_source source $U3 --count 1000
    ends_with 0 $loader
    stop_broker
    [ "$(account delivered)" = 1000 ]
}

@test "host names: each client gets a partner at the address; the name is looked up once, and again after a failure" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: localhost, port: $P1, local: 127.0.0.1, encaps_port: $U1}]
routes: [{from: access, to: core}]
CONFIG
    # Nobody listens yet: the clients are refused, with what they had sent.
    run run_source early $U3 --rate 100 --duration 3s --associations 3
    [ "$status" != 0 ]
    wait_log 'event=session_refused group=core'
    local before
    before=$(grep -c event=resolved "$work/broker.log")

    start_sink sink $U1 "$P1"
    run_source source $U3 --rate 1000 --duration 1s --associations 20
    ends_with 0 $loader
    delivered_all sink 1000
    [ $(($(grep -c event=resolved "$work/broker.log") - before)) -le "$(logged ready workers)" ]
    stop_broker
}
