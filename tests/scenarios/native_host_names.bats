load lib

@test "host names: with no address that exists clients are refused, and the broker goes on" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: ghost, address: no-such-name.invalid, port: $P2, encaps_port: $U2}]
routes: [{from: access, to: ghost}]
CONFIG
    for attempt in 1 2; do
        run run_source "source$attempt" $U3 --rate 100 --duration 3s
        [ "$status" != 0 ]
        wait_count $attempt 'event=connect_failed peer=ghost error=".*no-such-name.invalid.*"'
        wait_count $attempt 'event=session_refused group=ghost'
    done
    stop_broker
}

@test "host names: junctor load --to localhost; and a name that does not exist" {
    start_sink sink $U1 "$P1"
    run_load source --role source --to "localhost:$P1" --to-encaps $U1 --listen-encaps $U2 --count 100
    ends_with 0 $loader
    delivered_all sink 100

    run "$JUNCTOR" load --transport "$BACKEND" --role source --to "no-such-name.invalid:$P1"
    [ "$status" = 1 ]
    [[ "$output" == *"--to: "*no-such-name.invalid* ]]
}

@test "a name that leads back to the broker is refused, and nothing goes round" {
    start_broker <<CONFIG
listeners: [{name: access, port: $P0, encaps_port: $U0}]
peers: [{name: self, address: localhost, port: $P0, encaps_port: $U0}]
routes: [{from: access, to: self, session: paired}]
CONFIG
    run_source source $U1 --connect-timeout 2s --count 10 || true
    wait_log "event=connect_failed peer=self error=\"127.0.0.1:$P0 is this broker's own listener 'access'"
    wait_log 'event=session_refused'
    stop_broker
    [ "$(account associations_opened)" = 1 ]
}
