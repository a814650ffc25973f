load lib

@test "rtx: 0: what arrives does not count as given up" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core, session: shared, partial_reliability: {rtx: 0}}]
CONFIG
    grep -q 'event=advice .*rtx: 0 makes Linux give up' "$work/broker.log"
    start_sink sink $U1 $P1
    local sink=$loader
    wait_count 1 event=member_up
    run_source source $U2 --size 100 --rate 500 --count 200
    ends_with 0 $sink
    delivered_all sink 200
    stop_broker
    [ "$(account abandoned_unseen)" = 0 ]
}
