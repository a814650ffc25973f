#compdef junctor
# Completion of junctor for zsh. What can be written where is asked of the program itself, which asks a running broker for the
# names of its members and the like.
_junctor() {
    local line tab=$'\t'
    local -a lines plain shown
    lines=("${(@f)$("${words[1]}" --complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
    compset -P '--*='
    for line in "${lines[@]}"; do
        case $line in
        '') ;;
        :files) _files ;;
        *=) compadd -S '' -- "$line" ;;
        *$tab*) plain+=("${line%%$tab*}") shown+=("${line%%$tab*}  -- ${line#*$tab}") ;;
        *) plain+=("$line") shown+=("$line") ;;
        esac
    done
    (( ! ${#plain} )) || compadd -l -d shown -a plain
}
_junctor "$@"
