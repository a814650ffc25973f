load lib

@test "messages of 300 kB arrive whole, between small ones of other streams" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    through_broker large --size 300000 --associations 2 --streams 3 --rate 10 --count 40 --verify
    delivered_all large 40
    through_broker mixed --size 64-300000 --associations 2 --streams 3 --rate 40 --count 120 --verify
    delivered_all mixed 120
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(logged cost reassembled)" -ge 40 ]
}

@test "a message over max_message is refused and counted; what follows arrives" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, max_message: 100k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    not through_broker refused --size 300000 --rate 5 --count 5 --drain 1s
    # With the load generator's own end marks, which are of the same size.
    wait_account dropped_oversized -ge 5
    through_broker fits --size 90000 --rate 5 --count 5 --verify
    delivered_all fits 5
    stop_broker
}

@test "many large messages at once, each below max_message: none is dropped" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 1, max_message: 100k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    start_load many --to 127.0.0.1:"$P0" --to-encaps "$U0" --listen 127.0.0.1:"$P1" --listen-encaps "$U1" \
        --size 90000 --associations 40 --count 400
    wait_count 40 'association_up peer=core'
    kill -STOP "$broker" # whatever the clients may send before they have to wait is read in a few turns
    sleep 0.5
    kill -CONT "$broker"
    ends_with 0 "$loader" 60
    delivered_all many 400
    stop_broker
    [ "$(account dropped)" = 0 ]
}

# over_udp: so that the strangers reach the kernel, too; the setting applies to sockets opened afterwards.
over_udp() {
    [ "$BACKEND" = kernel ] || return 0
    [ "$(id -u)" = 0 ] || skip "net.sctp.udp_port needs root"
    printf '5.11\n%s\n' "$(uname -r)" | sort -V -C || skip "Linux $(uname -r): SCTP over UDP came with 5.11"
    sysctl -q -w net.sctp.udp_port="$U0"
}

# strangers NUMBER: they begin a message of 600 kB each and never end it. Over UDP, on either stack.
strangers() {
    "${BUILD:-build}"/tests/scenarios/half_message "$U2" "$P0" "$U0" "$1" 600000 >"$work/strangers.log" 2>&1 3>&- &
    strangers=$!
    pids+=("$strangers")
    wait_in 1 "$work/strangers.log" begun 15
}

# honest NAME: the messages of others arrive.
honest() {
    through_broker "$1" --size 90000 --associations 4 --rate 50 --count 12 --verify
    delivered_all "$1" 12
}

strangers_gone() {
    kill -KILL "$strangers"
    [ "$BACKEND" != kernel ] || sysctl -q -w net.sctp.udp_port=0
}

@test "messages that strangers begin and never end cost nobody else's" {
    over_udp
    start_broker <<CONFIG
sctp: {recbuf: 512K} # a window that 600 kB do not fit into, or the kernel keeps them to itself
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    strangers 8
    honest meanwhile
    strangers_gone
    honest afterwards
    ask_account
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = 24 ]
}

@test "strangers who hold all places are put out, and those who wait get in" {
    over_udp
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 1, max_partial: 3, partial_timeout: 2s}
sctp: {recbuf: 512K}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    strangers 12
    honest meanwhile
    wait_account associations_stalled -ge 12 20
    grep -q 'event=stalled listener=access .*others_wait=yes' "$work/broker.log"
    wait_in 1 "$work/strangers.log" left=0
    strangers_gone
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = 12 ]
}

@test "a shorter partial_timeout of a reload acts at once, also on messages that are half received" {
    over_udp
    start_broker <<CONFIG
broker: {transport: $BACKEND, partial_timeout: 1h}
sctp: {recbuf: 512K}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    strangers 2
    sed -i 's/partial_timeout: 1h/partial_timeout: 600ms/' "$work/broker.yaml"
    kill -HUP "$broker"
    wait_log 'event=changed .*key=partial_timeout .*acts="at once"'
    wait_count 2 'event=stalled listener=access'
    strangers_gone
    stop_broker
}
