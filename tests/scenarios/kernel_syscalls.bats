load lib

# The cost of setting up a paired session, both associations together, is counted in system calls: one that is repeated for
# each association (an option that is read back, or set to the value it has) shows here. Only the set-up is counted, from
# the client's INIT to the partner's COMM_UP, with the log's lines, but without futex (how often the log's thread slept)
# and the clock, which most machines read without a call; the first session, for which the broker reads what the stack
# grants, is up before. The difference of two runs cancels the broker's other calls, so the result does not depend on the
# machine's speed: there are no requests to the broker, and hardly any messages. There are few sessions, because the log
# does not write more than 100 lines of an event in a second.

# calls SESSIONS: the system calls of the broker while so many are set up; the table stays in $work/SESSIONS.txt.
calls() {
    local tracer
    up=$((up + $1))
    strace -f -c -e "!futex,clock_gettime" -o "$work/$1.txt" -p "$broker" 2>"$work/$1.err" 3>&- &
    tracer=$!
    pids+=("$tracer")
    wait_in 1 "$work/$1.err" attached
    start_source "load$1" $U3 --associations "$1" --rate 0.01 --duration 10m
    wait_count $up 'event=association_up peer=core ' 30
    kill -INT "$tracer"
    wait_until 10 ended "$tracer"
    kill -KILL "$loader" # aborts them
    wait_count $((up - 1)) 'event=association_(lost|closed) peer=core ' 20
}

@test "a paired session is set up with at most 30 system calls, both sides together" {
    start_sink sink $U1 $P1 --keep
    local up=1 fewer more each
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 1}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    start_source first $U2 --associations 1 --rate 1 --duration 10m
    local first=$loader
    wait_log 'event=association_up peer=core '
    calls 15
    calls 30
    fewer=$(awk '$NF == "total" {print $4}' "$work/15.txt")
    more=$(awk '$NF == "total" {print $4}' "$work/30.txt")
    each=$(((more - fewer) / 15))
    echo "15 sessions: $fewer calls, 30: $more, each: $each"
    cat "$work/30.txt" # bats shows it when the test fails
    [ "$more" -gt "$fewer" ]
    [ "$each" -le 30 ]
    kill -KILL "$first"
    stop_broker
}
