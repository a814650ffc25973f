load lib

# A broker between two separate networks: a listener in one network namespace, a peer in another, and the broker itself in
# neither.

@test "a listener in one network namespace, its peer in another, one port in both" {
    network access
    local access=$network
    network core
    local core=$network
    JUNCTOR=$work/in_core start_load echo --role echo --listen "127.0.0.1:$P0" --keep
    local echo=$loader
    wait_until 10 is_listening "$P0" 0 "$core"
    start_broker <<CONFIG
broker: {transport: kernel, workers: 2}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, netns: /proc/$access/ns/net, bind_to_device: lo}
  - {name: here, address: 127.0.0.1, port: $P0}
peers: [{name: core, address: 127.0.0.1, port: $P0, netns: /proc/$core/ns/net}]
routes: [{from: [access, here], to: core, session: paired}]
CONFIG
    JUNCTOR=$work/in_access run_load there --role source --to "127.0.0.1:$P0" --reply --verify --associations 4 --streams 3 \
        --size 64-3000 --count 2000
    run_load here --role source --to "127.0.0.1:$P0" --reply --verify --associations 2 --count 500
    [ "$(result there .replies.delivered)" = 2000 ]
    [ "$(result here .replies.delivered)" = 500 ]
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(account received)" = "$(account delivered)" ]
    kill -TERM "$echo"
    ends_with 0 "$echo"
}

@test "a network namespace or an interface that is not there is named, and nothing starts" {
    cat >"$work/broker.yaml" <<CONFIG
broker: {transport: kernel}
listeners: [{name: access, address: 127.0.0.1, port: $P0, netns: nowhere}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core}]
CONFIG
    run "$JUNCTOR" run -c "$work/broker.yaml"
    [ "$status" != 0 ]
    [[ $output == *"listener access"*nowhere* ]]
    sed -i 's/netns: nowhere/bind_to_device: nowhere0/' "$work/broker.yaml"
    run "$JUNCTOR" run -c "$work/broker.yaml"
    [ "$status" != 0 ]
    [[ $output == *"listener access"*nowhere0* ]]
}
