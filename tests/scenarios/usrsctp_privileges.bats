load lib
load admin

# low N: a UDP port below 1024 that nothing uses, the same for the same N in one scenario.
low() {
    local port=$((600 + P0 % 37 * 8 + $1))
    echo $port
}

# guarded KEYS [LISTENERS]: a relay on low ports, the `broker:` section with these keys.
guarded() {
    cat <<CONFIG
broker: {transport: usrsctp, admin: {path: $work/admin.sock}$1}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $(low 0)}
${2-}
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: any, to: core, session: paired}]
CONFIG
}

# threads_say KEY VALUE: each thread of the broker has it in its status. Prints those that do not.
threads_say() {
    local status key value wrong=0 seen=0
    for status in "/proc/$broker/task"/*/status; do
        while IFS=$'\t' read -r key value; do
            [ "$key" = "$1:" ] || continue
            seen=$((seen + 1))
            [[ $value == $2 ]] || { echo "$status: $key $value" && wrong=1; }
        done <"$status"
    done
    [ $wrong = 0 ] && [ $seen -ge 5 ] # control, worker, log, admin, usrsctp's own
}

reloaded_in() { # FILE, which the broker makes
    [ -e "$1" ] && has_line "$1" event=reloaded
}

leaves_no_image() { # when it crashes
    grep -qE '^Max core file size +0 +0 ' "/proc/$broker/limits"
}

sanitized() { # the broker keeps what a sanitizer needs
    grep -q __asan_init "$JUNCTOR"
}

as_root() {
    [ "$(id -u)" = 0 ] || skip "only root has something to give up"
    grep -q '^nobody:' /etc/passwd || skip "there is no user nobody"
    # What the broker opens again must be reachable for nobody.
    chmod 711 "$BATS_RUN_TMPDIR" "$BATS_RUN_TMPDIR/test" "$work"
}

@test "started by root it becomes broker.user, keeps what low ports need, and reloads with one more" {
    as_root
    local log=$work/log/broker.log user group
    user=$(id -u nobody) group=$(id -g nobody)
    mkdir "$work/log"
    chown nobody "$work/log"
    start_broker < <(guarded ", user: nobody")
    [ "$(logged privileges uid)" = "$user" ]
    threads_say Uid "$user"$'\t'"$user"$'\t'"$user"$'\t'"$user"
    threads_say Gid "$group"$'\t'"$group"$'\t'"$group"$'\t'"$group"
    threads_say Groups "$group "
    if ! sanitized; then
        leaves_no_image
        [ "$(stat -c %u "/proc/$broker/environ")" = 0 ] # root's: nobody else may look into it
        [ "$(logged privileges capabilities)" = net_bind_service ]
        threads_say CapEff '0000000000000[04]00' # those that handle messages have net_bind_service
        threads_say CapPrm '0000000000000[04]00'
    fi
    threads_say NoNewPrivs 1
    [ "$(stat -c %u "$work/admin.sock")" = "$user" ]
    # Another low port, and a log file.
    guarded ", user: nobody, log_file: $log" "  - {name: more, address: 127.0.0.1, port: $P2, encaps_port: $(low 1)}" >"$work/broker.yaml"
    kill -HUP "$broker"
    wait_until 10 reloaded_in "$log"
    start_sink server "$U1" "$P1" --role echo --keep
    run_load source --role source --to "127.0.0.1:$P2" --to-encaps "$(low 1)" --listen-encaps "$U3" --count 50 --reply
    says /v1/status '.counters.delivered == 100'
    mv "$log" "$log.1"
    kill -HUP "$broker"
    wait_until 10 reloaded_in "$log"
    kill -TERM "$broker"
    ends_with 0 "$broker" 15
    grep -q 'event=account .*balanced=yes' "$log"
}

@test "without broker.user, too, only what is needed stays; the filter of system calls holds all threads" {
    as_root
    start_broker < <(guarded "")
    [ "$(logged privileges uid)" = 0 ]
    # Threads of the log and of admin could still become another user, were there no filter.
    sanitized || threads_say CapEff '0000000000000[04][0c]0'
    threads_say NoNewPrivs 1
    if [ "$(logged privileges sandbox)" = on ]; then
        threads_say Seccomp 2
    fi
    stop_broker
    start_broker < <(guarded ", sandbox: off, core_dumps: true")
    [ "$(logged privileges sandbox)" = off ]
    sanitized || [ "$(ulimit -H -c)" = 0 ] || not leaves_no_image
    threads_say Seccomp '[02]' # 2: something outside has one
    threads_say NoNewPrivs 1
    stop_broker
}

@test "a user or group that is not there, or that only root can become, is named at the start" {
    not start_broker < <(guarded ", user: nobody-of-that-name")
    grep -q 'event=start_failed error="broker.user: there is no user .nobody-of-that-name. on this host"' "$work/broker.log"
    [ "$(id -u)" = 0 ] || return 0
    not start_broker < <(guarded ", group: nogroup")
    grep -q 'event=start_failed error="broker.group: root in another group has no fewer rights' "$work/broker.log"
    as_root
    guarded ", user: root" | sed "s/encaps_port: $(low 0)/encaps_port: $U0/" >"$work/own.yaml"
    chmod 644 "$work/own.yaml"
    run setpriv --reuid nobody --regid nogroup --clear-groups "$JUNCTOR" run -c "$work/own.yaml" 3>&-
    [ "$status" = 1 ]
    [[ $output == *"broker.user: only root can become another user or group"* ]]
}
