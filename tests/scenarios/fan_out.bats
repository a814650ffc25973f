load lib

@test "broadcast fan-out: each of three members gets every message, once and in order" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: a, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: b, address: 127.0.0.1, port: $P2, encaps_port: $U1}
  - {name: c, address: 127.0.0.1, port: $P3, encaps_port: $U1}
groups: [{name: all, members: [a, b, c], mode: broadcast}]
routes: [{from: access, to: all, session: shared}]
CONFIG
    start_sink sink $U1 $P1,$P2,$P3 --fanout
    local sink=$loader
    wait_count 3 event=member_up
    run_source source $U2 --associations 2 --streams 4 --rate 1000 --count 2000
    ends_with 0 $sink
    delivered_all sink
    stop_broker
    [ "$(account copies)" = $(($(account received) * 2)) ]
    [ "$(account delivered)" = $(($(account received) * 3)) ]
    local member
    for member in a b c; do
        [ "$(delivered_to $member)" = "$(account received)" ]
    done
}

@test "broadcast fan-out: a subscriber that takes nothing is aborted, and the others get everything" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 64}
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, stall: {after: 3s}}]
peers: [{name: good, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
groups: [{name: all, members: [access, good], mode: broadcast}]
routes: [{from: access, to: all, session: shared}]
CONFIG
    start_sink good $U1 $P1
    local good=$loader
    wait_log 'event=member_up member=good'
    start_source hangs $U2 --rate 1 --count 100000 --option recbuf=128k
    wait_log 'event=member_up member=access'
    kill -STOP $loader
    start_source source $U3 --size 1000 --count 3000 --option sndbuf=1M --drain 60s
    wait_log 'event=blocked listener=access assoc=[0-9]+ waiting=[1-9]' 20
    wait_delivered_to good 3000
    [ "$(account associations_blocked)" = 1 ]
}
