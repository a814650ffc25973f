load lib

# write_config: a new file for the broker that runs.
write_config() {
    cat >"$work/new.yaml"
    grep -q '^broker:' "$work/new.yaml" || sed -i "1i broker: {transport: $BACKEND}" "$work/new.yaml"
    mv "$work/new.yaml" "$work/broker.yaml"
}

# reload N: asks for a reload and waits until the broker has served N of them.
reload() {
    kill -HUP "$broker"
    wait_count "$1" event=reloaded
}

base() {
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1}
routes: [{from: access, to: server, session: shared}]
CONFIG
}

@test "reload: what the change does not concern does not notice" {
    start_broker < <(base)
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    wait_log event=member_up
    start_source source $U3 --associations 3 --streams 4 --rate 1000 --duration 2m
    local source=$loader
    wait_delivered_to server 300
    write_config <<CONFIG
listeners:
  - {name: more, address: 127.0.0.1, port: $P4, encaps_port: $U4}
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
peers:
  - {name: other, address: 127.0.0.1, port: $P5, encaps_port: $U5}
  - {name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1}
routes:
  - {name: new, from: more, to: other, session: shared}
  - {name: all, from: access, to: server, session: shared}
CONFIG
    reload 1
    local before
    before=$(delivered_to server)
    wait_delivered_to server $((before + 500))
    write_config < <(base)
    reload 2
    before=$(delivered_to server)
    wait_delivered_to server $((before + 500))
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    [ "$(result sink .lost)" = 0 ]
    [ "$(result sink .misordered)" = 0 ]
    [ "$(result sink .duplicated)" = 0 ]
    [ "$(result sink .delivered)" = "$(account received)" ]
    # The one association to the server and the three clients', and no more.
    [ "$(grep -c 'event=association_up' "$work/broker.log")" = 4 ]
}

@test "reload: a bad file, or a listener that cannot be opened, changes nothing" {
    start_broker < <(base)
    write_config <<CONFIG
listeners: [{name: access, adress: 127.0.0.1, port: $P0}]
routes: [{from: access, to: nobody}]
CONFIG
    kill -HUP "$broker"
    wait_log "event=reload_refused.*line=2 .*did you mean 'address'"
    wait_log "event=reload_refused.*line=3 .*nobody"
    start_sink taken $U4 $P4 --keep
    write_config <<CONFIG
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
  - {name: more, address: 127.0.0.1, port: $P4, encaps_port: $U4}
peers: [{name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: any, to: server, session: shared}]
CONFIG
    kill -HUP "$broker"
    wait_log 'event=reload_refused.*listener more'
    wait_log event=reload_abandoned
    through_broker load --count 100
    delivered_all load 100
    stop_broker
}

@test "reload: a listener moves, and its clients stay" {
    start_broker < <(base)
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    start_source source $U3 --associations 2 --rate 500 --duration 2m
    local source=$loader
    wait_delivered_to server 100
    base | sed "s/port: $P0, encaps_port: $U0/port: $P4, encaps_port: $U4/" | write_config
    reload 1
    wait_until 10 is_listening $P4 $U4
    local before
    before=$(delivered_to server)
    wait_delivered_to server $((before + 300))
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    [ "$(result sink .delivered)" = "$(account received)" ]
    [ "$(account dropped)" = 0 ]
}
