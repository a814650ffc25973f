load lib
load admin

complete() { # WORD…: what the last one can be completed with
    "$JUNCTOR" --complete "$@" 3>&- | cut -f 1
}
offers() { # "WORD…" CANDIDATE…: those, and no others; a word of - is an empty one
    local words
    read -ra words <<<"$1"
    [ "${words[-1]}" != - ] || words[-1]=
    diff <(complete "${words[@]}" | sort -u) <(printf '%s\n' "${@:2}" | sort)
}

@test "completion: every command and option of --help, and no other" {
    local command
    "$JUNCTOR" --help | awk '/^  [a-z]/ {print $1}' >"$work/commands"
    [ "$(wc -l <"$work/commands")" -gt 15 ]
    diff <(complete "" | sort) <({ cat "$work/commands"; printf '%s\n' help --help --version; } | sort)
    diff <(complete help "" | sort) <(sort "$work/commands")
    while read -r command; do
        "$JUNCTOR" "$command" --help | grep -oE '^ +(-[a-z], )?--[a-z][a-z-]*' | grep -oE -e '--.*' | sort -u >"$work/help"
        complete "$command" -- | sort >"$work/offered"
        [ -s "$work/offered" ]
        # What has a line in the help is offered; what is offered is spoken of there.
        [ -z "$(comm -23 "$work/help" "$work/offered")" ] || { echo "of $command, not offered: $(comm -23 "$work/help" "$work/offered")" && false; }
        "$JUNCTOR" "$command" --help | grep -oE -e '--[a-z][a-z-]*' | sort -u >"$work/help"
        [ -z "$(comm -13 "$work/help" "$work/offered")" ] || { echo "of $command, not in its help: $(comm -13 "$work/help" "$work/offered")" && false; }
        "$JUNCTOR" help "$command" | cmp - <("$JUNCTOR" "$command" --help)
    done <"$work/commands"
    offers "set -" log_level
    offers "set log_level -" error warning info debug
    offers "set log_level e" error
    offers "load --role -" both source sink echo
    offers "load --role=s" source sink
    offers "load --role = s" source sink
    offers "top --sort WAIT" WAITING
    offers "explain --ppid m3u" m3ua
    offers "run -c -" :files
    offers "run -c a.yaml --log-level w" warning
    offers "status associations --s" --socket --sort
    offers "set log_level debug pa" path
    [ -z "$(complete nonsense x)" ]
    [ -z "$(complete drain -s "$work/nothing.sock" "")" ]
}

# shell COLUMNS COMMAND…: an interactive shell in a terminal.
shell() {
    mux=$work/tmux.$RANDOM
    tmux -S "$mux" -f /dev/null new-session -d -x 100 -y 30 "$*" 3>&-
    pids+=("$(tmux -S "$mux" display-message -p '#{pid}')")
}
shows() {
    tmux -S "$mux" capture-pane -p >"$work/screen" && grep -qE -- "$1" "$work/screen"
}
type_keys() { # TEXT, KEY…
    tmux -S "$mux" send-keys -l "$1"
    tmux -S "$mux" send-keys "${@:2}"
}

@test "completion in bash and zsh: members, associations and workers of a running broker" {
    command -v tmux >/dev/null || skip "tmux is not installed"
    start_broker < <(gateway)
    start_sink sink "$U1" "$P1" --keep
    wait_until 10 says "/v1/associations?peer=one" '.associations | map(.state) == ["up"]' # up to 100 ms behind its group
    local id junctor
    id=$(jq -r '.associations[0].id' "$work/said.json")
    [ "$(complete drain -s "$work/admin.sock" o)" = one ]
    diff <(complete maint -s "$work/admin.sock" "") <(printf '%s\n' access one two)
    [ "$(complete move -s "$work/admin.sock" "")" = "$id" ]
    [ "$(complete move "$id" -s "$work/admin.sock" "")" = 0 ]
    diff <("$JUNCTOR" --complete move --socket="$work/admin.sock" "") <(printf '%s\tone\n' "$id")
    junctor=$(realpath "$JUNCTOR")
    ln -s "$junctor" "$work/junctor"
    shell "env -i TERM=screen PATH=$work:$PATH PS1='$ ' bash --norc --noprofile"
    type_keys "source packaging/junctor.bash" Enter
    type_keys "junctor drain -s $work/admin.sock o" Tab
    wait_until 20 shows '\.sock one ?$'
    tmux -S "$mux" send-keys C-u
    type_keys "junctor disc" Tab
    wait_until 20 shows '^\$ junctor disconnect ?$'
    tmux -S "$mux" send-keys C-u
    type_keys "junctor status --so" Tab Tab
    wait_until 20 shows -- '--socket +--sort'
    type_keys "rt=wai" Tab
    wait_until 20 shows -- '--sort=waiting ?$'
    tmux -S "$mux" send-keys C-u
    type_keys "junctor run -c CHANGE" Tab
    wait_until 20 shows '^\$ junctor run -c CHANGELOG\.md ?$'
    kill -KILL "$(tmux -S "$mux" display-message -p '#{pid}')"
    if command -v zsh >/dev/null; then
        mkdir "$work/zsh" && cp packaging/junctor.zsh "$work/zsh/_junctor"
        shell "env -i TERM=screen HOME=$work PATH=$work:$PATH zsh -f"
        type_keys "PS1='> '; fpath=($work/zsh \$fpath); autoload -Uz compinit; compinit -u -D" Enter
        type_keys "junctor drain -s $work/admin.sock o" Tab
        wait_until 20 shows '\.sock one ?$'
        tmux -S "$mux" send-keys C-u
        type_keys "junctor status --sort=wai" Tab
        wait_until 20 shows -- '--sort=waiting ?$'
        tmux -S "$mux" send-keys C-u
        type_keys "junctor d" Tab
        wait_until 20 shows 'drain +-- let groups send nothing'
    fi
    stop_broker
}
