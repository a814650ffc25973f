load lib

@test "SIGTERM under load: what was received is delivered, then the broker ends with status 0" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, drain_timeout: 1m}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1 --partial --keep
    local sink=$loader
    wait_log "event=member_up.*core"
    start_source source $U2 --associations 4 --streams 4 --rate 4000 --duration 30s --drain 1s
    local source=$loader
    wait_account received -gt 4000
    stop_broker
    wait_log event=drained
    [ "$(account dropped)" = 0 ]
    kill -TERM $sink $source
    ends_with 0 $sink
    wait_until 10 ended $source
    # All that the broker says it delivered came, in order.
    [ "$(result sink .delivered)" = "$(account delivered)" ]
    [ "$(result sink .misordered)" = 0 ]
    [ "$(result sink .duplicated)" = 0 ]
}

@test "SIGTERM with a peer that takes nothing: the drain deadline holds, what is left is counted" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, drain_timeout: 1s}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    # Nobody listens at P1: everything waits in the broker.
    start_source source $U2 --rate 500 --count 200 --drain 1s
    wait_account waiting -ge 200
    local status=0
    kill -TERM "$broker"
    wait_until 10 ended "$broker"
    wait "$broker" || status=$?
    [ $status = 1 ]
    [ "$(account waiting)" = 0 ]
    [ "$(account dropped)" = "$(account received)" ]
    [ "$(account balanced)" = yes ]
    [ $(($(account associations_lost) + $(account associations_closed))) = "$(account associations_opened)" ]
}

@test "a second SIGTERM does not wait" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, drain_timeout: 60s}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_source source $U2 --rate 500 --count 50 --drain 1s
    wait_account waiting -gt 0
    kill -TERM "$broker"
    wait_log event=draining
    kill -TERM "$broker"
    wait_until 5 ended "$broker"
    wait_log event=stopped_at_once
    [ "$(account balanced)" = yes ]
}
