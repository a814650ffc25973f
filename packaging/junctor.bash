# Completion of junctor for bash. What can be written where is asked of the program itself, which asks a running broker
# for the names of its members and the like.
_junctor() {
    local line word=${COMP_WORDS[COMP_CWORD]}
    COMPREPLY=()
    [ "$word" != = ] || word=
    while IFS= read -r line; do
        case $line in
        :files)
            compopt -o filenames
            while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$word")
            ;;
        *=) compopt -o nospace && COMPREPLY+=("$line") ;;
        *) COMPREPLY+=("${line%%$'\t'*}") ;;
        esac
    done < <("${COMP_WORDS[0]}" --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _junctor junctor
