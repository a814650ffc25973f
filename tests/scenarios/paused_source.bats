load lib

# Sources that are not read, because what they sent waits for somebody who does not take it.

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

# gives_up PID: a load generator's associations are aborted.
gives_up() {
    kill -TERM "$1"
    sleep 0.3
    kill -TERM "$1"
}

@test "paused source: when its client aborts the session ends, although the server takes nothing" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 256}
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: server, session: paired}]
CONFIG
    start_sink server $U1 $P1 --keep --option recbuf=128k
    server=$loader
    start_source flood $U3 --size 1000 --count 100000 --option sndbuf=1M --drain 60s
    wait_log 'event=association_up peer=server'
    kill -STOP $server
    wait_until 20 stands_still
    gives_up $loader
    wait_log 'event=association_lost listener=access'
    wait_log 'event=association_lost peer=server'
    wait_account waiting -eq 0
    stop_broker
}

@test "paused source: with peeloff: never, the end of one is noticed and the others go on" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 256}
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, peeloff: never}]
peers:
  - {name: stuck, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: good, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {from: access, ppid: ngap, to: stuck, session: paired}
  - {from: access, ppid: m3ua, to: good, session: shared}
CONFIG
    start_sink stuck $U1 $P1 --keep --option recbuf=128k
    stuck=$loader
    start_sink good $U2 $P2 --keep
    wait_log 'event=member_up.*good'
    start_source flood $U3 --ppid ngap --size 1000 --count 100000 --option sndbuf=1M --drain 60s
    wait_log 'event=association_up peer=stuck'
    kill -STOP $stuck
    wait_until 20 stands_still
    gives_up $loader
    run_source neighbour $U4 --ppid m3ua --count 300
    wait_delivered_to good 300
    stop_broker
}

@test "paused source: a client of a shared session that dies without reading leaves nobody standing still" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 64}
sctp: {sndbuf: 128k, recbuf: 128k, rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 4}}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
groups: [{name: clients, members: [access]}]
routes:
  - {from: access, to: server, session: shared}
  - {from: server, to: clients, session: shared}
CONFIG
    start_load server --role echo --listen 127.0.0.1:$P1 --listen-encaps $U1 --keep --option sndbuf=128k --option recbuf=128k
    wait_log 'event=member_up.*server'
    start_source flood $U3 --reply --size 1000 --option sndbuf=1M --option recbuf=128k --duration 60
    wait_account delivered -ge 1000
    kill -STOP $loader
    wait_until 20 stands_still
    kill -KILL $loader
    wait_log 'event=association_lost listener=access' 20
    local before
    ask_account
    before=$(delivered_to server)
    # It stays: without any client the answers wait for one, and what is sent to the server waits for them.
    start_source later $U4 --reply --rate 500 --duration 10m
    wait_delivered_to server $((before + 300))
}
