load lib

# Each worker has its share of the associations at both ends; what they found is put together.
@test "load: three workers count what one does" {
    run_load direct --workers 3 --late-ok --listen "127.0.0.1:$P1" --associations 5 --streams 3 --rate 600 --duration 1s \
        --warmup 200ms --reply
    [ "$(result direct .associations.up)" = 5 ]
    [ "$(result direct .sink_associations.seen)" = 5 ]
    [ "$(query direct '| .sent == .delivered and .delivered == .replies.delivered and .lost + .misordered == 0')" = true ]
    [ "$(query direct '| .set_up_ns.count == 5 and .latency_ns.count == .replies.latency_ns.count')" = true ]
    [ "$(query direct '| .series.flows[0].delivered | add')" = "$(result direct .delivered)" ]
    [ "$(query direct '| .flows[0].longest_gap | .seconds > 0 and .at > 0')" = true ]
}

# Flows in both directions, and associations that are aborted and opened again by the worker that has them.
@test "load: two workers with churn and flows down account for every message" {
    run_load churn --workers 2 --late-ok --listen "127.0.0.1:$P1" --associations 7 --duration 1s --churn 20,associations=1-6 \
        --flow rate=700 --flow direction=down,rate=300,associations=1
    [ "$(query churn '| .sent == .delivered and .down.sent == .down.delivered and .down.lost == 0')" = true ]
    [ "$(query churn '.associations | .churn_closed > 0 and .lost == 0 and .failed == 0')" = true ]
}

@test "load: an echo with two workers ends with its sources, which have two workers of their own" {
    start_sink echo $U1 $P1 --role echo --workers 2
    local echo=$loader
    run_load source --role source --to 127.0.0.1:"$P1" --associations 5 --count 3000 --reply --workers 2
    ends_with 0 "$echo"
    [ "$(result echo .echoed)" = 3000 ]
    [ "$(result echo .delivered)" = 3000 ]
    [ "$(result source .replies.delivered)" = 3000 ]
}
