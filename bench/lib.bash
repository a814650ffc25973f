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

# start_broker PROGRAM [NAME]: with $work/NAME.yaml (broker), until it is ready; its log is $work/NAME.log, its process id
# $broker. STARTED_BY is a command that starts it, such as "chrt -b 0".
start_broker() {
    local name=${2:-broker} by
    read -ra by <<<"${STARTED_BY:-}"
    : >"$work/$name.log"
    "${by[@]}" "$1" run -c "$work/$name.yaml" 2>"$work/$name.log" </dev/null &
    broker=$!
    started+=("$broker")
    for _ in {1..200}; do
        ! grep -q event=ready "$work/$name.log" || return 0
        kill -0 "$broker" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/$name.log" >&2
    return 1
}

# stop_broker [PROCESS]: the one that was started last, or this one; its exit status, when it has drained.
stop_broker() {
    local pid=${1:-$broker} each left=()
    [ "$pid" != "$broker" ] || broker=
    for each in "${started[@]}"; do [ "$each" = "$pid" ] || left+=("$each"); done
    started=("${left[@]}")
    kill -TERM "$pid"
    wait "$pid"
}

# build_revision REV TARGET: makes TARGET of that revision, once, in $BUILD/base; $base is its build folder then. Ends the
# script if it cannot.
build_revision() {
    local commit tree
    commit=$(git rev-parse --verify --quiet "$1^{commit}") || { echo "there is no revision $1" >&2 && exit 2; }
    tree=${BUILD:-build}/base/$commit
    base=$tree/build
    [ ! -e "$tree/built-$2" ] || return 0
    echo "building $1 in $tree"
    mkdir -p "$tree" && git archive "$commit" | tar -x -C "$tree" || exit 1
    env -u BUILD -u MAKEFLAGS -u MAKELEVEL DEPS=no make -C "$tree" -s -j"$(nproc)" BUILD=build "$2" >"$tree.log" 2>&1 || {
        tail -n 30 "$tree.log"
        echo "$1 does not build: $tree.log" >&2
        exit 1
    }
    touch "$tree/built-$2"
}

# measured_on: what the figures were made on.
measured_on() {
    echo "$(processor), $(nproc) processors, Linux $(uname -r)"
}

# Of numbers on standard input, one a line; of none, nothing.
median() {
    sort -g | awk '{v[NR] = $1} END {if (NR) print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2}'
}

processor() {
    sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1
}

# picture PAGE FILE: an HTML page as a picture (PNG), by headless Chromium.
picture() {
    command -v chromium >/dev/null || { echo "chromium is not installed" >&2 && return 1; }
    chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --force-device-scale-factor=1 --window-size=1000,1290 \
        --user-data-dir="$work/chromium" --screenshot="$work/page.png" "file://$1" 2>"$work/chromium.log" </dev/null
    [ "$(head -c 4 "$work/page.png" | tail -c 3)" = PNG ] || { cat "$work/chromium.log" && return 1; }
    cp "$work/page.png" "$2"
    echo "$2: $(stat -c %s "$2") bytes"
}
