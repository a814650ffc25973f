load lib

# Detects within four seconds that a peer has disappeared; one that only waits for a busy processor is not lost.
impatient="{rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 8},
            peer_addr_params: {pathmaxrxt: 8, hbinterval: 200ms, flags: [hb_enable]}}"

@test "override: the standby takes over when the active member is killed; every message is accounted for" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: active, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: $impatient}
  - {name: standby, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups: [{name: core, members: [active, standby], mode: override}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink active $U1 $P1 --partial --keep
    local active=$loader
    start_sink standby $U2 $P2 --partial --keep
    local standby=$loader
    wait_count 2 event=member_up

    start_source source $U3 --streams 4 --rate 500 --duration 2m
    local source=$loader
    wait_delivered_to active 500
    # Until now it has all.
    [ "$(delivered_to standby)" = 0 ]
    kill -KILL $active
    wait_log 'event=association_(lost|closed).*active'
    wait_delivered_to standby 500
    kill -INT $source
    ends_with 0 $source

    stop_broker
    [ "$(account delivered)" = "$(account received)" ]
    kill -TERM $standby
    ends_with 0 $standby
    # What the standby got is in order and whole, and is what the broker delivered to it.
    [ "$(result standby .misordered)" = 0 ]
    [ "$(result standby .corrupt)" = 0 ]
    [ "$(result standby .delivered)" = "$(delivered_to standby)" ]
    # Nothing is missing from where the standby begins: active's and standby's parts cover all that was sent.
    [ $(($(delivered_to active) + $(result standby .delivered))) -ge "$(result source .sent)" ]
}
