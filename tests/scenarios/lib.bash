# What the scenarios share: a broker with a config of its own, the load generator, their logs and numbers.
#
# A scenario begins with `load lib`, starts a broker with start_broker and a config on standard input, sends something
# through it and looks at what arrived and at the broker's account. BACKEND is usrsctp or kernel, JUNCTOR the program.
# Whatever a scenario starts ends with it; when it fails, the logs are printed.
#
# Ports, new ones each time: P0 … P7 for SCTP; U0 … U7 for UDP, which usrsctp runs over. By habit the broker listens on P0 and
# U0, the load generator on P1 … and U1.

BACKEND=${BACKEND:-usrsctp}
JUNCTOR=${JUNCTOR:-build/junctor}

# Patience: the test kernel runs on an emulated processor.
case $BACKEND in
kernel) PATIENCE=${PATIENCE:-4} ;;
*) PATIENCE=${PATIENCE:-2} ;;
esac

setup() {
    work=$BATS_TEST_TMPDIR
    pids=()
    local base i used
    # Neither in use for UDP, nor for SCTP by something of earlier scenarios that ends slowly.
    used=$(
        ss -Huan 2>/dev/null | awk '{sub(/.*:/, "", $4); print $4}'
        awk 'FNR > 1 {print FILENAME ~ /eps/ ? $6 : $12}' /proc/net/sctp/eps /proc/net/sctp/assocs 2>/dev/null || true
    )
    while :; do
        base=$((10000 + RANDOM % 2000 * 10))
        for i in 0 1 2 3 4 5 6 7; do
            ! grep -qx $((base + i)) <<<"$used" || continue 2
        done
        break
    done
    for i in 0 1 2 3 4 5 6 7; do printf -v "P$i" %d $((base + i)) && printf -v "U$i" %d $((base + i)); done
}

teardown() {
    local pid file
    for pid in "${pids[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    # Only when the scenario failed does bats show this.
    for file in "$work"/*.yaml "$work"/*.log "$work"/*.err; do
        [ -s "$file" ] || continue
        echo "---- ${file##*/}"
        tail -n 60 "$file"
    done
    for file in "$work"/*.json; do
        [ -s "$file" ] || continue
        echo "---- ${file##*/}"
        jq -c . "$file" || cat "$file"
    done
}

# ---- waiting ----------------------------------------------------------------------------------------

# wait_until SECONDS CONDITION…: until the command succeeds; fails when it has not by then.
wait_until() {
    local end=$((SECONDS + $1 * PATIENCE))
    shift
    until "$@"; do
        if [ $SECONDS -ge $end ]; then
            echo "in vain: $*"
            return 1
        fi
        sleep 0.1
    done
}

# wait_log PATTERN [SECONDS]: until a line of the broker's log fits the regular expression.
wait_log() {
    wait_until "${2:-10}" grep -qE -- "$1" "$work/broker.log"
}

# wait_count N PATTERN: until that many lines fit.
log_count_is() {
    [ "$(grep -cE -- "$2" "$work/broker.log")" -ge "$1" ]
}
wait_count() {
    wait_until 10 log_count_is "$1" "$2"
}

# not COMMAND…: fails where the command succeeds; `!` alone ends no scenario.
not() {
    ! "$@"
}

ended() {
    ! kill -0 "$1" 2>/dev/null
}

# ends_with STATUS PID [SECONDS]: waits for a process and compares its exit status.
ends_with() {
    local status=0
    wait_until "${3:-30}" ended "$2"
    wait "$2" || status=$?
    echo "exit status $status, $1 awaited"
    [ $status = "$1" ]
}

# ---- the broker -------------------------------------------------------------------------------------

# start_broker <<CONFIG: the config without its `broker:` section, or with one (then it chooses the transport by itself).
# Leaves its process id in $broker.
start_broker() {
    cat >"$work/broker.yaml"
    grep -q '^broker:' "$work/broker.yaml" || sed -i "1i broker: {transport: $BACKEND}" "$work/broker.yaml"
    "$JUNCTOR" run -c "$work/broker.yaml" >"$work/broker.out" 2>"$work/broker.log" 3>&- </dev/null &
    broker=$!
    pids+=("$broker")
    wait_until 10 eval 'grep -q event=ready "$work/broker.log" || ended $broker'
    if ended $broker; then
        echo "the broker did not start"
        return 1
    fi
}

# stop_broker: SIGTERM, which drains; the exit status must be 0 and the account must balance with nothing left waiting.
stop_broker() {
    kill -TERM "$broker"
    ends_with 0 "$broker" 15
    [ "$(account balanced)" = yes ]
    [ "$(account waiting)" = 0 ]
}

# ask_account: makes the running broker log its account once more.
ask_account() {
    local before
    before=$(grep -c event=account "$work/broker.log") || true
    kill -USR1 "$broker"
    wait_until 5 log_count_is $((before + 1)) event=account
}

# logged EVENT KEY [PATTERN]: the value of a key in the last line of an event (that fits the pattern).
logged() {
    grep -E "event=$1( |\$)" "$work/broker.log" | grep -E -- "${3-}" | tail -n 1 | grep -oE "(^| )$2=[^ ]*" | head -n 1 | cut -d = -f 2-
}

# account KEY: from the last account; 0 where the line does not name it.
account() {
    local value
    value=$(logged account "$1")
    echo "${value:-0}"
}

# wait_account KEY OPERATOR NUMBER [SECONDS]: until the running broker's account says so, like `wait_account received -gt 100`.
account_says() {
    ask_account
    [ "$(account "$1")" "$2" "$3" ]
}
wait_account() {
    wait_until "${4:-10}" account_says "$1" "$2" "$3"
}

# delivered_to PEER: from the last account; wait_delivered_to PEER NUMBER: until the running broker's says at least that.
delivered_to() {
    local value
    value=$(logged traffic delivered "peer=$1 ")
    echo "${value:-0}"
}
has_delivered_to() {
    ask_account
    [ "$(delivered_to "$1")" -ge "$2" ]
}
wait_delivered_to() {
    wait_until 10 has_delivered_to "$@"
}

# ---- reload -----------------------------------------------------------------------------------------

# broker_line [KEY: VALUE, …]: a `broker:` section with two workers where the transport can have several.
broker_line() {
    local workers=1
    [ "$BACKEND" = usrsctp ] || workers=2
    echo "broker: {transport: $BACKEND, workers: ${WORKERS:-$workers}${1:+, $1}}"
}

# write_config: a new file for the broker that runs; where it has no `broker:` section it gets that of start_broker.
write_config() {
    cat >"$work/new.yaml"
    grep -q '^broker:' "$work/new.yaml" || sed -i "1i broker: {transport: $BACKEND}" "$work/new.yaml"
    mv "$work/new.yaml" "$work/broker.yaml"
}

# reload N: asks for a reload and waits until the broker has served N of them.
reload() {
    kill -HUP "$broker"
    wait_count "$1" event=reloaded
}

# wait_more PEER NUMBER: until so many more messages than now have been delivered to a peer.
wait_more() {
    ask_account
    wait_delivered_to "$1" $(($(delivered_to "$1") + $2))
}

# ---- the load generator -----------------------------------------------------------------------------

# It ends when all has arrived; how long it looks out for the rest is no matter of taste on an emulated processor, which
# takes eight seconds for 60 messages of 60,000 bytes that one stack sends the other and back.

# start_load NAME OPTION…: `junctor load` in the background; its process id in $loader.
start_load() {
    start_telling "$1" --quiet "${@:2}"
}

# start_telling NAME OPTION…: the same with its progress lines in $work/NAME.err.
start_telling() {
    local name=$1
    shift
    "$JUNCTOR" load --transport "$BACKEND" --json --late-ok --drain 30s "$@" >"$work/$name.json" 2>"$work/$name.err" 3>&- </dev/null &
    loader=$!
    pids+=("$loader")
}

# is_listening SCTP-PORT UDP-PORT
is_listening() {
    case $BACKEND in
    kernel) awk -v port="$1" '$6 == port {found = 1} END {exit !found}' /proc/net/sctp/eps ;;
    *) ss -Huln "sport = :$2" | grep -q . ;;
    esac
}

# start_sink NAME UDP-PORT SCTP-PORT[,SCTP-PORT…] OPTION…: the load generator as a sink on 127.0.0.1, in the background; its
# process id in $loader. Returns when it listens.
start_sink() {
    local name=$1 udp=$2 ports=$3 listen=() port
    shift 3
    for port in ${ports//,/ }; do listen+=(--listen "127.0.0.1:$port"); done
    start_telling "$name" --role sink "${listen[@]}" --listen-encaps "$udp" "$@"
    wait_until 10 grep -q 'listening on' "$work/$name.err"
}

# start_source NAME UDP-PORT OPTION…: as a source that sends to the broker's P0, in the background; its process id in $loader.
start_source() {
    local name=$1 udp=$2
    shift 2
    start_load "$name" --role source --to "127.0.0.1:$P0" --to-encaps "$U0" --listen-encaps "$udp" "$@"
}

# run_source NAME UDP-PORT OPTION…: the same in the foreground.
run_source() {
    local name=$1 udp=$2
    shift 2
    run_load "$name" --role source --to "127.0.0.1:$P0" --to-encaps "$U0" --listen-encaps "$udp" "$@"
}

# run_load NAME OPTION…: the same in the foreground; the status is that of the load generator (0: nothing lost, duplicated,
# misordered or corrupt).
run_load() {
    local name=$1
    shift
    timeout $((60 * PATIENCE)) "$JUNCTOR" load --transport "$BACKEND" --json --quiet --drain 30s "$@" \
        >"$work/$name.json" 2>"$work/$name.err" 3>&- </dev/null
}

# through_broker NAME OPTION…: source and sink in one process, from the broker's P0 back to P1.
through_broker() {
    local name=$1
    shift
    run_load "$name" --to 127.0.0.1:"$P0" --to-encaps "$U0" --listen 127.0.0.1:"$P1" --listen-encaps "$U1" "$@"
}

# result NAME KEY: from the last run of a report, like .delivered or .latency_ns.p99.
result() {
    jq -r ".runs[-1]$2" "$work/$1.json"
}

# delivered_all NAME [COUNT]: the report says that every message arrived, once, in order (and how many they were).
delivered_all() {
    jq -e --argjson count "${2:-null}" '.ok and (.runs[-1] | .delivered > 0 and (.sent // .delivered) == .delivered and
        .lost + .open_flows + .duplicated + .misordered + .corrupt + .wrong_ppid + .foreign == 0 and .exact and
        ($count == null or .delivered == $count))' "$work/$1.json" >/dev/null
}

# ---- networks ---------------------------------------------------------------------------------------

# network NAME: a network namespace of its own; the process that keeps it is $network, $work/in_NAME runs junctor there.
network() {
    [ "$(id -u)" = 0 ] || skip "network namespaces need root"
    unshare --net sh -c 'ip link set lo up; exec sleep 600' 3>&- &
    network=$!
    pids+=("$network")
    wait_until 5 eval "[ -n \"\$(nsenter --net=/proc/$network/ns/net ip -o address show dev lo up 2>/dev/null)\" ]"
    ! cmp -s <(readlink "/proc/$network/ns/net") <(readlink /proc/self/ns/net)
    printf '#!/bin/sh\nexec nsenter --net=/proc/%s/ns/net %s "$@"\n' "$network" "$JUNCTOR" >"$work/in_$1"
    chmod +x "$work/in_$1"
}
