load lib

# A peer on another host, behind two cables, which fail under load.

# Detects within two seconds that a path has failed, and within four that all have; with shorter timeouts a busy emulated
# processor would look like a failed path.
impatient="{rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 16}, delayed_ack_time: 25ms,
            peer_addr_params: {pathmaxrxt: 8, hbinterval: 100ms, flags: [hb_enable]}}"

# far_host: a network namespace behind c0 (10.98.0.2) and c1 (10.98.1.2).
far_host() {
    network far
    in_far="nsenter --net=/proc/$network/ns/net"
    local cable
    for cable in 0 1; do
        # The kernel takes some time to delete a namespace, and the other end of a cable with it.
        ip link delete c$cable 2>/dev/null || true
        ip link add c$cable type veth peer name c$cable netns "$network"
        ip address add 10.98.$cable.1/24 dev c$cable
        $in_far ip address add 10.98.$cable.2/24 dev c$cable
        ip link set c$cable up
        $in_far ip link set c$cable up
    done
}

# cable N LOSS: percent, in both directions.
cable() {
    tc qdisc replace dev "c$1" root netem limit 100000 loss "$2%"
    $in_far tc qdisc replace dev "c$1" root netem limit 100000 loss "$2%"
}

# far_sink OPTION…: on both addresses of the far host.
far_sink() {
    JUNCTOR=$work/in_far start_load far --role sink --listen "10.98.0.2,10.98.1.2:$P1" "$@"
    far=$loader
    wait_until 10 is_listening "$P1" 0 "$network"
}

far_peer() {
    cat <<CONFIG
broker: {transport: kernel, log_level: info}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers:
  - name: far
    address: [10.98.0.2, 10.98.1.2]
    local: [10.98.0.1, 10.98.1.1]
    port: $P1
    sctp: $impatient
CONFIG
}

@test "the primary path fails and comes back under load: nothing is lost, doubled or out of order" {
    far_host
    far_sink --verify
    start_broker <<CONFIG
$(far_peer)
routes: [{from: access, to: far, session: shared}]
CONFIG
    wait_log event=member_up
    start_source source $U3 --streams 8 --rate 600 --duration 5m --verify
    local source=$loader round
    for round in 1 2; do
        ask_account
        wait_delivered_to far $(($(delivered_to far) + 600)) # on the primary path
        cable 0 100
        wait_count $round "event=path peer=far .*address=10.98.0.2:$P1 state=unreachable"
        cable 0 0
        wait_count $round "event=path peer=far .*address=10.98.0.2:$P1 state=available"
    done
    kill -INT $source
    ends_with 0 $source
    ends_with 0 $far
    delivered_all far "$(result source .sent)"
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(account delivered)" ]
    not grep -q event=association_lost "$work/broker.log"
    tc -s qdisc show dev c0 | grep -q 'dropped [1-9]'
}

@test "the peer's host vanishes: the other member takes over, and every message is accounted for" {
    far_host
    far_sink --partial --keep
    start_sink near $U1 $P2 --partial --keep
    local near=$loader
    start_broker <<CONFIG
$(far_peer)
  - {name: near, address: 127.0.0.1, port: $P2}
groups: [{name: core, members: [far, near], mode: override}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    wait_count 2 event=member_up
    start_source source $U3 --streams 4 --rate 600 --duration 5m
    local source=$loader
    wait_delivered_to far 1000
    # Not at once: then returned messages are in the lists of both paths, and not in the order in which they were sent.
    cable 1 50
    sleep 1
    cable 0 100
    cable 1 100
    wait_log 'event=association_lost.*peer=far'
    wait_delivered_to near 1000
    kill -INT $source
    ends_with 0 $source
    stop_broker
    [ "$(account received)" = "$(result source .sent)" ]
    [ "$(account delivered)" = "$(account received)" ]
    kill -TERM $near $far
    ends_with 0 $near
    ends_with 0 $far
    local sink
    for sink in near far; do
        [ "$(result $sink .misordered)" = 0 ]
        [ "$(result $sink .corrupt)" = 0 ]
        [ "$(result $sink .delivered)" -gt 500 ]
    done
    # What was in flight to the one that vanished went to the other too: nothing is missing.
    [ "$(result near .delivered)" = "$(delivered_to near)" ]
    [ $(($(result far .delivered) + $(result near .delivered))) -ge "$(result source .sent)" ]
}
