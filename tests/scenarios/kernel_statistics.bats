load lib

@test "an association that ends tells its statistics" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1 --keep --partial
    local sink=$loader
    wait_log event=member_up
    run_source source $U3 --size 40000 --count 25 # no two fit into one packet
    wait_delivered_to core 25
    stop_broker
    [ "$(logged association_closed packets_out peer=core)" -ge 25 ]
    [ -n "$(logged association_closed retransmitted peer=core)" ]
    kill -TERM $sink
    ends_with 0 $sink
}

@test "junctor load tells what its associations retransmitted" {
    network mine
    local in_network="nsenter --net=/proc/$network/ns/net"
    JUNCTOR=$work/in_mine
    $in_network tc qdisc add dev lo root netem loss 5%
    # With the stack's own first timeout of 3 s an association would now and then not come up in time.
    run_load lossy --listen 127.0.0.1:$P1 --rate 500 --count 1000 --option rtoinfo.initial=100ms --option rtoinfo.min=100ms \
        --option rtoinfo.max=400ms
    $in_network tc qdisc del dev lo root
    [ "$(result lossy .chunks_retransmitted)" -gt 5 ]
    # Nothing is lost here, and a processor that is busy elsewhere is no reason to send again.
    run_load clean --listen 127.0.0.1:$P2 --count 100 --option rtoinfo.initial=20s --option rtoinfo.min=20s
    [ "$(result clean .chunks_retransmitted)" = 0 ]
}
