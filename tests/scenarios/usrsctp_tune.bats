load lib

# start_tune NAME OPTION…: `junctor tune` with short runs in the background; its process id in $tuner.
start_tune() {
    local name=$1
    shift
    : >"$work/$name.err"
    "$JUNCTOR" tune --transport usrsctp --listen "127.0.0.1:$P1" --listen-encaps "$U1" --window 20ms --measure 50ms --rate 500 "$@" \
        >"$work/$name.out" 2>"$work/$name.err" 3>&- </dev/null &
    tuner=$!
    pids+=("$tuner")
}

# run_tune NAME OPTION…: the same in the foreground; its exit status.
run_tune() {
    local tuner
    start_tune "$@"
    wait_until 120 ended "$tuner" || return
    wait "$tuner"
}

# refuses MESSAGE OPTION…: wrong usage.
refuses() {
    local message=$1 status=0
    shift
    "$JUNCTOR" tune --transport usrsctp "$@" >"$work/refused" 2>&1 || status=$?
    cat "$work/refused"
    [ $status = 2 ] && grep -qF -- "$message" "$work/refused"
}

@test "tune: tables, JSON, configuration, and the page in a browser, with the values of the JSON" {
    local sweep=(--vary sndbuf=64K --vary nodelay=false --budget 12s --resume "$work/sweep.json")
    run_tune first "${sweep[@]}" --seed 4 --json --report "$work/page.html" --write "$work/tuned.yaml"
    jq -e '.ok and .version == 1 and .seed == 4 and (.points | length) == 4 and (.factors | map(.name)) == ["sndbuf", "nodelay"]
        and .trials.grid.blocks > 0 and (.trials.grid.point | length) == .trials.grid.blocks * 5
        and (.points[0].messages_per_second.value > 0) and (.effects | length) == 2
        and ([.points[] | select(.knee)] | length) == 1 and (.next | length) > 0' "$work/first.out"
    documented tune "$work/first.out"
    grep -q '^# junctor tune: ' "$work/tuned.yaml"
    if jq -e .change "$work/first.out"; then
        "$JUNCTOR" tune -c "$work/tuned.yaml" --vary maxseg=1200 --budget 1s 2>&1 | grep -qF 'one block of'
    else
        grep -qF 'Nothing is worth changing' "$work/tuned.yaml"
    fi

    not grep -qE '(src|href)=|https?:|@import|url\(' "$work/page.html"
    chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" --dump-dom "file://$work/page.html" \
        >"$work/dom" 2>"$work/browser.err" 3>&- </dev/null
    grep -qF "$(jq -r .conclusion "$work/first.out")" "$work/dom"
    sed -n '/<figure id="front"/,/<\/figure>/p' "$work/dom" >"$work/front"
    grep -qF 'data-curve="knee"' "$work/front"
    grep -qF '<title>sndbuf=64K, nodelay=false, ' "$work/front"
    [ "$(grep -A 1 'data-curve="base"' "$work/front" | sed -n 's/.*data-y="\([0-9.]*\)".*/\1/p' | awk '{printf "%.6g", $1}')" = \
        "$(jq '.points[0].messages_per_second.value' "$work/first.out")" ]
    sed -n '/<figure id="heat"/,/<\/figure>/p' "$work/dom" |
        grep -qF "data-value=\"$(jq '.points[1].messages_per_second.to_base.log_ratio' "$work/first.out")\""
    sed -n '/<figure id="effects-rate"/,/<\/figure>/p' "$work/dom" |
        grep -qF "data-x=\"$(jq '.effects[0].messages_per_second.log_ratio' "$work/first.out")\""

    # The sweep is over: from its file come the same findings, now for people.
    run_tune again "${sweep[@]}"
    not grep -qF 'block' "$work/again.err"
    local part
    for part in 'Points, against the base' 'Effects, each value' 'The front of rate and p99' '(knee)' 'What to try next' 'seed 4' \
        "Result: $(jq -r .conclusion "$work/first.out")" '# junctor tune: '; do
        grep -qF -- "$part" "$work/again.out"
    done
}

@test "tune: interrupted it says what is known, and goes on from its file in the same order" {
    local sweep=(--vary sndbuf=64K,128K --no-latency --budget 60s --resume "$work/sweep.json")
    start_tune first "${sweep[@]}" --seed 7
    wait_in 1 "$work/first.err" 'block 2, run 2'
    kill -INT "$tuner"
    ends_with 0 "$tuner"
    grep -qF 'it was interrupted' "$work/first.out"
    jq -e '.ended == "interrupted" and .stage == "grid" and .trials.grid.blocks == 1' "$work/sweep.json"
    start_tune second "${sweep[@]}"
    wait_in 1 "$work/second.err" 'block 2, run 3'
    kill -INT "$tuner"
    ends_with 0 "$tuner"
    grep -qF 'block 2, run 1 of 4' "$work/second.err"
    [ "$(sed -n 's/.*\(block 2, run 2 of 4\);.*: \(.*\)/\1 \2/p' "$work/first.err")" = \
        "$(sed -n 's/.*\(block 2, run 2 of 4\);.*: \(.*\)/\1 \2/p' "$work/second.err")" ]
    # Another experiment is refused, with the place.
    local status=0
    "$JUNCTOR" tune --transport usrsctp --vary sndbuf=64K --resume "$work/sweep.json" >"$work/other" 2>&1 || status=$?
    [ $status = 1 ]
    grep -qE 'sweep.json:1:[0-9]+: it is of another experiment' "$work/other"
}

@test "tune: interrupted before a block is complete it says so, also as JSON, and the file goes on" {
    local at sweep=(--vary sndbuf=64K,128K --budget 10m --resume "$work/sweep.json" --report "$work/page.html" --json)
    for at in rehearsal 'block 1, run 3' 'block 1, run 2'; do
        start_tune early "${sweep[@]}"
        wait_in 1 "$work/early.err" "$at"
        kill -INT "$tuner"
        ends_with 1 "$tuner"
        grep -qF 'junctor tune: nothing is known yet: no block is complete' "$work/early.err"
        jq -e '(.ok | not) and .ended == "interrupted" and .trials.grid.blocks == 0' "$work/early.out"
        jq -e '.ended == "interrupted"' "$work/sweep.json"
        [ ! -e "$work/page.html" ]
    done
}

@test "tune: through a broker its keys are varied, and it is gone afterwards" {
    # On one processor, so that the generator cannot be the bottleneck while the broker has room.
    local first
    first=$(taskset -cp $$ | sed 's/.*: //; s/[,-].*//')
    printf '#!/bin/sh\nexec taskset -c %s %q "$@"\n' "$first" "$(realpath "$JUNCTOR")" >"$work/bound"
    chmod +x "$work/bound"
    JUNCTOR=$work/bound
    run_tune through --through broker --vary broker.queue_bytes=64K --budget 6s --json --associations 2
    jq -e '.ok and .factors[0].name == "broker.queue_bytes" and .points[0].cpu_ns_per_message.value > 0
        and .points[0].p99_ns.value > 0' "$work/through.out"
    local process
    for process in /proc/[0-9]*; do
        not grep -qsz "^/proc/self/fd/3" "$process/cmdline"
    done
}

@test "tune: an echo elsewhere is the target" {
    start_telling echo --role echo --keep --listen "127.0.0.1:$P2" --listen-encaps "$U2"
    wait_in 1 "$work/echo.err" 'listening on'
    "$JUNCTOR" tune --transport usrsctp --to "127.0.0.1:$P2" --to-encaps "$U2" --reply --window 20ms --measure 50ms --rate 500 \
        --vary sndbuf=128K --budget 5s --quiet --json >"$work/echoed.json"
    jq -e '.ok and .points[0].messages_per_second.value > 0 and .points[0].p99_ns.value > 0' "$work/echoed.json"
}

@test "tune: what is wrong is said at once, with the nearest name" {
    refuses 'nothing to vary'
    refuses 'did you mean "sndbuf"?' --vary sndbuff=1M
    refuses 'did you mean --budget?' --vary sndbuf=1M --budgte 3s
    refuses 'one block of 3 runs takes at least' --vary sndbuf=1M --budget 3s
    refuses "--link needs the kernel's SCTP" --vary sndbuf=1M --link delay=20ms
    refuses '--link: delay: "20" is not a time' --vary sndbuf=1M --link delay=20
    printf 'sctp:\n  nodelya: true\n' >"$work/base.yaml"
    refuses "base.yaml:2:3: unknown SCTP option 'nodelya', did you mean 'nodelay'?" --vary sndbuf=1M -c "$work/base.yaml"
    [ "$("$JUNCTOR" tune --json 2>/dev/null | jq -r .error)" = 'nothing to vary: give --vary KEY=VALUE,VALUE…' ]
    # A base that cannot be measured ends it: nobody listens there.
    local status=0
    "$JUNCTOR" tune --transport usrsctp --to "127.0.0.1:$P3" --to-encaps "$U3" --connect-timeout 300ms --vary sndbuf=1M --quiet \
        >"$work/nobody" 2>&1 || status=$?
    [ $status = 1 ]
    grep -qF 'the base configuration cannot be measured: ' "$work/nobody"
}
