load lib
load admin

# guarded KEYS [OF-BROKER]: a listener with these keys; the broker's admin socket is on.
guarded() {
    local workers=1
    [ "$BACKEND" = usrsctp ] || workers=2
    cat <<CONFIG
broker: {transport: $BACKEND, workers: $workers, drain_timeout: 2m, admin: {path: $work/admin.sock}${2-}}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0$1}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}]
routes: [{from: access, to: core, session: shared}]
CONFIG
}
now_guarded() { # reloaded so; the first time, the second …
    guarded "${@:2}" >"$work/new.yaml"
    mv "$work/new.yaml" "$work/broker.yaml"
    reload "$1"
}
refused() { # REASON OPERATOR NUMBER: so many associations, so far
    [ "$(ask /v1/status | jq ".refused.$1")" "${@:2}" ]
}

@test "who is not allowed is refused with a cause, and let in after a reload" {
    start_broker < <(guarded ", allow: [10.0.0.0/8, \"2001:db8::/32\"]")
    start_sink sink "$U1" "$P1" --keep
    not run_source stranger "$U2" --rate 10 --duration 20s
    grep -q 'User-Initiated Abort' "$work/stranger.json"
    refused denied = 1
    wait_log 'event=refused listener=access assoc=[0-9]* remote=127.0.0.1:[0-9]* reason=denied'
    now_guarded 1 ", allow: 127.0.0.0/8, deny: 127.0.0.2"
    grep -q 'event=changed .*key=deny .*acts="new associations"' "$work/broker.log"
    run_source friend "$U3" --count 50
    wait_delivered_to core 50
    start_source stays "$U4" --rate 20 --duration 60s
    local stays=$loader
    wait_more core 5
    now_guarded 2 ", allow: 127.0.0.0/8, deny: 127.0.0.1"
    not run_source again "$U5" --rate 10 --duration 20s
    wait_more core 5
    says /v1/listeners '.listeners[0] | .associations == 1 and .access.deny == ["127.0.0.1"] and .access.max_associations == null'
    kill -INT "$stays"
    wait_until 30 ended "$stays"
    stop_broker
    [ "$(account refused_denied)" = 2 ]
    [ "$(logged traffic refused listener=access)" = 2 ]
    [ "$(account associations_lost)" = 0 ]
}

@test "a listener has no more associations than it may, on all workers together, and takes new ones as others end" {
    start_broker < <(guarded ", max_associations: 5")
    start_sink sink "$U1" "$P1" --keep
    start_source many "$U2" --associations 24 --open-rate 100 --rate 50 --duration 60s
    local many=$loader
    wait_until 20 refused listener_full -ge 19
    says /v1/listeners '.listeners[0] | .associations == 5 and .access.max_associations == 5'
    "$JUNCTOR" status -s "$work/admin.sock" 3>&- | grep -qE '^refused +listener_full [0-9]+$'
    kill -INT "$many"
    wait_until 30 ended "$many"
    wait_until 10 says /v1/listeners '.listeners[0].associations == 0'
    now_guarded 1 ", max_per_address: 3" ", max_associations: 4"
    start_source few "$U3" --associations 3 --rate 20 --duration 60s
    local few=$loader
    wait_until 10 says /v1/listeners '.listeners[0].associations == 3'
    not run_source one "$U4" --rate 10 --duration 20s
    refused address_full -ge 1
    now_guarded 2 "" ", max_associations: 3"
    not run_source another "$U5" --rate 10 --duration 20s
    refused broker_full -ge 1
    kill -INT "$few"
    wait_until 30 ended "$few"
    stop_broker
}

@test "so many associations a second, the others are refused" {
    start_broker < <(guarded ", new_per_second: 1")
    start_sink sink "$U1" "$P1" --keep
    start_source flood "$U2" --associations 100 --open-rate 3000 --rate 50 --duration 60s
    local flood=$loader
    wait_until 30 refused too_fast -ge 20 # 99, if it takes less than a second
    says /v1/listeners '.listeners[0].associations >= 1'
    kill -INT "$flood"
    wait_until 30 ended "$flood"
    stop_broker
    wait_log 'event=refused listener=access .*reason=too_fast'
}
