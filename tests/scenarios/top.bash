# What scenarios of `junctor top` share; loaded behind admin.

# A terminal of tmux: what is on its screen, keys.
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
    screen && has_line "$work/screen" "$1"
}
# An emulated processor has enough to do.
case $BACKEND in kernel) interval=500ms ;; *) interval=200ms ;; esac

top() {
    echo "TERM=${TERMINAL:-screen} $JUNCTOR top -s $work/admin.sock -i $interval $*"
}
once() { # OPTION…: without a terminal
    "$JUNCTOR" top --once -i 200ms -s "$work/admin.sock" "$@" 3>&- >"$work/out" 2>"$work/err"
}
