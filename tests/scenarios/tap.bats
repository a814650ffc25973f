load lib
load admin
load tap

# What a tap captures, as tcpdump reads it, which the test kernel has room for; usrsctp_tap has Wireshark read it.

# packets FILE FILTER…: per packet one line of addresses and chunk, and one for each dissected part of it.
packets() {
    tcpdump -Z root -nvvr "$work/$1.pcapng" "${@:2}" 2>"$work/tcpdump.err" | grep -v '^[0-9]' | tr -d '\t'
}
comments() { # FILE PATTERN: of how many packets
    grep -aoE "verdict=$2" "$work/$1.pcapng" | wc -l
}

@test "tcpdump reads what a client gets: both directions, stream, PPID, payload, comment" {
    command -v tcpdump >/dev/null || skip "tcpdump is not installed"
    start_broker < <(tapped)
    start_echo
    start_tap tap -w "$work/tap.pcapng"
    local tapper_of_all=$tapper
    start_tap some -w "$work/some.pcapng" from access ppid m3ua stream 4-9 verdict received
    answered $asp_up $data >"$work/answers"
    [ "$(sort "$work/answers")" = "$(printf '%s\n' $asp_up $data | sort)" ]
    wait_until 5 says /v1/status '.tap.client_messages == 9 and .tap.clients == 2'
    stop_tap some 1
    tapper=$tapper_of_all
    stop_tap tap 8
    grep -qx '8 packets captured, 0 messages missed' "$work/tap.err"
    # Of the eight, two each: from the client, to the peer, from the peer, to the client.
    local way
    for way in "dst port $P0" "dst port $P1" "src port $P1" "src port $P0"; do
        packets tap "ip proto 132 and $way" | grep -v '^ *127' | sed 's/TSN: [0-9]*/TSN/; s/ *$//' >"$work/way"
        diff "$work/way" - <<PACKETS
1) [DATA] (B)(E) [TSN] [SID: 0] [SSEQ 0] [PPID M3UA]
ASP Up Message
1) [DATA] (B)(E) [TSN] [SID: 7] [SSEQ 0] [PPID M3UA]
Transfer Data Message
Protocol Data: (length 24)
PACKETS
    done
    packets some | grep -qE "^ *127\.0\.0\.1\.[0-9]+ > 127\.0\.0\.1\.$P0: sctp"
    packets some | grep -qF '[SID: 7] [SSEQ 0] [PPID M3UA]'
    tcpdump -Z root -nxr "$work/some.pcapng" 2>/dev/null | grep -qE '0102 0304 0506 0708$'
    local of='from_association=[0-9]+-[0-9]+' to='to_association=[0-9]+-[0-9]+'
    [ "$(comments tap "received route=calls group=core from=access $of")" = 2 ]
    [ "$(comments tap "forwarded route=calls group=core from=access to=hlr $of $to")" = 2 ]
    [ "$(comments tap "received route=back group=access from=hlr $of")" = 2 ]
    [ "$(comments tap "forwarded route=back group=access from=hlr to=access $of $to")" = 2 ]
    stop_broker
}

@test "files of the tap: rotated by size, so many kept, each of them whole; changed by a reload" {
    command -v tcpdump >/dev/null || skip "tcpdump is not installed"
    start_broker < <(tapped "{file: $work/tap.pcapng, rotate: {size: 64K, files: 3}, filter: {verdict: received}}")
    wait_log "event=tap_file file=\"$work/tap.pcapng\""
    start_sink sink "$U1" "$P1" --keep
    wait_log 'event=member_up member=hlr'
    run_source many "$U3" --ppid 46 --count 40 --size 8000
    wait_until 5 says /v1/status '.tap.file.missed == 0 and .tap.file.messages > 0 and .counters.tap_captured == 80'
    wait_until 5 has_files 2
    [ ! -e "$work/tap.3.pcapng" ]
    tapped "{file: $work/other.pcapng, snaplen: 60, filter: {to: hlr}}" | write_config
    reload 1
    wait_log "event=tap_file file=\"$work/other.pcapng\""
    local file
    for file in tap tap.1 tap.2; do
        has_packets $file "$(comments $file 'received route=calls ')"
        [ "$(comments $file 'received route=calls ')" -ge 4 ]
        tcpdump -Z root -nr "$work/$file.pcapng" "dst port $P0" 2>"$work/tcpdump.err" >"$work/of_clients"
        has_packets $file "$(wc -l <"$work/of_clients")"
        not grep -E 'truncated|bad' "$work/tcpdump.err"
    done
    run_source few "$U4" --ppid 46 --count 3 --size 8000
    wait_until 5 says /v1/status ".tap.file.path == \"$work/other.pcapng\" and .tap.file.messages == 3"
    # Told of the rest, although 60 bytes are kept.
    [ "$(tcpdump -Z root -nvr "$work/other.pcapng" "dst port $P1" 2>/dev/null | grep -c 'length 8048')" = 3 ]
    [ "$(stat -c %s "$work/other.pcapng")" -lt 4000 ]
    stop_broker
}
