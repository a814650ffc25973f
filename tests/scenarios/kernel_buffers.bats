load lib

# unprivileged: $JUNCTOR then runs without CAP_NET_ADMIN, so that the kernel clips buffers.
unprivileged() {
    [ "$(id -u)" = 0 ] || return 0
    printf '#!/bin/sh\nexec setpriv --bounding-set=-net_admin --inh-caps=-net_admin %s "$@"\n' "$JUNCTOR" >"$work/clipped"
    chmod +x "$work/clipped"
    JUNCTOR=$work/clipped
}

@test "buffers that the kernel clips are told at start, with what was granted and the sysctl to write" {
    local sending receiving
    sending=$(cat /proc/sys/net/core/wmem_max) receiving=$(cat /proc/sys/net/core/rmem_max)
    unprivileged
    start_broker <<CONFIG
sctp: {sndbuf: $((sending * 2)), recbuf: $((receiving * 2))}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0}
  - {name: fits, address: 127.0.0.1, port: $P2, sctp: {sndbuf: $sending, recbuf: $receiving}}
peers: [{name: core, address: 127.0.0.1, port: $P1, sctp: {recbuf: $receiving}}]
routes: [{from: access, to: core, session: shared}]
CONFIG
    wait_log "event=option_differs peer=core"
    stop_broker
    grep -qE "event=option_differs listener=access text=\"sndbuf: asked .*, granted .*; write sysctl net.core.wmem_max=$((sending * 2)), or grant CAP_NET_ADMIN\"" "$work/broker.log"
    grep -qE "event=option_differs listener=access text=\"recbuf: asked .*, granted .*; write sysctl net.core.rmem_max=$((receiving * 2)), or" "$work/broker.log"
    [ "$(grep -c event=option_differs "$work/broker.log")" = 3 ] # the others were granted
}
