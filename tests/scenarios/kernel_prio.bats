load lib

# usrsctp refuses a message for lack of room before it looks for one to give up.

patient="rtoinfo: {initial: 100ms, min: 100ms, max: 500ms}, associnfo: {asocmaxrxt: 200}, peer_addr_params: {pathmaxrxt: 200}"

@test "prio: what makes room for messages of higher priority is told" {
    start_broker <<CONFIG
broker: {transport: $BACKEND, queue_messages: 256}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, peeloff: always}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {sndbuf: 128k, $patient}}]
routes:
  - {from: access, ppid: ngap, to: core, session: shared, partial_reliability: {prio: 1}}
  - {from: access, ppid: m3ua, to: core, session: shared, partial_reliability: {prio: 9}}
CONFIG
    start_sink sink $U1 $P1 --option recbuf=128k --partial --keep
    local sink=$loader
    wait_count 1 event=member_up
    kill -STOP $sink
    run_source bulk $U3 --ppid m3ua --size 1000 --rate 500 --count 180
    run_source first $U4 --ppid ngap --size 1000 --rate 500 --count 100 --drain 60s
    kill -CONT $sink
    wait_account received -eq 280 60
    wait_account waiting -eq 0 60
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    # What did not arrive was given up, as the account says: returned by the stack, or abandoned silently. Some of it may
    # have arrived all the same, if its acknowledgement was in flight.
    local missing=$((280 - $(result sink .delivered))) told=$(($(account dropped_expired) + $(account abandoned_unseen)))
    echo "missing $missing, told $told"
    [ $missing -gt 0 ]
    [ $missing -le $((told + 2)) ]
}
