load lib
load admin

# The sink is stopped; with the kernel's SCTP its kernel would continue to answer.
# Detects within two seconds that a path has failed, and keeps the association for longer.
watchful="{rtoinfo: {initial: 100ms, min: 50ms, max: 200ms}, associnfo: {asocmaxrxt: 40},
           peer_addr_params: {pathmaxrxt: 5, hbinterval: 100ms, flags: [hb_enable]}}"

@test "a path that fails and comes back is logged with its peer's name" {
    start_broker <<CONFIG
$(admin)
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: $watchful}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink sink $U1 $P1 --keep --partial
    local sink=$loader
    wait_log event=member_up
    kill -STOP $sink
    run_source source $U3 --rate 100 --count 50
    wait_log "level=warning event=path peer=core assoc=[0-9]+ address=127.0.0.1:$P1 state=unreachable"
    kill -CONT $sink
    wait_log "level=info event=path peer=core assoc=[0-9]+ address=127.0.0.1:$P1 state=available"
    # (A busy machine may bring it about once more.)
    says "/v1/history?name=core" '[.history[] | select(.event == "path") | .address + " " + .detail][0:2] ==
        ["127.0.0.1:'"$P1"' unreachable", "127.0.0.1:'"$P1"' available"]'
    stop_broker
    [ "$(account delivered)" = 50 ]
    kill -TERM $sink
    ends_with 0 $sink
}
