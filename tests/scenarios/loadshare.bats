load lib

peers() {
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: a, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: b, address: 127.0.0.1, port: $P2, encaps_port: $U1}
  - {name: c, address: 127.0.0.1, port: $P3, encaps_port: $U1}
CONFIG
}

sinks() {
    start_sink sink $U1 $P1,$P2,$P3
    sink=$loader
}

@test "loadshare: messages spread evenly over three members, nothing lost" {
    start_broker <<CONFIG
$(peers)
groups: [{name: core, members: [a, b, c], mode: loadshare}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    sinks
    wait_count 3 event=member_up
    run_source source $U2 --streams 4 --rate 1500 --count 3000
    ends_with 0 $sink
    delivered_all sink 3000
    stop_broker
    local member
    for member in a b c; do
        local share
        share=$(delivered_to $member)
        echo "$member: $share of 3000"
        [ "$share" -ge 900 ] && [ "$share" -le 1100 ]
    done
}

@test "loadshare by stream: every stream keeps its member and its order" {
    start_broker <<CONFIG
$(peers)
groups: [{name: core, members: [a, b, c], mode: loadshare, share: stream-hash}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    sinks
    wait_count 3 event=member_up
    run_source source $U2 --associations 4 --streams 16 --rate 1500 --count 3200
    ends_with 0 $sink
    delivered_all sink 3200
    stop_broker
    local member
    for member in a b c; do
        # 64 streams: a member without any would be a hash that does not spread.
        [ "$(delivered_to $member)" -ge 200 ]
    done
}

@test "loadshare of paired sessions: each client association goes to a member of its own" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 2}
$(peers)
groups: [{name: core, members: [a, b, c], mode: loadshare}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    sinks
    run_source source $U2 --associations 12 --streams 2 --rate 1500 --count 3000
    ends_with 0 $sink
    delivered_all sink 3000
    stop_broker
    # Each of the two workers deals out its own clients in turn: three of the twelve at least for each member.
    local member
    for member in a b c; do
        [ "$(delivered_to $member)" -ge 700 ]
    done
}

# The smallest and largest share of the messages that one of these peers got.
least_and_most() {
    local member
    for member; do delivered_to "$member"; done | sort -n | sed -n '1p;$p' | xargs
}

@test "loadshare of paired sessions by hash: clients spread over both members" {
    start_broker <<CONFIG
$(peers)
groups: [{name: core, members: [a, b], mode: loadshare, share: stream-hash}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    sinks
    run_source source $U2 --associations 48 --rate 1500 --count 960
    ends_with 0 $sink
    delivered_all sink 960
    stop_broker
    # 20 from each client.
    read -r least most <<<"$(least_and_most a b)"
    echo "of 48 clients: $((least / 20)) to $((most / 20))"
    [ "$least" -ge 240 ]
}

@test "loadshare of paired sessions with a member that refuses: the others share its clients evenly" {
    start_broker <<CONFIG
$(peers)
  - {name: gone, address: 127.0.0.1, port: $P4, encaps_port: $U1}
groups: [{name: core, members: [a, b, gone, c], mode: loadshare}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    sinks
    run_source source $U2 --associations 60 --rate 1500 --count 1200
    ends_with 0 $sink
    delivered_all sink 1200
    stop_broker
    # All connect at once, so that many are sent to the one that refuses before this is known. 20 from each client.
    read -r least most <<<"$(least_and_most a b c)"
    echo "of 60 clients: $((least / 20)) to $((most / 20))"
    [ "$least" -ge 300 ] && [ "$most" -le 520 ]
}
