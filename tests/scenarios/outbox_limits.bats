load lib

# Outboxes with limits: peers that take nothing for some time, and what happens to messages for which there is no room.

# Nothing more comes in, because what came waits.
stands_still() {
    local before
    ask_account
    before=$(account received)
    [ "$(account waiting)" -gt 0 ] || return 1
    sleep 0.5
    ask_account
    [ "$(account received)" = "$before" ]
}

# dropped_for PEER: of what went to it.
dropped_for() {
    local value
    value=$(logged traffic dropped "group=$1 ")
    echo "${value:-0}"
}

# all_came SINK: what its report counts arrived once, unchanged and in order, however much was dropped.
nothing_is_wrong_with() {
    local bad
    read_report "$1"
    for bad in duplicated misordered corrupt; do [ "${report[.$bad]}" = 0 ] || return 1; done
}

@test "outbox limits: drop-newest and drop-oldest leave so many waiting, stop nobody, and account for the rest" {
    start_broker <<CONFIG
broker: {transport: $BACKEND}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: newest, address: 127.0.0.1, port: $P1, encaps_port: $U1, queue: {messages: 10}, sctp: {sndbuf: 128k}}
  - {name: oldest, address: 127.0.0.1, port: $P2, encaps_port: $U1, queue: {messages: 20}, sctp: {sndbuf: 128k}}
routes:
  - {from: access, ppid: ngap, to: newest, session: shared, when_full: drop-newest}
  - {from: access, ppid: m3ua, to: oldest, session: shared, when_full: drop-oldest}
CONFIG
    start_sink sink $U1 $P1,$P2 --partial --drain 1s --option recbuf=128k
    sink=$loader
    wait_count 2 event=member_up
    kill -STOP $sink
    # Both end although nobody takes anything: they are not slowed down.
    run_source first $U3 --ppid ngap --streams 4 --size 1000 --count 3000 || true
    run_source second $U4 --ppid m3ua --streams 4 --size 1000 --count 3000 || true
    wait_account received -eq 6000
    wait_account waiting -le 30 # what was on its way to another worker was dropped there
    [ "$(account waiting)" -gt 0 ]
    [ "$(account dropped_queue_full_newest)" -gt 0 ]
    [ "$(account dropped_queue_full_oldest)" -gt 0 ]
    kill -CONT $sink
    wait_account waiting -eq 0 30
    [ $(($(delivered_to newest) + $(dropped_for newest))) = 3000 ]
    [ $(($(delivered_to oldest) + $(dropped_for oldest))) = 3000 ]
    [ "$(account dropped_queue_full_newest)" = "$(dropped_for newest)" ]
    [ "$(account dropped_queue_full_oldest)" = "$(dropped_for oldest)" ]
    stop_broker
    ends_with 0 $sink
    nothing_is_wrong_with sink
    [ "${report[.delivered]}" = "$(account delivered)" ]
}

@test "outbox limits: reroute sends to the member that has room; with none it blocks; nothing is lost" {
    start_broker <<CONFIG
broker: {transport: $BACKEND}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: stuck, address: 127.0.0.1, port: $P1, encaps_port: $U1, queue: {messages: 10}, sctp: {sndbuf: 128k}}
  - {name: good, address: 127.0.0.1, port: $P2, encaps_port: $U2, queue: {messages: 200}, sctp: {sndbuf: 128k}}
groups: [{name: core, members: [stuck, good]}]
routes: [{from: access, to: core, session: shared, when_full: reroute}]
CONFIG
    start_sink stuck $U1 $P1 --partial --keep --option recbuf=128k
    stuck=$loader
    start_sink good $U2 $P2 --partial --keep
    good=$loader
    wait_count 2 event=member_up
    kill -STOP $stuck
    run_source first $U3 --size 1000 --count 2000
    wait_account received -eq 2000
    wait_account waiting -le 10
    [ "$(delivered_to good)" -gt 1200 ] # more than in its turn
    [ "$(account rerouted)" -gt 0 ]
    kill -STOP $good
    start_source second $U4 --size 1000 --count 8000 --option sndbuf=1M --drain 60s
    wait_until 20 stands_still
    kill -CONT $good $stuck
    ends_with 0 $loader 60
    wait_account waiting -eq 0 30
    stop_broker
    [ "$(account received)" = 10000 ]
    [ "$(account dropped)" = 0 ]
}

@test "outbox limits: a group with nobody holds so much and so long; who comes gets it" {
    start_broker <<CONFIG
broker: {transport: $BACKEND}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: few, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}
  - {name: brief, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups:
  - {name: limited, members: [few], hold: {messages: 10}}
  - {name: timed, members: [brief], hold: {time: 200ms}}
routes:
  - {from: access, ppid: ngap, to: limited, session: shared}
  - {from: access, ppid: m3ua, to: timed, session: shared}
CONFIG
    run_source first $U3 --ppid ngap --count 100 || true
    run_source second $U4 --ppid m3ua --count 50 || true
    wait_account dropped_hold_full -eq 90
    wait_account dropped_hold_expired -eq 50
    [ "$(account waiting)" = 10 ]
    [ "$(logged traffic held 'group=limited ')" = 10 ]
    start_sink few $U1 $P1 --partial --keep
    wait_delivered_to few 10
    [ "$(logged traffic held 'group=limited ')" = 0 ]
    stop_broker
    [ "$(account delivered)" = 10 ]
    [ "$(account dropped)" = 140 ]
}

@test "outbox limits: block lets so many wait and stops their source; a neighbour's route goes on" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 1, queue_messages: 10000, queue_bytes: 64M}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: slow, address: 127.0.0.1, port: $P1, encaps_port: $U1, queue: {messages: 50}, sctp: {sndbuf: 128k}}
  - {name: fast, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {from: access, ppid: ngap, to: slow, session: shared}
  - {from: access, ppid: m3ua, to: fast, session: shared}
CONFIG
    start_sink slow $U1 $P1 --keep --option recbuf=128k
    slow=$loader
    start_sink fast $U2 $P2 --keep
    wait_count 2 event=member_up
    kill -STOP $slow
    start_source flood $U3 --ppid ngap --size 1000 --count 4000 --option sndbuf=128k --drain 60s
    flood=$loader
    wait_until 20 stands_still
    [ "$(account waiting)" -ge 50 ]
    # And what was read with the last of them: 256 receive slots, twice. (If another worker had the destination, its source might
    # bring as much as queue_messages allows until that has its turn.)
    [ "$(account waiting)" -le 600 ]
    run_source neighbour $U4 --ppid m3ua --count 300
    wait_delivered_to fast 300
    kill -CONT $slow
    ends_with 0 $flood 60
    wait_delivered_to slow 4000
    stop_broker
    [ "$(account dropped)" = 0 ]
}

# waiting_memory: from the broker's status.
waiting_memory() {
    "$JUNCTOR" status --socket "$work/admin" --json >"$work/status.json"
    jq .counters.waiting_memory "$work/status.json"
}

# rss: of the broker, in KiB.
rss() {
    local key value
    while read -r key value _; do [ "$key" != VmRSS: ] || echo "$value"; done <"/proc/$broker/status"
}

@test "outbox limits: memory_limit holds while every sink stands still, and everything arrives afterwards" {
    local before limit=4194304
    start_broker <<CONFIG
broker: {transport: $BACKEND, memory_limit: 4M, queue_messages: 100000, queue_bytes: 1G, admin: {path: $work/admin}}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: a, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {sndbuf: 128k}}
  - {name: b, address: 127.0.0.1, port: $P2, encaps_port: $U1, sctp: {sndbuf: 128k}}
groups: [{name: core, members: [a, b]}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1,$P2 --keep --option recbuf=128k
    sink=$loader
    wait_count 2 event=member_up
    before=$(rss)
    kill -STOP $sink
    start_source flood $U3 --size 1000 --count 8000 --drain 120s
    flood=$loader
    wait_log event=memory_limit 30
    wait_until 20 stands_still
    echo "waiting $(waiting_memory), resident $before KiB before, now $(rss) KiB"
    [ "$(waiting_memory)" -gt $((limit / 2)) ]
    [ "$(waiting_memory)" -le $limit ]
    [ $(($(rss) - before)) -le $((limit / 1024 + 40000)) ] # receive buffers of usrsctp among it
    kill -CONT $sink
    ends_with 0 $flood 120
    wait_account waiting -eq 0 30
    stop_broker
    [ "$(account received)" = 8000 ]
    [ "$(account dropped)" = 0 ]
}

@test "outbox limits: a message that no route takes ends its association where unrouted says abort" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, unrouted: abort}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: sink, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, ppid: m3ua, to: sink, session: shared}]
CONFIG
    start_sink sink $U1 $P1 --keep
    wait_log event=member_up
    start_source wrong $U3 --ppid ngap --rate 10 --duration 10m
    local wrong=$loader
    wait_log 'event=association_lost listener=access'
    wait_account associations_unrouted -ge 1
    [ "$(account dropped_no_route)" -ge 1 ]
    wait_until 20 ended $wrong
    run_source right $U4 --ppid m3ua --count 100
    wait_delivered_to sink 100
    stop_broker
}
