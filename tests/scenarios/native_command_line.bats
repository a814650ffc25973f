load lib

# wrong 'WORDS' COMMAND OPTION…: exit status 2, these words, and how to get help.
wrong() {
    local words=$1 status=0
    shift
    "$JUNCTOR" "$@" >"$work/out" 2>"$work/err" || status=$?
    echo "junctor $*: status $status: $(cat "$work/err")"
    [ $status = 2 ] && [ ! -s "$work/out" ] && [ "$(cat "$work/err")" = "junctor $1: $words
Try \`junctor $1 --help\`." ]
}

@test "all commands report a wrong command line in the same way" {
    local command
    for command in run check; do
        wrong "give the configuration with -c FILE" $command
        wrong "give the configuration with -c: junctor $command -c ok.yaml" $command ok.yaml
        wrong 'unexpected argument "b.yaml"' $command -c a.yaml b.yaml
        wrong "-c is given twice (a.yaml, b.yaml); a configuration is one file" $command -c a.yaml -c b.yaml
        wrong "--config: the value is missing" $command -c
        wrong "--config: the value is missing" $command --config
        wrong "--help takes no value" $command --help=3
        wrong 'unknown option "--confg"; did you mean --config?' $command --confg
    done
    for command in run check load; do
        wrong 'unknown option "--nonsense"' $command --nonsense
        wrong 'unknown option "-x"' $command -x
    done
    wrong "--to: the value is missing" load --to
    wrong 'unexpected argument "x"' load x
    wrong "there is no log level loud; write error, warning, info or debug" run --log-level loud -c config/examples/relay.yaml
}

@test "load and tune look at the files they will write before they begin" {
    local status command places=(--listen "127.0.0.1:$P1" --listen-encaps "$U1" --transport usrsctp)
    : >"$work/file"
    # too_late OPTION PLACE COMMAND…
    refused() {
        status=0
        "$JUNCTOR" "${@:3}" "${places[@]}" "$1" "$2" >"$work/out" 2>"$work/err" || status=$?
        cat "$work/err"
        [ $status = 1 ] && [ ! -s "$work/out" ] && grep -qF "junctor $3: $1: $2" "$work/err"
    }
    refused --report "$work/none/page.html" load
    grep -qF 'make its folder first' "$work/err"
    refused --csv "$work/file" load
    refused --csv "$work/none/tables" load
    for command in --report --write --resume; do
        refused $command "$work/none/file" tune --vary sndbuf=1M
    done
    # What was there stays, what was not is not there.
    echo kept >"$work/page.html"
    refused --csv "$work/file" load --report "$work/page.html"
    [ "$(cat "$work/page.html")" = kept ]
    refused --resume "$work/none/file" tune --vary sndbuf=1M --write "$work/tuned.yaml"
    [ ! -e "$work/tuned.yaml" ]
}

@test "all commands say when standard output does not take what they print" {
    local command status
    untaken() { # WHO ARGUMENT…
        status=0
        "$JUNCTOR" "${@:2}" >/dev/full 2>"$work/err" || status=$?
        echo "junctor ${*:2}: status $status: $(cat "$work/err")"
        [ $status = 1 ] && grep -qE "^$1: standard output: (No space left on device|not all of it could be written)$" "$work/err"
    }
    for command in $("$JUNCTOR" --help | awk '/^  [a-z]/ {print $1}'); do
        untaken "junctor $command" "$command" --help
    done
    for command in --help --version '--version --json' '--complete load --t'; do
        untaken junctor $command
    done
    start_broker <<CONFIG
broker: {transport: usrsctp, admin: {path: "$work/admin.sock"}}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    local config=$work/broker.yaml
    for command in "check -c $config" "check -c $config --print" "check --reference" \
        "explain -c $config --from access --ppid 3" "status -s $work/admin.sock" "status -s $work/admin.sock --json" \
        "top -s $work/admin.sock --once" "tap -s $work/admin.sock --count 1" "history -s $work/admin.sock core" \
        "load --transport usrsctp --listen 127.0.0.1:$P2 --listen-encaps $U2 --count 1 --quiet"; do
        untaken "junctor ${command%% *}" $command
    done
    stop_broker
}

@test "--help fits a terminal" {
    for command in $("$JUNCTOR" --help | awk '/^  [a-z]/ {print $1}') ""; do
        "$JUNCTOR" $command --help >"$work/help"
        [ -s "$work/help" ]
        [ -z "$(grep -E '.{81}' "$work/help")" ]
    done
}

@test "--version tells version, libraries and transports; the log begins with version and process" {
    "$JUNCTOR" --version >"$work/version"
    grep -qE '^junctor [0-9]+\.[0-9]+' "$work/version"
    grep -qE '^libraries: .*usrsctp [0-9]' "$work/version"
    grep -qE '^transport kernel: ' "$work/version"
    grep -qE '^transport usrsctp: ' "$work/version"
    "$JUNCTOR" --version --json >"$work/version.json"
    jq -e '(.libraries.jansson | test("^[0-9]")) and (.transports | map(.name) == ["kernel", "usrsctp"]) and
        (.transports[1].available) and (.kernel.features | length > 8)' "$work/version.json"
    [ "junctor $(jq -r .version "$work/version.json")" = "$(head -n 1 "$work/version")" ]
    [ "$(jq -r .kernel.release "$work/version.json")" = "$(uname -r)" ]
    start_broker <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers: [{name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1}]
routes: [{from: access, to: core, session: paired}]
CONFIG
    head -n 1 "$work/broker.log" | grep -qF "event=starting version=$(awk 'NR == 1 {print $2}' "$work/version") pid=$broker "
    stop_broker
}

@test "SIGUSR1, meant for a broker, does not end the load generator" {
    start_sink sink $U1 $P1 --keep
    kill -USR1 $loader
    kill -TERM $loader
    ends_with 1 $loader # nothing came; it was not ended by the signal
}

@test "check --diff tells what a reload would change, and whether it needs a restart" {
    cat >"$work/old.yaml" <<CONFIG
listeners: [{name: access, port: 2905}]
peers: [{name: core, address: 127.0.0.1, port: 2906}]
routes: [{from: access, to: core}]
CONFIG
    sed 's/2906/2907, sctp: {nodelay: false}/' "$work/old.yaml" >"$work/new.yaml"
    [ -z "$("$JUNCTOR" check --diff "$work/old.yaml" - <"$work/old.yaml")" ]
    diff - <("$JUNCTOR" check --diff "$work/old.yaml" "$work/new.yaml") <<OUTPUT
peer core: port: 2906 -> 2907 (new endpoint)
peer core: nodelay: true -> false (at once)
OUTPUT
    sed -i '1i broker: {pin: true}' "$work/new.yaml"
    local status=0
    "$JUNCTOR" check -d "$work/old.yaml" "$work/new.yaml" >"$work/out" || status=$?
    [ $status = 3 ]
    grep -qx 'broker: pin: false -> true (restart)' "$work/out"
    status=0
    "$JUNCTOR" check --diff "$work/old.yaml" - <<<'listeners: []' >"$work/out" 2>"$work/err" || status=$?
    [ $status = 1 ] && [ ! -s "$work/out" ]
    grep -q '^standard input' "$work/err"
    wrong "--diff compares two files: junctor check --diff OLD NEW" check --diff "$work/old.yaml"
}
