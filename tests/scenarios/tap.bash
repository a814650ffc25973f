# What scenarios of the tap share; loaded behind admin.

# One group that a client's messages go to and come back from, and a tap as in $1.
tapped() {
    admin
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: hlr, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}]
groups: [{name: core, members: hlr}]
routes:
  - {name: calls, from: access, ppid: [m3ua, 46], to: core, session: shared}
  - {name: back, from: hlr, to: access, session: shared}
$([ -z "${1-}" ] || echo "tap: $1")
CONFIG
}

tap() { # NAME ARGUMENT…: in the background; its process id in $tapper
    local name=$1
    shift
    "$JUNCTOR" tap -s "$work/admin.sock" "$@" >"$work/$name.out" 2>"$work/$name.err" 3>&- &
    tapper=$!
    pids+=("$tapper")
}

start_tap() { # the same, and waits until it captures
    local before
    before=$(grep -c event=tap_client "$work/broker.log" || true)
    tap "$@"
    wait_count $((before + 1)) "event=tap_client "
}

has_packets() { # NAME NUMBER
    [ "$(tcpdump -Z root -nr "$work/$1.pcapng" 2>/dev/null | wc -l)" = "$2" ]
}

stop_tap() { # NAME NUMBER: when its file has so many packets
    wait_until 10 has_packets "$@"
    kill -INT "$tapper"
    ends_with 0 "$tapper" 5
}

answered() { # MESSAGE…: sends them, and waits for the answers of an echo
    timeout 30 "${BUILD:-$(dirname "$JUNCTOR")}"/tests/scenarios/send_message "$BACKEND" "$P0" "$U0" "$@"
}

start_echo() {
    start_telling echo --role echo --listen "127.0.0.1:$P1" --listen-encaps "$U1" --keep
    wait_in 1 "$work/echo.err" 'listening on'
    wait_log 'event=member_up member=hlr'
}

has_files() { # the tap's file and NUMBER others
    [ -e "$work/tap.$1.pcapng" ]
}

# An ASP Up, and Payload Data from point code 1 to 2 with network indicator 2 and SLS 5 (RFC 4666 3.5.1, 3.3.1).
asp_up=0:3:0100030100000008
data=7:3:0100010100000020021000180000000100000002000200050102030405060708
