load lib

# Messages that a destination does not take are not accumulated in the broker: this would add delay, and they would be lost
# with the destination.
@test "a destination that takes nothing: little is held for it, and little is lost when it goes" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, log_level: debug}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: server, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: server, session: paired}]
CONFIG
    start_sink server "$U1" "$P1" --option recbuf=256k
    local server=$loader
    kill -STOP "$server"
    start_source client "$U2" --size 1400 --duration 60s --drain 1s
    wait_log event=paused 30
    kill -KILL "$server"
    wait_log event=association_lost
    stop_broker
    echo "lost with it: $(account dropped_peer_lost)"
    [ "$(account dropped_peer_lost)" -gt 100 ]
    [ "$(account dropped_peer_lost)" -lt 2000 ] # a send buffer and a queue of 4M were some seven thousand
}
