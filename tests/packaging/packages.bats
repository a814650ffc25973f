#!/usr/bin/env bats
# The Debian packages on a machine: installed, started, reloaded, watched, upgraded, removed and purged by the real dpkg and
# systemd (`machine`). The cases follow each other on one machine.

machine=tests/packaging/machine
in_it() { "$machine" in "$MACHINE" "$@"; }

setup_file() {
    cd "$BATS_TEST_DIRNAME/../.." || return
    # Packages as they are shipped, but compiled faster.
    OPT=-O1 DEB_BUILD_OPTIONS=noautodbgsym make -s deb DEPS=no >"$BATS_FILE_TMPDIR/build.log" 2>&1 ||
        { cat "$BATS_FILE_TMPDIR/build.log" >&2 && return 1; }
    export DEBS=$PWD/${BUILD:-build}/deb MACHINE=$BATS_FILE_TMPDIR/machine REASON
    if REASON=$("$machine" possible); then
        mkdir "$MACHINE" && "$machine" start "$MACHINE"
    fi
}

teardown_file() {
    cd "$BATS_TEST_DIRNAME/../.." || return
    [ ! -e "$MACHINE.pid" ] || "$machine" stop "$MACHINE"
}

setup() {
    cd "$BATS_TEST_DIRNAME/../.." || return
    case $BATS_TEST_DESCRIPTION in
    *lintian*) ;;
    *) [ -z "$REASON" ] || skip "$REASON" ;;
    esac
}

# Printed by bats if the case fails.
say_state() {
    in_it systemctl status --no-pager --full junctor || true
    in_it journalctl --no-pager --unit junctor --lines 40 --output cat || true
}

# until_true COMMAND...: within 20 seconds
until_true() {
    for _ in {1..200}; do
        ! "$@" || return 0
        sleep 0.1
    done
    echo "not within 20 seconds: $*"
    say_state
    return 1
}

property() { in_it systemctl show --property "$1" --value junctor; }
is_property() { [ "$(property "$1")" = "$2" ]; }
has_logged() { in_it journalctl --no-pager --unit junctor --output cat | grep -qE "$1"; }

# The files that the host does not have, and those of its files that are gone (character devices, to overlayfs), but for what
# records installations, and for what changes by itself.
files() {
    local kind path
    in_it find /.written -xdev -mindepth 1 \( -path /.written/tmp -o -path /.written/var/tmp -o -path /.written/var/log/journal \
        -o -path /.written/var/cache -o -path /.written/var/lib/dpkg \) -prune -o -printf '%y /%P\n' |
        grep -vE '^. /(etc/(passwd|group|shadow|gshadow)-|var/log/(dpkg|alternatives)\.log|var/lib/systemd/deb-systemd-helper.*|etc/ld.so.cache|etc/\.pwd\.lock)$' |
        while read -r kind path; do
            [ "$kind" != c ] && [ -e "$path" ] || echo "$path"
        done | LC_ALL=C sort
}
accounts() { in_it cat /etc/passwd /etc/group /etc/shadow /etc/gshadow; }

@test "packages: lintian has nothing to say" {
    run lintian --allow-root --fail-on error,warning "$DEBS"/*.changes
    echo "$output"
    [ "$status" = 0 ] && [ -z "$output" ]
}

@test "packages: installed, and the service runs as its user" {
    files >"$BATS_FILE_TMPDIR/before" && accounts >"$BATS_FILE_TMPDIR/accounts"
    in_it dpkg -i "$DEBS"/junctor_*.deb "$DEBS"/libjunctor-transport0_*.deb "$DEBS"/libjunctor-transport-dev_*.deb
    until_true is_property ActiveState active
    [[ $(property StatusText) == *"worker"*"SCTP" ]]
    [ "$(in_it ps -o user= -p "$(property MainPID)")" = junctor ]
    # All its threads: no capability, none to be had, systemd's filter of system calls and its own.
    in_it sh -c 'grep -hE "^(Uid|Gid|Groups|Cap(Inh|Prm|Eff|Bnd|Amb)|NoNewPrivs|Seccomp):" /proc/"$1"/task/*/status' sh "$(property MainPID)" |
        sort -u >"$BATS_TEST_TMPDIR/has"
    cat "$BATS_TEST_TMPDIR/has"
    { for set in Amb Bnd Eff Inh Prm; do printf 'Cap%s:\t0000000000000000\n' $set; done
        in_it sh -c 'for of in "Gid $(id -g junctor)" "Uid $(id -u junctor)"; do set -- $of; printf "%s:\t%d\t%d\t%d\t%d\n" "$1" "$2" "$2" "$2" "$2"; done
            printf "Groups:\t%s \n" "$(id -G junctor)"'
        printf 'NoNewPrivs:\t1\nSeccomp:\t2\n'; } | sort | diff - "$BATS_TEST_TMPDIR/has"
    # Those that answer and capture are behind the others.
    [ "$(in_it ps -L -o ni= -p "$(property MainPID)" | sort -nu | xargs)" = "0 5 17" ]
    has_logged 'event=privileges uid=[1-9][0-9]* gid=[1-9][0-9]* capabilities=none sandbox=on core_dumps=no'
    [ "$(in_it stat -c %U:%G:%a /run/junctor)" = junctor:junctor:750 ]
    [ "$(in_it systemctl is-enabled junctor)" = enabled ]
    [[ $(in_it junctor --version) == "junctor $(in_it dpkg-query -W -f '${Version}' junctor)"* ]]
    [ "$(in_it pkg-config --modversion junctor-transport)" = "$(in_it dpkg-query -W -f '${Version}' junctor)" ]
}

@test "packages: the configuration as installed relays" {
    in_it junctor load --transport auto --to 127.0.0.1:2905 --listen 127.0.0.1:2906 --listen-encaps 9900 --count 1000 --quiet ||
        { say_state && false; }
}

@test "packages: systemctl reload, with a good and with a bad configuration" {
    in_it sed -i '1i broker: {drain_timeout: 3s}' /etc/junctor/junctor.yaml
    in_it systemctl reload junctor # returns when it is done
    has_logged 'event=reloaded generation=2 '
    until_true is_property StatusText 'the configuration has been read again'
    in_it sed -i 's/drain_timeout: 3s/drain_timeout: nonsense/' /etc/junctor/junctor.yaml
    run in_it systemctl reload junctor
    [ "$status" != 0 ]
    has_logged 'event=reload_refused '
    [[ $(property StatusText) == *refused* ]]
    is_property ActiveState active
    in_it sed -i 's/drain_timeout: nonsense/drain_timeout: 3s/' /etc/junctor/junctor.yaml
    # Priorities reach the journal.
    in_it journalctl --no-pager --unit junctor --priority err --output cat | grep -q event=reload_refused
}

@test "packages: a broker that does not go on is ended and started again" {
    in_it mkdir -p /run/systemd/system/junctor.service.d
    printf '[Service]\nWatchdogSec=1s\nLimitCORE=0\n' | in_it tee /run/systemd/system/junctor.service.d/test.conf
    in_it systemctl daemon-reload && in_it systemctl restart junctor
    is_property NRestarts 0
    sleep 3 # three times what it has
    is_property NRestarts 0
    in_it kill -STOP "$(property MainPID)"
    until_true is_property NRestarts 1
    until_true is_property ActiveState active
    in_it rm -r /run/systemd/system/junctor.service.d && in_it systemctl daemon-reload && in_it systemctl restart junctor
}

@test "packages: an upgrade keeps the configuration and restarts the service" {
    local before
    before=$(property MainPID)
    dpkg-deb -R "$DEBS"/junctor_*.deb "$BATS_TEST_TMPDIR/next"
    sed -i 's/^Version: .*/&+next/' "$BATS_TEST_TMPDIR/next/DEBIAN/control"
    dpkg-deb --root-owner-group -b "$BATS_TEST_TMPDIR/next" "$DEBS/next.deb" >/dev/null
    in_it dpkg -i "$DEBS/next.deb"
    [[ $(in_it dpkg-query -W -f '${Version}' junctor) == *+next ]]
    until_true is_property ActiveState active
    [ "$(property MainPID)" != "$before" ]
    in_it grep -q 'drain_timeout: 3s' /etc/junctor/junctor.yaml
}

@test "packages: removed, and purged without a trace" {
    in_it dpkg --remove junctor libjunctor-transport-dev libjunctor-transport0
    run in_it systemctl is-active junctor
    [ "$output" = inactive ]
    [ -z "$(in_it sh -c 'command -v junctor')" ]
    in_it grep -q 'drain_timeout: 3s' /etc/junctor/junctor.yaml
    in_it dpkg --purge junctor libjunctor-transport0
    files | diff "$BATS_FILE_TMPDIR/before" -
    accounts | diff "$BATS_FILE_TMPDIR/accounts" -
    [ -z "$(in_it dpkg-query -W '*junctor*' 2>/dev/null)" ]
}
