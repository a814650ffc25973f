load lib

# account_adds_up N: so many associations have ended.
account_adds_up() {
    ask_account
    [ $(($(account associations_closed) + $(account associations_lost))) = "$1" ]
}

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

# The broker has acknowledged answers that can no longer be delivered: it tells the server by an abort, and logs it. All
# that the clients sent arrives first. (A session whose answers all arrived in time is shut down.)
@test "paired relay: a server learns that its client left before its last answers" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    start_sink server $U1 $P1 --role echo --keep
    local server=$loader sent=0 aborts
    for round in 1 2 3 4 5 6 7 8; do
        run_source "hasty$round" $U2 --associations 5 --count 1000 # it awaits no answers
        sent=$((sent + $(result "hasty$round" .sent)))
        wait_account associations_opened -eq $((10 * round))
        wait_until 20 account_adds_up $((10 * round))
        [ "$(account dropped_peer_lost)" = 0 ] || break
    done
    [ "$(account dropped_peer_lost)" -gt 0 ]
    aborts=$(grep -c 'event=association_lost peer=core .*by=here error="its session.s client shut down before its last answers"' \
        "$work/broker.log")
    [ "$aborts" -gt 0 ]
    [ "$(account associations_lost)" = "$aborts" ]
    kill -TERM $server
    wait_until 20 ended $server
    [ "$(result server .delivered)" = "$sent" ]
    [ "$(result server .sink_associations.lost)" = "$aborts" ]
    stop_broker
}
