# What the scenarios share: a broker with a config of its own, the load generator, their logs and numbers.
#
# A scenario begins with `load lib`, starts a broker with start_broker and a config on standard input, sends something
# through it and looks at what arrived and at the broker's account. BACKEND is usrsctp or kernel, JUNCTOR the program.
# Whatever a scenario starts ends with it; when it fails, the logs are printed.
#
# Ports, new ones each time, and others than those of tests that run in another lane (tests/run): P0 … P7 for SCTP; U0 … U7 for
# UDP, which usrsctp runs over. By habit the broker listens on P0 and U0, the load generator on P1 … and U1.

BACKEND=${BACKEND:-usrsctp}
JUNCTOR=${JUNCTOR:-build/junctor}

# Long timeouts: the test kernel runs on an emulated processor, of a machine that does much else.
case $BACKEND in
kernel) PATIENCE=${PATIENCE:-8} ;;
*) PATIENCE=${PATIENCE:-3} ;;
esac

# Where the processor is emulated, jq takes 0.4 s to start, gojq 0.04 s.
if [ "${GOJQ-$BACKEND}" = kernel ] && command -v gojq >/dev/null; then
    jq() { gojq "$@"; }
fi

setup() {
    # bats keeps a stack trace up to date before each command: of those in here it would cost more than the commands.
    set +T
    work=$BATS_TEST_TMPDIR
    pids=()
    exec {nowhere}<> <(:)
    local base i used
    used=$(ports_in_use)
    while :; do
        base=$((10000 + (RANDOM % 250 * 8 + ${JUNCTOR_LANE:-0} % 8) * 10))
        for i in 0 1 2 3 4 5 6 7; do
            [[ $used != *$'\n'$((base + i))$'\n'* ]] || continue 2
        done
        break
    done
    for i in 0 1 2 3 4 5 6 7; do printf -v "P$i" %d $((base + i)) && printf -v "U$i" %d $((base + i)); done
}

# Ports in use for UDP, or for SCTP by something of earlier scenarios that ends slowly. One per line, an empty line before
# and after.
ports_in_use() {
    local file column field
    echo
    for file in /proc/net/{udp,udp6,sctp/eps,sctp/assocs}; do
        case $file in
        */eps) column=5 ;;
        */assocs) column=11 ;;
        *) column=1 ;;
        esac
        [ ! -r "$file" ] || while read -ra field; do
            case ${field[column]-} in
            *:????) echo $((16#${field[column]##*:})) ;; # that of udp and udp6 is hexadecimal
            [0-9]*) echo "${field[column]}" ;;
            esac
        done <"$file"
    done
    echo
}

teardown() {
    local file
    { kill -KILL "${pids[@]}"; wait "${pids[@]}"; } 2>/dev/null || true
    [ -z "${BATS_TEST_COMPLETED-}" ] || return 0
    for file in "$work"/*.log; do
        [ -s "$file" ] || continue
        echo "---- ${file##*/}: its end"
        grep -vE 'event=(traffic|cost) ' "$file" | tail -n 25
    done
    for file in "$work"/*.err "$work"/*.json "$work"/*.yaml "$work"/*.log; do
        [ -s "$file" ] || continue
        echo "---- ${file##*/}"
        tail -n 400 "$file"
    done
}

# ---- waiting ----------------------------------------------------------------------------------------

# Waiting starts no programs. On an emulated processor each costs as much as what is waited for.

nap() {
    read -rt 0.05 -u "$nowhere" || true
}

# wait_until SECONDS CONDITION…: until the command succeeds; fails when it has not by then.
wait_until() {
    local end=$((SECONDS + $1 * PATIENCE))
    shift
    until "$@"; do
        if [ $SECONDS -ge $end ]; then
            echo "in vain: $*"
            return 1
        fi
        nap
    done
}

# has_line FILE PATTERN: a line of it matches the regular expression.
has_line() {
    local line
    while IFS= read -r line; do [[ ! $line =~ $2 ]] || return 0; done <"$1"
    return 1
}

# wait_lines N DESCRIPTOR PATTERN [SECONDS]: until N lines that can be read from there match the regular expression.
wait_lines() {
    local end=$((SECONDS + ${4:-10} * PATIENCE)) found=0 line lines rest=
    while :; do
        mapfile -u "$2" lines
        for line in "${lines[@]}"; do
            line=$rest$line rest=
            if [[ $line != *$'\n' ]]; then
                rest=$line # is still being written
            elif [[ ${line%$'\n'} =~ $3 ]] && [ $((++found)) -ge "$1" ]; then
                return 0
            fi
        done
        if [ $SECONDS -ge $end ]; then
            echo "in vain: $1 lines like '$3'; there are $found"
            return 1
        fi
        nap
    done
}

# wait_in N FILE PATTERN [SECONDS]: until that many lines of a file match; the file may not exist yet.
wait_in() {
    local fd status=0
    : >>"$2"
    exec {fd}<"$2"
    wait_lines "$1" "$fd" "$3" "${4-}" || { status=1 && echo "of ${2##*/}"; }
    exec {fd}<&-
    return $status
}

# wait_count N PATTERN [SECONDS]: until that many lines of the broker's log match; wait_log PATTERN [SECONDS]: one.
wait_count() {
    wait_in "$1" "$work/broker.log" "${@:2}"
}
wait_log() {
    wait_count 1 "$@"
}

# not COMMAND…: fails if the command succeeds; `!` alone does not end a scenario.
not() {
    ! "$@"
}

# ended PID: it is gone, or a zombie: bash may not notice that a child has ended before it starts another program.
ended() {
    local stat
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    set -- "/proc/$1/task/"* # its first thread may end before the others, which still have its sockets
    [[ $stat == *") Z "* && $# = 1 ]]
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
    with_transport >"$work/broker.yaml"
    : >"$work/broker.log"
    "$JUNCTOR" run -c "$work/broker.yaml" >"$work/broker.out" 2>"$work/broker.log" 3>&- </dev/null &
    broker=$!
    pids+=("$broker")
    wait_until 10 has_begun
    if ended $broker; then
        echo "the broker did not start"
        return 1
    fi
}

has_begun() {
    ended "$broker" || has_line "$work/broker.log" event=ready
}

# with_transport: the config on standard input, with a `broker:` section added if it has none. What a broker has when it ends it
# may deliver however long that takes, unless the config says something else.
with_transport() {
    local config from='broker: {' to='broker: {drain_timeout: 2m, '
    IFS= read -rd '' config || true
    [[ $'\n'$config == *$'\n'broker:* ]] || config="broker: {transport: $BACKEND}"$'\n'$config
    [[ $config == *drain_timeout* ]] || config=${config/"$from"/"$to"}
    printf %s "$config"
}

# stop_broker: SIGTERM, which drains; the exit status must be 0 and the account must balance with nothing left waiting.
stop_broker() {
    kill -TERM "$broker"
    ends_with 0 "$broker" 15
    [ "$(account balanced)" = yes ]
    [ "$(account waiting)" = 0 ]
}

# ask_account: makes the running broker log its account once more, which ends with what it cost.
ask_account() {
    local fd status=0 before
    exec {fd}<"$work/broker.log"
    mapfile -u "$fd" before
    kill -USR1 "$broker"
    wait_lines 1 "$fd" event=cost 5 || status=1
    exec {fd}<&-
    return $status
}

# logged EVENT KEY [PATTERN]: the value of a key in the last line of an event (that fits the pattern).
logged() {
    local lines i
    mapfile -t lines <"$work/broker.log"
    for ((i = ${#lines[@]} - 1; i >= 0; i--)); do
        [[ "${lines[i]} " == *"event=$1 "* && ${lines[i]} =~ ${3-} ]] || continue
        [[ " ${lines[i]}" =~ " $2="([^ ]*) ]] && echo "${BASH_REMATCH[1]}"
        return 0
    done
}

# account KEY: from the last account; 0 if the line does not contain it.
account() {
    local value
    value=$(logged account "$1")
    echo "${value:-0}"
}

# wait_account KEY OPERATOR NUMBER [SECONDS]: until the running broker's account says so, like `wait_account received -gt 100`.
account_says() {
    ask_account && [ "$(account "$1")" "$2" "$3" ]
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
    ask_account && [ "$(delivered_to "$1")" -ge "$2" ]
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

# write_config: a new file for the running broker; if it has no `broker:` section it gets that of start_broker.
write_config() {
    with_transport >"$work/new.yaml"
    mv "$work/new.yaml" "$work/broker.yaml"
}

# reload N: asks for a reload and waits until the broker has served N of them.
reload() {
    kill -HUP "$broker"
    wait_count "$1" event=reloaded && return
    grep -E 'event=(reload|listening|changed)' "$work/broker.log"
    return 1
}

# wait_more PEER NUMBER: until so many more messages than now have been delivered to a peer.
wait_more() {
    ask_account
    wait_delivered_to "$1" $(($(delivered_to "$1") + $2))
}

# ---- the load generator -----------------------------------------------------------------------------

# It ends when all has arrived. It must wait long for the rest: an emulated processor takes eight seconds for 60 messages
# of 60,000 bytes that one stack sends to the other and back.

# start_load NAME OPTION…: `junctor load` in the background; its process id in $loader.
start_load() {
    start_telling "$1" --quiet "${@:2}"
}

# start_telling NAME OPTION…: the same with its progress lines in $work/NAME.err.
start_telling() {
    local name=$1
    shift
    : >"$work/$name.err"
    "$JUNCTOR" load --transport "$BACKEND" --json --late-ok --drain 30s "$@" >"$work/$name.json" 2>"$work/$name.err" 3>&- </dev/null &
    loader=$!
    pids+=("$loader")
}

# is_listening SCTP-PORT UDP-PORT [PID]: in the network namespace of that process.
is_listening() {
    local net=/proc/${3:-self}/net hex field
    case $BACKEND in
    kernel) while read -ra field; do [ "${field[5]}" != "$1" ] || return 0; done <"$net/sctp/eps" ;;
    *)
        printf -v hex :%04X "$2"
        while read -ra field; do [[ ${field[1]} != *"$hex" ]] || return 0; done < <(cat "$net/udp" "$net/udp6" 2>/dev/null)
        ;;
    esac
    return 1
}

# start_sink NAME UDP-PORT SCTP-PORT[,SCTP-PORT…] OPTION…: the load generator as a sink on 127.0.0.1, in the background; its
# process id in $loader. Returns when it listens.
start_sink() {
    local name=$1 udp=$2 ports=$3 listen=() port
    shift 3
    for port in ${ports//,/ }; do listen+=(--listen "127.0.0.1:$port"); done
    start_telling "$name" --role sink "${listen[@]}" --listen-encaps "$udp" "$@"
    wait_in 1 "$work/$name.err" 'listening on'
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
    local loader
    start_load "$@"
    wait_until 60 ended "$loader" || return
    wait "$loader"
}

# through_broker NAME OPTION…: source and sink in one process, from the broker's P0 back to P1.
through_broker() {
    local name=$1
    shift
    run_load "$name" --to 127.0.0.1:"$P0" --to-encaps "$U0" --listen 127.0.0.1:"$P1" --listen-encaps "$U1" "$@"
}

# read_report NAME: its report as ${report[KEY]}, KEY like .latency_ns.p99 of the last run, .report.ok of the whole.
declare -gA report
read_report() {
    local key value
    report=()
    while read -r key value; do report[$key]=$value; done < <(awk -f tests/scenarios/report.awk "$work/$1.json")
    [ ${#report[@]} != 0 ]
}

# result NAME KEY: one value of it.
result() {
    read_report "$1" && echo "${report[$2]-none}"
}

# query NAME FILTER: the same by jq, for other than plain values: `.series.paths | length`, or `| .sent == .delivered`. Starts
# a program, which is slow in the test kernel.
query() {
    jq -r ".runs[-1] $2" "$work/$1.json"
}

# documented COMMAND FILE…: each member of these JSON documents is in the section JSON of `junctor COMMAND --help`.
documented() {
    local member help
    help=$("$JUNCTOR" "$1" --help | sed -n '/^JSON/,/^[SE][IX]/p')
    while read -r member; do
        grep -qw -- "$member" <<<"$help" || { echo "junctor $1 --help does not have $member" && return 1; }
    done < <(jq -r 'del(.points[]?.values) | [paths[] | strings] | unique[]' "${@:2}")
}

# unharmed [KEY]: the report that was read says that nothing was lost, duplicated or changed; KEY .replies: of the answers.
unharmed() {
    local bad
    for bad in lost open_flows duplicated misordered corrupt wrong_ppid foreign; do
        [ "${report[${1-}.$bad]-}" = 0 ] || return
    done
    [ "${report[${1-}.exact]-}" = true ]
}

# delivered_all NAME [COUNT]: the report says that every message arrived, once, in order (and how many they were).
delivered_all() {
    read_report "$1" && unharmed && [ "${report[.report.ok]}" = true ] && [ "${report[.delivered]}" -gt 0 ] &&
        [ "${report[.delivered]}" = "${report[.sent]-${report[.delivered]}}" ] &&
        [ "${report[.delivered]}" = "${2-${report[.delivered]}}" ]
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
