load lib

# tune NAME OPTION…: over a link of 5 Mbit/s and 100 ms there and back, slow enough for an emulated processor: 62 KB are on
# their way.
tune() {
    local name=$1
    shift
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    "$JUNCTOR" tune --link delay=50ms,rate=5mbit,limit=10000 --size 1400 --window 100ms --warmup 600ms --measure 600ms --no-latency \
        --budget 24s --seed 1 --json "$@" >"$work/$name.json" 2>"$work/$name.err"
}

@test "tune: finds that a send buffer smaller than what is on its way costs rate" {
    tune small --option sndbuf=16K --vary sndbuf=16K,512K --write "$work/tuned.yaml"
    jq -e '.change and .points[.winner].values.sndbuf == "512K" and .confirmation.confirmed
        and .points[.winner].messages_per_second.to_base.low > 0' "$work/small.json"
    grep -qE '^  sndbuf: 512K  # rate \+[0-9.]+ % \[.*; instead of 16K$' "$work/tuned.yaml"
    # The namespaces are gone with the process.
    [ -z "$(ip -o link show 2>/dev/null | grep tune0 || true)" ]
}

@test "tune: says so where nothing matters" {
    tune same --option sndbuf=256K --vary tos=16 --budget 20s
    jq -e '(.change | not) and .ok and .trials.grid.blocks > 1
        and (.winner == 0 or (.confirmation.confirmed | not))' "$work/same.json"
    jq -r .configuration "$work/same.json" | grep -qF 'Nothing is worth changing'
}
