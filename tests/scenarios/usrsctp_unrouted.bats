load lib
load admin

# Of two PPIDs a route takes one; `rest` is for the other.
config() { # unrouted
    admin "}, unrouted: $1, log_levels: {config: info"
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: one, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: two, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups: [{name: rest, members: [two], mode: override}]
routes:
  - {name: known, from: access, ppid: m3ua, to: one, session: shared}
  - {name: other, from: two, ppid: m3ua, to: one, session: shared}
CONFIG
}

taken_by_unrouted() {
    ask /v1/routes | jq '[.routes[] | select(.name == "unrouted") | .traffic.received] | add // 0'
}

@test "unrouted: messages that no route takes go to a group, from the reload on that names it" {
    start_broker < <(config drop)
    start_sink one "$U1" "$P1" --keep
    start_sink two "$U2" "$P2" --keep
    wait_log 'event=member_up'
    wait_log 'event=association_up .*peer=two'
    run_source before "$U3" --ppid ngap --count 10
    wait_account dropped_no_route -eq 10
    [ "$(taken_by_unrouted)" = 0 ]

    config rest | write_config
    reload 1
    [ "$(logged reloaded changes)" = 1 ]
    ask "/v1/explain?from=access&ppid=ngap" | jq -e '.route.name == "unrouted" and .route.to == "rest" and .verdict == "it is sent"'
    ask "/v1/explain?from=two&ppid=ngap" | jq -e '.route == null and (.verdict | test("no_route"))'
    run_source after "$U4" --ppid ngap --count 30
    run_source known "$U5" --ppid m3ua --count 20
    wait_delivered_to two 30
    wait_delivered_to one 20
    [ "$(taken_by_unrouted)" = 30 ]

    config one | write_config
    reload 2
    run_source moved "$U6" --ppid ngap --count 5
    wait_delivered_to one 25
    [ "$(taken_by_unrouted)" = 35 ]

    stop_broker
    [ "$(account received)" = 65 ]
    [ "$(account dropped)" = 10 ]
    [ "$(account dropped_no_route)" = 10 ]
}
