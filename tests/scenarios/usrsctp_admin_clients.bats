load lib
load admin

# Clients of the admin interface that are slow, many, rude or gone; and a broker without descriptors. What it carries does
# not suffer.

tcp() { # path, curl's options: the status
    curl -sS --max-time 20 -o "$work/answer" -w '%{http_code}' "http://127.0.0.1:$P7$1" "${@:2}"
}
send_raw() { # TEXT: sends it as it is, prints the first line of the answer
    local fd line=
    exec {fd}<>"/dev/tcp/127.0.0.1/$P7"
    printf '%b' "$1" >&"$fd" 2>/dev/null || true
    IFS= read -rt 20 line <&"$fd" || true
    exec {fd}>&-
    echo "${line%$'\r'}"
}

@test "requests that are too long are refused, and those that are none" {
    start_broker < <(gateway | sed "1s#}}#}, metrics: \"127.0.0.1:$P7\"}#")
    [ "$(tcp "/$(printf '%020000d' 0)")" = 414 ]
    [ "$(tcp /v1/status -H "X-Long: $(printf '%020000d' 0)")" = 431 ]
    [ "$(tcp /v1/status)" = 200 ]
    # A body is read and thrown away; one without end is not read to its end.
    head -c 60000 /dev/zero >"$work/body"
    [ "$(status_of /v1/log_level?value=info -X POST --data-binary "@$work/body")" = 200 ]
    head -c 3000000 /dev/zero >"$work/body"
    not status_of /v1/log_level?value=debug -X POST --data-binary "@$work/body" 2>"$work/err" >"$work/status" || [ "$(cat "$work/status")" != 200 ]
    [[ $(send_raw 'GET /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n') == *" 4"* ]]
    [[ $(send_raw 'nonsense\r\n\r\n') != *" 200 "* ]]
    [ "$(tcp /v1/status)" = 200 ]
    stop_broker
}

@test "too many clients are told so; slow ones are given up; those who go while they are answered do no harm" {
    start_broker < <(gateway | sed "1s#}}#}, metrics: \"127.0.0.1:$P7\"}#")
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    start_source source "$U3" --associations 100 --rate 200 --duration 10m
    local source=$loader
    wait_until 20 says /v1/listeners '.listeners[0].associations == 100'
    # Half requests, of which a byte comes now and then, and answers that are read so slowly that they are never read whole.
    local fds=() fd i
    for ((i = 0; i < 64; i++)); do
        exec {fd}<>"/dev/tcp/127.0.0.1/$P7"
        fds+=("$fd")
        printf 'GET /v1/associations?limit=1000 HTTP/1.1\r\n' >&"$fd"
        [ $((i % 2)) = 1 ] || printf 'Host: x\r\n\r\n' >&"$fd"
    done
    wait_until 20 eval '[ "$(tcp /readyz)" = 503 ]'
    jq -e '.error == "too many clients are connected"' "$work/answer"
    # Meanwhile the Unix socket answers as ever, and messages arrive.
    says /v1/status '.state == "running"'
    wait_more one 100
    bytes() { for fd in "${fds[@]}"; do { printf X >&"$fd" && IFS= read -rt 0.001 -n 1 -u "$fd" _; } 2>/dev/null || true; done; }
    reachable() { bytes; [ "$(tcp /readyz)" = 200 ]; }
    wait_until 60 reachable
    for fd in "${fds[@]}"; do exec {fd}>&-; done
    # Gone before the answer, or in the middle of it.
    for ((i = 0; i < 20; i++)); do
        exec {fd}<>"/dev/tcp/127.0.0.1/$P7"
        printf 'GET /v1/associations?limit=1000&offset=%d HTTP/1.1\r\nHost: x\r\n\r\n' $i >&"$fd"
        [ $((i % 2)) = 1 ] || read -rn 10 -u "$fd" _
        exec {fd}>&-
    done
    [ "$(tcp "/v1/associations?limit=1000")" = 200 ]
    wait_more one 100
    kill "$source"
    stop_broker
}

@test "no descriptors left: status still answers, whoever is beyond the reserve is told why" {
    start_broker < <(gateway | sed "1s#}}#}, metrics: \"127.0.0.1:$P7\"}#")
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    says /v1/status '.state == "running"'
    # As many as it has now: those of the first numbers are all in use, others stay open.
    local fds=0
    while [ -e "/proc/$broker/fd/$fds" ]; do fds=$((fds + 1)); done
    prlimit --pid "$broker" --nofile=$fds:$fds
    local i fd status held=()
    for ((i = 0; i < 5; i++)); do
        "$JUNCTOR" status -s "$work/admin.sock" 3>&- >"$work/out"
        grep -q "pid $broker, running" "$work/out"
    done
    # Three who stay have the reserve; the fourth is told.
    hold() { # three who say nothing: they are given up after some time
        for fd in "${held[@]}"; do exec {fd}>&-; done
        held=()
        for ((i = 0; i < 3; i++)); do exec {fd}<>"/dev/tcp/127.0.0.1/$P7" && held+=("$fd"); done
    }
    status_told() {
        status=0
        hold
        "$JUNCTOR" status -s "$work/admin.sock" 3>&- >"$work/out" 2>"$work/err" || status=$?
        [ $status = 1 ] && grep -q 'the broker has no descriptors left: raise its limit' "$work/err"
    }
    wait_until 20 status_told
    for fd in "${held[@]}"; do exec {fd}>&-; done
    answers() { "$JUNCTOR" status -s "$work/admin.sock" 3>&- >"$work/out" 2>/dev/null; }
    wait_until 10 answers
    ask_account
    stop_broker
}
