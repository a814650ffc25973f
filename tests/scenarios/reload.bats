load lib

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

@test "reload: options and the log level change when their rows say, and the log says so" {
    config() {
        cat <<CONFIG
broker: {transport: $BACKEND, log_level: $1, workers: $2}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, sctp: {initmsg: {max_instreams: $3}}}
peers:
  - {name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {disable_fragments: $4}}
routes: [{from: access, to: server, session: shared}]
CONFIG
    }
    start_broker < <(config info 1 9 false)
    start_sink sink $U1 $P1 --keep
    wait_log event=member_up
    start_source before $U3 --streams 9 --size 80000 --rate 40 --duration 2m
    local before=$loader
    wait_delivered_to server 20
    [ "$(logged association_up in_streams listener=access)" = 9 ]
    write_config < <(config debug 2 4 true)
    reload 1
    grep -E 'level=info event=changed .*key=log_level before="info" after="debug" acts="at once"' "$work/broker.log"
    grep -E 'level=warning event=changed .*key=workers before="1" after="2" acts="restart"' "$work/broker.log"
    grep -E 'name="access" key=initmsg.max_instreams before="9" after="4" acts="new associations"' "$work/broker.log"
    grep -E 'name="server" key=disable_fragments before="false" after="true" acts="at once"' "$work/broker.log"
    grep -E 'event=reloaded .*changes=4 at_once=2 new_associations=1 new_endpoint=0 restart=1' "$work/broker.log"
    # The association that is up takes no message of several packets any more.
    wait_account dropped_refused -gt 0
    kill -INT $before
    ends_with 0 $before
    # A new client gets fewer streams, and its events are logged.
    start_source after $U4 --streams 9 --rate 200 --duration 2m
    wait_log 'level=debug event=sctp listener=access'
    wait_until 10 eval '[ "$(logged association_up in_streams listener=access)" = 4 ]'
    # What needs a restart is told again, until the file says what is in force.
    write_config < <(config info 2 4 true)
    reload 2
    [ "$(grep -c 'event=changed .*key=workers' "$work/broker.log")" = 2 ]
    stop_broker
    [ "$(logged ready workers)" = 1 ]
}
