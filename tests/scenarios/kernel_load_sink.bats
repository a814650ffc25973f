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

# The kernel answers for a sink that has stopped; nobody says what it received.
@test "load: a far side that does not report is told, before anything is sent" {
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    kill -STOP "$sink"
    "$JUNCTOR" load --transport kernel --role source --to 127.0.0.1:"$P1" --collect --count 30 --quiet --json >"$work/source.json" && false
    kill -CONT "$sink"
    [ "$(jq -r .error "$work/source.json" | cut -d: -f1-3)" = "--collect: the far side: it does not answer; it needs to be junctor load as a sink or echo, without a broker that gives its answers to others" ]
    kill -TERM "$sink"
    wait_until 10 ended "$sink"
}

# It has several judges, in several threads.
@test "load: a sink with several workers is not collected, and says so" {
    start_sink sink $U1 $P1 --keep --workers 2
    local sink=$loader
    "$JUNCTOR" load --transport kernel --role source --to 127.0.0.1:"$P1" --collect --count 30 --quiet --json >"$work/source.json" && false
    jq -r .error "$work/source.json" | grep -qF 'it has several workers; a sink that is collected has one'
    kill -TERM "$sink"
    wait_until 10 ended "$sink"
}
