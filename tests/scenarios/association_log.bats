load lib

relay() {
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: $1}]
CONFIG
}

@test "clean ends are told and counted as such, and the two sides of a session by one number" {
    start_broker < <(relay paired)
    through_broker load --associations 2 --count 100
    stop_broker
    [ "$(grep -c event=association_closed "$work/broker.log")" = 4 ]
    [ "$(grep -cE 'event=association_closed .* by=(peer|here)' "$work/broker.log")" = 4 ]
    [ "$(account associations_closed)" = 4 ]
    [ "$(account associations_lost)" = 0 ]
    for event in association_up association_closed; do
        for side in listener peer; do
            grep "event=$event $side=" "$work/broker.log" | grep -o 'session=[^ ]*' | sort >"$work/$event.$side"
        done
        [ "$(sort -u "$work/$event.listener" | wc -l)" = 2 ]
        cmp "$work/$event.listener" "$work/$event.peer"
    done
}

@test "an abort of the broker's own says why" {
    start_broker < <(relay paired)
    start_source source $U2 --rate 1 --duration 60s # nobody listens at P1
    wait_log 'event=connect_failed peer=core .*session='
    wait_log 'event=session_refused .*session='
    wait_log 'event=association_lost listener=access .*session=.* by=here error="no member of its group could be connected"'
    [ "$(logged session_refused session)" = "$(logged association_lost session)" ]
    kill -TERM "$broker"
    wait_until 10 ended "$broker"
    [ "$(account associations_lost)" = 1 ]
}

@test "a broker that stops does not announce another try" {
    start_sink sink $U1 $P1 --keep
    start_broker < <(relay shared)
    wait_log event=member_up
    stop_broker
    wait_log 'event=association_closed peer=core .*by=here'
    not grep -q event=peer_retry "$work/broker.log"
}
