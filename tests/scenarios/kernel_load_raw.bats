load lib

# A server that is not the load generator: Erlang's, which sends everything back. It is slow: a few messages are enough.
@test "load: raw content makes round trips to a foreign echo, message by message" {
    ERL_FLAGS="+S 1 +A 0" escript tests/scenarios/gen_sctp.escript echo "$P1" >"$work/echo.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
    wait_in 1 "$work/echo.log" '^listening$' 20
    printf 'GET / HTTP/0.9\r\n' >"$work/request"
    run_load raw --late-ok --role source --to "127.0.0.1:$P1" --payload "$work/request" --raw --reply --streams 3 --ppid 7,8 \
        --rate 50 --count 40
    [ "$(query raw '| .sent == 40 and .replies.delivered == 40 and .replies.lost + .replies.corrupt == 0')" = true ]
    [ "$(query raw '| .replies.latency_ns.count == 40 and .replies.latency_ns.p50 > 0')" = true ]
}
