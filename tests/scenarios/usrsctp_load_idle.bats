load lib

# Thousands are held up beside a few that carry messages; opening and shutting down each takes its time, which is reported.
@test "load: 2000 idle associations beside five busy ones" {
    run_load idle --late-ok --listen "127.0.0.1:$P1" --listen-encaps $U1 --associations 5 --idle 2000 --rate 500 --duration 1s
    [ "$(query idle '.associations | .up == 2005 and .failed + .lost + .not_closed == 0')" = true ]
    [ "$(query idle '| .set_up_ns.count == 2005 and .shut_down_ns.count == 2005 and .shut_down_ns.p99 > 0')" = true ]
    [ "$(query idle '| .sent == .delivered and .sent + .not_sent == 500')" = true ]
    [ "$(jq .idle "$work/idle.json")" = 2000 ]
}
