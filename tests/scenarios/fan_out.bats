load lib

@test "broadcast fan-out: each of three members gets every message, once and in order" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: a, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: b, address: 127.0.0.1, port: $P2, encaps_port: $U1}
  - {name: c, address: 127.0.0.1, port: $P3, encaps_port: $U1}
groups: [{name: all, members: [a, b, c], mode: broadcast}]
routes: [{from: access, to: all, session: shared}]
CONFIG
    start_load sink --role sink --fanout --listen 127.0.0.1:"$P1" --listen 127.0.0.1:"$P2" --listen 127.0.0.1:"$P3" \
        --listen-encaps "$U1"
    local sink=$loader
    wait_count 3 event=member_up
    run_load source --role source --to 127.0.0.1:"$P0" --to-encaps "$U0" --listen-encaps "$U2" \
        --associations 2 --streams 4 --rate 1000 --count 2000
    ends_with 0 $sink
    delivered_all sink
    stop_broker
    [ "$(account copies)" = $(($(account received) * 2)) ]
    [ "$(account delivered)" = $(($(account received) * 3)) ]
    local member
    for member in a b c; do
        [ "$(logged traffic delivered "peer=$member ")" = "$(account received)" ]
    done
}
