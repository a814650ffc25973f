load lib
load admin

# One reload after the other under load, through a cycle of configurations. RELOADS=1000 is the long form (make soak), NAMES=new
# gives each configuration a new peer and a new group. The memory compared is what the program has allocated: what the allocator
# keeps, and pages of the log that are written for the first time, are not leaks.

RELOADS=${RELOADS:-36}

shape() { # shape NUMBER
    local name=beside$(($1 % 3))
    [ "${NAMES-}" != new ] || name=beside$1
    broker_line "queue_messages: $((100 + $1 % 4)), core_dumps: true, admin: {path: $work/admin.sock}" # its descriptors are looked at
    echo "sctp: {sndbuf: 8K}" # the log of what was sent is as long as the buffer is deep: it reaches its end early
    echo "listeners:"
    echo "  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}"
    [ $(($1 % 2)) = 0 ] || echo "  - {name: more, address: 127.0.0.1, port: ${P[3 + $1 % 4 / 2]}, encaps_port: ${P[3 + $1 % 4 / 2]}}"
    cat <<CONFIG
peers:
  - {name: server, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {rtoinfo: {initial: 1s, max: $((2 + $1 % 3))s}}}
  - {name: $name, address: 127.0.0.1, port: $P6, encaps_port: $U6}
groups:
  - {name: group$name, members: [$name], mode: override}
routes:
  - {name: all, from: access, stream: 0-2, to: server, session: shared}
  - {from: access, ppid: $(($1 % 5)), to: server, session: shared}
  - {name: rest, from: access, to: server, session: shared}
CONFIG
    [ $(($1 % 2)) = 0 ] || echo "  - {name: more, from: more, to: group$name, session: shared}"
}

# reload_to NUMBER: the configuration of that number, and waits until it is in force.
reload_to() {
    shape "$1" >"$work/broker.yaml"
    kill -HUP "$broker"
    wait_lines 1 "$log" "event=reloaded generation=$(($1 + 1)) " 20
}

# measure: $descriptors and $memory (bytes that are allocated; 0 with AddressSanitizer) of the broker.
measure() {
    set -- "/proc/$broker/fd/"*
    descriptors=$#
    memory=$(ask /v1/status | jq .allocated_bytes)
}

@test "reloads in a row under load: no growth of memory or descriptors, and the associations stay" {
    P=($P0 $P1 $P2 $P3 $P4 $P5 $P6 $P7)
    local rate=1000
    # usrsctp may have so many small messages that the log of them would still grow, to twice its size at a time.
    [ "$BACKEND" = kernel ] || rate=100
    local i first=$((RELOADS / 4 / 12 * 12 + 12)) last=$((RELOADS / 12 * 12 + 12)) log descriptors memory
    start_broker < <(shape 0)
    exec {log}<"$work/broker.log"
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    wait_log 'event=member_up member=server'
    start_source source $U2 --associations 4 --streams 4 --rate $rate --duration 1h
    local source=$loader
    wait_delivered_to server 100
    for ((i = 1; i <= first; i++)); do reload_to $i; done
    measure
    local descriptors_first=$descriptors memory_first=$memory
    for (( ; i <= last; i++)); do
        reload_to $i
        [ $((i % 100)) = 0 ] || continue
        measure
        printf '# %s: after %d reloads %d bytes, %d descriptors\n' "$BACKEND" $i "$memory" "$descriptors" >&3
    done
    measure
    printf '# %s: %d reloads, %d bytes and %d descriptors after %d of them, %d bytes and %d at the end\n' "$BACKEND" "$last" \
        "$memory_first" "$descriptors_first" "$first" "$memory" "$descriptors" >&3
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    delivered_all sink "$(account received)"
    [ "$(account dropped)" = 0 ]
    exec {log}<&-
    [ "$(grep -cE 'event=association_up (peer=server|listener)' "$work/broker.log")" = 5 ]
    [ "$descriptors" -le $((descriptors_first + 2)) ] # one of an attempt to connect may be there or not
    # usrsctp takes tables in pieces of up to 256 KiB; 0 with AddressSanitizer, which finds leaks by itself.
    [ "${NAMES-}" = new ] || [ "$memory" -le $((memory_first + 524288)) ]
}
