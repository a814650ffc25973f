load lib
load admin
load top

@test "top: help; a smaller window, one too small, a large one again" {
    command -v tmux >/dev/null || skip "tmux is not installed"
    start_broker < <(gateway)
    terminal 140 20 "$(top peers)"
    wait_until 20 shows '^one '
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
    wait_until 20 shows '^one +(down|connecting) +0 '
    keys q
    wait_until 20 shows '^ended 0$'
    cmp "$work/before" "$work/after"
    stop_broker
}

@test "top: the broker ends and comes again; a signal gives the terminal back; other terminals" {
    command -v tmux >/dev/null || skip "tmux is not installed"
    start_broker < <(gateway)
    terminal 140 20 "$(top peers)"
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
    once workers
    grep -qE '^ +0 +0 +0 +0 +[0-9]+ ' "$work/out"
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
