load lib

# No association starves others: neither a destination that takes nothing nor a source that floods.

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

# NGAP goes to a peer that takes nothing, M3UA to one that does; both kinds of clients are of one listener.
two_routes() {
    broker_line "queue_messages: 128, queue_bytes: 1M"
    cat <<CONFIG
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: stopped, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: fast, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {from: access, ppid: ngap, to: stopped, session: shared}
  - {from: access, ppid: m3ua, to: fast, session: shared}
CONFIG
}

@test "starvation: a peer that takes nothing slows no route that leads elsewhere, from the same listener" {
    start_broker < <(two_routes)
    start_sink stopped $U1 $P1 --option recbuf=128k --keep
    local stopped=$loader fast i port floods=()
    start_sink fast $U2 $P2 --keep
    fast=$loader
    wait_count 2 event=member_up
    kill -STOP $stopped
    # Three that are stopped with it, on whichever worker.
    for i in 3 4 5; do
        port=U$i
        start_source flood$i "${!port}" --ppid ngap --size 1000 --associations 2 --count 100000 --option sndbuf=128k --drain 60s
        floods+=("$loader")
    done
    wait_until 20 stands_still
    # The others come when these stand still, and go while they do: each message arrives.
    run_source neighbour $U6 --ppid m3ua --associations 4 --streams 4 --count 2000
    wait_delivered_to fast 2000
    [ "$(account dropped)" = 0 ]
    for i in "${floods[@]}"; do not ended "$i"; done
    kill -TERM $fast
    ends_with 0 $fast
    delivered_all fast 2000
}

@test "starvation: of a source that floods each turn takes a bounded part, and slow ones go on beside it" {
    local flood i port slow=()
    start_broker <<CONFIG
$(broker_line "queue_messages: 256")
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink core $U1 $P1 --keep
    local core=$loader
    wait_log event=member_up
    start_source flood $U2 --streams 4 --duration 10m
    flood=$loader
    wait_account delivered -ge 2000
    for i in 3 4 5; do
        port=U$i
        start_source slow$i "${!port}" --rate 50 --count 100
        slow+=("$loader")
    done
    for i in "${slow[@]}"; do ends_with 0 "$i" 60; done
    for i in 3 4 5; do [ "$(result slow$i .sent)" = 100 ]; done
    not ended $flood
    kill -INT $flood
    ends_with 0 $flood 60
    wait_account delivered -ge $(($(result flood .sent) + 300))
    [ "$(account dropped)" = 0 ]
    kill -TERM $core
    ends_with 0 $core
    delivered_all core $(($(result flood .sent) + 300))
}
