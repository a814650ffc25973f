load lib

@test "unordered messages have a route of their own" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: loose, address: 127.0.0.1, port: $P1, encaps_port: $U1}
  - {name: strict, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {name: loose, from: access, unordered: true, to: loose, session: shared}
  - {name: strict, from: access, to: strict, session: shared}
CONFIG
    start_sink loose $U1 $P1 --keep --partial
    local loose=$loader
    start_sink strict $U2 $P2 --keep --partial
    local strict=$loader
    run_source unordered $U3 --streams 3 --count 200 --unordered
    run_source ordered $U3 --streams 3 --count 100
    wait_delivered_to loose 200
    wait_delivered_to strict 100
    kill -TERM $loose $strict
    wait_until 20 ended $loose
    wait_until 20 ended $strict
    [ "$(result loose .delivered)" = 200 ]
    [ "$(result strict .delivered)" = 100 ]
    stop_broker
    [ "$(logged traffic received 'route=loose ')" = 200 ]
    [ "$(logged traffic received 'route=strict ')" = 100 ]
    "$JUNCTOR" explain -c "$work/broker.yaml" --from access --ppid 0 --unordered | grep -q '^route     loose, '
    "$JUNCTOR" explain -c "$work/broker.yaml" --from access --ppid 0 | grep -q 'is for unordered messages'
}

# The sink expects the PPID and stream with which the source has sent, and says how often another one came.
@test "a route sets PPID and stream; what the server answers stays as it is" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes:
  - {name: ppid, from: access, ppid: m3ua, to: core, set_ppid: sua}
  - {name: stream, from: access, to: core, set_stream: 20}
CONFIG
    start_sink server $U1 $P1 --role echo --keep
    local server=$loader
    not run_source ppid $U2 --streams 3 --ppid m3ua --count 60 --reply
    [ "$(result ppid .replies.delivered)" = 60 ]
    run_source stream $U3 --streams 3 --ppid 46 --count 60 --reply
    [ "$(result stream .replies.delivered)" = 60 ]
    [ "$(result stream .replies.wrong_ppid)" = 0 ]
    kill -TERM $server
    wait_until 20 ended $server
    read_report server
    [ "${report[.delivered]}" = 120 ]
    [ "${report[.wrong_ppid]}" = 60 ]
    [ "${report[.stream_changed]}" = 60 ]
    stop_broker
    [ "$(account dropped)" = 0 ]
    [ "$(logged traffic stream_mapped route=stream)" = 0 ]
    [ "$(logged traffic stream_mapped listener=access)" -ge 60 ] # the answers on stream 20; the client has three
}

@test "streams by hash keep each stream's order; a stream that was not granted is mapped and counted" {
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {initmsg: {num_ostreams: 3}}}
  - {name: other, address: 127.0.0.1, port: $P2, encaps_port: $U2}
routes:
  - {name: fixed, from: access, ppid: 5, to: core, session: shared, set_stream: 7}
  - {name: spread, from: access, ppid: 6, to: other, session: shared, set_stream: spread}
  - {name: hash, from: access, to: core, session: shared, set_stream: hash}
CONFIG
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    start_sink other $U2 $P2 --keep
    local other=$loader
    run_source hash $U3 --associations 2 --streams 10 --ppid 3 --count 500
    run_source fixed $U4 --streams 4 --ppid 5 --count 100
    run_source spread $U5 --streams 1 --ppid 6 --count 100
    wait_delivered_to core 600
    wait_delivered_to other 100
    kill -TERM $sink $other
    wait_until 20 ended $sink
    wait_until 20 ended $other
    delivered_all sink 600
    read_report other
    [ "${report[.delivered]}" = 100 ]
    [ "${report[.stream_changed]}" = 90 ] # all but those that fell on stream 0, of ten
    stop_broker
    [ "$(logged traffic stream_mapped route=hash)" = 0 ]
    [ "$(logged traffic stream_mapped route=spread)" = 0 ]
    [ "$(logged traffic stream_mapped route=fixed)" -ge 100 ]
}

@test "a reload brings another PPID at once" {
    routes() {
        cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{name: all, from: access, to: core, session: shared$1}]
CONFIG
    }
    start_broker < <(routes ", set_ppid: 0")
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    run_source before $U2 --ppid m3ua --count 40
    wait_delivered_to core 40
    routes "" | write_config
    reload 1
    grep -q 'event=changed .*set_ppid' "$work/broker.log"
    run_source after $U3 --ppid m3ua --count 50
    wait_delivered_to core 90
    kill -TERM $sink
    wait_until 20 ended $sink
    [ "$(result sink .delivered)" = 90 ]
    [ "$(result sink .wrong_ppid)" = 40 ]
    stop_broker
}
