load lib
load admin

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
    status_is 1 junctor history --limit many
    wait_until 10 says '/v1/history?name=two' '.total > 0'
    [ "$(junctor history --limit 1 | wc -l)" = 2 ]
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

@test "status: each line fits a terminal of sixty columns" {
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/associations '[.associations[] | select(.state == "up")] | length == 1'
    COLUMNS=60 script -qefc "$JUNCTOR status associations -s $work/admin.sock" /dev/null </dev/null | tr -d '\r' >"$work/narrow"
    [ "$(awk '{if (length > n) n = length} END {print n}' "$work/narrow")" -le 60 ]
    grep -q '^ID ' "$work/narrow"
    grep -q '^0-[0-9]* ' "$work/narrow"
    stop_broker
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

@test "explain: of a file" {
    gateway | sed 's/routes: .*/routes: [{name: some, from: access, ppid: m3ua, stream: 1-3, to: core}, {name: two, from: one, to: two, session: shared}]/; s/to: core/to: core, session: shared/' >"$work/broker.yaml"
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
}
