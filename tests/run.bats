#!/usr/bin/env bats
# What tests/run says of scenarios that fail always, once or with a sanitizer's report: in a tree of its own, in which there are no others.

setup() {
    mkdir -p "$BATS_TEST_TMPDIR"/tree/tests/{scenarios,fuzz}
    cd "$BATS_TEST_TMPDIR/tree" || return
    cp "$BATS_TEST_DIRNAME/run" tests/
    printf '#!/bin/sh\n' >tests/fuzz/run && chmod +x tests/fuzz/run
    export AGAIN=yes BUILD=build
}

# scenario NAME COMMAND: two cases, of which the second does COMMAND.
scenario() {
    printf '@test "first" {\n    true\n}\n@test "second" {\n    %s\n}\n' "$2" >"tests/scenarios/$1.bats"
}

@test "what fails once is run again, and named" {
    scenario native_once "[ -e $PWD/seen ] || { touch $PWD/seen; false; }"
    run tests/run usrsctp/native_once
    [ "$status" = 0 ]
    [ "${lines[-1]}" = "2 passed, 0 failed" ]
    [[ ${lines[-2]} == "scenarios/usrsctp/native_once: second: native_once.bats:5"* ]]
    [[ ${lines[-3]} == "Failed once and passed when run again"* ]]
}

@test "what fails twice has failed" {
    scenario native_never false
    run tests/run usrsctp/native_never
    [ "$status" = 1 ]
    [ "${lines[-1]}" = "1 passed, 1 failed" ]
    [[ $output == *", 1 failed (exit status 1, twice)"* ]]
    [[ $output != *"Failed once and passed"* ]]
}

@test "nothing is run again after a sanitizer's report" {
    scenario native_race "[ -e $PWD/seen ] || { touch $PWD/seen; echo 'ERROR: AddressSanitizer: heap-use-after-free'; false; }"
    run tests/run usrsctp/native_race
    [ "$status" = 1 ]
    [[ $output == *", 1 failed (exit status 1)"* ]]
}

@test "named tests are run once, unless AGAIN says so" {
    scenario native_once "[ -e $PWD/seen ] || { touch $PWD/seen; false; }"
    AGAIN='' run tests/run usrsctp/native_once
    [ "$status" = 1 ]
    AGAIN='' run tests/run usrsctp/native_once
    [ "$status" = 0 ]
}

@test "of the scenarios in the test kernel only the files that failed are run again" {
    scenario one "[ -e $PWD/seen ] || { touch $PWD/seen; false; }"
    scenario two true
    scenario three true
    cat >tests/scenarios/in_kernel <<'SCRIPT'
#!/bin/bash
echo "$@" >>ran
files=()
for name; do files+=("tests/scenarios/$name.bats"); done
exec bats --tap "${files[@]}"
SCRIPT
    chmod +x tests/scenarios/in_kernel
    run tests/run scenarios/kernel
    [ "$status" = 0 ]
    [ "${lines[-1]}" = "6 passed, 0 failed" ]
    [ "$(sort ran)" = $'one\none two\nthree' ] || [ "$(sort ran)" = $'one\none three\ntwo' ]
}
