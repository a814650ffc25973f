load lib
load admin

@test "documents and metrics: what runs, who is there, what it carried" {
    start_broker < <(gateway | sed "1s#}}#}, metrics: \"127.0.0.1:$P7\"}#")
    start_sink sink "$U1" "$P1" --keep
    local sink=$loader
    wait_until 10 says /v1/groups '.groups[0].members | map(.state) == ["up", "down"]'
    run_source source "$U3" --associations 3 --streams 2 --count 60
    wait_delivered_to one 60
    says /v1/status '.api == 1 and .state == "running" and .counters.received == 60 and .counters.delivered == 60
        and .waiting == 0 and .counters.associations_opened == 4 and ([.dropped[]] | add == 0)'
    curl -sS "http://127.0.0.1:$P7/metrics" >"$work/metrics"
    grep -qx 'junctor_received_messages_total 60' "$work/metrics"
    grep -qx 'junctor_peer_delivered_messages{peer="one"} 60' "$work/metrics"
    grep -qx 'junctor_group_ready_associations{group="core"} 1' "$work/metrics"
    says /v1/routes '.routes[0] | .name == "all" and .to == "core" and .traffic.received == 60'
    says /v1/listeners '.listeners[0] | .name == "access" and .traffic.received == 60'
    says /v1/peers '.peers | map(.state) == ["up", "down"] or map(.state) == ["up", "connecting"]'
    says /v1/workers '[.workers[].counters.received] | add == 60'
    says /v1/config '.yaml | test("session: shared")'
    says "/v1/associations?peer=one" '.total == 1 and .complete and (.associations[0] |
        .state == "up" and .role == "standing" and .delivered == 60 and .waiting == 0)'
    local id
    id=$(jq -r '.associations[0].id' "$work/said.json")
    says "/v1/associations/$id" '.association | .id == "'"$id"'" and (.paths | length >= 1) and
        (.paths[0] | .state == "active" and .primary and .mtu > 500 and .address == "127.0.0.1:'"$P1"'")'
    [ "$(status_of /v1/associations/0-999999)" = 404 ]
    [ "$(status_of /v1/associations/77-1)" = 404 ]
    [ "$(status_of /v1/associations/x)" = 400 ]
    [ "$(status_of /v1/nothing)" = 404 ]
    [ "$(status_of /v1/status -X POST)" = 405 ]
    kill "$sink"
    wait_until 20 says /v1/groups '.groups[0].members | map(.state) == ["down", "down"]'
    stop_broker
    [ ! -e "$work/admin.sock" ]
}

@test "associations in pages, chosen and sorted; one is shut down, one aborted" {
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    start_source source "$U3" --associations 5 --rate 50 --duration 60s
    wait_until 15 says "/v1/associations?listener=access&state=up" '.total == 5'
    local all first last
    all=$(ask "/v1/associations?listener=access" | jq -c '[.associations[].id]')
    says "/v1/associations?listener=access&offset=1&limit=2" '[.associations[].id] == '"$all"'[1:3] and .total == 5'
    says "/v1/associations?sort=received&limit=1000" '[.associations[].received] | . == (sort | reverse)'
    first=$(jq -r '.[0]' <<<"$all") last=$(jq -r '.[4]' <<<"$all")
    says "/v1/associations?q=$first" '.associations | map(.id) | index("'"$first"'") != null'
    [ "$(status_of "/v1/associations?sort=colour")" = 400 ]
    [ "$(status_of "/v1/associations?limit=5000")" = 400 ]
    # Who asks behind the answer of a command sees what it did, although data of 100 ms ago would do for others.
    local to=(-sS --max-time 60 --unix-socket "$work/admin.sock" http://junctor/v1)
    curl "${to[@]}/associations?listener=access&limit=10" -o "$work/before" --next \
        "${to[@]}/disconnect?association=$first" -X POST -o "$work/done" --next \
        "${to[@]}/associations?listener=access&limit=11" -o "$work/after"
    jq -e '.done and .disconnected == "'"$first"'"' "$work/done"
    jq -s 'map(.total) == [5, 4]' -e "$work/before" "$work/after"
    [ "$(status_of "/v1/associations/$first")" = 404 ]
    ask "/v1/abort?association=$last" -X POST | jq -e '.done and .aborted == "'"$last"'"'
    [ "$(status_of "/v1/associations/$last")" = 404 ]
    wait_log 'event=association_lost .*by=here error="an operator asked for it"'
    [ "$(status_of "/v1/abort?association=$last" -X POST)" = 404 ]
    says "/v1/associations?listener=access" '.total == 3'
    kill "$loader"
    stop_broker
}

@test "API.md has everything that can be asked for" {
    start_broker < <(gateway)
    ask /v1/ | jq -r '.resources[] | "| `\(.method) \(.path | sub("associations/$"; "associations/ID"))` |"' | sort >"$work/resources"
    [ "$(wc -l <"$work/resources")" -gt 15 ]
    grep -oE '\| `[A-Z]+ /[^`]*` \|' broker/admin/API.md | sort | comm -23 "$work/resources" - >"$work/lacks"
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says "/v1/associations?peer=one" '.associations | map(.state) == ["up"]' # up to 100 ms behind its group
    local id ask=(curl -sS --max-time 60 --unix-socket "$work/admin.sock")
    id=$(jq -r '.associations[0].id' "$work/said.json")
    {
        "${ask[@]}" http://junctor/v1/{status,listeners,peers,groups,routes,workers} | jq -r 'keys[], (.. | objects | select(has("traffic")) | keys[])'
        "${ask[@]}" http://junctor/v1/{associations,"associations/$id",history,"explain?from=access&ppid=3"} | jq -r '.. | objects | keys[]'
    } | sort -u >"$work/fields"
    [ "$(wc -l <"$work/fields")" -gt 80 ]
    grep -oE '`[^`]*`' broker/admin/API.md | tr -d '`' | sort -u | comm -13 - "$work/fields" >>"$work/lacks"
    diff /dev/null "$work/lacks"
    stop_broker
}
