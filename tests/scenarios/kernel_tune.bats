load lib

# tune NAME OPTION…: in the background over a link of 5 Mbit/s and 100 ms there and back, slow enough for an emulated
# processor: 62 KB are on their way. Its process id in $tuner.
tune() {
    local name=$1
    shift
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    : >"$work/$name.err"
    "$JUNCTOR" tune --link delay=50ms,rate=5mbit,limit=10000 --size 1400 --window 100ms --warmup 400ms --measure 500ms --no-latency \
        --seed 1 --json "$@" >"$work/$name.json" 2>"$work/$name.err" 3>&- </dev/null &
    tuner=$!
    pids+=("$tuner")
}

# interrupt NAME BLOCKS: ends it when so many blocks are complete, however long they take.
interrupt() {
    wait_in 1 "$work/$1.err" "block $(($2 + 1)), run 1" 60
    kill -INT "$tuner"
    ends_with 0 "$tuner"
}

@test "tune: finds that a send buffer smaller than what is on its way costs rate" {
    tune small --option sndbuf=8K --vary sndbuf=8K,512K --write "$work/tuned.yaml" --budget 20m
    interrupt small 3
    jq -e '.change and .ended == "interrupted" and .points[.winner].values.sndbuf == "512K"
        and .points[.winner].messages_per_second.to_base.low > 0' "$work/small.json"
    grep -qE '^  sndbuf: 512K  # rate \+[0-9.]+ % \[.*; instead of 8K$' "$work/tuned.yaml"
    # The namespaces are gone with the process.
    [ -z "$(ip -o link show 2>/dev/null | grep tune0 || true)" ]
}

@test "tune: a broker on the link, which has the point's options, shows the same" {
    tune through --through broker --option sndbuf=8K --vary sndbuf=512K --budget 20m
    interrupt through 1
    jq -e '.trials.grid.blocks == 1 and .points[1].messages_per_second.to_base.log_ratio > 0.3
        and .points[1].cpu_ns_per_message.value > 0' "$work/through.json"
}

@test "tune: says so where nothing matters" {
    tune same --option sndbuf=256K --vary tos=16 --budget 20s
    ends_with 0 "$tuner" 60
    jq -e '(.change | not) and .ok and .trials.grid.blocks > 0
        and (.winner == 0 or (.confirmation.confirmed | not))' "$work/same.json"
    jq -r .configuration "$work/same.json" | grep -qE 'Nothing is worth changing|it was not confirmed'
}
