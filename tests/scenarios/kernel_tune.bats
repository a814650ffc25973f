load lib

# tune NAME OPTION…: over a link of 20 Mbit/s and 40 ms there and back: 100 KB are on their way.
tune() {
    local name=$1
    shift
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    "$JUNCTOR" tune --link delay=20ms,rate=20mbit,limit=10000 --size 1400 --window 100ms --warmup 500ms --measure 300ms --no-latency \
        --budget 22s --seed 1 --json "$@" >"$work/$name.json" 2>"$work/$name.err"
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
    tune same --option sndbuf=256K --vary tos=16
    jq -e '(.change | not) and .ok and .trials.grid.blocks > 1
        and (.winner == 0 or (.confirmation.confirmed | not))' "$work/same.json"
    jq -r .configuration "$work/same.json" | grep -qF 'Nothing is worth changing'
}

@test "tune: through a broker on the far side of the link" {
    tune through --option sndbuf=256K --through broker --vary broker.workers=1,2 --budget 10s
    jq -e '.ok and .points[0].cpu_ns_per_message.value > 0' "$work/through.json"
}
