load lib

# core_dumps: its descriptors are looked at.
relay() {
    cat <<CONFIG
broker: {transport: $BACKEND, drain_timeout: 10s, core_dumps: true}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
}

# Standard error is a pipe that is full before the broker begins.
@test "a log that nobody reads holds nothing up: messages, SIGUSR1, SIGTERM" {
    relay >"$work/broker.yaml"
    mkfifo "$work/full"
    exec 7<>"$work/full"
    dd if=/dev/zero of="$work/full" bs=4096 count=10000 oflag=nonblock 2>/dev/null || true
    "$JUNCTOR" run --log-level debug -c "$work/broker.yaml" 2>"$work/full" 3>&- 7>&- </dev/null &
    broker=$!
    pids+=("$broker")
    wait_until 10 is_listening "$P0" "$U0"
    through_broker load --associations 8 --streams 4 --count 2000
    delivered_all load 2000
    kill -USR1 "$broker"
    kill -TERM "$broker"
    ends_with 0 "$broker"
    exec 7>&-
}

@test "a log file on a full disk: messages pass, and how many lines were lost is told in the next file" {
    relay | sed "1s#}#, log_file: /dev/full}#" >"$work/broker.yaml"
    "$JUNCTOR" run -c "$work/broker.yaml" 2>"$work/broker.log" 3>&- &
    broker=$!
    pids+=("$broker")
    wait_until 10 is_listening "$P0" "$U0"
    through_broker load --associations 3 --count 100
    delivered_all load 100
    relay | sed "1s#}#, log_file: $work/there.log}#" | write_config
    kill -HUP "$broker"
    wait_until 10 has_line "$work/there.log" 'event=reloaded generation=2'
    kill -TERM "$broker"
    ends_with 0 "$broker"
    has_line "$work/there.log" 'event=log_lost lines=[1-9]'
    has_line "$work/there.log" 'event=account received=100 .*balanced=yes'
}

@test "many associations at once: each has a line or is counted in one" {
    start_broker < <(relay)
    through_broker load --associations 250 --count 1000
    stop_broker
    local seen folded
    seen=$(grep -c event=association_up "$work/broker.log")
    folded=$(grep -o 'of=association_up lines=[0-9]*' "$work/broker.log" | awk -F = '{n += $3} END {print n + 0}')
    [ $((seen + folded)) = "$(account associations_opened)" ]
    [ "$(account associations_opened)" = 500 ]
}

@test "descriptors that are closed at the start are none of the broker's sockets" {
    relay >"$work/broker.yaml"
    "$JUNCTOR" run -c "$work/broker.yaml" <&- >&- 2>&- 3>&- &
    broker=$!
    pids+=("$broker")
    wait_until 10 is_listening "$P0" "$U0"
    for descriptor in 0 1 2; do [ "$(readlink "/proc/$broker/fd/$descriptor")" = /dev/null ]; done
    through_broker load --count 100
    delivered_all load 100
    kill -TERM "$broker"
    ends_with 0 "$broker"
}

@test "as JSON, into a file that SIGHUP opens anew, by subject" {
    relay | sed "1s#}#, log_format: json, log_file: $work/there.log, log_levels: {association: warning}}#" >"$work/broker.yaml"
    "$JUNCTOR" run -c "$work/broker.yaml" 2>"$work/broker.log" 3>&- &
    broker=$!
    pids+=("$broker")
    wait_until 10 is_listening "$P0" "$U0"
    mv "$work/there.log" "$work/moved.log"
    through_broker load --associations 3 --count 100
    kill -HUP "$broker"
    wait_until 10 has_line "$work/there.log" '"event":"reloaded"'
    kill -TERM "$broker"
    ends_with 0 "$broker"
    [ ! -s "$work/broker.log" ]
    # Every line is an object; the two files together have all lines, with the same contents as in logfmt.
    cat "$work/moved.log" "$work/there.log" | jq -se 'all(.[]; .ts and .level and .event) and .[0].event == "starting" and
        (map(.event) | index("association_up") == null and index("ready")) and
        (map(select(.event == "account")) | length == 1 and .[0].received == .[0].delivered and .[0].balanced == "yes")'
    jq -se 'map(.event) | index("reloaded") == null' "$work/moved.log"
}

@test "a file that cannot be opened: the start says so; a reload leaves the log where it is" {
    relay | sed "1s#}#, log_file: $work/none/there.log}#" >"$work/broker.yaml"
    run "$JUNCTOR" run -c "$work/broker.yaml"
    [ "$status" = 1 ]
    [[ $output == *"log_file: $work/none/there.log: No such file or directory"* ]]
    start_broker < <(relay)
    relay | sed "1s#}#, log_file: $work/none/there.log}#" | write_config
    kill -HUP "$broker"
    wait_log 'event=log_file_failed .*none/there.log.*No such file'
    wait_log 'event=reloaded generation=2'
    mkdir "$work/none"
    kill -HUP "$broker"
    wait_until 10 has_line "$work/none/there.log" 'event=reloaded generation=3'
    kill -TERM "$broker"
    ends_with 0 "$broker"
}
