load lib

# browse PAGE: the document as rendered by a headless browser, in $work/dom.
browse() {
    chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/browser" --dump-dom "file://$1" \
        >"$work/dom" 2>"$work/browser.err" 3>&- </dev/null
}

# figure ID: the part of the document that is this plot
figure() {
    sed -n "/<figure id=\"$1\"/,/<\/figure>/p" "$work/dom"
}

@test "load --report: a browser shows tables and plots, with the values of the JSON" {
    run_load result --late-ok --listen "127.0.0.1:$P1" --listen-encaps "$U1" --duration 2s --interval 500ms --associations 2 \
        --flow "name=a<b,rate=400,streams=2" --flow name=back,direction=down,rate=100 \
        --report "$work/page.html" --csv "$work/tables"
    not grep -qE '(src|href)=|https?:|@import|url\(' "$work/page.html"
    browse "$work/page.html"
    grep -q 'flow a&lt;b' "$work/dom"
    grep -qF '<td>a&lt;b</td><td>up</td>' "$work/dom"
    grep -qF "junctor load --transport usrsctp" "$work/dom"
    grep -q 'outbound_streams=2' "$work/dom"
    [ "$(jq -r '.far_side_granted[0]' "$work/result.json")" = outbound_streams=2 ]
    local rate
    rate=$(query result '.series.flows[0].messages_per_second[-1]')
    figure rate | grep -qF "data-y=\"$rate\""
    figure latency | grep -qF "data-y=\"$(query result '| [.series.flows[0].p50_ns[] | values][0]')\""
    figure distribution | grep -qF 'p99.99'
    figure distribution | grep -qF "data-y=\"$(query result '.flows[0].latency_distribution.ns[-1]')\""
    figure cpu | grep -qF 'cpu 0'

    # A file for each table, every row as long as its head.
    for table in flows series paths cpu latency; do
        awk -F, 'NR == 1 {n = NF} NF != n {exit 1} END {exit NR < 1}' "$work/tables/$table.csv"
    done
    [ "$(awk -F, '$2 == "\"back\"" {n += $5} END {print n}' "$work/tables/series.csv")" = "$(result result .down.delivered)" ]
}

@test "load --json: --help has every member, whoever knows what" {
    local here=(--late-ok --listen "127.0.0.1:$P1" --listen-encaps "$U1" --duration 500ms --interval 100ms --associations 2)
    run_load replied "${here[@]}" --reply --churn 20 --rate 1000
    run_load down "${here[@]}" --flow name=up,rate=100 --flow name=down,direction=down,rate=100 --option sndbuf=1023M
    start_sink sink "$U1" "$P1"
    local sink=$loader
    run_load far --role source --collect --to "127.0.0.1:$P1" --to-encaps "$U1" --count 10
    ends_with 0 "$sink"
    documented load "$work"/{replied,down,sink,far}.json
}

@test "report: several saved results are laid over each other" {
    local name
    for name in before after; do
        run_load $name --late-ok --listen "127.0.0.1:$P1" --listen-encaps "$U1" --duration 505ms --interval 100ms --rate 2000
        # What comes in the last milliseconds is in the series, too.
        [ "$(query $name '| .series.flows[0].delivered | add')" = "$(result $name .delivered)" ]
    done
    "$JUNCTOR" report -o "$work/page.html" "$work/before.json" "$work/after.json"
    browse "$work/page.html"
    figure rate | grep -qF 'data-curve="before flow 1"'
    figure rate | grep -qF 'data-curve="after flow 1"'
    figure rate | grep -qF "data-y=\"$(query after '.series.flows[0].messages_per_second[-1]')\""
}
