load lib

# An association that has a socket of its own needs a descriptor. When none are left, new ones stay on the listener's
# socket, and nothing else happens: they are served there, the log reports it, and no worker loops without need.

calls() {
    ask_account
    logged cost syscalls
}

@test "descriptors run out: associations that are accepted stay on the shared socket, and are served there" {
    printf '#!/bin/bash\n[ "$1" != run ] || ulimit -n %s\nexec %q "$@"\n' 40 "$(realpath "$JUNCTOR")" >"$work/few"
    chmod +x "$work/few"
    JUNCTOR=$work/few
    start_broker <<CONFIG
broker: {transport: $BACKEND, admin: {path: "off"}}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    start_sink core $U1 $P1 --keep
    local core=$loader
    wait_log event=member_up
    start_source source $U2 --associations 60 --streams 2 --count 6000 --drain 60s
    local source=$loader
    ends_with 0 $source 60
    wait_log 'event=no_descriptors listener=access'
    # All are up, though fewer than 40 of them can have a socket each.
    wait_delivered_to core 6000
    [ "$(account dropped)" = 0 ]
    # Idle ones that stay there wake no worker.
    start_source idle $U3 --associations 60 --rate 0.01 --duration 10m
    wait_account associations_opened -ge 121
    local before after
    before=$(calls)
    sleep 1
    after=$(calls)
    echo "system calls: $before, then $after"
    [ $((after - before)) -lt 4000 ] # a loop makes tens of thousands
    # Not for each of them (some 80 got none): once for each worker, and again if it got some in between.
    [ "$(grep -c 'event=no_descriptors' "$work/broker.log")" -le 12 ]
    kill -INT "$loader"
    ends_with 0 "$loader"
    stop_broker
    kill -TERM $core
    ends_with 0 $core
    delivered_all core "$(account received)"
    [ "$(account dropped)" = 0 ]
}
