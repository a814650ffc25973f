# What scenarios of the admin interface share; loaded behind lib.

# What the broker has, by curl. The config's `broker:` line has the socket, and one more key for which is $1.
admin() {
    echo "broker: {transport: $BACKEND, drain_timeout: 2m, admin: {path: $work/admin.sock${1-}}}"
}
ask() { # path, curl's options
    curl -sS --max-time 20 --unix-socket "$work/admin.sock" "${@:2}" "http://junctor$1"
}
status_of() { # the same, of which only the status
    curl -sS --max-time 20 --unix-socket "$work/admin.sock" -o "$work/answer" -w '%{http_code}' "${@:2}" "http://junctor$1"
}
says() { # path, jq's condition
    ask "$1" >"$work/said.json" && jq -e "$2" "$work/said.json" >/dev/null
}

junctor() { # COMMAND OPTION…: asks that broker
    "$JUNCTOR" "$1" -s "$work/admin.sock" "${@:2}" 3>&-
}
status_is() { # STATUS COMMAND…: the command exits so
    local status=0
    "${@:2}" >"$work/out" 2>"$work/err" || status=$?
    [ $status = "$1" ] || { echo "exit status $status: $*"; cat "$work/out" "$work/err"; return 1; }
}

gateway() {
    admin
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: one, address: 127.0.0.1, port: $P1, encaps_port: $U1, reconnect: {initial: 100ms, max: 200ms}}
  - {name: two, address: 127.0.0.1, port: $P2, encaps_port: $U2, reconnect: {initial: 100ms, max: 200ms}}
groups: [{name: core, members: [one, two]}]
routes: [{name: all, from: access, to: core, session: shared}]
CONFIG
}
