load lib

# Without CAP_NET_ADMIN the limits of the host decide what is granted.
unprivileged() {
    [ "$(id -u)" = 0 ] || return 0
    printf '#!/bin/sh\nexec setpriv --bounding-set=-net_admin --inh-caps=-net_admin %s "$@"\n' "$JUNCTOR" >"$work/clipped"
    chmod +x "$work/clipped"
    JUNCTOR=$work/clipped
}

# told_of NAME SYSCTL FILE: once, with the sysctl to write, if the host's limit is below what is requested; else not at all.
told_of() {
    local limit expected=1
    read -r limit <"/proc/sys/${2//./\/}"
    [ "$limit" -lt $((16 << 20)) ] || expected=0
    [ "$(grep -cE "UDP $1 buffer: asked 16M, granted [0-9]+K?M?; write sysctl $2=16777216, or grant CAP_NET_ADMIN" "$3")" = $expected ]
}

@test "UDP buffers that the kernel clips are told, by the broker at start and by the load generator in its report" {
    unprivileged
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core}]
CONFIG
    through_broker load --count 10
    "$JUNCTOR" load --transport usrsctp --listen 127.0.0.1:$P2 --listen-encaps $U2 --count 10 >"$work/table.log" 2>&1
    stop_broker
    jq -r '.granted // [] | .[]' "$work/load.json" >"$work/granted.log"
    for name in receive,net.core.rmem_max send,net.core.wmem_max; do
        told_of ${name%,*} ${name#*,} "$work/broker.log"
        told_of ${name%,*} ${name#*,} "$work/granted.log"
        told_of ${name%,*} ${name#*,} "$work/table.log"
    done
}
