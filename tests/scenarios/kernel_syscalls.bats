load lib

# What it costs to set a paired session up, both associations together, is counted where the stack is called most: a system
# call that is made again for each association (an option that is read back, or set to what it is) shows here. Counted is the
# set-up alone, from the client's INIT to the partner's COMM_UP, log lines included; the first session, for which the broker
# reads what the stack grants, is up before. In the difference of two runs the broker's other calls cancel out. There are few
# sessions, because the log does not write more than 100 lines of a kind in a second.

# Associations of ours that the kernel has, both ends of each: four for a paired session. Asks nobody but the kernel, which may
# have some of earlier scenarios, too, that end slowly.
kernel_has() {
    [ "$(awk -v a="$P0" -v b="$P1" '$12 == a || $13 == a || $12 == b || $13 == b' /proc/net/sctp/assocs | wc -l)" -eq $((4 * $1)) ]
}

# calls SESSIONS FILE: the system calls of the broker while so many are set up; the table stays in FILE.
calls() {
    local tracer opened
    opened=$(account associations_opened)
    strace -f -c -o "$2" -p "$broker" 2>"$work/strace.err" 3>&- &
    tracer=$!
    pids+=("$tracer")
    wait_until 10 grep -q attached "$work/strace.err"
    start_source "load$1" $U3 --associations "$1" --rate 1 --duration 60s
    wait_until 30 kernel_has $((1 + $1))
    wait_account associations_opened -eq $((opened + 2 * $1)) # asked once: the kernel was first
    kill -INT "$tracer"
    wait_until 10 ended "$tracer"
    kill -KILL "$loader" # aborts them
    wait "$loader" || true
    wait_until 20 kernel_has 1
}

@test "a paired session is set up with at most 30 system calls, both sides together" {
    start_sink sink $U1 $P1 --keep
    local fewer more each
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 1}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    start_source first $U2 --associations 1 --rate 1 --duration 120s
    wait_until 10 kernel_has 1
    wait_account associations_opened -eq 2
    local first=$loader
    calls 20 "$work/fewer.txt"
    calls 40 "$work/more.txt"
    fewer=$(awk '$NF == "total" {print $4}' "$work/fewer.txt")
    more=$(awk '$NF == "total" {print $4}' "$work/more.txt")
    each=$(((more - fewer) / 20))
    echo "20 sessions: $fewer calls, 40: $more, each: $each"
    cat "$work/more.txt" # bats shows it when the test fails
    [ "$more" -gt "$fewer" ]
    [ "$each" -le 30 ]
    kill -KILL "$first"
    stop_broker
}
