load lib

# What the kernel reports about paths and retransmissions, over time, for an association that is multi-homed on both sides.
@test "load: points over time have both paths of a multi-homed association" {
    run_load series --late-ok --listen "127.0.0.1,127.0.0.2:$P1" --from 127.0.0.1,127.0.0.2 --duration 1s --interval 250ms --rate 200
    [ "$(query series '.series.paths | length')" = 2 ]
    [ "$(query series '| [.series.paths[].address | split(":")[0]] | sort | join(" ")')" = "127.0.0.1 127.0.0.2" ]
    [ "$(query series '.series.paths | all(.state[-1] == 1 and .cwnd[-1] > 0 and .rto_ms[-1] > 0)')" = true ]
    # On a slow host the last messages arrive after the last point.
    [ "$(query series '.series.flows[0] | (.sent | add) as $sent | (.delivered | add) as $got | $got > 0 and $got <= $sent')" = true ]
    [ "$(query series '| .sent + .not_sent == 200 and .delivered == .sent')" = true ]
    [ "$(query series '.series.flows[0].retransmitted | add')" = "$(result series .chunks_retransmitted)" ]
    [ "$(query series '.flows[0].longest_gap | .seconds > 0 and .at > 0')" = true ]
}
