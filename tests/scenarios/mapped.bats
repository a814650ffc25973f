load lib

# The server end of these sessions sends everything back on the stream it came on.

# replied NAME COUNT: this many answers reached the right clients, on the stream of their request, in order.
replied() {
    read_report "$1" && unharmed .replies && [ "${report[.replies.delivered]}" = "$2" ] &&
        [ "${report[.replies.stream_changed]}" = 0 ]
}

# start_server NAME OPTION…: with as many streams as it takes; its process id in $loader.
start_server() {
    start_sink "$1" "$U1" "$P1" --role echo --keep --partial "${@:2}"
}

# end_server NAME PID: had one association.
end_server() {
    kill -TERM "$2"
    ends_with 0 "$2"
    [ "$(result "$1" .sink_associations.seen)" = 1 ]
}

# Few messages may wait: what another worker brings at once is no reason to take a client for slow.
@test "mapped: clients share one association, and each gets its own answers on its own streams, in order" {
    start_server server --option initmsg.num_ostreams=64
    local server=$loader
    start_broker <<CONFIG
$(broker_line 'queue_messages: 8')
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: mapped}]
CONFIG
    wait_log event=member_up
    run_source clients "$U2" --associations 6 --streams 5 --ppid s1ap,ngap --size 64-1400 --verify --count 1500 --reply
    replied clients 1500
    stop_broker
    [ "$(account dropped)" = 0 ]
    end_server server "$server"
}

@test "mapped: many clients over one association" {
    start_server server --option initmsg.num_ostreams=2048 --option initmsg.max_instreams=2048
    local server=$loader clients=2000
    [ "$BACKEND" = usrsctp ] || clients=300 # an emulated processor takes half a minute for so many
    start_broker <<CONFIG
$(broker_line)
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, peeloff: never}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: mapped}]
CONFIG
    wait_log event=member_up
    run_source clients "$U2" --associations $clients --rate 2000 --count $((clients * 3)) --reply
    [ "$(result clients .associations.up)" = $clients ]
    replied clients $((clients * 3))
    stop_broker
    [ "$(account dropped)" = 0 ]
    end_server server "$server"
}

@test "mapped: streams run out: refused, counted, and nobody else is harmed" {
    start_server server --option initmsg.num_ostreams=4
    local server=$loader
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, mapped: {streams_full: refuse}}]
routes: [{from: access, to: core, session: mapped}]
CONFIG
    wait_log event=member_up
    start_source first "$U2" --associations 4 --rate 200 --duration 60s --reply
    local first=$loader
    wait_delivered_to core 100
    not run_source more "$U3" --associations 2 --count 50 --drain 1s --reply
    kill -INT "$first"
    wait_until 20 ended "$first"
    read_report first
    unharmed .replies
    stop_broker
    [ "$(account dropped_no_stream)" = 50 ]
    [ "$(account dropped)" = 50 ]
    kill -TERM "$server"
}

@test "mapped: streams run out: the server is asked for more, and nothing is lost" {
    start_server server --option initmsg.num_ostreams=4 --option reconfig_supported=true \
        --option enable_stream_reset=reset_assoc,change_assoc
    local server=$loader
    start_broker <<CONFIG
sctp: {reconfig_supported: true, enable_stream_reset: [reset_assoc, change_assoc]}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: mapped}]
CONFIG
    wait_log event=member_up
    run_source clients "$U2" --associations 10 --streams 3 --rate 500 --count 1500 --reply
    replied clients 1500
    grep -q 'event=reconfigured peer=core' "$work/broker.log"
    stop_broker
    [ "$(account dropped)" = 0 ]
    end_server server "$server"
}

@test "mapped: streams of clients that have gone serve others" {
    start_server server --option initmsg.num_ostreams=4
    local server=$loader round
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, mapped: {streams_full: refuse, reuse_after: 100ms}}]
routes: [{from: access, to: core, session: mapped}]
CONFIG
    wait_log event=member_up
    for round in 1 2 3; do
        wait_until 20 served "round$round"
    done
    stop_broker
    [ "$(account dropped)" = "$(account dropped_no_stream)" ]
    end_server server "$server"
}

# served NAME: three clients come, are answered and go. Less than three streams may be free, until those before them are
# forgotten.
served() {
    run_source "$1" "$U2" --associations 3 --rate 500 --count 60 --drain 1s --reply && replied "$1" 60
}

@test "mapped: a member is killed; requests go to the other one, and every message is accounted for" {
    # Finds out within four seconds that a peer is gone without a word.
    local impatient="{rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 8},
            peer_addr_params: {pathmaxrxt: 8, hbinterval: 200ms, flags: [hb_enable]}}"
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: active, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: $impatient}
  - {name: standby, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups: [{name: core, members: [active, standby], mode: override}]
routes: [{from: access, to: core, session: mapped}]
CONFIG
    start_server active
    local active=$loader
    start_sink standby "$U2" "$P2" --role echo --keep --partial
    local standby=$loader
    wait_count 2 event=member_up
    start_source clients "$U3" --associations 3 --streams 2 --rate 500 --duration 2m
    local clients=$loader
    wait_delivered_to active 300
    [ "$(delivered_to standby)" = 0 ]
    kill -KILL "$active"
    wait_delivered_to standby 300
    kill -INT "$clients"
    ends_with 0 "$clients"
    stop_broker
    kill -TERM "$standby"
    ends_with 0 "$standby"
    [ "$(result standby .misordered)" = 0 ]
    [ "$(result standby .delivered)" = "$(delivered_to standby)" ]
    [ $(($(delivered_to active) + $(delivered_to standby))) -ge "$(result clients .sent)" ]
}
