load lib

guarded() { # LISTENER…: further ones
    cat <<CONFIG
broker: {transport: kernel, workers: 2, user: nobody}
sctp: {sndbuf: 512K, recbuf: 512K}
listeners:
  - {name: access, address: 127.0.0.1, port: 701, netns: /proc/$near/ns/net}
$@
peers: [{name: core, address: 127.0.0.1, port: $P1, netns: /proc/$near/ns/net, reconnect: {initial: 100ms, max: 200ms}}]
routes: [{from: any, to: core, session: paired}]
CONFIG
}

# Ports below 1024, another network namespace, buffers beyond what the kernel grants to all: each is needed again for a
# new association or by a reload, when the broker is root no longer.
@test "broker.user with a network namespace, low ports and large buffers: associations come up, and a reload opens more" {
    grep -q '^nobody:' /etc/passwd || skip "there is no user nobody"
    [ "$(cat /proc/sys/net/core/wmem_max)" -lt 524288 ] || skip "this host grants such buffers to all"
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$work"
    network near
    local near=$network
    start_broker < <(guarded)
    [ "$(logged privileges capabilities)" = net_bind_service,net_admin,sys_ptrace,sys_admin ]
    [ "$(logged privileges uid)" = "$(id -u nobody)" ]
    start_echo sink
    guarded "  - {name: more, address: 127.0.0.1, port: 702, netns: /proc/$near/ns/net}" >"$work/broker.yaml"
    reload 1
    JUNCTOR=$work/in_near run_load source --role source --to 127.0.0.1:702 --count 50 --reply
    read_report source
    [ "${report[.replies.delivered]}" = 50 ]
    not grep -qE 'event=(option_differs peer|connect_failed|listen_failed)' "$work/broker.log"
    stop_broker
}

start_echo() { # NAME: an echo server there
    JUNCTOR=$work/in_near start_telling "$1" --role echo --listen "127.0.0.1:$P1" --keep
    wait_in 1 "$work/$1.err" 'listening on'
}
