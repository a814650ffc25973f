load lib

@test "least-waiting: who takes nothing gets no more than what shows it, and takes part again afterwards" {
    local stopped before
    start_broker <<CONFIG
sctp: {sndbuf: 128k, recbuf: 128k}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: stopped, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: fast, address: 127.0.0.1, port: $P2, encaps_port: $U2, sctp: {sndbuf: 4M}} # more than all of it
groups: [{name: core, members: [stopped, fast], share: least-waiting}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink stopped "$U1" "$P1" --keep --partial --option recbuf=128k
    stopped=$loader
    start_sink fast "$U2" "$P2" --keep --partial
    wait_count 2 event=member_up
    # In turn each would get a half, and the half of the one that takes nothing would wait.
    kill -STOP "$stopped"
    run_source first "$U3" --size 1000 --rate 2000 --count 3000 || true
    wait_account received -eq 3000
    wait_delivered_to fast 2500
    [ "$(account waiting)" -le 300 ] # what was read in one turn before the stack had shown that it takes nothing
    kill -CONT "$stopped"
    wait_account waiting -eq 0 30
    before=$(delivered_to stopped)
    run_source second "$U4" --size 1000 --rate 1000 --count 1000 || true
    wait_delivered_to stopped $((before + 400))
    stop_broker
    [ "$(account delivered)" = 4000 ]
    [ "$(account dropped)" = 0 ]
}
