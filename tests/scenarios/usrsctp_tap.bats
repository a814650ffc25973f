load lib
load admin
load tap

# read_tap FILE tshark's options…
read_tap() {
    tshark -n -o sctp.checksum:"CRC 32c" -o sctp.reassembly:TRUE -r "$1" "${@:2}" 2>"$work/tshark.err"
}
fields() { # FILE FILTER FIELD…
    local file=$1 filter=$2 options=()
    shift 2
    for field; do options+=(-e "$field"); done
    read_tap "$file" -Y "$filter" -T fields -E separator=' ' "${options[@]}"
}

@test "tshark reads what a client gets: both directions, stream, PPID, payload, comment; M3UA is M3UA" {
    command -v tshark >/dev/null || skip "tshark is not installed"
    start_broker < <(tapped)
    start_echo
    start_tap tap -w "$work/tap.pcapng"
    answered $asp_up $data >"$work/answers"
    [ "$(sort "$work/answers")" = "$(printf '%s\n' $asp_up $data | sort)" ]
    wait_until 5 says /v1/status '.tap.client_messages == 8 and .tap.clients == 1'
    stop_tap tap 8
    grep -qx '8 packets captured, 0 messages missed' "$work/tap.err"
    local file=$work/tap.pcapng in=0x00000001 out=0x00000002
    [ "$(fields "$file" 'm3ua.message_class == 3' frame.packet_flags_direction sctp.data_sid sctp.data_payload_proto_id m3ua.message_type |
        sort | uniq -c | tr -s ' ')" = " 2 $in 0x0000 3 1"$'\n'" 2 $out 0x0000 3 1" ]
    [ "$(fields "$file" 'm3ua.protocol_data_dpc == 2' sctp.data_sid m3ua.protocol_data_opc m3ua.protocol_data_si \
        m3ua.protocol_data_ni m3ua.protocol_data_sls sctp.checksum.status | uniq -c | tr -s ' ')" = " 4 0x0007 1 0 2 5 1" ]
    read_tap "$file" -Y "sctp.data_sid == 7" -x | grep -q '0102 0304 0506 0708\|01 02 03 04 05 06 07 08'
    fields "$file" "frame.packet_flags_direction == 2 && sctp.dstport == $P1" ip.src ip.dst frame.comment >"$work/to_hlr"
    [ "$(wc -l <"$work/to_hlr")" = 2 ]
    grep -q '^127.0.0.1 127.0.0.1 verdict=forwarded route=calls group=core from=access to=hlr from_association=0-[0-9]* to_association=0-[0-9]*$' "$work/to_hlr"
    fields "$file" "frame.packet_flags_direction == 2 && sctp.srcport == $P0" frame.comment >"$work/back"
    grep -q '^verdict=forwarded route=back group=access from=hlr to=access ' "$work/back"
    [ -z "$(fields "$file" '_ws.malformed || ip.checksum.status == 0' frame.number)" ]
    capinfos "$file" >"$work/capinfos"
    grep -q 'Capture application: *junctor ' "$work/capinfos"
    grep -q 'nanoseconds (9)' "$work/capinfos"
    # As it comes, through a pipe.
    tap pipe -c 4 verdict forwarded
    wait_count 2 "event=tap_client "
    answered $asp_up $data >"$work/answers"
    ends_with 0 "$tapper" 10
    [ "$(read_tap - -T fields -e m3ua.message_class <"$work/pipe.out" | sort | uniq -c | tr -s ' ')" = " 2 1"$'\n'" 2 3" ]
    stop_broker
}

@test "a filter chooses by the words of the configuration, and says what there is" {
    command -v tshark >/dev/null || skip "tshark is not installed"
    start_broker < <(tapped)
    start_echo
    start_tap some -w "$work/some.pcapng" from access ppid m3ua stream 4-9 verdict received
    local some=$tapper
    start_tap dropped -w "$work/dropped.pcapng" verdict dropped
    answered $asp_up $data 5:46:00112233 >"$work/answers"
    # No route takes this one, so no answer comes: the client is not waited for.
    (answered 1:99:aabbccdd &) 2>/dev/null
    wait_until 10 says /v1/status '.dropped.no_route == 1 and .tap.client_messages == 2'
    stop_tap dropped 1
    tapper=$some
    stop_tap some 1
    [ "$(fields "$work/some.pcapng" sctp sctp.data_sid sctp.data_payload_proto_id)" = "0x0007 3" ]
    [ "$(fields "$work/dropped.pcapng" sctp sctp.data_sid sctp.data_payload_proto_id sctp.dstport)" = "0x0001 99 $P0" ]
    read_tap "$work/dropped.pcapng" -T fields -e frame.comment | grep -q '^verdict=dropped reason=no_route from=access from_association=0-'
    refused() { # WHAT IT SAYS FILTER…
        local said
        said=$("$JUNCTOR" tap -s "$work/admin.sock" "${@:2}" 2>&1 >/dev/null) && return 1
        echo "$said"
        [[ $said == *"$1"* ]]
    }
    refused "there is no peer or listener 'hlrr', did you mean 'hlr'?" from hlrr
    refused "'core' is a group; write its members: hlr" to core
    refused "there is no route 'call', did you mean 'calls'?" route call
    refused "is not a registered PPID; did you mean m3ua?" ppid m3uua
    refused "known are from, to, route, ppid, stream, verdict" colour red
    [ "$(status_of "/v1/tap?filter=from%20hlrr" -X POST)" = 400 ]
    [ "$(status_of "/v1/tap?snaplen=0" -X POST)" = 400 ]
    [ "$(status_of /v1/tap)" = 405 ]
    stop_broker
}

@test "long messages are whole again; a client that does not read misses some, and nobody else does" {
    command -v tshark >/dev/null || skip "tshark is not installed"
    start_broker < <(tapped)
    start_sink sink "$U1" "$P1" --keep
    wait_log 'event=member_up member=hlr'
    start_tap long -w "$work/long.pcapng" verdict received
    run_source long "$U3" --ppid 46 --count 3 --size 200000
    wait_until 5 says /v1/status '.tap.client_messages == 3'
    stop_tap long 12
    read_tap "$work/long.pcapng" -V >"$work/long.txt"
    [ "$(grep -c 'B-Bit: First segment' "$work/long.txt")" = 3 ]
    [ "$(grep -c 'E-Bit: Last segment' "$work/long.txt")" = 3 ]
    [ "$(grep -c 'Reassembled SCTP Fragments (200000 bytes, 4 fragments)' "$work/long.txt")" = 3 ]
    [ "$(grep -c 'Checksum Status: Good' "$work/long.txt")" = 12 ]
    mkfifo "$work/fifo"
    exec {reader}<>"$work/fifo"
    "$JUNCTOR" tap -s "$work/admin.sock" -w "$work/fifo" 2>"$work/slow.err" 3>&- {reader}>&- &
    tapper=$!
    pids+=("$tapper")
    wait_count 2 "event=tap_client "
    run_source many "$U4" --ppid 46 --count 800 --size 4000
    wait_delivered_to hlr 803
    wait_until 5 says /v1/status '.tap.client_missed > 0 and .counters.tap_captured + .counters.tap_missed == 1606'
    # Read at last, it is a capture, and says at its end how many it lacks.
    cat <"$work/fifo" >"$work/slow.pcapng" 3>&- {reader}>&- &
    local cat=$!
    pids+=("$cat")
    exec {reader}>&-
    has_come() { [ "$(stat -c %s "$work/slow.pcapng")" -gt 2000000 ]; }
    wait_until 10 has_come
    stop_broker
    ends_with 0 "$tapper" 10
    ends_with 0 "$cat" 10
    grep -E '^[0-9]+ packets captured, [1-9][0-9]* messages missed$' "$work/slow.err"
    read_tap "$work/slow.pcapng" -T fields -e frame.number >"$work/numbers"
    [ "$(wc -l <"$work/numbers")" = "$(grep -oE '^[0-9]+' "$work/slow.err")" ]
}

@test "files: rotated by size, so many kept; changed by a reload; each of them whole" {
    command -v tshark >/dev/null || skip "tshark is not installed"
    start_broker < <(tapped "{file: $work/tap.pcapng, rotate: {size: 64K, files: 3}, filter: {verdict: received}}")
    wait_log "event=tap_file file=\"$work/tap.pcapng\""
    start_sink sink "$U1" "$P1" --keep
    wait_log 'event=member_up member=hlr'
    run_source many "$U3" --ppid 46 --count 40 --size 8000
    wait_until 5 says /v1/status '.tap.file.messages > 0 and .tap.file.missed == 0 and .counters.tap_captured == 80'
    wait_until 5 has_files 2
    [ ! -e "$work/tap.3.pcapng" ]
    [ "$(stat -c %a "$work/tap.pcapng")" = 600 ]
    tapped "{file: $work/other.pcapng, snaplen: 60, filter: {to: hlr}}" | write_config
    reload 1
    grep -q "event=changed.*tap.*file" "$work/broker.log"
    wait_log "event=tap_file file=\"$work/other.pcapng\""
    for file in tap tap.1 tap.2; do
        [ "$(fields "$work/$file.pcapng" 'sctp && !_ws.malformed' frame.comment | grep -c '^verdict=received route=calls ')" -ge 4 ]
    done
    run_source few "$U4" --ppid 46 --count 3 --size 8000
    wait_until 5 says /v1/status ".tap.file.path == \"$work/other.pcapng\" and .tap.file.messages == 3"
    tapped | write_config
    reload 2
    wait_until 5 says /v1/status '.tap.file == null'
    [ "$(fields "$work/other.pcapng" sctp frame.cap_len frame.len sctp.dstport)" = "$(printf "108 8048 $P1\n%.0s" 1 2 3)" ]
    stop_broker
}

@test "a file that may not grow, a directory that is not there: told once, and messages pass" {
    command -v tshark >/dev/null || skip "tshark is not installed"
    ulimit -S -f 300 # KiB
    start_broker < <(tapped "{file: $work/tap.pcapng}")
    ulimit -S -f unlimited
    start_sink sink "$U1" "$P1" --keep
    wait_log 'event=member_up member=hlr'
    run_source many "$U3" --ppid 46 --count 200 --size 4000
    wait_log "event=tap_failed file=\"$work/tap.pcapng\" error=\"write: File too large\""
    wait_until 5 says /v1/status '.tap.file.missed > 0 and .tap.file.error == "write: File too large" and .counters.delivered == 200'
    read_tap "$work/tap.pcapng" -T fields -e frame.number >"$work/numbers"
    [ ! -s "$work/tshark.err" ] || not grep -q 'cut short\|damaged' "$work/tshark.err"
    tapped "{file: $work/nowhere/tap.pcapng}" | write_config
    reload 1
    wait_log "event=tap_failed file=\"$work/nowhere/tap.pcapng\" error=\"open: No such file or directory\""
    run_source more "$U4" --ppid 46 --count 20 --size 100
    wait_until 5 says /v1/status '.counters.delivered == 220 and .tap.file.missed == 40'
    [ "$(grep -c event=tap_failed "$work/broker.log")" = 2 ]
    stop_broker
}
