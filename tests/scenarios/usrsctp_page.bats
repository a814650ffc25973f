load lib
load admin

# page: the status page as rendered by a browser after some seconds, one tag per line.
page() {
    timeout $((30 * PATIENCE)) chromium --headless --no-sandbox --disable-gpu --disable-dev-shm-usage --user-data-dir="$work/chromium" \
        --virtual-time-budget=5000 --dump-dom "http://127.0.0.1:$P7/" 2>"$work/chromium.err" 3>&- | sed 's/>/>\n/g' >"$work/page"
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
    kill "$sink"
    wait_until 20 says /v1/groups '.groups[0].members | map(.state) == ["down", "down"]'
    page
    grep -q 'class="member down" data-member="one"' "$work/page"
    stop_broker
}
