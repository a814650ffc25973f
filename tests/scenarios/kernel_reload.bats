load lib

# What usrsctp lacks: several addresses, and another endpoint on the port of one whose associations stay.

plain() {
    broker_line
    cat <<CONFIG
listeners: [{name: access, address: ${1:-127.0.0.1}, port: ${2:-$P0}}]
peers: [{name: server, address: 127.0.0.1, port: $P1}]
routes: [{name: all, from: access, to: server, session: shared}]
CONFIG
}

# can_connect ADDRESS PORT: a client's message through the broker comes back with nothing lost.
can_connect() {
    run_load probe --role source --to "$1:$2" --count 20
}

@test "reload under load: a listener's addresses change on the same port, and its clients stay" {
    start_broker < <(plain)
    start_sink sink $U1 $P1 --keep
    local sink=$loader round=0 addresses
    start_source source $U2 --associations 3 --streams 4 --rate 1000 --duration 5m
    local source=$loader
    wait_delivered_to server 1000
    for addresses in "[127.0.0.1, 127.0.0.2]" "[127.0.0.3, 127.0.0.2]" "127.0.0.4" "127.0.0.1"; do
        write_config < <(plain "$addresses")
        reload $((++round))
        wait_more server 500
        addresses=${addresses%]}
        can_connect "${addresses##*[ [,]}" $P0
    done
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    delivered_all sink "$(account received)"
    [ "$(account received)" = $(($(result source .sent) + 80)) ]
    [ "$(account dropped)" = 0 ]
    [ "$(grep -c event=association_up "$work/broker.log")" = 8 ]
}

@test "reload under load: a listener moves away and comes back while its clients stay" {
    start_broker < <(plain)
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    start_source source $U2 --associations 3 --streams 4 --rate 1000 --duration 5m
    local source=$loader
    wait_delivered_to server 1000
    write_config < <(plain 127.0.0.1 $P3)
    reload 1
    can_connect 127.0.0.1 $P3
    not can_connect 127.0.0.1 $P0
    write_config < <(plain)
    reload 2
    can_connect 127.0.0.1 $P0
    not can_connect 127.0.0.1 $P3
    wait_more server 500
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    delivered_all sink "$(account received)"
    [ "$(account dropped)" = 0 ]
}
