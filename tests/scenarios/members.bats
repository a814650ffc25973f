load lib
load admin

# Operators change states of members of groups, and shares change with time, while traffic flows.

peer() { echo "  - {name: $1, address: 127.0.0.1, port: ${!2}, encaps_port: ${!2}, reconnect: {initial: 100ms, max: 200ms}${3-}}"; }

# config GROUP [SESSION]
config() {
    broker_line "drain_timeout: 2m, admin: {path: $work/admin.sock}"
    cat <<CONFIG
listeners: [{name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}]
peers:
$(peer a P1)
$(peer b P2)
groups: [{name: core, members: [a, b], $1}]
routes: [{name: all, from: access, to: core, session: ${2-shared}}]
CONFIG
}

start_sinks() {
    start_sink a $U1 $P1 --partial --keep
    a=$loader
    start_sink b $U2 $P2 --partial --keep
    b=$loader
}

# explained MEMBER WHAT: `junctor explain` says that of it.
explained() {
    "$JUNCTOR" explain -s "$work/admin.sock" --from access --ppid 3 >"$work/explained" 2>&1 || true
    has_line "$work/explained" "^$1 +[0-9]+  $2\$" || { cat "$work/explained" && return 1; }
}

# junctor COMMAND MEMBER: it succeeds, and says so.
steer() {
    "$JUNCTOR" "$1" "$2" -s "$work/admin.sock" >"$work/steered"
    grep -q "member_state member=$2 state=$1" "$work/steered"
}

# end_load: everything that was sent was delivered, to one or the other, once and in order.
end_load() {
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $a $b
    wait_until 10 ended $a
    wait_until 10 ended $b
    [ "$(account received)" = "$(result source .sent)" ]
    [ "$(account dropped)" = 0 ]
    [ $(($(result a .delivered) + $(result b .delivered))) = "$(account received)" ]
    local sink
    for sink in a b; do
        [ "$(result $sink .duplicated)" = 0 ]
        [ "$(result $sink .misordered)" = 0 ]
        [ "$(result $sink .corrupt)" = 0 ]
    done
}

# stays NUMBER MEMBER: nothing more is delivered to it, while the other gets so much. What was on its way to it may come first.
stays() {
    wait_until 20 stayed "$@"
}
stayed() {
    local other=a before
    [ "$2" = b ] || other=b
    ask_account
    before=$(delivered_to "$2")
    wait_more $other "$1" || return 1
    [ "$(delivered_to "$2")" = "$before" ]
}

@test "drain, maint and ready under load: streams move to and fro in order; nothing is lost or doubled" {
    start_sinks
    start_broker < <(config 'mode: override')
    wait_count 2 event=member_up
    start_source source $U3 --associations 3 --streams 4 --rate 1000 --duration 5m
    source=$loader
    wait_delivered_to a 300
    steer drain a
    stays 300 a
    says /v1/groups '.groups[0].members[0] | .set == "drain" and .state == "up" and .in_group == 0'
    explained a 'is in state drain: it gets nothing'
    explained b 'gets it'
    steer ready a
    stays 300 b # a is preferred
    steer maint a
    wait_log 'event=association_closed peer=a'
    stays 300 a
    says /v1/groups '.groups[0].members[0] | .set == "maint" and .state == "down" and .associations == 0'
    "$JUNCTOR" status groups -s "$work/admin.sock" | grep -q 'a:maint'
    explained a 'is in state maint: it gets nothing'
    steer ready a
    wait_more a 300
    end_load
}

@test "drain and maint by hash: a member's streams go to the others, and come back" {
    start_sinks
    start_broker < <(config 'share: stream-hash, slow_start: 400ms')
    wait_count 2 event=member_up
    start_source source $U3 --associations 4 --streams 8 --rate 1000 --duration 5m
    source=$loader
    wait_delivered_to a 200
    wait_delivered_to b 200
    steer drain b
    stays 300 b
    steer ready b
    wait_more b 200
    steer maint a
    stays 300 a
    steer ready a
    wait_more a 200
    end_load
}

@test "a paired session stays where it is in drain, and ends in maint; new clients go elsewhere" {
    start_sinks
    start_broker < <(config 'mode: override' paired)
    start_source first $U3 --associations 2 --rate 300 --duration 5m
    local first=$loader
    wait_delivered_to a 100
    explained a 'gets the sessions of new clients'
    steer drain a
    explained a 'is in state drain: it gets nothing'
    explained b 'gets the sessions of new clients'
    start_source second $U4 --associations 2 --rate 300 --duration 5m
    local second=$loader
    wait_delivered_to b 100
    wait_more a 100
    steer maint a
    wait_until 30 ended $first # its sessions have ended
    stays 100 a
    # A listener in maint ends its clients, and accepts nobody.
    steer maint access
    wait_until 30 ended $second
    not run_source third $U5 --rate 100 --count 10 --connect-timeout 1s
    steer ready access
    wait_until 10 is_listening $P0 $U0
    run_source fourth $U6 --rate 100 --count 10
    stop_broker
    kill -TERM $a $b
    [ "$(account dropped)" = 0 ]
    [ "$(account associations_lost)" = 0 ]
}

@test "the state of the file is the first one, and a reload keeps what was set" {
    start_sinks
    start_broker < <(config 'mode: override' | sed 's/name: a,/&  state: drain,/')
    wait_count 2 event=association_up
    start_source source $U3 --rate 500 --duration 5m
    source=$loader
    wait_delivered_to b 200
    [ "$(delivered_to a)" = 0 ]
    steer ready a
    wait_more a 100
    # The file says drain as before: no change.
    write_config < <(config 'mode: override, return_after: never' | sed 's/name: a,/&  state: drain,/')
    reload 1
    wait_more a 100
    write_config < <(config 'mode: override, return_after: never' | sed 's/name: a,/&  state: maint,/')
    reload 2
    wait_more b 100
    write_config < <(config 'mode: override, return_after: never')
    reload 3
    wait_count 2 'event=association_up peer=a'
    # It is not given back what b has.
    stays 200 a
    end_load
}

@test "shares follow the weights; a preferred member returns after it has been up for a time" {
    start_sinks
    start_broker < <(config 'share: round-robin' | sed 's/name: a,/&  weight: 3,/')
    wait_count 2 event=member_up
    run_source counted $U4 --streams 4 --rate 2000 --count 1000
    wait_account delivered -ge 1000
    # Each worker goes by turns of its own.
    [ "$(delivered_to a)" -ge 740 ]
    [ "$(delivered_to a)" -le 760 ]
    write_config < <(config 'share: least-waiting' | sed 's/name: a,/&  weight: 3,/')
    reload 1
    start_source source $U3 --streams 4 --rate 1000 --duration 5m
    source=$loader
    wait_more a 100
    wait_more b 100
    write_config < <(config 'mode: override, return_after: 3s')
    reload 2
    wait_more a 100
    steer drain a
    stays 100 a
    steer ready a
    wait_more a 100
    ask_account
    kill -INT $source
    ends_with 0 $source
    stop_broker
    kill -TERM $a $b
    [ "$(account dropped)" = 0 ]
    [ "$(account delivered)" = "$(account received)" ]
}

shows() { # member, state: as `junctor status groups` does
    "$JUNCTOR" status groups -s "$work/admin.sock" | grep -q "$1:$2"
}

@test "a peer that fails too often is ejected for a time, and comes back" {
    start_sink b $U2 $P2 --partial --keep
    local b=$loader
    # Nobody is at P1: every attempt to connect fails.
    start_broker < <(config 'share: round-robin, eject: {failures: 3, within: 60s, for: 3s}')
    wait_log 'event=member_ejected member=a group=core' 20
    wait_until 10 shows a ejected
    wait_until 10 explained a 'is ejected for a time: it has failed too often'
    says /v1/peers '.peers[0].ejections >= 1'
    ask /metrics | grep -qE '^junctor_peer_ejections_total{peer="a"} [1-9]'
    start_source source $U3 --rate 500 --duration 5m
    source=$loader
    wait_delivered_to b 100
    start_sink a $U1 $P1 --partial --keep
    local a=$loader
    wait_log 'event=member_back member=a group=core' 20
    wait_delivered_to a 100
    [ "$(grep -c event=member_ejected.*member=b "$work/broker.log")" = 0 ]
    end_load
}

# got N: how many messages the N-th subscriber that came has been sent; from 0.
got() {
    ask "/v1/associations?listener=subs&sort=id" |
        jq ".associations | sort_by(.id | split(\"-\")[1] | tonumber) | .[$1].delivered"
}
got_at_least() {
    [ "$(got "$1")" -ge "$2" ]
}

# keys NAME KEY: a file with it, which only its owner can read.
keys() {
    (umask 077 && echo "1 $2" >"$work/$1.keys")
}

@test "members are chosen among a listener's associations by authenticated chunks" {
    [ "$BACKEND" = kernel ] || skip "the usrsctp transport authenticates nothing"
    start_sink sink $U2 $P2 --partial --keep
    keys broker 8f2c45a1d0b94e6f
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 1, admin: {path: $work/admin.sock}}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0}
  - {name: subs, address: 127.0.0.1, port: $P1, sctp: {auth_supported: true, auth_chunks: [data, sack], auth_keys: $work/broker.keys, auth_active_key: 1}}
peers: [{name: sink, address: 127.0.0.1, port: $P2}]
groups:
  - {name: safe, members: [subs], mode: broadcast, authenticated: true}
  - {name: all, members: [subs], mode: broadcast}
routes:
  - {from: subs, to: sink, session: shared}
  - {from: access, ppid: 101, to: safe, session: shared}
  - {from: access, ppid: 102, to: all, session: shared}
CONFIG
    start_load plain --role source --to "127.0.0.1:$P1" --rate 1 --count 100000
    start_load able --role source --to "127.0.0.1:$P1" --rate 1 --count 100000 --option auth_supported=true
    start_load safe --role source --to "127.0.0.1:$P1" --rate 1 --count 100000 --option auth_supported=true \
        --option auth_chunks=data --option auth_keys="$work/broker.keys" --option auth_active_key=1
    wait_until 10 says /v1/groups '[.groups[] | select(.name == "all").in_group] == [3]'
    wait_until 10 says /v1/groups '[.groups[] | select(.name == "safe").in_group] == [1]'
    run_source deliver $U5 --ppid 101 --rate 500 --count 50
    wait_until 10 says /v1/groups '[.groups[] | select(.name == "safe").traffic.delivered] == [50]'
}

@test "members are chosen among a listener's associations by adaptation indication and by remote prefix" {
    # usrsctp's UDP socket has one address, so that all its clients come from 127.0.0.1.
    local here=127.0.0.1 from=()
    [ "$BACKEND" = usrsctp ] || here=127.0.0.2 from=(--from 127.0.0.2)
    start_sink sink $U2 $P2 --partial --keep
    start_broker <<CONFIG
broker: {transport: $BACKEND, workers: 1, admin: {path: $work/admin.sock}}
listeners:
  - {name: access, address: 127.0.0.1, port: $P0, encaps_port: $U0}
  - {name: subs, address: 127.0.0.1, port: $P1, encaps_port: $U0}
peers: [{name: sink, address: 127.0.0.1, port: $P2, encaps_port: $U2}]
groups:
  - {name: tuned, members: [subs], mode: broadcast, adaptation: [7, 8]}
  - {name: near, members: [subs], mode: broadcast, remote: $here}
  - {name: far, members: [subs], mode: broadcast, remote: [10.0.0.0/8, "2001:db8::/32"]}
routes:
  - {from: subs, to: sink, session: shared}
  - {from: access, ppid: 101, to: tuned, session: shared}
  - {from: access, ppid: 102, to: near, session: shared}
  - {from: access, ppid: 103, to: far, session: shared}
CONFIG
    start_load first --role source --to "127.0.0.1:$P1" --to-encaps "$U0" --listen-encaps "$U3" --rate 1 --count 100000 \
        --option adaptation_layer=7
    wait_count 1 event=member_up.*member=subs
    start_load second --role source --to "127.0.0.1:$P1" --to-encaps "$U0" --listen-encaps "$U4" --rate 1 --count 100000 "${from[@]}"
    wait_count 2 event=member_up.*member=subs
    wait_until 10 says /v1/groups '[.groups[] | select(.name == "tuned").in_group] == [1]'
    says /v1/groups '[.groups[] | select(.name == "far").in_group] == [0]'
    run_source tuned $U5 --ppid 101 --rate 500 --count 50
    wait_until 10 got_at_least 0 50
    [ "$(got 1)" = 0 ]
    run_source near $U6 --ppid 102 --rate 500 --count 60
    wait_until 10 got_at_least 1 60
    [ "$BACKEND" = usrsctp ] || [ "$(got 0)" = 50 ]
    run_source far $U7 --ppid 103 --rate 500 --count 70
    wait_account dropped_no_subscriber -eq 70
}
