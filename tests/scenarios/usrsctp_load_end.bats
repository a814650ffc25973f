load lib

# How a load ends before its time: by signals, in each stage, and where the far side goes away.

outputs() { # the options of start_loading for all that can be written
    echo "--csv $work/$1.tables --report $work/$1.html"
}

# written NAME: all of it is there, and tells that it was interrupted.
written() {
    jq -e '.interrupted and (.runs | length) == '"${2:-1}" "$work/$1.json"
    grep -qF '</html>' "$work/$1.html"
    [ "$(ls "$work/$1.tables")" = $'cpu.csv\nflows.csv\nlatency.csv\npaths.csv\nseries.csv' ]
}

# again SIGNAL: once more and once more, until the load generator has ended.
signalled() {
    kill -INT "$loader" 2>/dev/null || true
    ended "$loader"
}

source_to() { # NAME OPTION…: progress in NAME.err
    start_telling "$1" --role source --to "127.0.0.1:$P1" --to-encaps "$U1" --interval 200ms "${@:2}"
}

@test "load: interrupted while associations are set up, it sends on those that are up, and ends" {
    start_telling early --listen "127.0.0.1:$P1" --listen-encaps "$U1" --associations 1000 --open-rate 20 $(outputs early)
    wait_in 1 "$work/early.err" 'set-up .* associations up'
    kill -INT "$loader"
    ends_with 1 "$loader"
    written early
    [ "$(query early '.associations | .up > 0 and .up + .failed + .not_tried == 1000')" = true ]
    [ "$(query early '| .sent > 0 and .delivered == .sent')" = true ]
}

@test "load: interrupted while it sends, holds or churns, it has the result of what was done" {
    local churn
    for churn in "" "--idle 50" "--churn 50" "--churn 50,by=abort"; do
        start_telling sending --listen "127.0.0.1:$P1" --listen-encaps "$U1" --associations 10 --rate 2000 --duration 1h $churn \
            $(outputs sending)
        wait_in 2 "$work/sending.err" 'msg/s'
        kill -INT "$loader"
        ends_with 0 "$loader"
        written sending
        [ "$(query sending '| .ok and .sent > 0 and .lost == 0 and .delivered + .given_up == .sent')" = true ]
        rm -r "$work"/sending.*
    done
}

@test "load: interrupted in the first of two runs it has that one, and status 1" {
    start_telling direct --listen "127.0.0.1:$P1" --listen-encaps "$U1" --to "127.0.0.1:$P0" --to-encaps "$U0" --baseline \
        --duration 1h --rate 1000 $(outputs direct)
    wait_in 1 "$work/direct.err" 'msg/s'
    kill -INT "$loader"
    ends_with 1 "$loader"
    written direct
    [ "$(jq -r '.error, .runs[0].name, .runs[0].ok' "$work/direct.json" | xargs)" = "interrupted direct true" ]
}

@test "load: a second signal ends waiting, for messages in flight or for the far side's half" {
    local options
    for options in --reply "--collect"; do
        start_sink sink "$U1" "$P1" $([ "$options" = --collect ] || echo --role echo)
        local sink=$loader
        source_to draining --drain 10m --rate 1000 --duration 1h $options $(outputs draining)
        wait_in 2 "$work/draining.err" 'msg/s'
        kill -STOP "$sink"
        wait_in 4 "$work/draining.err" 'msg/s'
        wait_until 30 signalled
        ends_with $([ "$options" = --collect ]; echo $((! $?))) "$loader"
        written draining
        [ "$(query draining '| .sent > 0 and .in_send_buffers > 0')" = true ]
        # Of an echo elsewhere the replies are what is known of a flow, also over time.
        [ "$(query draining '| .replies == null or (.flows[0].delivered == .replies.delivered and
            (.series.flows[0] | (.delivered | add) > 0 and (.p99_ns | max) > 0))')" = true ]
        kill -KILL "$sink"
        wait "$sink" || true
        rm -r "$work"/draining.*
    done
}

# Of a UDP port that is no longer there SCTP learns nothing.
@test "load: a sink that dies half way is no success, whatever was acknowledged before" {
    local options
    for options in "" "--associations 10 --churn 20"; do
        start_sink sink "$U1" "$P1" --keep
        local sink=$loader
        source_to dying --drain 2s --rate 1000 --duration 5s $options
        wait_in 2 "$work/dying.err" 'msg/s'
        kill -KILL "$sink"
        wait "$sink" || true
        ends_with 1 "$loader"
        [ "$(query dying '| .associations.silent > 0 and (.trouble | test("acknowledged nothing"))')" = true ]
        rm "$work"/dying.*
    done
}

# What an abort has cut off on its way from the sink is not awaited: only the last message of each stream is.
@test "load: after aborts flows down are over when their last messages have come" {
    local up
    for up in "" "--flow name=up"; do
        run_load down --drain 1h --listen "127.0.0.1:$P1" --listen-encaps "$U1" --associations 6 --duration 2s --churn 20,by=abort \
            --flow name=down,direction=down $up
        [ "$(query down '| .ok and .associations.churn_closed > 0 and .down.sent > 0
            and .down.delivered + .down.given_up == .down.sent')" = true ]
    done
}
