load lib

# Errors in a configuration that only the stack can detect: reported when the broker starts, with the place.

@test "a value that the stack does not take has a place when the broker starts, and whose it is" {
    local lacking=rr_pkt
    [ "$BACKEND" = kernel ] || lacking=wfq
    cat >"$work/value.yaml" <<CONFIG
broker: {transport: $BACKEND}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {stream_scheduler: $lacking}}
routes: [{from: access, to: core}]
CONFIG
    run "$JUNCTOR" run -c "$work/value.yaml"
    [ "$status" = 1 ]
    [[ "$output" == *event=start_failed*"peer core (line 4, column "*stream_scheduler* ]]
}

@test "a second broker on the same port says so and ends" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core}]
CONFIG
    run timeout 20 "$JUNCTOR" run -c "$work/broker.yaml"
    [ "$status" = 1 ]
    [[ "$output" == *event=start_failed*"in use"* ]]
    stop_broker
}

@test "an address that is not this host's is told when the broker starts" {
    cat >"$work/elsewhere.yaml" <<CONFIG
broker: {transport: $BACKEND}
listeners: [{name: access, address: 203.0.113.77, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core}]
CONFIG
    run timeout 20 "$JUNCTOR" run -c "$work/elsewhere.yaml"
    [ "$status" = 1 ]
    [[ "$output" == *event=start_failed*203.0.113.77* ]]
}
