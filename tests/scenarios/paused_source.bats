load lib
load admin

# Sources that are not read, because what they sent waits for a destination that does not take it.

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

# is_not_read PEER: nothing more comes in from it, although it has sent.
received_from() {
    ask_account
    local value
    value=$(logged traffic received "peer=$1 ")
    echo "${value:-0}"
}
is_not_read() {
    local before
    before=$(received_from "$1")
    [ "$before" -gt 0 ] || return 1
    sleep 0.5
    [ "$(received_from "$1")" = "$before" ]
}

# gives_up PID: a load generator's associations are aborted, with the second signal that it notices.
gives_up() {
    wait_until 10 has_given_up "$1"
}
has_given_up() {
    kill -TERM "$1" || true
    sleep 0.3
    ended "$1"
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
sctp: {sndbuf: 128k, recbuf: 128k, rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 8}}
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
    wait_log 'event=association_(lost|closed) listener=access' 20
    local before
    ask_account
    before=$(delivered_to server)
    # It stays: without any client the answers wait for one, and what is sent to the server waits for them.
    start_source later $U4 --reply --rate 500 --duration 10m
    wait_delivered_to server $((before + 300))
}

# `ears` takes nothing, so what `first` sends is no longer read; what goes to `first` still has room there.
@test "paused source: a peer that is not read is killed, and the next member takes its traffic over" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 64, admin: {path: $work/admin.sock}}
sctp: {sndbuf: 128k}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
  - {name: ears, address: 127.0.0.1, port: $P3, encaps_port: $U5, stall: {after: 0}}
peers:
  - name: first
    address: 127.0.0.1
    port: $P1
    encaps_port: $U1
    sctp: {rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 8}}
  - {name: second, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups:
  - {name: core, members: [first, second], mode: override}
  - {name: clients, members: [ears]}
routes:
  - {from: [access, ears], to: core, session: shared}
  - {from: first, to: clients, session: shared}
CONFIG
    start_load first --role echo --listen 127.0.0.1:$P1 --listen-encaps $U1 --keep
    local first=$loader
    start_sink second $U2 $P2 --partial --keep
    local second=$loader
    wait_count 2 event=member_up
    start_load mute --role source --to 127.0.0.1:$P3 --to-encaps $U5 --listen-encaps $U4 --option recbuf=100K \
        --rate 1 --duration 10m
    local mute=$loader
    wait_log 'event=member_up member=ears'
    kill -STOP $mute
    start_source source $U3 --streams 4 --size 1000 --rate 300 --duration 10m
    local source=$loader
    wait_until 30 is_not_read first
    wait_more first 100 # it still takes what is sent to it
    kill -KILL $first
    wait_log 'event=association_(lost|closed) peer=first' 20
    wait_delivered_to second 200
    kill -INT $source
    ends_with 0 $source
    wait_account delivered -ge "$(result source .sent)"
    [ "$(account balanced)" = yes ]
    [ "$(account dropped)" = 0 ]
    says "/v1/history?name=first" '[.history[].event] | index("up") < index("paused") and index("paused") < (index("lost") // index("closed"))'
    kill -TERM $second
    ends_with 0 $second
    [ "$(result second .misordered)" = 0 ]
    [ "$(result second .corrupt)" = 0 ]
}
