load lib
load admin

@test "status: tables that say what the documents say" {
    start_broker < <(gateway | sed '1s#: {#: {workers: 1, #')
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    run_source source "$U3" --associations 3 --count 90
    wait_delivered_to one 90
    wait_until 10 says /v1/listeners '.listeners[0].associations == 0'
    junctor status | tee "$work/out"
    grep -qE '^messages +90 received, 0 copies, 90 delivered, 0 waiting$' "$work/out"
    grep -qE '^core +loadshare +one:up,two:(down|connecting) +90 +0 ' "$work/out"
    junctor status routes | grep -qE ' all +access +any +any +core +90 +90 +0 +shared$'
    junctor status listeners | grep -qE "^access +0 +90 +0 +0 +0 +127.0.0.1:$P0( |\$)"
    junctor status peers | grep -qE '^one +up +1 +0 +90 '
    junctor status workers | grep -qE '^ +0 +1 +90 +90 '
    junctor status config | grep -q 'session: shared'
    start_source more "$U4" --associations 3 --rate 1 --duration 60s
    wait_until 10 says /v1/listeners '.listeners[0].associations == 3'
    [ "$(junctor status associations --json | jq '.associations | length')" = 4 ]
    [ "$(junctor status associations -q access | wc -l)" = 4 ]
    [ "$(junctor status associations --limit 2 | tail -n 1)" = "2 of 4; see --limit, --match" ]
    junctor status associations --sort delivered | sed -n 2p | grep -qE ' one +up '
    local id
    id=$(junctor status associations --json -q one | jq -r '.associations[0].id')
    junctor status "$id" | grep -qE "^127\.0\.0\.1:$P1 +active +yes "
    stop_broker
}

@test "commands: reload, set, disconnect and stop answer when it is done, with what was done" {
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    local id
    junctor reload | grep -q '^reloaded generation=2 '
    junctor set log_level debug | grep -qx 'log_level debug'
    id=$(ask '/v1/associations?peer=one' | jq -r '.associations[0].id') # as it is after the reload
    junctor disconnect "$id" | grep -qx "disconnected $id"
    [ "$(status_of "/v1/associations/$id")" = 404 ]
    junctor stop --drain 3s | grep -q '^account .*balanced=yes'
    ends_with 0 "$broker"
}

@test "explain: where a running broker would send a message now, and why not elsewhere" {
    start_broker < <(gateway | sed 's/routes: .*/routes: [{name: some, from: access, ppid: m3ua, stream: 1-3, to: core}, {name: two, from: one, to: two, session: shared}]/; s/members: \[one, two\]/members: [one, two], mode: override/' | sed 's/to: core/to: core, session: shared/')
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    junctor explain --from access --ppid m3ua --stream 2 | tee "$work/out"
    grep -qx 'verdict   it is sent' "$work/out"
    grep -qE '^one +1  gets it$' "$work/out"
    grep -qE '^two +0  is not in the group' "$work/out"
    grep -qE ' two +is for other sources +two$' "$work/out"
    status_is 1 junctor explain --from access --ppid m3ua --stream 4
    grep -qE ' some +is for other streams +core$' "$work/out"
    status_is 1 junctor explain --from access --ppid 46
    grep -q 'no_route' "$work/out"
    status_is 1 junctor explain --from nobody --ppid 3
    stop_broker
}

@test "history: how associations and peers came to be as they are" {
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    run_source source "$U3" --associations 2 --count 10
    wait_until 10 says /v1/listeners '.listeners[0].associations == 0'
    # The peer that nobody listens for: one line, however often it was tried.
    wait_until 10 says '/v1/history?name=two' '.history[0].times > 2'
    junctor history two | tee "$work/out"
    [ "$(grep -cE ' two +not_connected +refused; ' "$work/out")" = 1 ]
    junctor history access | tee "$work/out"
    [ "$(grep -cE ' access +up +[0-9]+ streams in, [0-9]+ out ' "$work/out")" = 2 ]
    [ "$(grep -cE ' access +closed +by the peer ' "$work/out")" = 2 ]
    # One association, after its end; and an abort, with who did it.
    local id
    id=$(ask '/v1/history?name=access' | jq -r '.history[0].association')
    [ "$(junctor history "$id" --json | jq -c '[.history[].event]')" = '["up","closed"]' ]
    id=$(ask '/v1/associations?peer=one' | jq -r '.associations[0].id')
    junctor abort "$id"
    wait_until 10 says "/v1/history?association=$id" '.history[-1].event == "lost"'
    junctor history "$id" | tail -n 1 | grep -qE ' one +lost +here: an operator asked for it '
    stop_broker
}

@test "history: what the stack gave back undelivered, and for what reason; it arrives in the next association" {
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep --option recbuf=128k
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    kill -STOP "$loader"
    # More than the window of one that does not read.
    run_source source "$U3" --size 1000 --count 500
    wait_until 10 says /v1/status '.counters.received == 500'
    local id
    id=$(ask '/v1/associations?peer=one' | jq -r '.associations[0].id')
    junctor abort "$id"
    kill -CONT "$loader"
    wait_until 20 says "/v1/history?association=$id" '[.history[].event] | index("lost") and index("returned")'
    wait_until 20 says /v1/status '.waiting == 0 and .counters.delivered == 500 + .counters.returned'
    # One event for each message, those of a reason in one line; the last ones may just be coming.
    as_many_as_counted() {
        says "/v1/history?association=$id" "[.history[] | select(.event == \"returned\") | .times] |
            length <= 2 and add == $(ask /v1/status | jq .counters.returned)"
    }
    wait_until 20 as_many_as_counted
    junctor history "$id" | tee "$work/out"
    grep -qE ' one +lost +here: an operator asked for it ' "$work/out"
    grep -qE ' one +returned +(not )?sent ' "$work/out"
    stop_broker
}
