load lib
load admin

@test "reload and stop answer when they are done" {
    start_broker < <(gateway)
    ask /v1/reload -X POST | jq -e '.done and .generation == 2 and (.lines[-1] | test("event=reloaded .*changes=0"))'
    (gateway && echo "broken:") | write_config
    [ "$(status_of /v1/reload -X POST)" = 409 ]
    jq -e '(.done | not) and .generation == 2 and (.lines | map(select(test("event=reload_refused.*broken"))) | length == 1)' "$work/answer"
    gateway | sed 's/name: all/name: most/' | write_config
    ask /v1/reload -X POST | jq -e '.done and .generation == 3'
    [ "$(status_of "/v1/log_level?value=loud" -X POST)" = 400 ]
    ask "/v1/log_level?value=debug" -X POST | jq -e '.done'
    [ "$(status_of "/v1/stop?drain=2parsecs" -X POST)" = 400 ]
    ask "/v1/stop?drain=3s" -X POST | jq -e '.done and (.lines | map(select(test("event=account .*balanced=yes"))) | length == 1)'
    ends_with 0 "$broker"
    [ "$(logged draining timeout_ms)" = 3000 ]
    [ "$(logged draining signal)" = admin ]
}

@test "what changes something is taken from root, the owner and the group only" {
    [ "$(id -u)" = 0 ] || skip "needs root"
    chmod 711 "$work" "$BATS_RUN_TMPDIR" "$(dirname "$work")"
    start_broker < <(admin ", mode: 0666, group: \"4242\"" && gateway | tail -n +2)
    [ "$(stat -c '%a %g' "$work/admin.sock")" = "666 4242" ]
    as() { setpriv --reuid=65534 --regid="$1" --clear-groups curl -sS --unix-socket "$work/admin.sock" -o /dev/null -w '%{http_code}' "${@:2}"; }
    [ "$(as 65534 http://junctor/v1/status)" = 200 ]
    [ "$(as 65534 http://junctor/v1/reload -X POST)" = 403 ]
    [ "$(as 4242 http://junctor/v1/reload -X POST)" = 200 ]
    stop_broker
}

@test "where the socket stands: as configured, else by the environment; a dead broker's goes" {
    gateway | sed "s#admin: {path: [^}]*}#admin: {mode: 0600}#" >"$work/by_default.yaml"
    mkdir "$work/service"
    RUNTIME_DIRECTORY=$work/service:$work/other start_broker <"$work/by_default.yaml"
    [ "$(stat -c %a "$work/service/junctor.sock")" = 600 ]
    curl -sS --unix-socket "$work/service/junctor.sock" http://junctor/readyz | grep -qx ready
    kill -KILL "$broker"
    wait_until 5 ended "$broker"
    [ -S "$work/service/junctor.sock" ]
    RUNTIME_DIRECTORY=$work/service start_broker <"$work/by_default.yaml"
    curl -sS --unix-socket "$work/service/junctor.sock" http://junctor/readyz | grep -qx ready
    gateway | sed "s#$work/admin.sock#$work/service/junctor.sock#; s/port: $P0, encaps_port: $U0/port: $P3, encaps_port: $U3/" >"$work/second.yaml"
    not "$JUNCTOR" run -c "$work/second.yaml" 2>"$work/second.err" 3>&-
    grep -q 'event=start_failed key=broker.admin.path error=".*Address already in use"' "$work/second.err"
    stop_broker
    [ ! -e "$work/service/junctor.sock" ]
    gateway | sed "s#$work/admin.sock#off#" >"$work/off.yaml"
    RUNTIME_DIRECTORY=$work/service start_broker <"$work/off.yaml"
    [ -z "$(ls "$work/service")" ]
    stop_broker
}

@test "metrics: read only, and bounded" {
    start_broker < <(gateway | sed "1s#}}#}, metrics: \"127.0.0.1:$P7\"}#")
    [ "$(curl -sS "http://127.0.0.1:$P7/healthz")" = ok ]
    [ "$(curl -sS "http://127.0.0.1:$P7/readyz")" = ready ]
    tcp() { curl -sS -o /dev/null -w '%{http_code}' "http://127.0.0.1:$P7$1" "${@:2}"; }
    [ "$(tcp /v1/status)" = 200 ]
    [ "$(tcp /v1/config)" = 403 ]
    [ "$(tcp /v1/stop -X POST)" = 403 ]
    [ "$(tcp "/$(printf '%020000d' 0)")" -ge 400 ]
    # More connections than it keeps: those beyond are turned away, and it serves again when they have gone.
    local fds=() fd i
    for ((i = 0; i < 80; i++)); do exec {fd}<>"/dev/tcp/127.0.0.1/$P7" && fds+=("$fd"); done
    says /v1/status '.state == "running"'
    for fd in "${fds[@]}"; do exec {fd}>&-; done
    wait_until 10 eval '[ "$(curl -sS "http://127.0.0.1:$P7/readyz")" = ready ]'
    stop_broker
}

@test "what Prometheus reads, its own tool finds nothing wrong with" {
    command -v promtool >/dev/null || skip "promtool (Debian's package prometheus) is not installed"
    start_broker < <(gateway | sed "1s#}}#}, metrics: [\"127.0.0.1:$P7\", \"[::1]:$P7\"]}#")
    curl -sS "http://127.0.0.1:$P7/metrics" | promtool check metrics
    [ "$(curl -sS -g "http://[::1]:$P7/readyz")" = ready ]
    stop_broker
}

@test "Grafana's dashboard: its queries are PromQL, and of metrics and labels that there are" {
    command -v promtool >/dev/null || skip "promtool (Debian's package prometheus) is not installed"
    local board=packaging/grafana.json name label
    start_broker < <(gateway | sed "1s#}}#}, metrics: \"127.0.0.1:$P7\"}#")
    curl -sS "http://127.0.0.1:$P7/metrics" >"$work/metrics"
    # Panels: numbered once, with a place of their own on the 24 columns, each with a query.
    jq -e '.uid == "junctor" and .schemaVersion >= 30 and (.panels | (map(.id) | unique | length) == length and length > 15) and
        all(.panels[]; .gridPos | .x >= 0 and .w > 0 and .h > 0 and .x + .w <= 24) and
        ([.panels[].gridPos | range(.x; .x + .w) as $x | range(.y; .y + .h) as $y | [$x, $y]] | (unique | length) == length) and
        all(.panels[] | select(.type != "row"); (.title | length > 0) and (.targets | length > 0 and (map(.refId) | unique | length) == length)) and
        all(.panels[] | select(.type != "row") | ., .targets[]; .datasource.uid == "${datasource}")' "$board" >/dev/null
    jq -r '[.panels[].targets[]?.expr, .annotations.list[].expr, (.templating.list[].query | objects | .query)][]' "$board" >"$work/queries"
    [ "$(wc -l <"$work/queries")" -gt 25 ]
    for name in $(grep -oE 'junctor_[a-z_]+' "$work/queries" | sort -u); do
        grep -qE "^# TYPE $name (gauge|counter)\$" "$work/metrics" || { echo "no metric $name" && false; }
        case $name in # a counter's rate, a gauge's value
        *_total) grep -qE "(rate|increase)\($name\{" "$work/queries" ;;
        *) not grep -qE "(rate|increase)\($name\{" "$work/queries" ;;
        esac
    done
    for label in $(jq -r '.panels[].targets[]? | .legendFormat' "$board" | grep -oE '\{\{[a-z]+\}\}' | tr -d '{}' | sort -u); do
        [ "$label" = instance ] || grep -q "[{,]$label=\"" "$work/metrics" || { echo "no label $label" && false; }
    done
    grep '^label_values' "$work/queries" | grep -vqE '^label_values\(junctor_build_info(\{[^}]*\})?, (job|instance)\)$' && false
    { echo "groups: [{name: board, rules: [" && grep -v '^label_values' "$work/queries" |
        sed 's/\$__rate_interval/1m/g; s/\$__range/1h/g; s/\$[a-z]*/.*/g' | jq -R '{record: "board:x\(input_line_number)", expr: .}' | sed 's/^}$/},/' && echo "]}]"; } >"$work/rules.yaml"
    promtool check rules "$work/rules.yaml"
    stop_broker
}
