load lib
load admin

# `junctor top` in a terminal of tmux: what is on its screen, keys, its size.
terminal() { # COLUMNS LINES COMMAND…: leaves the terminal open when the command has ended
    mux=$work/tmux.$RANDOM
    tmux -S "$mux" -f /dev/null new-session -d -x "$1" -y "$2" "stty -g >$work/before; ${*:3}; echo \"ended \$?\"; stty -g >$work/after; cat" 3>&-
    pids+=("$(tmux -S "$mux" display-message -p '#{pid}')")
}
screen() {
    tmux -S "$mux" capture-pane -p >"$work/screen"
}
keys() {
    tmux -S "$mux" send-keys "$@"
}
shows() { # PATTERN: the screen has a line like it
    screen && grep -qE -- "$1" "$work/screen"
}
top() {
    echo "TERM=${TERMINAL:-screen} $JUNCTOR top -s $work/admin.sock -i 200ms $*"
}

@test "top: values, order, filter, from groups to one association, another size" {
    command -v tmux >/dev/null || skip "tmux is not installed"
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    run_source first "$U3" --associations 2 --count 90
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
    keys '?'
    wait_until 20 shows '^q +quit$'
    keys '?'
    # Smaller, much too small, and large again.
    tmux -S "$mux" resize-window -x 60 -y 12
    wait_until 20 shows '^PEER +STATE +ASSOCIATIONS'
    [ "$(awk '{if (length > n) n = length} END {print n}' "$work/screen")" -le 60 ]
    tmux -S "$mux" resize-window -x 20 -y 5
    wait_until 20 shows '^window too small$'
    tmux -S "$mux" resize-window -x 100 -y 20
    wait_until 20 shows '^one +up +1 '
    keys q
    wait_until 20 shows '^ended 0$'
    cmp "$work/before" "$work/after"
    kill "$loader"
    stop_broker
}

@test "top: the broker ends and comes again; a signal gives the terminal back; other terminals" {
    command -v tmux >/dev/null || skip "tmux is not installed"
    start_broker < <(gateway)
    terminal 100 20 "$(top peers)"
    wait_until 20 shows '^two '
    kill -KILL "$broker"
    wait_until 20 ended "$broker"
    wait_until 20 shows 'no broker listens there any longer; what is shown is [0-9]+ s old$'
    shows '^two '
    start_broker < <(gateway)
    wait_until 20 eval "shows \"pid $broker, running\""
    # One that does not answer: a signal ends top all the same.
    kill -STOP "$broker"
    nap && nap
    pkill -TERM -P "$(tmux -S "$mux" display-message -p '#{pane_pid}')" -x junctor
    wait_until 20 shows '^ended 143$'
    kill -CONT "$broker"
    cmp "$work/before" "$work/after"
    kill -KILL "$(tmux -S "$mux" display-message -p '#{pid}')"
    TERMINAL=dumb terminal 80 10 "$(TERMINAL=dumb top)"
    wait_until 20 shows '^junctor top: a terminal of type dumb cannot place text; use --once$'
    shows '^ended 1$'
    stop_broker
}

@test "top --once: for scripts; what it refuses" {
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says /v1/groups '.groups[0].in_group == 1'
    run_source source "$U3" --associations 2 --count 90
    wait_delivered_to one 90
    once() { "$JUNCTOR" top --once -i 200ms -s "$work/admin.sock" "$@" 3>&- >"$work/out" 2>"$work/err"; }
    once
    grep -qE "^[0-9]+-[0-9]+ +one +up +0 +0 +0 +[0-9]+ +0 +127.0.0.1:$P1 +0 +90 " "$work/out"
    once peers --sort delivered --limit 1
    grep -qx 'peers, by DELIVERED' "$work/out"
    [ "$(grep -cE '^(one|two) ' "$work/out")" = 1 ]
    grep -qE '^one +up +1 +0 +0 +0 +0 +90 +0 +[0-9]+$' "$work/out"
    once workers
    grep -qE '^ +0 +1 +0 +0 +[0-9]+ ' "$work/out"
    once groups -q nobody
    not grep -q '^core' "$work/out"
    local status=0
    once pears || status=$?
    [ $status = 2 ] && grep -q 'there is no table "pears"; did you mean peers?' "$work/err"
    status=0 && once peers --sort colour || status=$?
    [ $status = 2 ] && grep -q 'peers have no column "colour"' "$work/err"
    status=0 && "$JUNCTOR" top -s "$work/admin.sock" </dev/null >/dev/null 2>"$work/err" 3>&- || status=$?
    [ $status = 1 ] && grep -q 'not a terminal; use --once' "$work/err"
    status=0 && "$JUNCTOR" top -s "$work/nothing" 2>"$work/err" 3>&- || status=$?
    [ $status = 3 ] && grep -q 'No such file or directory' "$work/err"
    stop_broker
}
