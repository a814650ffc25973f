load lib

# check <<CONFIG: `junctor check` on it; output and status as bats' run leaves them.
check() {
    cat >"$work/bad.yaml"
    run "$JUNCTOR" check -c "$work/bad.yaml"
}

@test "junctor check lists every error with its place, what to write, and the nearest known name" {
    check <<CONFIG
listeners:
  - {name: access, adress: 127.0.0.1, port: 2905}
peers:
  - {name: core, address: 127.0.0.300, port: 70000}
routes:
  - {from: acess, to: core}
CONFIG
    [ "$status" = 1 ]
    [[ "$output" == *"bad.yaml:2:20: "*adress*address* ]]
    [[ "$output" == *"bad.yaml:4:27: "*127.0.0.300* ]]
    [[ "$output" == *"bad.yaml:4:"*70000* ]]
    [[ "$output" == *"bad.yaml:6:"*acess*access* ]]
}

@test "junctor check: broken YAML has a place too" {
    check <<CONFIG
listeners:
  - {name: access, port: [2905}
CONFIG
    [ "$status" = 1 ]
    [[ "$output" == *"bad.yaml:2:"* ]]
}

@test "an option that the transport lacks has a place, from junctor check and when the broker starts" {
    local rest="listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
  - {name: core, address: 127.0.0.1, port: $P1, encaps_port: $U1, sctp: {nodelay: true, expose_potentially_failed_state: true}}
routes: [{from: access, to: core}]"
    check <<<"broker: {transport: usrsctp}
$rest"
    [ "$status" = 1 ]
    [[ "$output" == *"bad.yaml:4:"*expose_potentially_failed_state*usrsctp*kernel* ]]
    check <<<"broker: {transport: kernel}
$rest"
    [ "$status" = 0 ]
    check <<<"broker: {transport: auto}
$rest"
    [ "$status" = 0 ]
    [[ "$output" == *"bad.yaml:4:"*": warning: "*expose_potentially_failed_state* ]]

    printf 'broker: {transport: usrsctp}\n%s\n' "$rest" >"$work/lacking.yaml"
    run "$JUNCTOR" run -c "$work/lacking.yaml"
    [ "$status" = 1 ]
    [[ "$output" == *"event=start_failed"*"line=4"*expose_potentially_failed_state* ]]
}

@test "sockets that the transport cannot open so have a place: several addresses, network namespaces, devices" {
    local rest="listeners:
  - {name: access, address: [127.0.0.1, 127.0.0.2], port: $P0}
  - {name: inside, address: 127.0.0.1, port: $P0, netns: other, bind_to_device: lo}
peers:
  - {name: core, address: [127.0.0.1, 127.0.0.2], local: [127.0.0.1, 127.0.0.3], port: $P1, netns: other}
routes: [{from: access, to: core}]"
    check <<<"broker: {transport: usrsctp}
$rest"
    [ "$status" = 1 ]
    local cannot="transport usrsctp cannot" instead="kernel can; leave it out, or write broker.transport: kernel"
    [ "${#lines[@]}" = 5 ]
    [[ "${lines[0]}" == *":3:29: address: $cannot have several addresses, $instead" ]]
    [[ "${lines[1]}" == *":4:"*": netns: $cannot use another network namespace, $instead" ]]
    [[ "${lines[2]}" == *":4:"*": bind_to_device: $cannot bind to a device, $instead" ]]
    [[ "${lines[3]}" == *":6:"*": local: $cannot have several addresses, $instead" ]]
    [[ "${lines[4]}" == *":6:"*": netns: $cannot use another network namespace, $instead" ]]
    check <<<"broker: {transport: kernel}
$rest"
    [ "$status" = 0 ]
    [[ "$output" != *cannot* ]]
}

@test "values that do harm together: one warning each from junctor check and in the log of junctor run, which goes on" {
    local at=", encaps_port: $U0" there=", encaps_port: $U1"
    [ "$BACKEND" = usrsctp ] || at='' there='' # it would do nothing, which is a warning of its own
    cat >"$work/hasty.yaml" <<CONFIG
broker: {transport: $BACKEND}
sctp: {rtoinfo: {initial: 100ms, min: 100ms}}
listeners: [{name: access, address: 127.0.0.1, port: $P0$at}]
peers: [{name: core, address: 127.0.0.1, port: $P1$there, sctp: {nodelay: false}}]
routes: [{from: access, ppid: m3ua, to: core}]
CONFIG
    run "$JUNCTOR" check -c "$work/hasty.yaml"
    [ "$status" = 0 ]
    [ "$(grep -c "warning: " <<<"$output")" = 2 ]
    [[ "$output" == *"hasty.yaml:2:39: warning: rtoinfo.min: "*delayed_ack_time* ]]
    [[ "$output" == *"hasty.yaml:4:"*" warning: nodelay: "*m3ua*"write nodelay: true"* ]]

    start_broker <"$work/hasty.yaml"
    stop_broker
    [ "$(grep -c 'level=warning event=advice file=.*broker.yaml" line=' "$work/broker.log")" = 2 ]
    grep -q 'event=advice .* line=2 column=39 text="rtoinfo.min: ' "$work/broker.log"
}

@test "junctor check --print reads back as the same configuration" {
    cat >"$work/good.yaml" <<CONFIG
broker: {workers: 2}
sctp: {sndbuf: 1M, rtoinfo: {min: 200ms}}
profiles: {quick: {nodelay: true}}
listeners: [{name: access, address: [127.0.0.1, "::1"], port: 2905, profile: quick}]
peers: [{name: core, address: 127.0.0.3, port: 2906}]
groups: [{name: all, members: [core, access], mode: broadcast}]
routes:
  - {from: access, ppid: [m3ua, 46], stream: [0-15, 20], to: core, session: paired}
  - {from: core, to: all}
CONFIG
    "$JUNCTOR" check -c "$work/good.yaml" --print >"$work/first.yaml"
    "$JUNCTOR" check -c "$work/first.yaml" --print >"$work/second.yaml"
    cmp <(grep -v "^#" "$work/first.yaml") <(grep -v "^#" "$work/second.yaml")
    grep -q 1M "$work/first.yaml" || grep -q 1048576 "$work/first.yaml"
}

@test "junctor run refuses a bad config and a missing one" {
    echo 'listeners: [{name: a, prot: 1}]' >"$work/bad.yaml"
    run "$JUNCTOR" run -c "$work/bad.yaml"
    [ "$status" = 1 ]
    [[ "$output" == *"bad.yaml:1:"*prot*port* ]]

    run "$JUNCTOR" run -c "$work/none.yaml"
    [ "$status" = 1 ]
    [[ "$output" == *none.yaml*"o such file"* ]]
}
