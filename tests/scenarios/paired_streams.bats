load lib

@test "paired: a client with 17 streams has 17 both ways" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    through_broker echo --associations 2 --streams 17 --rate 1000 --count 680 --reply
    delivered_all echo 680
    [ "$(result echo .replies.delivered)" = 680 ]
    stop_broker
    [ "$(logged traffic stream_mapped listener=access)" = 0 ]
    [ "$(logged traffic stream_mapped peer=core)" = 0 ]
}

@test "paired: a client that asks for 65535 streams is granted 256, or what its server is asked for" {
    start_broker <<CONFIG
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
  - {name: four, address: 127.0.0.1, port: $P2, encaps_port: $U0}
peers:
  - {name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: small, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {initmsg: {num_ostreams: 4}}}
routes:
  - {from: access, to: core, session: paired}
  - {from: four, to: small, session: paired}
CONFIG
    start_sink sink $U1 $P1 --keep --partial
    local sink=$loader
    run_source many $U2 --streams 1 --option initmsg.num_ostreams=65535 --count 1 --rate 10
    run_load few --role source --to 127.0.0.1:"$P2" --to-encaps "$U0" --listen-encaps "$U3" --streams 1 \
        --option initmsg.num_ostreams=65535 --count 1 --rate 10
    stop_broker
    grep -q 'event=association_up listener=access .*in_streams=256 ' "$work/broker.log"
    grep -q 'event=association_up listener=four .*in_streams=4 ' "$work/broker.log"
    kill -TERM $sink
    ends_with 0 $sink
}
