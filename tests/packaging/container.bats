#!/usr/bin/env bats
# The image of packaging/Containerfile is built and runs, if podman or buildah is installed. BASE is another image of Debian 12
# than that of the Containerfile, for hosts that cannot reach a registry.

setup_file() {
    cd "$BATS_TEST_DIRNAME/../.." || return
    export REASON='' IMAGE=localhost/junctor-test-$$ ENGINE=
    if command -v podman >/dev/null; then
        ENGINE=podman
    elif command -v buildah >/dev/null; then
        ENGINE=buildah
    else
        REASON="needs podman or buildah"
        return
    fi
    local base=${BASE:-$(sed -n 's/^ARG BASE=//p' packaging/Containerfile)}
    "$ENGINE" inspect "$base" >/dev/null 2>&1 || timeout 300 "$ENGINE" pull -q "$base" >/dev/null 2>&1 || REASON="no image $base to build on"
    [ -z "$REASON" ] || return 0
    # From a clone: in a worktree .git is not a folder.
    git clone -q . "$BATS_FILE_TMPDIR/tree"
    "$ENGINE" build -f packaging/Containerfile --ignorefile .containerignore --build-arg BASE="$base" -t "$IMAGE" \
        "$BATS_FILE_TMPDIR/tree" >"$BATS_FILE_TMPDIR/log" 2>&1 || { tail -n 30 "$BATS_FILE_TMPDIR/log" >&2 && return 1; }
}

teardown_file() {
    [ -z "$ENGINE" ] || "$ENGINE" rmi "$IMAGE" >/dev/null 2>&1 || true
}

setup() {
    [ -z "$REASON" ] || skip "$REASON"
}

# in_image COMMAND...: runs it in a container of the image
in_image() {
    if [ "$ENGINE" = podman ]; then
        podman run --rm --entrypoint '[]' "$IMAGE" "$@"
    else
        local container status=0
        container=$(buildah from "$IMAGE")
        buildah run "$container" -- "$@" || status=$?
        buildah rm "$container" >/dev/null
        return $status
    fi
}

@test "container: runs as its user and takes its configuration" {
    [ "$(in_image id -un)" = junctor ]
    in_image junctor check -c /etc/junctor/junctor.yaml
}

@test "container: relays" {
    run in_image sh -c 'junctor run -c /etc/junctor/junctor.yaml 2>/tmp/log & broker=$!
        for i in $(seq 100); do grep -q event=ready /tmp/log && break; sleep 0.1; done
        junctor load --to 127.0.0.1:2905 --listen 127.0.0.1:2906 --listen-encaps 9900 --count 1000 --quiet || cat /tmp/log
        kill $broker && wait $broker && echo balanced'
    echo "$output"
    [ "$status" = 0 ]
    [[ $output == *balanced ]]
}
