load lib

# tune NAME OPTION…: in the background over a link of 5 Mbit/s and 50 ms there and back, slow enough for an emulated
# processor: 31 KB are on their way, which takes slow start a quarter of a second. Its process id in $tuner.
tune() {
    local name=$1
    shift
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    : >"$work/$name.err"
    "$JUNCTOR" tune --link delay=25ms,rate=5mbit,limit=10000 --size 1400 --window 100ms \
        --no-latency --drain 60s --connect-timeout 60s --seed 1 --json "$@" >"$work/$name.json" 2>"$work/$name.err" 3>&- </dev/null &
    tuner=$!
    pids+=("$tuner")
}

is_beyond() {
    ended "$tuner" || has_line "$work/$1.err" "block $(($2 + 1)), run 1"
}

# interrupt NAME BLOCKS: ends it when so many blocks are complete, however long they take.
interrupt() {
    wait_until 60 is_beyond "$1" "$2"
    not ended "$tuner"
    kill -INT "$tuner"
    ends_with 0 "$tuner"
}

@test "tune: finds that a send buffer smaller than what is on its way costs rate" {
    tune small --warmup 1s --measure 1s --option sndbuf=8K --vary sndbuf=128K --write "$work/tuned.yaml" --budget 20m
    interrupt small 3
    jq -e '.change and .ended == "interrupted" and .points[.winner].values.sndbuf == "128K"
        and .points[.winner].messages_per_second.to_base.low > 0' "$work/small.json"
    grep -qE '^  sndbuf: 128K  # rate \+[0-9.]+ % \[.*; instead of 8K$' "$work/tuned.yaml"
    # The namespaces are gone with the process.
    [ -z "$(ip -o link show 2>/dev/null | grep tune0 || true)" ]
}

@test "tune: measures through a broker on the link" {
    tune through --warmup 500ms --measure 500ms --through broker --option sndbuf=16K --vary sndbuf=128K --budget 20m
    interrupt through 1
    jq -e '.trials.grid.blocks == 1 and (.points | length == 2)
        and (.points | all(has("disqualified") == false and .messages_per_second.value > 0 and .cpu_ns_per_message.value > 0))' \
        "$work/through.json"
}

@test "tune: says so where nothing matters" {
    tune same --warmup 500ms --measure 500ms --option sndbuf=256K --vary tos=16 --budget 20s
    wait_until 60 ended "$tuner"
    not grep -qF 'no block is complete' "$work/same.err" "$work/same.json" || skip "a block takes more than 20 s here"
    ends_with 0 "$tuner"
    jq -e '(.change | not) and .ok and .trials.grid.blocks > 0
        and (.winner == 0 or (.confirmation.confirmed | not))' "$work/same.json"
    jq -r .configuration "$work/same.json" | grep -qE 'Nothing is worth changing|it was not confirmed'
}
