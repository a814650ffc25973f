load lib

# Two routes of one association: SCTP has one receive window for both, so they can be told apart only while what the slow
# one's destination leaves has room to wait.

# NGAP goes to a peer that takes nothing for some time, M3UA to one that does.
config() { # when_full
    cat <<CONFIG
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: stopped, address: 127.0.0.1, port: $P1, encaps_port: $U1, queue: {messages: 500, bytes: 1M}}
  - {name: fast, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {name: slow, from: access, ppid: ngap, to: stopped, session: shared, when_full: $1}
  - {name: other, from: access, ppid: m3ua, to: fast, session: shared}
CONFIG
}

# The queue is full, and what was read with its last message has gone where it could.
stands_still() {
    local before
    ask_account
    before="$(account received) $(account delivered)"
    [ "$(account waiting)" -ge 500 ] || return 1
    sleep 0.5
    ask_account
    [ "$(account received) $(account delivered)" = "$before" ]
}

@test "one association, two routes: block slows the other one when the queue is full, and not before; dropping never" {
    start_broker < <(config block)
    start_sink stopped "$U1" "$P1" --keep --option recbuf=128k
    local stopped=$loader both before
    start_sink fast "$U2" "$P2" --keep
    wait_count 2 event=member_up
    kill -STOP "$stopped"
    # Of 400 the stack takes some, the others wait.
    start_source both "$U3" --ppid ngap,m3ua --size 1000 --count 800 --drain 60s
    both=$loader
    wait_delivered_to fast 400
    [ "$(account waiting)" -gt 0 ]

    # Beyond the queue the association is not read, neither for the one nor for the other, and a second one is.
    start_source flood "$U4" --ppid ngap,m3ua --size 1000 --duration 10m --drain 60s
    wait_until 20 stands_still
    before=$(delivered_to fast)
    run_source neighbour "$U5" --ppid m3ua --count 300
    wait_delivered_to fast $((before + 300))
    [ "$(delivered_to fast)" = $((before + 300)) ]

    # From the reload on what the slow one has no room for is dropped, and the other goes on.
    config drop-newest | write_config
    reload 1
    wait_more fast 5000
    [ "$(account dropped_queue_full_newest)" -gt 1000 ]
    kill -CONT "$stopped"
    kill -INT "$loader"
    wait_until 60 ended "$loader"
    wait_account waiting -eq 0 30
    [ "$(account balanced)" = yes ]
}
