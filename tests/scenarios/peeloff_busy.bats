load lib

# With peeloff: busy the associations of a listener share its socket until one of them brings much, or must not be read;
# that one gets its own, and the others go on where they are.

# gateway: NGAP goes to a peer that will take nothing, M3UA to one that does.
gateway() {
    cat <<CONFIG
broker: {transport: $BACKEND, workers: 1, queue_messages: 8}
sctp: {sndbuf: 128k, recbuf: 1M}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, peeloff: busy}]
peers:
  - {name: stopped, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: fast, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {from: access, ppid: ngap, to: stopped, session: shared}
  - {from: access, ppid: m3ua, to: fast, session: shared}
CONFIG
}

begin() {
    start_broker < <(gateway)
    start_sink stopped $U1 $P1 --option recbuf=128k --keep
    stopped=$loader
    start_sink fast $U2 $P2 --keep
    fast=$loader
    wait_count 2 event=member_up
}

@test "peeloff busy: those who bring little share a socket; who brings much gets his own" {
    begin
    start_source quiet $U3 --ppid m3ua --associations 20 --rate 100 --duration 10m
    quiet=$loader
    wait_delivered_to fast 300
    [ "$(account associations_peeled_off)" = 0 ]
    run_source flood $U4 --ppid m3ua --streams 4 --count 5000
    wait_account associations_peeled_off -eq 1
    wait_more fast 200
    [ "$(account associations_peeled_off)" = 1 ]
    kill -INT $quiet
    ends_with 0 $quiet
    stop_broker
    kill -TERM $fast
    ends_with 0 $fast
    delivered_all fast "$(account received)"
    [ "$(account dropped)" = 0 ]
}

@test "peeloff busy: who must not be read gets his own socket, and the others on the shared one go on" {
    begin
    kill -STOP $stopped
    # Slowly enough that nobody is found busy: each is paused as soon as eight of its messages wait.
    start_source stuck $U3 --ppid ngap --associations 3 --size 1400 --rate 40 --duration 10m
    start_source quiet $U4 --ppid m3ua --associations 20 --rate 100 --duration 10m
    quiet=$loader
    wait_account associations_peeled_off -eq 3 30
    # They are not read any more, and the others, on the shared socket, are.
    wait_more fast 300
    [ "$(account associations_peeled_off)" = 3 ]
    [ "$(account waiting)" -ge 8 ]
    kill -CONT $stopped
    kill -INT $quiet
    ends_with 0 $quiet
    stop_broker
    [ "$(account dropped)" = 0 ]
}
