load lib
load admin
load top

# What `junctor top` shows; native_top has the terminal, and what it refuses.

@test "top: values, order, filter, from groups to one association" {
    command -v tmux >/dev/null || skip "tmux is not installed"
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    run_source first "$U3" --associations 2 --count 90
    wait_delivered_to one 90
    once
    grep -qE "^[0-9]+-[0-9]+ +one +up +0 +0 +0 +[0-9]+ +[0-9]+ +127.0.0.1:$P1 +0 +90 " "$work/out"
    once peers --sort delivered --limit 1
    grep -qx 'peers, by DELIVERED' "$work/out"
    [ "$(grep -cE '^(one|two) ' "$work/out")" = 1 ]
    grep -qE '^one +up +1 +0 +0 +0 +0 +90 +0 +[0-9]+$' "$work/out"
    start_source second "$U4" --associations 3 --rate 300 --duration 100s
    wait_until 10 says /v1/listeners '.listeners[0].associations == 3'
    terminal 150 24 "$(top)"
    # What carries most is first, with a rate; the line of each has what the document says.
    wait_until 20 shows '^[0-9]+-[0-9]+ +one +up +0 +[1-9][0-9]* '
    wait_until 20 shows '^0 messages in/s|^[1-9][0-9]* messages in/s, [1-9][0-9]* out/s, 0 dropped/s; [0-9]+ waiting; 4 associations up'
    kill "$loader"
    wait_until 20 says /v1/listeners '.listeners[0].associations == 0'
    ask /v1/associations | jq -r '.associations[0] | "^\(.id) +\(.name) +\(.state) +0 +0 +\(.waiting) +\(.retransmitted_per_minute) +\(.worker) +\(.remote) +\(.received) +\(.delivered) "' >"$work/line"
    wait_until 20 shows "$(cat "$work/line")"
    # Sorted by another column, and the other way round.
    start_source third "$U5" --associations 3 --rate 30 --duration 100s
    wait_until 20 shows '; 4 associations up'
    ordered() { # FILTER of sort: the first column is sorted so
        screen && [ "$(awk '/^[0-9]+-/ {print $1}' "$work/screen" | wc -l)" = 4 ] && awk '/^[0-9]+-/ {print $1}' "$work/screen" | sort -V "$@" -c 2>/dev/null
    }
    keys '<' '<' '<'
    wait_until 20 shows '^associations, by ID$'
    wait_until 20 ordered
    keys r
    wait_until 20 ordered -r
    keys r / a c c e s s Enter
    wait_until 20 shows '^associations, by ID, with "access": 3 of 4$'
    [ "$(grep -cE '^[0-9]+-[0-9]+ ' "$work/screen")" = 3 ]
    # One of them: its paths, and how it came up.
    local id
    id=$(awk '/^[0-9]+-/ {print $1}' "$work/screen" | sed -n 2p)
    keys Down Enter
    wait_until 20 shows "^id +$id\$"
    wait_until 20 shows "^remote +127.0.0.1:"
    shows_at_end() { keys End && shows "$1"; } # the history may come after the rest
    wait_until 20 shows_at_end " access +up +[0-9]+ streams in, "
    keys Home Escape
    wait_until 20 shows '^associations, by ID'
    # Groups, their members, a member's association.
    keys / Escape Tab
    wait_until 20 shows '^core +loadshare +[0-9]+ .* one:up,two:'
    keys Enter
    wait_until 20 shows '^one +peer +up +ready +no +1 +1 +1$'
    keys '>' '>' Enter
    wait_until 20 shows '^associations of peer (one|two), by IN/S$'
    keys Escape Escape Tab
    wait_until 20 shows '^one +up +1 +0 +[0-9]+ +0 +0 +[0-9]+ +0 +[0-9]+'
    keys q
    wait_until 20 shows '^ended 0$'
    cmp "$work/before" "$work/after"
    kill "$loader"
    stop_broker
}
