# What the scripts that measure a broker share: a folder of their own, the broker that they start in it, figures.
#
# A script sources this when it is in the top folder. Whatever it starts with start_* ends with it.

work=$(mktemp -d)
broker=
started=()
clean_up() {
    local pid
    for pid in $broker "${started[@]}"; do kill -KILL -- "-$pid" || kill -KILL "$pid"; done 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP

# paired_config TRANSPORT [LISTENER [WORKERS]]: a broker between 2905 and 2906; LISTENER is more of its listener, such as
# "peeloff: busy".
paired_config() {
    cat <<YAML
broker: {transport: $1, workers: ${3:-auto}}
sctp: {initmsg: {num_ostreams: 64, max_instreams: 64}}
listeners: [{name: access, address: 127.0.0.1, port: 2905, encaps_port: 9899${2:+, $2}}]
peers: [{name: server, address: 127.0.0.1, port: 2906, encaps_port: 9900}]
routes: [{from: access, to: server, session: paired}]
YAML
}

# start_broker PROGRAM: with $work/broker.yaml, until it is ready; its log is $work/broker.log, its process id $broker.
start_broker() {
    : >"$work/broker.log"
    "$1" run -c "$work/broker.yaml" 2>"$work/broker.log" </dev/null &
    broker=$!
    for _ in {1..200}; do
        ! grep -q event=ready "$work/broker.log" || return 0
        kill -0 $broker 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/broker.log" >&2
    return 1
}

# stop_broker: its exit status, when it has drained.
stop_broker() {
    local pid=$broker
    broker=
    kill -TERM "$pid"
    wait "$pid"
}

# Of numbers on standard input, one a line; of none, nothing.
median() {
    sort -g | awk '{v[NR] = $1} END {if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

# spread FILE: "MEDIAN (SMALLEST to LARGEST)" of the numbers in it.
spread() {
    echo "$(median <"$1") ($(sort -g "$1" | head -n 1) to $(sort -g "$1" | tail -n 1))"
}

processor() {
    sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1
}
