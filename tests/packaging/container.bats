#!/usr/bin/env bats
# The image of packaging/Containerfile is built and runs, if podman or buildah is installed. BASE is another image of Debian 12
# than that of the Containerfile, for hosts that cannot reach a registry:
#
#   mmdebstrap --variant=minbase --include=ca-certificates bookworm base.tar && podman import base.tar localhost/debian:12
#   BASE=localhost/debian:12 bats tests/packaging/container.bats

# build OPTION… FOLDER: leaves nothing but the image.
build() {
    "$ENGINE" build --layers=false --build-arg BASE="$BASE" "$@" >"$BATS_FILE_TMPDIR/log" 2>&1
}
# works: the engine makes containers here, with less isolation if it must; else says why not.
works() {
    printf 'ARG BASE\nFROM ${BASE}\nRUN true\n' >"$BATS_FILE_TMPDIR/small"
    mkdir "$BATS_FILE_TMPDIR/empty"
    build -f "$BATS_FILE_TMPDIR/small" -t "$IMAGE" "$BATS_FILE_TMPDIR/empty" || {
        export BUILDAH_ISOLATION=chroot
        build -f "$BATS_FILE_TMPDIR/small" -t "$IMAGE" "$BATS_FILE_TMPDIR/empty"
    } || { tail -n 1 "$BATS_FILE_TMPDIR/log" && return 1; }
    in_image true >"$BATS_FILE_TMPDIR/log" 2>&1 || { tail -n 1 "$BATS_FILE_TMPDIR/log" && return 1; }
    "$ENGINE" rmi "$IMAGE" >/dev/null 2>&1
}

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
    "$ENGINE" info >/dev/null 2>"$BATS_FILE_TMPDIR/log" || {
        REASON="$ENGINE does not work here: $(tail -n 1 "$BATS_FILE_TMPDIR/log")"
        return 0
    }
    BASE=${BASE:-$(sed -n 's/^ARG BASE=//p' packaging/Containerfile)}
    "$ENGINE" inspect "$BASE" >/dev/null 2>&1 || timeout 300 "$ENGINE" pull -q "$BASE" >/dev/null 2>&1 || REASON="no image $BASE to build on"
    [ -n "$REASON" ] || works >"$BATS_FILE_TMPDIR/why" || REASON="$ENGINE cannot run containers here: $(cat "$BATS_FILE_TMPDIR/why")"
    [ -z "$REASON" ] || return 0
    # From a clone: in a worktree .git is not a folder.
    git clone -q . "$BATS_FILE_TMPDIR/tree"
    build -f packaging/Containerfile --ignorefile .containerignore -t "$IMAGE" "$BATS_FILE_TMPDIR/tree" ||
        { tail -n 30 "$BATS_FILE_TMPDIR/log" >&2 && return 1; }
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
