# The test kernel's runner keeps what it promises.

setup_file() {
    bats_require_minimum_version 1.5.0
    tests/vm/run --prepare # which says on standard error that it fetches a kernel
}

@test "arguments, folder and environment arrive; output, errors and exit status come back apart" {
    run --separate-stderr env BACKEND='it is "so"' tests/vm/run --tcg -e MORE='a b' \
        sh -c 'echo "$1|$BACKEND|$MORE|$(pwd)"; echo oops >&2; exit 7' x "it's \$1"
    [ "$status" -eq 7 ]
    [ "$output" = "it's \$1|it is \"so\"|a b|$(pwd -P)" ]
    [ "$stderr" = oops ]
}

@test "standard output and error that go to one place stay in order" {
    tests/vm/run --tcg sh -c 'for i in 1 2 3 4 5; do echo out $i; echo err $i >&2; done' >"$BATS_TEST_TMPDIR/both" 2>&1
    [ "$(cat "$BATS_TEST_TMPDIR/both")" = "$(for i in 1 2 3 4 5; do printf 'out %d\nerr %d\n' $i $i; done)" ]
}

@test "the kernel has SCTP and two processors; packages, files and sysctls go along" {
    run tests/vm/run --tcg -p lksctp-tools -f tests/vm/init -s net.core.rmem_max=7654321 \
        sh -c 'checksctp; nproc; cat tests/vm/init | wc -l; sysctl -n net.core.rmem_max'
    [ "$status" -eq 0 ]
    [[ "${lines[0]}" = "SCTP supported"* ]]
    [ "${lines[1]}" = 2 ]
    [ "${lines[2]}" = "$(wc -l <tests/vm/init)" ]
    [ "${lines[3]}" = 7654321 ]
}

@test "the time limit holds, and nothing is left behind" {
    run env TMPDIR="$BATS_TEST_TMPDIR" tests/vm/run --tcg -t 6 sleep 1000
    [ "$status" -eq 124 ]
    [[ "$output" = *"not done after 6 s: sleep 1000"* ]]
    [ -z "$(ls -d "$BATS_TEST_TMPDIR"/junctor-vm.* 2>/dev/null)" ]
}

@test "a kernel that panics is told apart, with its last words" {
    run tests/vm/run --tcg sh -c 'echo c >/proc/sysrq-trigger'
    [ "$status" -eq 125 ]
    [[ "$output" = *"ended before the command did"*"sysrq triggered crash"* ]]
}

@test "a program that is not there is named before anything starts" {
    run tests/vm/run ./no-such-program
    [ "$status" -eq 125 ]
    [ "$output" = "tests/vm/run: no such program: ./no-such-program" ]
}

@test "another kernel is taken from a folder or a package, and what is none is named" {
    tests/vm/run --prepare
    kept=$(ls -d "${XDG_CACHE_HOME:-$HOME/.cache}"/junctor/vm/linux-image-* | sort -V | tail -n 1)
    mkdir -p "$BATS_TEST_TMPDIR"/{kernel/boot,kernel/lib/modules,empty}
    cp "$kept/vmlinuz" "$BATS_TEST_TMPDIR/kernel/boot/vmlinuz-other"
    cp "$kept"/*.ko "$BATS_TEST_TMPDIR/kernel/lib/modules/"
    xz "$BATS_TEST_TMPDIR/kernel/lib/modules/sctp.ko"
    export XDG_CACHE_HOME=$BATS_TEST_TMPDIR/cache
    run tests/vm/run --tcg -k "$BATS_TEST_TMPDIR/kernel" -p lksctp-tools checksctp
    [ "$output" = "SCTP supported" ]
    rm "$BATS_TEST_TMPDIR/kernel/lib/modules/veth.ko"
    run tests/vm/run -k "$BATS_TEST_TMPDIR/kernel" true
    [ "$status" -eq 125 ]
    [[ "$output" = *"has no module veth" ]]
    run env JUNCTOR_TEST_KERNEL_IMAGE="$BATS_TEST_TMPDIR/empty" tests/vm/run --host-ok true
    [ "$status" -eq 125 ]
    [[ "$output" = *"no boot/vmlinuz-* in $BATS_TEST_TMPDIR/empty"* ]]
    run tests/vm/run -k README.md true
    [ "$status" -eq 125 ]
    [ "$output" = "tests/vm/run: not a Debian package: README.md" ]
    run tests/vm/run -k no-such-kernel true
    [ "$status" -eq 125 ]
    [ "$output" = "tests/vm/run: no such kernel: no-such-kernel" ]
}
