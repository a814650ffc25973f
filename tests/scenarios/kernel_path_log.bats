load lib

# A peer with two addresses, the first of which goes away and comes back.
lost_address=192.0.2.77

@test "a failover is seen in the log with the peer's name, and loses nothing" {
    network mine
    local in_network="nsenter --net=/proc/$network/ns/net"
    JUNCTOR=$work/in_mine
    $in_network ip address add $lost_address/32 dev lo
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers:
  - name: core
    address: [$lost_address, 127.0.0.1]
    port: $P1
    sctp:
      rtoinfo: {initial: 200ms, min: 100ms, max: 500ms}
      delayed_ack_time: 20ms
      associnfo: {asocmaxrxt: 30}
      peer_addr_params: {pathmaxrxt: 4, hbinterval: 200ms, flags: [hb_enable]}
      peer_addr_thresholds: {pathpfthld: 0}
      expose_potentially_failed_state: true
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_load sink --role sink --listen $lost_address,127.0.0.1:$P1 --option delayed_ack_time=20ms
    local sink=$loader
    wait_log event=member_up 20
    start_source source $U3 --rate 100 --duration 5m --streams 4
    local source=$loader
    wait_log event=association_up.*listener=access
    $in_network ip address del $lost_address/32 dev lo
    wait_log "level=warning event=path peer=core assoc=[0-9]+ address=.*$lost_address.*:$P1 state=potentially_failed"
    wait_log "level=warning event=path peer=core assoc=[0-9]+ address=.*$lost_address.*:$P1 state=unreachable"
    $in_network ip address add $lost_address/32 dev lo
    wait_log "level=info event=path peer=core assoc=[0-9]+ address=.*$lost_address.*:$P1 state=available"
    kill -INT $source
    ends_with 0 $source
    ends_with 0 $sink
    delivered_all sink "$(result source .sent)"
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(grep -c event=association_lost "$work/broker.log")" = 0 ]
}
