load lib

# Under full load, as checked by the sink: traffic that a change does not concern has no loss, no duplicates, and keeps its
# order.

listener() { echo "  - {name: $1, address: ${3:-127.0.0.1}, port: ${!2}, encaps_port: ${!2}}"; }
peer() { echo "  - {name: $1, address: 127.0.0.1, port: ${!2}, encaps_port: ${!2}${3:+, $3}}"; }

# The traffic of all scenarios here goes from `access` to `server`; the rest is what changes beside it.
plain() {
    broker_line
    echo "listeners:"
    listener access P0
    echo "peers:"
    peer server P1
    echo "routes: [{name: all, from: access, to: server, session: shared}]"
}

# As fast as it goes; an emulated processor has to serve this script, too.
begin_load() {
    local rate=()
    [ "$BACKEND" = usrsctp ] || rate=(--rate 1000)
    start_sink sink $U1 $P1 --keep
    sink=$loader
    start_source source $U2 --associations 3 --streams 4 --duration 5m "${rate[@]}"
    source=$loader
    wait_delivered_to server 2000
}

# Everything that was sent is in the one account, which went on counting, and the sink has seen it once, in order.
end_load() {
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    delivered_all sink
    [ "$(account received)" = "$(result source .sent)" ]
    [ "$(account received)" = "$(result sink .delivered)" ]
    [ "$(account dropped)" = 0 ]
    [ "$(logged traffic delivered 'route=all ')" = "$(account received)" ]
}

@test "reload under full load: listeners, peers, groups and routes beside it are added, moved and removed" {
    start_broker < <(plain)
    begin_load
    write_config <<CONFIG
$(broker_line)
listeners:
$(listener more P3)
$(listener access P0)
peers:
$(peer other P4)
$(peer third P5)
$(peer server P1)
groups: [{name: beside, members: [other, third], mode: override}]
routes:
  - {name: beside, from: more, to: beside, session: shared}
  - {name: all, from: access, to: server, session: shared}
CONFIG
    reload 1
    wait_until 10 is_listening $P3 $U3
    wait_more server 500
    write_config <<CONFIG
$(broker_line)
listeners:
$(listener access P0)
$(listener more P6)
peers:
$(peer server P1)
$(peer third P7)
$(peer other P4)
groups: [{name: beside, members: [third, other], mode: loadshare, share: stream-hash}]
routes:
  - {name: all, from: access, to: server, session: shared}
  - {name: beside, from: more, ppid: m3ua, to: beside, session: paired}
  - {name: rest, from: more, to: server, session: shared}
CONFIG
    reload 2
    wait_until 10 is_listening $P6 $U6
    wait_more server 500
    write_config < <(plain)
    reload 3
    wait_more server 500
    end_load
    # The one association to the server and those of the three clients, and no other.
    [ "$(grep -c event=association_up "$work/broker.log")" = 4 ]
}

@test "reload under full load: options and queue limits" {
    start_broker < <(plain)
    begin_load
    write_config <<CONFIG
$(broker_line 'queue_messages: 10, queue_bytes: 64K, drain_timeout: 7s')
sctp: {rtoinfo: {initial: 500ms, min: 300ms, max: 2s}, delayed_ack_time: 50ms, nodelay: true}
listeners:
$(listener access P0)
peers:
$(peer server P1 'sctp: {peer_addr_params: {hbinterval: 3s}}, reconnect: {initial: 50ms, max: 1s}')
routes: [{name: all, from: access, to: server, session: shared}]
CONFIG
    reload 1
    wait_more server 500
    write_config < <(plain)
    reload 2
    wait_more server 500
    end_load
    [ "$(grep -c event=association_up "$work/broker.log")" = 4 ]
}

@test "reload under full load: a route is renamed, split, put elsewhere in the file" {
    start_broker < <(plain)
    begin_load
    write_config < <(plain | sed 's/^routes:.*/routes:/'
        echo "  - {from: access, ppid: m3ua, to: server, session: shared}"
        echo "  - {from: access, stream: 0-1, to: server, session: shared}"
        echo "  - {name: late, from: access, to: server, session: shared}")
    reload 1
    wait_more server 500
    write_config < <(plain | sed 's/^routes:.*/routes:/'
        echo "  - {name: late, from: access, stream: 2-3, to: server, session: shared}"
        echo "  - {name: all, from: access, to: server, session: shared}")
    reload 2
    wait_more server 500
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $sink
    ends_with 0 $sink
    delivered_all sink
    [ "$(account received)" = "$(result sink .delivered)" ]
    [ "$(logged traffic received 'route=late ')" -gt 0 ]
}

@test "reload under full load: a listener moves to another port, and its clients stay" {
    start_broker < <(plain)
    begin_load
    plain | sed "s/port: $P0, encaps_port: $U0/port: $P3, encaps_port: $U3/" | write_config
    reload 1
    wait_until 10 is_listening $P3 $U3
    wait_more server 500
    end_load
    [ "$(grep -c event=association_up "$work/broker.log")" = 4 ]
}

@test "reload under full load: a bad file, and a listener that cannot be opened, leave everything as it is" {
    start_broker < <(plain)
    begin_load
    write_config <<CONFIG
listeners: [{name: access, adress: 127.0.0.1, port: $P0}]
CONFIG
    kill -HUP "$broker"
    wait_log "event=reload_refused.*line=2 .*did you mean 'address'"
    start_sink taken $U3 $P3 --keep
    local taken=$loader
    write_config <<CONFIG
$(broker_line)
listeners:
$(listener first P4)
$(listener second P3)
peers:
$(peer other P5)
routes: [{from: first, to: other, session: shared}]
CONFIG
    kill -HUP "$broker"
    wait_log 'event=reload_refused.*listener second'
    wait_log event=reload_abandoned
    not is_listening $P4 $U4
    wait_more server 500
    kill -TERM $taken
    end_load
    [ "$(grep -c event=association_up "$work/broker.log")" = 4 ]
    not grep -q event=reloaded "$work/broker.log"
}

@test "reload under full load: two at once, and more while one is under way; the last file counts" {
    start_broker < <(plain)
    begin_load
    local i
    for i in 1 2 3 4 5 6 7 8; do
        write_config < <(plain | sed "s/^routes/groups: [{name: g$((i % 3)), members: [server]}]\nroutes/")
        kill -HUP "$broker"
        kill -HUP "$broker"
    done
    write_config < <(plain | sed "s/^listeners:/&\n$(listener more P3)/")
    kill -HUP "$broker"
    wait_until 10 is_listening $P3 $U3
    wait_more server 500
    end_load
    [ "$(grep -c event=association_up "$work/broker.log")" = 4 ]
}

@test "reload while the broker ends: refused with a line, and the drain goes on" {
    start_broker < <(plain | sed "s/^broker:.*/$(broker_line 'drain_timeout: 1m')/")
    # Nobody is at P1 yet: everything waits in the broker.
    start_source source $U2 --associations 3 --rate 500 --count 200 --drain 1s
    wait_account waiting -ge 200
    kill -TERM "$broker"
    wait_log event=draining
    write_config < <(plain | sed "s/port: $P0, encaps_port: $U0/port: $P3, encaps_port: $U3/")
    kill -HUP "$broker"
    wait_log 'event=reload_refused text="the broker is ending"'
    start_sink sink $U1 $P1 --keep
    local sink=$loader
    ends_with 0 "$broker" 30
    [ "$(account balanced)" = yes ]
    [ "$(account dropped)" = 0 ]
    kill -TERM $sink
    ends_with 0 $sink
    delivered_all sink 200
    not grep -q event=reloading "$work/broker.log"
}

# own_sockets N: so many of the associations at P0 have a socket of their own, or the kernel does not tell.
own_sockets() {
    local field inodes=' ' count=0
    [ "$BACKEND" = kernel ] || return 0
    while read -ra field; do
        [ "${field[11]}" = "$P0" ] && [[ $inodes != *" ${field[10]} "* ]] || continue
        inodes+="${field[10]} " count=$((count + 1))
    done </proc/net/sctp/assocs
    [ $count = "$1" ]
}

@test "reload: peeloff from never to always gives the associations that there are a socket of their own, and back" {
    start_broker < <(plain | sed '/name: access,/s/encaps_port/peeloff: never, &/')
    begin_load
    write_config < <(plain)
    reload 1
    wait_more server 2000
    wait_until 10 own_sockets 3
    write_config < <(plain | sed '/name: access,/s/encaps_port/peeloff: never, &/')
    reload 2
    wait_more server 2000
    end_load
}
