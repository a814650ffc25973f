load lib

@test "bench/peers/run: the relays in C pass on all messages, in order, with their streams and PPIDs" {
    local jq=jq
    ! command -v gojq >/dev/null || jq=gojq
    BUILD=$(dirname "$JUNCTOR") IN=$P0 OUT=$P1 JQ=$jq CANDIDATES="batched threads" CASES="2 64" STREAMS=4 PPIDS=m3ua,ngap ROUNDS=1 \
        COUNT=200 DRAIN=60 KEEPS= bash bench/peers/run --json here >"$work/peers.json" 3>&- </dev/null
    "$jq" -ce '.cases[0].candidates | map([.name, .trouble, .rate > 0]) == [["batched", [null], true], ["threads", [null], true]]' "$work/peers.json"
}
