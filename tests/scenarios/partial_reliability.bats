load lib

# A stopped consumer: what a route with a limit gives up, what one without keeps, and that the account adds up.

patient_keys="rtoinfo: {initial: 100ms, min: 100ms, max: 500ms}, associnfo: {asocmaxrxt: 200}, peer_addr_params: {pathmaxrxt: 200}"
patient="{$patient_keys}"
# Detects within four seconds that a peer has disappeared; one that only waits for a busy processor is not lost.
impatient="{rtoinfo: {initial: 200ms, min: 100ms, max: 400ms}, associnfo: {asocmaxrxt: 8},
            peer_addr_params: {pathmaxrxt: 8, hbinterval: 200ms, flags: [hb_enable]}}"

@test "ttl: a stopped consumer's messages expire and its source goes on; a route without policy loses nothing" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 256}
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, peeloff: always}]
peers:
  - {name: stale, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: $patient}
  - {name: sure, address: 127.0.0.1, port: $P2, encaps_port: $U2, sctp: $patient}
routes:
  - {from: access, ppid: ngap, to: stale, session: shared, partial_reliability: {ttl: 300ms}}
  - {from: access, ppid: m3ua, to: sure, session: shared}
CONFIG
    start_sink stale $U1 $P1 --option recbuf=128k --partial --keep
    local stale=$loader
    start_sink sure $U2 $P2 --option recbuf=128k --drain 60s
    local sure=$loader
    wait_count 2 event=member_up
    kill -STOP $stale $sure

    # Far more than buffers and queue hold, at a rate that a paused source could not keep.
    start_source control $U3 --ppid m3ua --size 1000 --rate 400 --count 1200 --option sndbuf=128k --drain 60s
    local control=$loader
    run_source flood $U4 --ppid ngap --size 1000 --rate 400 --count 1600 --option sndbuf=128k --drain 60s
    [ "$(result flood .sent)" = 1600 ]
    kill -CONT $stale $sure
    ends_with 0 $control 60
    ends_with 0 $sure 60
    delivered_all sure 1200
    wait_account received -eq 2800
    wait_account waiting -eq 0
    stop_broker
    kill -TERM $stale
    ends_with 0 $stale

    # The account says who got what. The consumer may have got a little more (given up while its acknowledgement was in
    # flight) or less (Linux does not report what it gives up after sending it).
    [ "$(account dropped_expired)" -gt 800 ]
    [ "$(account dropped)" = "$(account dropped_expired)" ]
    [ "$(logged traffic dropped 'route=2 ')" = 0 ]
    [ "$(result stale .misordered)" = 0 ]
    [ "$(result stale .duplicated)" = 0 ]
    [ "$(result stale .delivered)" -gt 0 ]
    [ "$(result stale .delivered)" -lt 800 ]
}

@test "ttl: what waits for a group with nobody in it expires where it waits" {
    start_broker <<CONFIG
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
peers: [{name: absent, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes:
  - {from: access, ppid: ngap, to: absent, session: shared, partial_reliability: {ttl: 400ms}}
  - {from: access, ppid: m3ua, to: absent, session: shared}
CONFIG
    run_source both $U3 --ppid ngap,m3ua --rate 200 --count 200
    wait_account received -eq 200
    wait_account waiting -eq 100
    [ "$(account dropped_expired)" = 100 ]
    # The others have waited for it, all of them.
    start_sink absent $U1 $P1 --partial --keep
    local absent=$loader
    wait_account waiting -eq 0 60
    stop_broker
    kill -TERM $absent
    ends_with 0 $absent
    [ "$(account delivered)" = 100 ]
    [ "$(account dropped)" = 100 ]
    [ "$(result absent .delivered)" = 100 ]
}

@test "ttl, rtx: what a lost member leaves goes to another one unless it is too old" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: active, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: $impatient}
  - {name: standby, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups: [{name: core, members: [active, standby], mode: override}]
routes:
  - {from: access, ppid: ngap, to: core, session: shared, partial_reliability: {ttl: 1h}}
  - {from: access, ppid: m3ua, to: core, session: shared, partial_reliability: {rtx: 60000}}
  - {from: access, ppid: sua, to: core, session: shared, partial_reliability: {ttl: 250ms}}
CONFIG
    start_sink active $U1 $P1 --partial --keep --option recbuf=128k
    local active=$loader
    start_sink standby $U2 $P2 --partial --keep
    local standby=$loader
    wait_count 2 event=member_up
    kill -STOP $active
    run_source source $U3 --ppid ngap,m3ua,sua --streams 3 --size 1000 --rate 600 --count 900
    kill -KILL $active
    wait_log 'event=association_(lost|closed).*active'
    wait_account received -eq 900 60
    wait_account waiting -eq 0 60
    stop_broker
    kill -TERM $standby
    ends_with 0 $standby
    [ "$(account dropped)" = "$(account dropped_expired)" ]
    [ "$(account dropped_expired)" -gt 0 ]
    [ "$(logged traffic dropped 'route=1 ')" = 0 ]
    [ "$(logged traffic dropped 'route=2 ')" = 0 ]
    [ "$(delivered_to standby)" -gt 100 ]
    [ "$(result standby .delivered)" = "$(delivered_to standby)" ]
    [ "$(result standby .misordered)" = 0 ]
}

@test "ttl: a subscriber that hangs holds up neither the source nor the others" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 1024}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: hangs, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {sndbuf: 128k, $patient_keys}}
  - {name: reads, address: 127.0.0.1, port: $P2, encaps_port: $U2}
groups: [{name: all, members: [hangs, reads], mode: broadcast}]
routes: [{from: access, to: all, partial_reliability: {ttl: 3s}}]
CONFIG
    start_sink hangs $U1 $P1 --option recbuf=128k --partial --keep
    local hangs=$loader
    start_sink reads $U2 $P2
    local reads=$loader
    wait_count 2 event=member_up
    kill -STOP $hangs
    # What waits for it, the messages of three seconds, is less than what stops the source.
    run_source source $U3 --size 1000 --rate 250 --count 1300
    ends_with 0 $reads
    delivered_all reads 1300
    kill -CONT $hangs
    wait_account waiting -eq 0
    stop_broker
    [ "$(account dropped_expired)" -gt 100 ]
    [ "$(account dropped)" = "$(account dropped_expired)" ]
    kill -TERM $hangs
    ends_with 0 $hangs
}
