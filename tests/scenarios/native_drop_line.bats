load lib

@test "a message that no route takes: the log tells what it was, and what may be the matter" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, ppid: ngap, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1 --keep --partial
    wait_log "event=member_up.*core"
    run_source wrong_order $U2 --ppid ngap,0x3c000000 --streams 1 --count 2 --rate 100
    wait_log 'event=dropped reason=no_route from=access stream=0 ppid=0x3c000000 .*hint="ngap in the wrong byte order'
    stop_broker
    [ "$(account dropped_no_route)" = 1 ]
    kill -TERM $loader
    ends_with 0 $loader
}

@test "a message without PPID: the log tells that, too, and a route can take it" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes:
  - {from: access, ppid: [diameter, 0], stream: 0, to: core, session: shared}
CONFIG
    start_sink sink $U1 $P1 --keep --partial
    wait_log "event=member_up.*core"
    run_source without $U2 --ppid 0 --streams 2 --count 2 --rate 100
    wait_log 'event=dropped reason=no_route from=access stream=1 ppid=0 .*ppid: 0 takes it'
    stop_broker
    [ "$(account delivered)" = 1 ]
    kill -TERM $loader
    ends_with 0 $loader
}
