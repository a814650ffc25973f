load lib
load admin

# limited LISTENER-KEYS PEER-KEYS: a paired relay; the broker's admin socket is on.
limited() {
    admin
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0$1}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1$2}]
routes: [{from: access, to: core, session: paired}]
CONFIG
}

@test "a client that sends faster than its rate_limit is slowed down, and loses nothing" {
    start_broker < <(limited ", rate_limit: {messages: 200, burst: 100ms}" "")
    start_sink server $U1 $P1 --role echo --keep
    local server=$loader
    run_source source $U2 --streams 3 --count 400 --reply
    [ "$(result source .replies.delivered)" = 400 ]
    kill -TERM $server
    wait_until 20 ended $server
    delivered_all server 400
    stop_broker
    [ "$(account dropped)" = 0 ]
    # Of 400 that are sent at once at most 20 are read between two pauses.
    [ "$(logged traffic limited listener=access)" -ge 3 ]
}

@test "one client's limit holds nobody else up, with a shared socket, too" {
    start_broker < <(limited ", peeloff: never, rate_limit: {bytes: 4K, burst: 100ms}" "")
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    start_source loud $U2 --size 1000 --count 100000 --drain 1s
    local loud=$loader
    wait_until 20 says /v1/listeners '.listeners[0].traffic.limited > 0'
    wait_until 20 says /v1/associations '[.associations[] | select(.name == "access" and .limited_times > 0)] | length == 1'
    run_source quiet $U3 --size 60 --rate 20 --count 20
    [ "$(result quiet .sent)" = 20 ]
    ended $loud && false
    kill -INT $loud
    wait_until 60 ended $loud
    kill -TERM $sink
    wait_until 20 ended $sink
    stop_broker
    [ "$(account dropped_no_memory)" = 0 ]
}

@test "a peer's answers are limited; a reload lifts that at once" {
    start_broker < <(limited "" ", rate_limit: {messages: 5, burst: 200ms}")
    start_sink server $U1 $P1 --role echo --keep
    local server=$loader
    start_source source $U2 --count 2000 --reply
    local source=$loader
    wait_until 20 says /v1/associations '[.associations[] | select(.name == "core" and .limited)] | length == 1'
    limited "" "" >"$work/new.yaml"
    mv "$work/new.yaml" "$work/broker.yaml"
    reload 1
    grep -q 'event=changed .*rate_limit.messages' "$work/broker.log"
    ends_with 0 $source 60
    [ "$(result source .replies.delivered)" = 2000 ]
    kill -TERM $server
    wait_until 20 ended $server
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(logged traffic limited peer=core)" -gt 0 ]
}
