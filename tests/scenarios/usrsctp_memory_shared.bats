load lib

# is_starved: nothing more comes in, because the limit is reached.
is_starved() {
    local before
    ask_account
    before=$(account received)
    [ "$(account waiting)" -gt 0 ] || return 1
    sleep 0.5
    ask_account
    [ "$(account received)" = "$before" ]
}

@test "memory_limit: with peeloff: never, too, those that messages wait for are noticed when they come" {
    start_broker <<CONFIG
broker: {transport: usrsctp, memory_limit: 4M, queue_messages: 100000, queue_bytes: 1G}
sctp: {recbuf: 128k}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, peeloff: never}
  - {name: ears, address: 127.0.0.1, port: $P3, encaps_port: $U5, peeloff: never}
groups: [{name: clients, members: [ears]}]
routes: [{from: access, to: clients, session: shared}]
CONFIG
    start_source flood "$U3" --associations 3 --size 1000 --count 20000 --drain 60s
    local flood=$loader
    wait_log event=memory_limit 30
    wait_until 20 is_starved
    not ended "$flood"
    # Another one that sends, and the first that receives.
    start_source late "$U4" --size 1000 --count 1000 --drain 60s
    local late=$loader
    start_load ear --role source --to "127.0.0.1:$P3" --to-encaps "$U5" --listen-encaps "$U6" --rate 1 --duration 10m
    wait_log 'event=member_up member=ears' 20
    ends_with 0 "$flood" 60
    ends_with 0 "$late" 60
    wait_account delivered -eq 21000 30
    [ "$(account waiting)" = 0 ]
}
