# A report of `junctor load --json` as lines "key value": of its runs the last one, like ".latency_ns.p99 1034", and what is
# said of all, like ".report.ok true". (jq takes half a second to start on an emulated processor.)
{
    text = $0
    depth = 0
    name = ""
    while (match(text, /"([^"\\]|\\.)*"|[][{},:]|[^][{},:" \t]+/)) {
        token = substr(text, RSTART, RLENGTH)
        text = substr(text, RSTART + RLENGTH)
        if (token == "{" || token == "[") {
            above[depth++] = path
            path = path name
            name = ""
        } else if (token == "}" || token == "]") {
            path = above[--depth]
            name = ""
        } else if (token == "," || token == ":") {
            continue
        } else if (text ~ /^[ \t]*:/) {
            name = "." substr(token, 2, length(token) - 2)
        } else {
            gsub(/^"|"$/, "", token)
            value[path name] = token
        }
    }
}
END {
    for (path in value) {
        key = path
        if (!sub(/^\.runs/, "", key)) key = ".report" key
        print key, value[path]
    }
}
