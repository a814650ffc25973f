load lib
load admin

# A peer that acknowledges and does not read: another broker, which reads one message and then, by its rate_limit, nothing
# for a long time. Its window closes, and stays so; a reload without the limit makes it read on.
hesitant() {
    cat <<CONFIG
broker: {transport: $BACKEND}
sctp: {recbuf: 128k}
listeners: [{name: hesitant, address: 127.0.0.1, port: $P1, encaps_port: $U1$1}]
peers: [{name: sink, address: 127.0.0.1, port: $P2, encaps_port: $U2}]
routes: [{from: hesitant, to: sink}]
CONFIG
}
LIMIT=", rate_limit: {bytes: 1, burst: 100ms}"

start_hesitant() {
    hesitant "$LIMIT" >"$work/hesitant.yaml"
    "$JUNCTOR" run -c "$work/hesitant.yaml" 2>"$work/hesitant.log" 3>&- </dev/null &
    pids+=($!)
    hesitant_pid=$!
    wait_in 1 "$work/hesitant.log" event=ready
}

# relay STALL: a shared session to the hesitant one, with another member behind it.
relay() {
    admin
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: hesitant, address: 127.0.0.1, port: $P1, encaps_port: $U1, stall: {after: 1s$1}, reconnect: {initial: 1m, max: 1m}}
  - {name: other, address: 127.0.0.1, port: $P3, encaps_port: $U3}
groups: [{name: core, members: [hesitant, other], mode: override}]
routes: [{from: access, to: core, session: shared}]
CONFIG
}
hesitant_says() { # a condition on its association
    says /v1/associations "[.associations[] | select(.name == \"hesitant\" and ($1))] | length == 1"
}

@test "a peer that acknowledges and never reads is logged, counted and shown; nothing is lost when it reads on" {
    start_sink sink $U2 $P2 --keep
    local sink=$loader
    start_hesitant
    start_broker < <(relay "")
    wait_log 'event=member_up member=hesitant'
    # More than its window holds, and less than the send buffer: nothing waits in the broker itself.
    run_source source $U4 --size 1000 --count 400
    wait_log 'event=blocked peer=hesitant .*waiting=0 unacknowledged=[1-9].* stall_ms=1000 action=log' 20
    wait_until 10 hesitant_says '.state == "up" and .stuck_ms >= 1000'
    ask_account
    [ "$(account associations_stuck)" -ge 1 ]
    [ "$(account associations_blocked)" = 0 ]
    hesitant "" >"$work/hesitant.yaml"
    kill -HUP $hesitant_pid
    wait_in 1 "$work/hesitant.log" event=reloaded
    wait_until 30 hesitant_says '.stuck_ms == 0'
    says /v1/history '[.history[].event] | index("stuck") < index("went_on")'
    kill -TERM $hesitant_pid
    ends_with 0 $hesitant_pid 30
    kill -TERM $sink
    wait_until 20 ended $sink
    delivered_all sink 400
    # Once for each time that it makes no progress, however long that lasts; on a slow machine there may be several.
    ask /v1/history >"$work/said.json"
    [ "$(grep -c 'event=blocked' "$work/broker.log")" = "$(jq '[.history[] | select(.event == "went_on") | .times] | add' "$work/said.json")" ]
    stop_broker
}

@test "with action abort its association is aborted, and what waits goes to the next member" {
    start_sink sink $U2 $P2 --keep
    start_sink other $U3 $P3 --keep --partial
    local other=$loader
    start_hesitant
    start_broker < <(relay ", action: abort")
    wait_log 'event=member_up member=hesitant'
    start_source source $U4 --size 1000 --rate 200 --count 800
    wait_log 'event=blocked peer=hesitant .* action=abort' 20
    wait_log 'event=association_lost peer=hesitant .*by=here error="its peer made no progress for too long"'
    wait_until 60 ended $loader
    wait_delivered_to other 400
    [ "$(account associations_stuck)" = 1 ]
    [ "$(account associations_blocked)" = 1 ]
    kill -KILL $hesitant_pid
    stop_broker
    [ "$(account dropped)" = 0 ]
}
