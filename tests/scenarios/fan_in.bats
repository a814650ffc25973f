load lib

@test "shared fan-in: many associations over one, in order" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1
    local sink=$loader
    wait_log "event=member_up.*core"
    run_source source $U2 --associations 10 --streams 4 --ppid m3ua --rate 2000 --count 5000
    ends_with 0 $sink
    delivered_all sink 5000
    # One association carries them all.
    [ "$(result sink .sink_associations.seen)" = 1 ]
    stop_broker
    [ "$(account delivered)" = "$(account received)" ]
}

@test "shared fan-in: each direction has its own routes" {
    start_broker <<CONFIG
listeners:
  - {name: left, address: 127.0.0.1, port: $P0, encaps_port: $U0}
  - {name: right, address: 127.0.0.1, port: $P2, encaps_port: $U0}
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes:
  - {from: left, ppid: m3ua, to: core, session: shared}
  - {from: right, ppid: ngap, to: core, session: shared}
CONFIG
    start_sink sink $U1 $P1 --keep --partial
    local sink=$loader
    wait_log "event=member_up.*core"
    run_source m3ua $U2 --ppid m3ua --rate 500 --count 300
    run_load ngap --role source --to 127.0.0.1:"$P2" --to-encaps "$U0" --listen-encaps "$U3" --ppid ngap --rate 500 --count 200
    # NGAP is not routed from the left: dropped, and counted as such.
    run_source stray $U2 --ppid ngap --rate 500 --count 100
    stop_broker
    [ "$(account dropped_no_route)" -ge 100 ]
    [ "$(logged traffic delivered route=1)" -ge 300 ]
    [ "$(logged traffic delivered route=2)" -ge 200 ]
    kill -TERM $sink
    ends_with 0 $sink
    [ "$(result sink .delivered)" = "$(account delivered)" ]
}
