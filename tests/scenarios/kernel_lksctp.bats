load lib

paired() {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: server, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: server, session: paired}]
CONFIG
}

# server PROGRAM…: in the background, output in $work/server.log; returns when it listens.
server() {
    stdbuf -oL "$@" >"$work/server.log" 2>&1 3>&- </dev/null &
    pids+=("$!")
    wait_until 10 is_listening "$P1" 0
}

# "stream ppid size" of each message in a log of sctp_test.
messages() {
    awk '/[0-9] bytes\./ {match($0, /[0-9]+ bytes/); size = substr($0, RSTART, RLENGTH)}
         /SNDRCV\(stream=/ {gsub(/[a-z()A-Z]+=?/, " "); print $1, $NF, size}' "$1"
}

@test "lksctp's sctp_test: three rounds of ten sizes over four streams arrive as they were sent" {
    server sctp_test -H 127.0.0.1 -P "$P1" -l
    paired
    timeout 60 sctp_test -H 127.0.0.1 -P "$P2" -h 127.0.0.1 -p "$P0" -s -c 4 -x 3 -o 1 -M 4 >"$work/client.log" 2>&1
    wait_log 'event=association_closed listener=access'
    stop_broker
    [ "$(account received)" = 30 ]
    [ "$(account delivered)" = 30 ]
    [ "$(grep -c 'Data [0-9]* bytes' "$work/server.log")" = 30 ]
    # sctp_test's server shows no stream and PPID of an association's first message. SCTP keeps order within a stream.
    messages "$work/client.log" | tail -n +2 | LC_ALL=C sort -s -n -k 1,1 >"$work/sent"
    messages "$work/server.log" | LC_ALL=C sort -s -n -k 1,1 >"$work/came"
    diff "$work/sent" "$work/came"
}

# shown TEXT: waits until the server has shown it. What is typed must not end before: then sctp_darn leaves at once.
shown() {
    wait_in 1 "$work/server.log" "DATA.*$1" 5
}

@test "lksctp's sctp_darn: lines typed on one side come out on the other" {
    server sctp_darn -H 127.0.0.1 -P "$P1" -l
    paired
    { printf 'hello\n' && shown hello && printf 'world\n' && shown world; } |
        timeout 60 sctp_darn -H 127.0.0.1 -P "$P2" -h 127.0.0.1 -p "$P0" -s >"$work/client.log" 2>&1 || true # its status says how stdin ended
    wait_log 'event=association_closed listener=access'
    shown hello
    shown world
    wait_in 1 "$work/server.log" SHUTDOWN_COMP
    stop_broker
}
