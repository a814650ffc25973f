load lib
load admin

# An association is handed over from one worker to another, and back, while it carries messages: nothing is lost, nothing comes
# twice, no stream loses its order. One worker, as usrsctp has, can hand nothing over, and says so.

gateway() {
    broker_line "queue_messages: 512, balance: {threshold: off}, admin: {path: $work/admin.sock}"
    cat <<CONFIG
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
  - {name: servers, address: 127.0.0.1, port: $P3, encaps_port: $U3, peeloff: never}
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
groups: [{name: clients, members: [servers], share: stream-hash}]
routes:
  - {from: [access, servers], ppid: m3ua, to: core, session: shared}
  - {from: core, to: clients, session: shared}
  - {from: access, to: core, session: paired}
CONFIG
}

# ids QUERY: the numbers of the associations that fit, one a line.
ids() {
    ask "/v1/associations?limit=1000&$1" | jq -r '.associations[] | .id'
}

# worker_of ID
worker_of() {
    ask "/v1/associations/$1" | jq -r '.association.worker'
}

# there_and_back ID TIMES: each move is to the worker that does not have it.
there_and_back() {
    local i to
    to=$(worker_of "$1")
    for ((i = 0; i < $2; i++)); do
        to=$((1 - to))
        move "$1" $to
    done
    [ "$(worker_of "$1")" = $to ]
}

# move ID WORKER: again where it cannot be for a moment.
move() {
    wait_until 20 can_move "$@"
}
can_move() {
    "$JUNCTOR" move -s "$work/admin.sock" "$1" "$2" >"$work/moved" 2>&1 && return
    cat "$work/moved"
    grep -qE 'another one|comes or goes' "$work/moved" && return 1
    echo "refused for good" >&2 && exit 1
}

# answered NAME: each of its messages came back, once, in order.
answered() {
    read_report "$1" && unharmed .replies && [ "${report[.report.ok]}" = true ] && [ "${report[.sent]}" -gt 1000 ] &&
        [ "${report[.replies.delivered]}" = "${report[.sent]}" ]
}

has_two_workers() {
    [ "$BACKEND" = kernel ]
}

@test "move: one worker hands nothing over, and says why" {
    start_broker < <(WORKERS=1 gateway)
    start_sink core $U1 $P1 --keep
    start_source source $U2 --ppid m3ua --rate 100 --duration 10m
    wait_log 'event=association_up listener=access'
    local id
    id=$(ids listener=access)
    run "$JUNCTOR" move -s "$work/admin.sock" "$id" 1
    [ "$status" = 1 ]
    [[ $output == *"there is no worker 1; there is one, 0"* ]]
    run "$JUNCTOR" move -s "$work/admin.sock" "$id" 0
    [[ $output == *"it is there already"* ]]
    run "$JUNCTOR" move -s "$work/admin.sock" 0-4711 0
    [[ $output == *"there is no association 0-4711"* ]]
    [ "$(status_of "/v1/move?association=$id" -X POST)" = 400 ]
}

@test "move: sources of a shared session go to the other worker and back under full load" {
    has_two_workers || skip "one worker"
    local id core source
    start_broker < <(gateway)
    start_sink core $U1 $P1 --keep
    core=$loader
    wait_log 'event=member_up member=core'
    start_source source $U2 --ppid m3ua --associations 2 --streams 4 --duration 10m
    source=$loader
    wait_account delivered -ge 1000
    for id in $(ids listener=access); do there_and_back "$id" 2; done
    wait_count 4 'event=association_moved listener=access'
    says "/v1/history?association=$id" '[.history[] | select(.event == "moved")] | length > 0'
    wait_more core 1000
    kill -INT $source
    ends_with 0 $source 60
    stop_broker
    kill -TERM $core
    ends_with 0 $core
    delivered_all core "$(account received)"
    [ "$(account dropped)" = 0 ]
}

@test "move: a client that is also a destination goes to and fro, from a socket that it may share with others" {
    has_two_workers || skip "one worker"
    local id echo source
    start_broker < <(gateway)
    start_load core --role echo --listen 127.0.0.1:$P1 --keep
    echo=$loader
    wait_log 'event=member_up member=core'
    start_load source --role source --to 127.0.0.1:$P3 --ppid m3ua --streams 4 --reply --duration 10m
    source=$loader
    wait_log 'event=member_up member=servers'
    wait_account delivered -ge 1000
    id=$(ids listener=servers)
    there_and_back "$id" 2
    wait_more core 1000
    kill -INT $source
    ends_with 0 $source 60
    answered source
    stop_broker
    [ "$(account dropped)" = 0 ]
}

@test "move: a paired session goes with both sides, and answers come back in order" {
    has_two_workers || skip "one worker"
    local id echo source
    start_broker < <(gateway)
    start_load core --role echo --listen 127.0.0.1:$P1 --keep
    echo=$loader
    wait_log 'event=member_up member=core'
    start_source source $U2 --ppid 0 --associations 2 --streams 4 --reply --duration 10m
    source=$loader
    wait_account delivered -ge 1000
    for id in $(ids listener=access); do there_and_back "$id" 2; done
    kill -INT $source
    ends_with 0 $source 60
    answered source
    stop_broker
    [ "$(account dropped)" = 0 ]
}
