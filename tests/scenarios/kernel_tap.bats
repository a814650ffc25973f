load lib
load admin
load tap

@test "an association that has ended before the broker reads of it: log and tap know its addresses" {
    start_broker < <(tapped "{file: $work/tap.pcapng, filter: {verdict: received}}")
    wait_log 'event=tap_file '
    # The kernel accepts it, acknowledges its messages and its end.
    kill -STOP "$broker"
    run_source brief "$U3" --ppid 99 --count 3 # for which there is no route
    kill -CONT "$broker"
    wait_log 'event=association_closed listener=access '
    [[ $(logged association_up remote 'listener=access') =~ ^127\.0\.0\.1:([0-9]+)$ ]]
    local from="${BASH_REMATCH[1]}"
    wait_until 5 says /v1/status '.tap.file.messages == 3 and .dropped.no_route == 3'
    [ "$(tcpdump -Z root -nr "$work/tap.pcapng" "src port $from and dst port $P0" 2>/dev/null | grep -c ' IP 127.0.0.1')" = 3 ]
    stop_broker
}
