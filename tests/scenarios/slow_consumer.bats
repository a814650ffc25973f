load lib

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

# NGAP goes to a peer that stops for a while, M3UA to one that does not.
@test "slow consumer: its sender is slowed and loses nothing; a peeled-off neighbour notices nothing" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 256}
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, peeloff: always}]
peers:
  - {name: slow, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: fast, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {from: access, ppid: ngap, to: slow, session: shared}
  - {from: access, ppid: m3ua, to: fast, session: shared}
CONFIG
    start_sink slow $U1 $P1 --option recbuf=128k --drain 60s
    local slow=$loader
    start_sink fast $U2 $P2
    local fast=$loader
    wait_count 2 event=member_up
    kill -STOP $slow
    start_source flood $U3 --ppid ngap --streams 2 --size 1000 --count 6000 --option sndbuf=128k --drain 60s
    local flood=$loader

    # The neighbour meanwhile, at a steady rate: everything has arrived, although the slow one has taken nothing yet.
    run_source neighbour $U4 --ppid m3ua --rate 200 --count 600
    ends_with 0 $fast
    delivered_all fast 600

    # The sender stands still: nothing more comes in, and what waits is bounded.
    wait_until 10 stands_still
    [ "$(account waiting)" -le 512 ] # queue_messages, and what was read with the last of them
    not ended $flood

    kill -CONT $slow
    ends_with 0 $flood 60
    ends_with 0 $slow 60
    delivered_all slow 6000
    stop_broker
    [ "$(account dropped)" = 0 ]
}
