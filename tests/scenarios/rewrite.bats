load lib

@test "unordered messages have a route of their own" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: loose, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: strict, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {name: loose, from: access, unordered: true, to: loose, session: shared}
  - {name: strict, from: access, to: strict, session: shared}
CONFIG
    start_sink loose $U1 $P1 --keep --partial
    local loose=$loader
    start_sink strict $U2 $P2 --keep --partial
    local strict=$loader
    run_source unordered $U3 --streams 3 --count 200 --unordered
    run_source ordered $U3 --streams 3 --count 100
    wait_delivered_to loose 200
    wait_delivered_to strict 100
    kill -TERM $loose $strict
    wait_until 20 ended $loose
    wait_until 20 ended $strict
    [ "$(result loose .delivered)" = 200 ]
    [ "$(result strict .delivered)" = 100 ]
    stop_broker
    [ "$(logged traffic received 'route=loose ')" = 200 ]
    [ "$(logged traffic received 'route=strict ')" = 100 ]
    "$JUNCTOR" explain -c "$work/broker.yaml" --from access --ppid 0 --unordered | grep -q '^route     loose, '
    "$JUNCTOR" explain -c "$work/broker.yaml" --from access --ppid 0 | grep -q 'is for unordered messages'
}
