load lib

# Unsuitable SCTP settings of the host are reported at start, if they matter for the configuration. Each test has a network
# namespace, and therefore settings, of its own.

# host SYSCTL…: a namespace with these settings, in which $JUNCTOR then runs.
host() {
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    printf '#!/bin/sh\nexec unshare --net sh -c "ip link set lo up && sysctl -q -w %s && exec %s \\"\\$@\\"" sh "$@"\n' \
        "$*" "$JUNCTOR" >"$work/on_host"
    chmod +x "$work/on_host"
    JUNCTOR=$work/on_host
}

@test "buffers that associations share: one warning for each policy, none where each association has its own" {
    host net.sctp.rcvbuf_policy=0 net.sctp.sndbuf_policy=0
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, peeloff: never}]
routes: [{from: access, to: access}]
CONFIG
    stop_broker
    [ "$(grep -c event=advice "$work/broker.log")" = 2 ]
    grep -q 'event=advice text=.*write sysctl net.sctp.rcvbuf_policy=1' "$work/broker.log"
    grep -q 'event=advice text=.*write sysctl net.sctp.sndbuf_policy=1' "$work/broker.log"

    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, peeloff: always}]
routes: [{from: access, to: access}]
CONFIG
    stop_broker
    not grep event=advice "$work/broker.log"
}

@test "a smallest timeout that is not above the SACK delay: one warning, none where the configuration says its own" {
    host net.sctp.rto_min=100 net.sctp.sack_timeout=200
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core}]
CONFIG
    stop_broker
    [ "$(grep -c event=advice "$work/broker.log")" = 1 ]
    grep -q 'event=advice text="net.sctp.rto_min is 100 ms.*write sysctl net.sctp.sack_timeout=50 ' "$work/broker.log"

    start_broker <<CONFIG
sctp: {delayed_ack_time: 20ms}
listeners: [{name: access, address: 127.0.0.1, port: $P0}]
peers: [{name: core, address: 127.0.0.1, port: $P1}]
routes: [{from: access, to: core}]
CONFIG
    stop_broker
    not grep event=advice "$work/broker.log"
}

@test "a network namespace has settings of its own, and is named" {
    network access
    local access=$network
    nsenter --net=/proc/$access/ns/net sysctl -q -w net.sctp.rcvbuf_policy=0 net.sctp.sndbuf_policy=1
    host net.sctp.rcvbuf_policy=1 net.sctp.sndbuf_policy=1
    start_broker <<CONFIG
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, peeloff: never, netns: /proc/$access/ns/net}
  - {name: also, address: 127.0.0.1, port: $P1, peeloff: never, netns: /proc/$access/ns/net}
  - {name: here, address: 127.0.0.1, port: $P0, peeloff: never}
routes: [{from: access, to: here}]
CONFIG
    stop_broker
    [ "$(grep -c event=advice "$work/broker.log")" = 1 ]
    grep -q "event=advice text=\"in network namespace /proc/$access/ns/net: net.sctp.rcvbuf_policy is 0" "$work/broker.log"
}

@test "--version tells what this host's kernel can, and what to write" {
    local program=$JUNCTOR
    host net.sctp.intl_enable=0 net.sctp.reconf_enable=1 net.sctp.udp_port=0
    "$JUNCTOR" --version >"$work/version" 3>&-
    grep -qE '^kernel: Linux .*, with SCTP$' "$work/version"
    grep -qE '^  interleaving .* off; write sysctl net\.sctp\.intl_enable=1' "$work/version"
    grep -qE '^  stream reconfiguration .* on$' "$work/version"
    grep -qE '^  UDP encapsulation .* (off; write sysctl net\.sctp\.udp_port=9899|-; this kernel has no such setting)' "$work/version"
    JUNCTOR=$program
    host net.sctp.intl_enable=1 net.sctp.reconf_enable=0
    "$JUNCTOR" --version >"$work/version" 3>&-
    grep -qE '^  interleaving .* on$' "$work/version"
    grep -qE '^  stream reconfiguration .* off; reconfig_supported offers it' "$work/version"
}
