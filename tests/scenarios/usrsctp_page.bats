load lib
load admin

# page [FRAGMENT]: the status page as rendered by a browser after some seconds, one tag per line.
page() {
    timeout $((30 * PATIENCE)) chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/chromium" \
        --virtual-time-budget=5000 --dump-dom "http://127.0.0.1:$P7/${1-}" 2>"$work/chromium.err" 3>&- | sed 's/>/>\n/g' >"$work/page"
    [ -s "$work/page" ]
}
# cell NAME: the value beside a name in a table of two columns.
cell() {
    grep -A 3 "^$1<" "$work/page" | grep -oE '^[0-9,]+' | head -n 1
}

@test "the page shows what the documents say, and members as they go" {
    command -v chromium >/dev/null || skip "chromium is not installed"
    start_broker < <(gateway | sed "1s#}}#}, metrics: \"127.0.0.1:$P7\"}#")
    start_sink sink "$U1" "$P1" --keep
    local sink=$loader
    wait_until 10 says /v1/groups '.groups[0].members | map(.state) == ["up", "down"]'
    run_source source "$U3" --associations 3 --count 1260
    wait_delivered_to one 1260
    page
    grep -q '<span id="state" class="running"' "$work/page"
    [ "$(cell received)" = 1,260 ]
    [ "$(cell delivered)" = 1,260 ]
    [ "$(cell waiting)" = 0 ]
    grep -q 'class="member up" data-member="one"' "$work/page"
    grep -q 'class="member down" data-member="two"' "$work/page"
    ask /v1/associations | jq -r '.associations[].id' >"$work/ids"
    diff "$work/ids" <(grep -oE 'data-id="[^"]*"' "$work/page" | cut -d '"' -f 2)
    grep -q '<polyline points="[0-9]' "$work/page"
    not grep -qE '(src|href)="(http|//)' broker/admin/page.html
    # Chosen, sorted, and one with its paths, as the page's address says.
    start_source more "$U4" --associations 3 --rate 1 --duration 60s
    wait_until 10 says /v1/listeners '.listeners[0].associations == 3'
    local id
    id=$(ask "/v1/associations?listener=access" | jq -r '.associations[1].id')
    page "#q=access&sort=age&id=$id"
    diff <(ask "/v1/associations?listener=access&sort=age" | jq -r '.associations[].id' | sort) <(grep -oE 'data-id="[^"]*"' "$work/page" | cut -d '"' -f 2 | sort)
    grep -A 2 'aria-sort="descending"' "$work/page" | grep -q '^Age<'
    grep -A 1 '<span id="one-id">' "$work/page" | grep -qx "$id</span>"
    grep -q '^active<' "$work/page"
    grep -q "accepted of listener access, worker 0, streams " "$work/page"
    kill "$loader"
    wait_until 20 ended "$loader"
    wait_account waiting -eq 0 # else it would wait for the members, and so would the end
    kill "$sink"
    wait_until 20 says /v1/groups '.groups[0].members | map(.state) == ["down", "down"]'
    page
    grep -q 'class="member down" data-member="one"' "$work/page"
    stop_broker
}

@test "the page and the tables show what operators say of members, ejections, slow starts, and what waits" {
    command -v chromium >/dev/null || skip "chromium is not installed"
    start_broker <<CONFIG
broker: {transport: $BACKEND, metrics: "127.0.0.1:$P7", admin: {path: $work/admin.sock}}
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0, queue: {messages: 70}}]
peers:
  - {name: heavy, address: 127.0.0.1, port: $P1, encaps_port: $U1, weight: 3}
  - {name: light, address: 127.0.0.1, port: $P6, encaps_port: $U1}
  - {name: drained, address: 127.0.0.1, port: $P2, encaps_port: $U1, state: drain}
  - {name: kept_out, address: 127.0.0.1, port: $P3, encaps_port: $U1, state: maint}
  - {name: failing, address: 127.0.0.1, port: $P4, encaps_port: $U2, connect_timeout: 100ms, reconnect: {initial: 50ms, max: 50ms}}
  - {name: nobody, address: 127.0.0.1, port: $P5, encaps_port: $U2}
groups:
  - {name: core, members: [heavy, light, drained, kept_out, failing], slow_start: 1h, eject: {failures: 2, for: 1h}}
  - {name: empty, members: [nobody], hold: {messages: 20}}
routes:
  - {from: access, ppid: m3ua, to: core, session: shared}
  - {from: access, ppid: ngap, to: empty, session: shared}
CONFIG
    start_sink sink "$U1" "$P1,$P2,$P3,$P6" --keep
    wait_until 20 says /v1/groups '.groups[0].members | map([.state, .set, .ejected]) ==
        [["up", "ready", false], ["up", "ready", false], ["up", "drain", false], ["down", "maint", false], ["down", "ready", true]]'
    says /v1/groups '.groups[0].members[0] | .weight == 3 and .slow_start == 6'
    run_source source "$U3" --ppid ngap --count 50 || true
    wait_until 10 says /v1/groups '.groups[1].hold | .messages == 20 and .bytes == null and .waiting == 20 and .waiting_bytes == 1280'
    says /v1/listeners '.listeners[0].queue | .messages == 70 and .own and .waiting == 0'
    says /v1/peers '.peers[0].queue | .messages == 4096 and (.own | not) and .most == 0'
    "$JUNCTOR" status groups -s "$work/admin.sock" | tee "$work/out"
    grep -qE '^core +loadshare +heavy:up:6%,light:up:6%,drained:drain,kept_out:maint,failing:ejected +0 +0 +0 +- ' "$work/out"
    grep -qE '^empty .* +0 +30 +20 +20 ' "$work/out"
    page
    member_says() { grep -A 1 "data-member=\"$1\"" "$work/page" | grep -qF "$2<"; }
    member_says heavy 'heavy up (slow start, 6 %, weight 3)'
    member_says light 'light up (slow start, 6 %)'
    member_says drained 'drained drain'
    member_says kept_out 'kept_out maint'
    member_says failing 'failing ejected'
    grep -q 'class="member slow" data-member="heavy"' "$work/page"
    grep -q '^20 of 20<' "$work/page"
}
