load lib

# The kernel acknowledges and shuts down for a sink that has not run yet, so associations may have ended before it has
# accepted them. Their messages are in its listening socket.
@test "load: a sink counts the messages of associations that ended before it ran" {
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    kill -STOP "$sink"
    run_load source --role source --to 127.0.0.1:"$P1" --associations 3 --count 30
    kill -CONT "$sink"
    wait_until 10 grep -qE ' [1-9][0-9]* msg/s' "$work/sink.err"
    kill -TERM "$sink"
    ends_with 0 "$sink"
    [ "$(result sink .delivered)" = 30 ]
    [ "$(result sink .sink_associations.seen)" = 3 ]
    [ "$(result sink .sink_associations.turned_away)" = 0 ]
}
