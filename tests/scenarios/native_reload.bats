load lib

base() {
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1}
routes: [{from: access, to: server, session: shared}]
CONFIG
}

@test "reload: a log level of the command line stays" {
    base >"$work/broker.yaml"
    sed -i "1i broker: {transport: $BACKEND}" "$work/broker.yaml"
    "$JUNCTOR" run -c "$work/broker.yaml" --log-level info 2>"$work/broker.log" 3>&- </dev/null &
    broker=$!
    pids+=("$broker")
    wait_log event=ready
    sed -i "1s/.*/broker: {transport: $BACKEND, log_level: error}/" "$work/broker.yaml"
    reload 1
    not grep event=changed "$work/broker.log"
    stop_broker
}

@test "reload: of a hundred differences and more the others are counted" {
    start_broker < <(base)
    {
        echo "peers:"
        echo "  - {name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1}"
        for n in {1..130}; do echo "  - {name: more-$n, address: 127.0.0.1, port: $n}"; done
        base | grep -v -e '^peers' -e 'name: server'
    } | write_config
    reload 1
    [ "$(grep -c 'event=changed change=added in=peer name="more-' "$work/broker.log")" = 100 ]
    grep -E 'event=changed_more changes=30 ' "$work/broker.log"
    grep -E 'event=reloaded .*changes=130 at_once=130 ' "$work/broker.log"
    stop_broker
}
