load lib

# A few busy associations beside many idle ones, which are shut down and opened again all the time.
@test "load: idle associations come and go beside busy ones, and nothing is lost" {
    run_load churn --late-ok --listen "127.0.0.1:$P1" --associations 300 --duration 2s --churn 50,associations=5-299 \
        --flow associations=0-4,rate=500 --open-rate 2000
    [ "$(result churn .associations.up)" = 300 ]
    [ "$(result churn .associations.failed)" = 0 ]
    [ "$(result churn .associations.lost)" = 0 ]
    [ "$(result churn .associations.churn_closed)" -gt 0 ]
    [ "$(query churn '| .shut_down_ns.count >= .associations.churn_reopened')" = true ]
    [ "$(result churn .delivered)" = "$(result churn .sent)" ]
    [ "$(result churn .misordered)" = 0 ]
}

# An echo whose association is being shut down cannot send any more, so the replies it owes come first.
@test "load: an association is closed when its replies have come" {
    run_load owed --late-ok --listen "127.0.0.1:$P1" --associations 4 --duration 1s --churn 20 --reply \
        --size 1400 --option sndbuf=16K
    [ "$(result owed .associations.churn_closed)" -gt 0 ]
    [ "$(query owed '| .replies.delivered == .sent and .not_echoed == 0 and .associations.not_closed == 0')" = true ]
}

# What an abort cuts off is told apart from what was lost.
@test "load: aborted associations cut off what was on its way, and it is all accounted for" {
    run_load abort --late-ok --listen "127.0.0.1:$P1" --associations 6 --duration 1s --churn 20,by=abort --reply
    [ "$(result abort .associations.churn_closed)" -gt 0 ]
    [ "$(query abort '| .lost == 0 and .replies.lost == 0 and .delivered + .given_up == .sent
        and .replies.delivered + .replies.given_up == .sent')" = true ]
}
