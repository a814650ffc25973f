load lib

# The preferred member is lost, the standby takes over and then takes no more messages, and the preferred one comes back:
# what the standby still has is older than new messages, and is sent first.

@test "failback: the member that returns gets what the hanging one has before anything newer" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: first, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}
  - {name: second, address: 127.0.0.1, port: $P2, encaps_port: $U2, sctp: {sndbuf: 128K}}
groups: [{name: core, members: [first, second], mode: override}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink before $U1 $P1 --partial --keep
    local before=$loader
    start_sink second $U2 $P2 --partial --keep --option recbuf=100K # soon full
    local second=$loader
    wait_count 2 event=member_up
    start_source source $U3 --streams 4 --size 1400 --rate 1000 --duration 2m
    local source=$loader
    wait_delivered_to first 100
    kill -TERM $before
    wait_delivered_to second 100
    kill -STOP $second
    wait_account waiting -gt 100 30
    local received
    received=$(account received)
    start_sink first $U1 $P1 --partial --keep
    local first=$loader
    wait_count 2 'event=association_up peer=first '
    # It joins when the other one has nothing any more. That one acknowledges nothing: it is not waited for without end.
    wait_log 'event=member_stalled peer=second' 20
    wait_delivered_to first $((received / 2))
    kill -KILL $second
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $first
    ends_with 0 $first
    [ "$(result first .misordered)" = 0 ]
    [ "$(result first .corrupt)" = 0 ]
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(result source .sent)" ]
}

@test "failback: with a standby that works it takes a moment, and every stream keeps its order" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: first, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}
  - {name: second, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups: [{name: core, members: [first, second], mode: loadshare, share: stream-hash}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink before $U1 $P1 --partial --keep
    local before=$loader
    start_sink second $U2 $P2 --partial --keep
    local second=$loader
    wait_count 2 event=member_up
    start_source source $U3 --streams 8 --rate 1000 --duration 2m
    local source=$loader
    wait_delivered_to first 100
    kill -TERM $before
    wait_log 'event=member_down member=first'
    start_sink first $U1 $P1 --partial --keep
    local first=$loader
    wait_count 2 'event=member_up member=first'
    ask_account
    wait_delivered_to first $(($(delivered_to first) + 200))
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $first $second
    ends_with 0 $first
    ends_with 0 $second
    [ "$(result first .misordered)" = 0 ]
    [ "$(result second .misordered)" = 0 ]
    [ "$(account dropped)" = 0 ]
    not grep -q 'event=member_stalled' "$work/broker.log"
}
