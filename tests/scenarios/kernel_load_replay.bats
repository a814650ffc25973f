load lib

# captured FILE: all of an association is in it, its end included.
captured() {
    tcpdump -Z root -n -r "$1" 2>/dev/null | grep -q 'SHUTDOWN COMPLETE'
}

# What the load generator sent was captured; it is replayed, faster, twice over, and each message is known again.
@test "load: a capture of its own traffic is replayed and judged" {
    command -v tcpdump >/dev/null || skip "tcpdump is not installed"
    tcpdump -Z root -i lo -s 0 -U --immediate-mode -w "$work/own.pcap" sctp 2>"$work/tcpdump.err" &
    local capture=$!
    wait_until 10 grep -q 'listening on' "$work/tcpdump.err"
    run_load first --late-ok --listen "127.0.0.1:$P1" --associations 1 --streams 3 --rate 200 --size 60-4000 --count 100 --ppid m3ua
    wait_until 20 captured "$work/own.pcap"
    kill -INT $capture
    wait_until 10 ended $capture
    run_load replay --late-ok --listen "127.0.0.1:$P1" --replay "$work/own.pcap" --speed 4 --associations 2 --reply
    [ "$(result replay .sent)" = 200 ]
    [ "$(query replay '| .delivered == 200 and .lost + .misordered + .duplicated + .corrupt + .foreign == 0')" = true ]
    [ "$(query replay '| .replies.delivered == 200 and .replies.latency_ns.count == 200')" = true ]
    # The capture has both directions only where the sink sends, too.
    "$JUNCTOR" load --transport kernel --role source --to "127.0.0.1:$P1" --replay "$work/own.pcap" --replay-from 2 2>"$work/err" && false
    grep -qF 'there is no such sender: 1: 127.0.0.1:' "$work/err"
}
