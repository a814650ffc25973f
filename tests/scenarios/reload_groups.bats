load lib

# The members that serve the traffic change while it flows.

peer() { echo "  - {name: $1, address: 127.0.0.1, port: ${!2}, encaps_port: ${!2}}"; }

# config GROUP ROUTE [PEERS…]: with the section's rest as it is written.
config() {
    broker_line "${3-}"
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
$(peer a P1)
$(peer b P2)
groups: [{name: core, $1}]
routes: [{name: all, from: access, to: core, $2}]
CONFIG
}

start_sinks() {
    start_sink a $U1 $P1 --partial --keep
    a=$loader
    start_sink b $U2 $P2 --partial --keep
    b=$loader
}

# end_load: everything that was sent was delivered, to one or the other, once and in order.
end_load() {
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $a $b
    wait_until 10 ended $a
    wait_until 10 ended $b
    [ "$(account received)" = "$(result source .sent)" ]
    [ "$(account dropped)" = 0 ]
    [ $(($(result a .delivered) + $(result b .delivered))) = "$(account received)" ]
    local sink
    for sink in a b; do
        [ "$(result $sink .duplicated)" = 0 ]
        [ "$(result $sink .misordered)" = 0 ]
        [ "$(result $sink .corrupt)" = 0 ]
    done
}

@test "reload under load: members, mode and share of the group that serves change, and nothing is lost" {
    start_sinks
    start_broker < <(config 'members: [a, b], mode: override' 'session: shared')
    wait_count 2 event=member_up
    start_source source $U3 --associations 3 --streams 4 --rate 1000 --duration 5m
    source=$loader
    wait_delivered_to a 300
    write_config < <(config 'members: [b, a], mode: override' 'session: shared')
    reload 1
    wait_more b 300
    write_config < <(config 'members: [a, b], mode: loadshare, share: stream-hash' 'session: shared')
    reload 2
    wait_more a 300
    write_config < <(config 'members: [a], mode: loadshare, share: stream-hash' 'session: shared')
    reload 3
    wait_more a 300
    write_config < <(config 'members: [a, b], mode: loadshare, share: round-robin' 'session: shared')
    reload 4
    wait_more b 300
    end_load
}

@test "reload under load: routes lead to other groups, streams come and go between them, and keep their order" {
    local groups='groups: [{name: core, members: [a]}, {name: side, members: [b, a], mode: override}]' round=0 routes
    start_sinks
    start_broker < <(config 'members: [a]' 'session: shared')
    start_source source $U3 --associations 3 --streams 4 --rate 1000 --duration 5m
    source=$loader
    wait_delivered_to a 300
    for routes in '{name: all, from: access, to: side, session: shared}' \
        '{from: access, stream: 0-1, to: core, session: shared}, {name: all, from: access, to: side, session: shared}' \
        '{from: access, stream: 1-2, to: b, session: shared}, {name: all, from: access, to: core, session: shared}'; do
        write_config < <(config 'members: [a]' 'session: shared' | sed "s/^groups:.*/$groups/; s/^routes:.*/routes: [$routes]/")
        reload $((++round))
        wait_more b 300
    done
    end_load
}

@test "reload: the preferred member hangs, and what it has goes to the one preferred now before anything newer" {
    start_sink a $U1 $P1 --partial --keep --option recbuf=100K # soon full
    local a=$loader
    start_sink b $U2 $P2 --partial --keep
    local b=$loader small='sctp: {sndbuf: 128K}'
    start_broker < <(config 'members: [a, b], mode: override' 'session: shared' | sed "/name: a,/s/}/, $small}/")
    wait_count 2 event=member_up
    start_source source $U3 --streams 4 --size 1400 --rate 1000 --duration 2m
    source=$loader
    wait_delivered_to a 100
    kill -STOP $a
    wait_account waiting -gt 100 30
    write_config < <(config 'members: [b, a], mode: override' 'session: shared' | sed "/name: a,/s/}/, $small}/")
    reload 1
    # It is not waited for without end.
    wait_log 'event=member_stalled peer=a' 20
    wait_more b 300
    kill -KILL $a
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $b
    ends_with 0 $b
    [ "$(result b .misordered)" = 0 ]
    [ "$(result b .duplicated)" = 0 ]
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(result source .sent)" ]
}

@test "reload: what waits for shared sessions goes to the partners where the new route is for paired ones" {
    start_sink b $U2 $P2 --keep
    local b=$loader
    # Nobody is at P1: everything waits in the broker.
    start_broker < <(config 'members: [a], mode: override' 'session: shared')
    start_source source $U3 --associations 2 --streams 4 --rate 500 --duration 5m
    local source=$loader
    wait_account waiting -ge 400
    write_config < <(config 'members: [b]' 'session: paired')
    reload 1
    wait_more b 500
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $b
    ends_with 0 $b
    delivered_all b "$(result source .sent)"
    [ "$(account dropped)" = 0 ]
}

@test "reload under load: a peer moves, and the one at its new place goes on" {
    start_sinks
    start_broker < <(config 'members: [a]' 'session: shared')
    wait_count 1 event=member_up
    start_source source $U3 --associations 3 --streams 4 --rate 1000 --duration 5m
    source=$loader
    wait_delivered_to a 300
    config 'members: [a]' 'session: shared' | sed "/name: b/d; s/port: $P1, encaps_port: $U1/port: $P2, encaps_port: $U2/" |
        write_config
    reload 1
    wait_more a 300
    end_load
    [ "$(result b .delivered)" -gt 0 ]
}

@test "reload under load: a session paired, then shared, then paired again; what its clients sent arrives" {
    start_sinks
    start_broker < <(config 'members: [a]' 'session: paired')
    local round from
    for round in 1 2 3; do
        start_source source$round $U3 --associations 3 --streams 2 --rate 600 --duration 5m
        source=$loader
        wait_account received -gt $((${from:-0} + 300))
        if [ $round = 2 ]; then
            write_config < <(config 'members: [a]' 'session: paired')
        else
            write_config < <(config 'members: [a]' 'session: shared')
        fi
        [ $round = 3 ] || reload $round
        # Paired clients have been asked to go; those of shared sessions stay, with partners of their own now.
        kill -INT $source || true
        wait_until 30 ended $source
        ask_account
        from=$(account received)
    done
    stop_broker
    kill -TERM $a $b
    # Not its order: a stream that goes over to a partner may overtake what waits for the shared association.
    wait_until 10 ended $a
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(result a .delivered)" ]
    [ "$(result a .duplicated)" = 0 ]
}

@test "reload under load: a paired session whose route is gone is drained" {
    start_sinks
    start_broker < <(config 'members: [a]' 'session: paired' 'drain_timeout: 1m')
    start_source source $U3 --associations 3 --streams 2 --rate 2000 --duration 5m
    source=$loader
    wait_delivered_to a 500
    write_config < <(config 'members: [b]' 'session: paired' 'drain_timeout: 1m' | sed 's/name: all/name: new/')
    reload 1
    wait_until 30 ended $source # its associations were shut down
    wait_count 6 event=association_closed
    not grep -qE 'event=(association_lost|drain_timeout)' "$work/broker.log"
    stop_broker
    kill -TERM $a $b
    ends_with 0 $a
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(result a .delivered)" ]
    [ "$(account associations_lost)" = 0 ]
}

# stands_still NAME: it has sent nothing for two seconds.
stands_still() {
    [ "$(tail -n 2 "$work/$1.err" | grep -c ' 0 msg/s')" = 2 ]
}

@test "reload: a paired session whose route is gone and that does not end is aborted after drain_timeout" {
    start_sinks
    start_broker < <(config 'members: [a]' 'session: paired' 'drain_timeout: 1s, queue_messages: 50')
    start_telling source --role source --to "127.0.0.1:$P0" --to-encaps "$U0" --listen-encaps "$U3" --associations 1 --size 1400 \
        --duration 5m --drain 1s
    source=$loader
    wait_delivered_to a 500
    kill -STOP $a # takes nothing: what its client has sent cannot go on, and so the client cannot shut down
    wait_until 20 stands_still source # all buffers on the way are full
    write_config < <(config 'members: [b]' 'session: paired' 'drain_timeout: 1s, queue_messages: 50' | sed 's/name: all/name: new/')
    reload 1
    wait_log 'event=drain_timeout listener=access'
    wait_log 'event=association_lost listener=access'
    kill -CONT $a
    wait_until 30 ended $source
    wait_account associations_lost -ge 2
    stop_broker
    [ "$(account dropped)" -gt 0 ]
    [ $(($(account associations_lost) + $(account associations_closed))) = "$(account associations_opened)" ]
}

@test "reload: what waits for a group that is gone goes where the new routes say" {
    start_sink b $U2 $P2 --keep
    local b=$loader
    # Nobody is at P1: everything waits in the broker.
    start_broker < <(config 'members: [a], mode: override' 'session: shared')
    start_source source $U3 --associations 2 --streams 4 --rate 2000 --count 400
    local source=$loader
    wait_account waiting -ge 400
    write_config < <(config 'members: [b]' 'session: shared' | sed 's/core/other/; s/name: all/name: new/; /name: a,/d')
    reload 1
    wait_delivered_to b 400
    ends_with 0 $source
    stop_broker
    kill -TERM $b
    ends_with 0 $b
    delivered_all b 400
}

@test "reload during failover: a member is killed at the same moment" {
    start_sinks
    # Detects within four seconds that a peer has disappeared.
    local impatient="sctp: {rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 8},
  peer_addr_params: {pathmaxrxt: 8, hbinterval: 200ms, flags: [hb_enable]}}"
    start_broker < <(config 'members: [a, b], mode: override' 'session: shared' && echo "$impatient")
    wait_count 2 event=member_up
    start_source source $U3 --associations 3 --streams 4 --rate 3000 --duration 5m
    source=$loader
    wait_delivered_to a 300
    write_config < <(config 'members: [a, b], mode: override' 'session: shared' |
        sed "s/^peers:/&\n$(peer c P5)/; s/^groups: \[/&{name: more, members: [c]}, /" && echo "$impatient")
    kill -KILL $a &
    kill -HUP "$broker"
    wait_log 'event=association_(lost|closed) peer=a' 20
    wait_log event=reloaded
    wait_delivered_to b 300
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $b
    ends_with 0 $b
    [ "$(account received)" = "$(result source .sent)" ]
    [ "$(account delivered)" = "$(account received)" ]
    [ "$(result b .misordered)" = 0 ]
    [ "$(result b .duplicated)" = 0 ]
    [ "$(result b .delivered)" = "$(delivered_to b)" ]
}
