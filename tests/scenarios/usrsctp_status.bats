load lib
load admin

junctor() {
    "$JUNCTOR" "$1" -s "$work/admin.sock" "${@:2}" 3>&-
}
status_is() { # STATUS COMMAND…: the command exits so
    local status=0
    "${@:2}" >"$work/out" 2>"$work/err" || status=$?
    [ $status = "$1" ] || { echo "exit status $status: $*"; cat "$work/out" "$work/err"; return 1; }
}

@test "status: tables that say what the documents say" {
    start_broker < <(gateway)
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
    # Every line fits a terminal of sixty columns.
    COLUMNS=60 script -qefc "$JUNCTOR status associations -s $work/admin.sock" /dev/null </dev/null | tr -d '\r' >"$work/narrow"
    [ "$(awk '{if (length > n) n = length} END {print n}' "$work/narrow")" -le 60 ]
    grep -q '^ID ' "$work/narrow"
    stop_broker
}

@test "commands: what they say, and exit statuses" {
    start_broker < <(gateway)
    junctor reload | grep -q '^reloaded generation=2 '
    (gateway && echo "broken:") | write_config
    status_is 1 junctor reload
    grep -q '^reload_refused .*broken' "$work/out"
    junctor set log_level debug | grep -qx 'log_level debug'
    junctor set log_level error path | grep -qx 'log_level error path'
    run junctor set log_level error weather
    [ "$status" = 1 ]
    [[ $output == *"no subject weather; there are broker, config, endpoint, peer, association, path, message"* ]]
    status_is 1 junctor set log_level loud
    grep -q 'error, warning, info and debug' "$work/err"
    status_is 2 junctor set colour red
    grep -q 'only log_level can' "$work/err"
    # Errors name what there is.
    status_is 1 junctor drain tow
    grep -q 'there is no listener or peer tow; did you mean two?; there are access, one, two$' "$work/err"
    status_is 1 junctor explain --from core --ppid 3
    grep -q 'there is no listener or peer core; there are access, one, two$' "$work/err"
    status_is 1 junctor history nobody
    grep -q 'there are access, one, two$' "$work/err"
    status_is 1 junctor history 0-4711
    status_is 1 junctor move 0-4711 7
    grep -q 'there is no worker 7; there is one, 0$' "$work/err"
    status_is 1 junctor abort one
    grep -q 'called WORKER-NUMBER, like 0-17' "$work/err"
    status_is 1 junctor disconnect 0-4711
    grep -q 'there is no association 0-4711; `junctor status associations` ' "$work/err"
    status_is 2 junctor disconnect
    status_is 2 junctor status assocations
    grep -q 'did you mean associations?' "$work/err"
    status_is 3 "$JUNCTOR" status -s "$work/nothing.sock"
    [ "$(wc -l <"$work/err")" = 1 ]
    status_is 2 junctor stop --drain soon
    junctor stop --drain 3s | grep -q '^account .*balanced=yes'
    ends_with 0 "$broker"
    status_is 3 junctor status
}

@test "a broker is found where brokers are by default; of several one is to be named" {
    gateway | sed "s#admin: {path: [^}]*}#admin: {mode: 0600}#" >"$work/by_default.yaml"
    mkdir "$work/service" "$work/user"
    RUNTIME_DIRECTORY=$work/service start_broker <"$work/by_default.yaml"
    export RUNTIME_DIRECTORY=$work/service XDG_RUNTIME_DIR=$work/user
    # Others may run on this host.
    if ! ls /run/junctor/junctor*.sock >/dev/null 2>&1; then
        "$JUNCTOR" status 3>&- | grep -q "pid $broker, running"
    fi
    ln -s "$work/service/junctor.sock" "$work/user/junctor-1.sock"
    status_is 3 "$JUNCTOR" status
    grep -qx "  --socket $work/service/junctor.sock" "$work/err"
    grep -qx "  --socket $work/user/junctor-1.sock" "$work/err"
    stop_broker
}

@test "explain: of a running broker, and of a file" {
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
    status_is 0 "$JUNCTOR" explain -c "$work/broker.yaml" --from access --ppid 3 --stream 3
    grep -qE '^route     some, line [0-9]+, to core, session shared$' "$work/out"
    grep -qE '^two +- +is a member$' "$work/out"
    sed 's/name: two, address/name: two, state: drain, address/; 1s/}}/}, unrouted: abort}/' "$work/broker.yaml" >"$work/file.yaml"
    status_is 0 "$JUNCTOR" explain -c "$work/file.yaml" --from access --ppid 3 --stream 3
    grep -qE '^two +- +is a member in state drain: it gets nothing$' "$work/out"
    status_is 1 "$JUNCTOR" explain -c "$work/file.yaml" --from access --ppid 46
    grep -q '(no_route), and its association is aborted$' "$work/out"
    status_is 1 "$JUNCTOR" explain -c "$work/broker.yaml" --from acces --ppid 3
    grep -qF "broker.yaml: there is no listener or peer acces; did you mean access?; there are access, one, two" "$work/err"
    status_is 2 "$JUNCTOR" explain --from access
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
    [ "$(junctor history --limit 1 | wc -l)" = 2 ]
    status_is 1 junctor history --limit many
    stop_broker
}
