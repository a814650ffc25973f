load lib

# One command prints both halves: the sink's, with flows, and its own.
@test "load: a source collects what its sink received, run after run" {
    start_sink sink $U1 $P1 --keep
    local sink=$loader run
    for run in first second; do
        run_load $run --role source --to "127.0.0.1:$P1" --to-encaps $U1 --collect --associations 2 \
            --flow name=a,count=300,streams=2 --flow name=b,count=100,size=2000
        [ "$(query $run '| .sent == 400 and .delivered == 400 and .lost == 0 and .latency_ns.count == 400')" = true ]
        [ "$(query $run '| [.flows[] | .delivered, .latency_ns.count] | join(" ")')" = "300 300 100 100" ]
        [ "$(query $run '.far_side | .role == "sink" and .clock.same and .clock.error_ns == 0 and (.host | length > 0)')" = true ]
    done
    "$JUNCTOR" load --transport usrsctp --role source --to "127.0.0.1:$P1" --to-encaps $U1 --collect --count 10 --quiet >"$work/table"
    grep -q '^delivered  *10$' "$work/table"
    grep -q 'what was delivered is told by the sink on .* it has the same clock' "$work/table"
    kill -TERM "$sink"
    ends_with 0 "$sink"
    [ "$(result sink .delivered)" = 810 ]
}

# A sink whose clock is 1000 s ahead: the one-way latency is corrected, and the error stated.
@test "load: one-way latencies between two clocks come with the clocks' error" {
    unshare --time --monotonic 1000 true 2>/dev/null || skip "needs a time namespace"
    printf '#!/bin/sh\nexec unshare --time --monotonic 1000 --fork --kill-child "%s" "$@"\n' "$JUNCTOR" >"$work/ahead"
    chmod +x "$work/ahead"
    JUNCTOR="$work/ahead" start_sink echo $U1 $P1 --role echo
    run_load far --role source --to "127.0.0.1:$P1" --to-encaps $U1 --collect --reply --count 200
    [ "$(query far '.far_side.clock | (.same | not) and .samples > 0 and .error_ns > 0')" = true ]
    [ "$(query far '.far_side.clock.ahead_ns / 1e9 | . > 990 and . < 1010')" = true ]
    [ "$(query far '| .latency_ns.count == 200 and .latency_ns.max < 100e9 and .replies.delivered == 200')" = true ]
    [ "$(query far '| .echoed == 200 and .replies.foreign == 0')" = true ]
}

@test "load: --collect is refused where there is no far side" {
    "$JUNCTOR" load --transport usrsctp --listen "127.0.0.1:$P1" --listen-encaps $U1 --collect 2>"$work/err" && false
    grep -qF -- '--collect is for --role source: it asks a sink or echo elsewhere' "$work/err"
}
