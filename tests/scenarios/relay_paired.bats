load lib

@test "paired relay: several associations, streams and PPIDs, each on an association of its own" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes:
  - {from: access, ppid: [m3ua, 46], stream: 0-7, to: core, session: paired}
  - {from: access, ppid: ngap, to: core, session: paired}
CONFIG
    through_broker relay --associations 4 --streams 8 --ppid m3ua,46,ngap --size 64-1400 --rate 2000 --count 6000 --verify
    delivered_all relay 6000
    [ "$(result relay .associations.up)" -ge 4 ]
    [ "$(result relay .stream_changed)" = 0 ]
    stop_broker
    [ "$(account received)" -ge 6000 ]
    [ "$(account dropped)" = 0 ]
}

@test "paired relay: answers return on the association and stream they belong to" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    through_broker echo --associations 3 --streams 5 --ppid s1ap --rate 1000 --count 2000 --reply
    delivered_all echo 2000
    [ "$(result echo .replies.delivered)" = 2000 ]
    stop_broker
}

@test "paired relay: a stream that the far side did not grant is mapped, and counted" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    # The sink grants 2 of the 6 streams that the source uses.
    start_sink sink $U1 $P1 --option initmsg.max_instreams=2
    local sink=$loader
    run_source source $U2 --streams 6 --rate 600 --count 600
    ends_with 0 $sink
    delivered_all sink 600
    [ "$(result sink .stream_changed)" -ge 300 ]
    stop_broker
    [ "$(logged traffic stream_mapped route=1)" -ge 300 ]
}
