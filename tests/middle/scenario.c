/* The configurations that the simulation is run with. */
#include "tests/middle/world.h"

#define LISTENER(name, port, peeloff)                                                                        \
    "  - {name: " name ", address: 127.0.0.1, port: " #port ", peeloff: " peeloff "}\n"
#define PEER(name, port)                                                                                     \
    "  - {name: " name ", address: 127.0.0.1, port: " #port                                                  \
    ", connect_timeout: 300ms, reconnect: {initial: 20ms, max: "                                             \
    "100ms}}\n"
#define STALLING(name, port)                                                                                 \
    "  - {name: " name ", address: 127.0.0.1, port: " #port                                                  \
    ", stall: {after: 100ms, action: abort}, reconnect: {initial: 20ms, max: 100ms}}\n"
#define NAMED(name, host, port)                                                                              \
    "  - {name: " name ", address: " host ", port: " #port                                                   \
    ", connect_timeout: 300ms, reconnect: {initial: 20ms, max: 100ms}}\n"
#define HEAVY(name, port, weight)                                                                            \
    "  - {name: " name ", address: 127.0.0.1, port: " #port ", weight: " #weight                             \
    ", connect_timeout: 300ms, reconnect: {initial: 20ms, max: 100ms}}\n"
#define LIMITED(name, port, queue)                                                                           \
    "  - {name: " name ", address: 127.0.0.1, port: " #port ", queue: {" queue                               \
    "}, reconnect: {initial: 20ms, max: 100ms}}\n"
#define LIMITED_LISTENER(name, port, queue)                                                                  \
    "  - {name: " name ", address: 127.0.0.1, port: " #port ", peeloff: %s, queue: {" queue "}}\n"
#define MAPPED(name, port, full)                                                                             \
    "  - {name: " name ", address: 127.0.0.1, port: " #port                                                  \
    ", connect_timeout: 300ms, reconnect: {initial: 20ms, max: 100ms}, mapped: {streams_full: " full         \
    ", reuse_after: 500ms}}\n"
#define LISTENERS            "listeners:\n" LISTENER("access", 2900, "%s")
#define PEERS                "peers:\n" PEER("p0", 3000) PEER("p1", 3001)
#define GROUP(members, mode) "groups:\n  - {name: core, members: [" members "], " mode "}\n"
#define SPLIT_PEERS          PEER("p2", 3002) PEER("p3", 3003)
#define STEADY               "  - {name: core, members: [p0, p1], mode: loadshare, share: stream-hash}\n"
#define STEADY_ROUTE         "  - {name: steady, from: access, stream: 0-1, to: core, session: shared}\n"
#define TO_CORE(rest)        "  - {from: access, to: core, session: shared, " rest "}\n"
#define ROUTES(rest)         "routes:\n  - {from: access, to: core, " rest "}\n"

#define LOST_DROPS (MAY_DROP(BRK_PEER_LOST) | MAY_DROP(BRK_UNACKNOWLEDGED))
#define MAPPED_DROPS                                                                                         \
    (LOST_DROPS | MAY_DROP(BRK_NO_STREAM) | MAY_DROP(BRK_NO_CLIENT) | MAY_DROP(BRK_CLIENT_GONE))
#define PAIRED_DROPS (LOST_DROPS | MAY_DROP(BRK_UNREACHABLE))

const struct scenario scenarios[] = {
    {.name = "paired_one_member",
     .config = LISTENERS "peers:\n" PEER("p0", 3000) GROUP("p0", "mode: override") ROUTES("session: paired"),
     .peers = 1,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS},
    {.name = "paired_two_members",
     .config = LISTENERS PEERS GROUP("p0, p1", "mode: loadshare") ROUTES("session: paired"),
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS},
    {.name = "paired_names",
     .config = LISTENERS "peers:\n" NAMED("p0", "a.example", 3000) NAMED("p1", "b.example", 3001)
         GROUP("p0, p1", "mode: override") ROUTES("session: paired"),
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS},
    {.name = "shared_round_robin",
     .config =
         LISTENERS PEERS GROUP("p0, p1", "mode: loadshare, share: round-robin") ROUTES("session: shared"),
     .peers = 2,
     .client_ports = 1,
     .resends = true},
    {.name = "shared_stream_hash",
     .config = LISTENERS PEERS PEER("p2", 3002) GROUP("p0, p1, p2", "mode: loadshare, share: stream-hash")
         ROUTES("session: shared"),
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "shared_source_hash",
     .config = LISTENERS "peers:\n" HEAVY("p0", 3000, 3) HEAVY("p1", 3001, 1) PEER("p2", 3002)
         GROUP("p0, p1, p2", "mode: loadshare, share: source-hash") ROUTES("session: shared"),
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    /* Who gets more, and who nothing, changes. */
    {.name = "reload_weights",
     .config = LISTENERS "peers:\n" HEAVY("p0", 3000, 3) HEAVY("p1", 3001, 1) PEER("p2", 3002)
         GROUP("p0, p1, p2", "share: stream-hash") ROUTES("session: shared"),
     .others = {LISTENERS "peers:\n" HEAVY("p0", 3000, 0) HEAVY("p1", 3001, 1) PEER("p2", 3002)
                    GROUP("p0, p1, p2", "share: stream-hash") ROUTES("session: shared"),
                LISTENERS "peers:\n" HEAVY("p0", 3000, 1) HEAVY("p1", 3001, 0) HEAVY("p2", 3002, 0)
                    GROUP("p0, p1, p2", "share: stream-hash") ROUTES("session: shared"),
                LISTENERS PEERS PEER("p2", 3002) GROUP("p0, p1, p2", "share: source-hash")
                    ROUTES("session: shared")},
     .members_change = true,
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "shared_override",
     .config = LISTENERS "peers:\n" NAMED("p0", "a.example", 3000) PEER("p1", 3001) PEER("p2", 3002)
         GROUP("p0, p1, p2", "mode: override") ROUTES("session: shared"),
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "mapped_override",
     .config = LISTENERS "peers:\n" MAPPED("p0", 3000, "add") MAPPED("p1", 3001, "add")
         GROUP("p0, p1", "mode: override") ROUTES("session: mapped"),
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .resends = true,
     .mapped = true,
     .may_drop = MAPPED_DROPS},
    {.name = "mapped_stream_hash",
     .config = LISTENERS "peers:\n" MAPPED("p0", 3000, "refuse") MAPPED("p1", 3001, "add")
         MAPPED("p2", 3002, "refuse") GROUP("p0, p1, p2", "mode: loadshare, share: stream-hash")
             ROUTES("session: mapped"),
     .peers = 3,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .resends = true,
     .mapped = true,
     .may_drop = MAPPED_DROPS},
    {.name = "mapped_ttl",
     .config = LISTENERS "peers:\n" MAPPED("p0", 3000, "add") MAPPED("p1", 3001, "add")
         GROUP("p0, p1", "mode: override") ROUTES("session: mapped, partial_reliability: {ttl: 40ms}"),
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .resends = true,
     .mapped = true,
     .may_drop = MAPPED_DROPS | MAY_DROP(BRK_EXPIRED)},
    {.name = "shared_ttl",
     .config =
         LISTENERS PEERS GROUP("p0, p1", "mode: override") "routes:\n"
                                                           "  - {from: access, ppid: 1, to: core, session: "
                                                           "shared, partial_reliability: {ttl: 40ms}}\n"
                                                           "  - {from: access, to: core, session: shared}\n",
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .may_drop = MAY_DROP(BRK_EXPIRED)},
    /* What comes back finds its route by the PPID and stream that it came with. */
    {.name = "shared_rewrite",
     .config = LISTENERS PEERS PEER("p2", 3002)
         GROUP("p0, p1, p2", "mode: override") "routes:\n" TO_CORE("ppid: 1, set_ppid: 7, set_stream: hash")
             TO_CORE("ppid: 2, stream: 0-3, set_ppid: 1, set_stream: 2"),
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .leaves_as = {7, 1}},
    /* Clients and servers are read slowly; all that they send arrives. */
    {.name = "paired_limited",
     .config =
         "listeners:\n"
         "  - {name: access, address: 127.0.0.1, port: 2900, peeloff: %s, rate_limit: {messages: 100, burst: "
         "100ms}}\n"
         "peers:\n  - {name: p0, address: 127.0.0.1, port: 3000, connect_timeout: 300ms, "
         "reconnect: {initial: 20ms, max: 100ms}, rate_limit: {bytes: 2000, burst: 100ms}}\n" GROUP(
             "p0", "mode: override") ROUTES("session: paired"),
     .peers = 1,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS},
    {.name = "reload_limited",
     .config = LISTENERS PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared"),
     .others =
         {"listeners:\n"
          "  - {name: access, address: 127.0.0.1, port: 2900, peeloff: %s, rate_limit: {messages: "
          "50}}\n" PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared"),
          "listeners:\n"
          "  - {name: access, address: 127.0.0.1, port: 2900, peeloff: %s, rate_limit: {bytes: 1K, burst: "
          "200ms}}\n" PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared")},
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    /* Who takes nothing for a moment is aborted; what it had goes to the next. */
    {.name = "shared_stall",
     .config = LISTENERS "peers:\n" STALLING("p0", 3000) STALLING("p1", 3001) PEER("p2", 3002)
         GROUP("p0, p1, p2", "mode: override") ROUTES("session: shared"),
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "shared_unordered",
     .config = LISTENERS PEERS PEER("p2", 3002)
         GROUP("p0, p1",
               "mode: override") "routes:\n"
                                 "  - {from: access, unordered: true, ppid: 1, to: p2, session: shared}\n"
                                 "  - {from: access, unordered: true, to: p2, session: shared, set_stream: "
                                 "spread}\n" TO_CORE("set_stream: hash"),
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .loose = true},
    {.name = "paired_rewrite",
     .config = LISTENERS PEERS GROUP(
         "p0, p1", "mode: override") "routes:\n"
                                     "  - {from: access, ppid: 2, to: core, set_stream: 9}\n"
                                     "  - {from: access, to: core, set_ppid: 2, set_stream: "
                                     "spread}\n",
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS,
     .leaves_as = {2, 0}},
    {.name = "broadcast",
     .config = LISTENERS LISTENER("subscribers", 2901, "%s")
         PEERS GROUP("subscribers, p0, p1", "mode: broadcast") ROUTES("session: shared"),
     .peers = 2,
     .client_ports = 2,
     .subscribers = true,
     .ordered = true,
     .fans_out = true,
     .may_drop = LOST_DROPS | MAY_DROP(BRK_NO_SUBSCRIBER)},
    {.name = "broadcast_ttl",
     .config = LISTENERS LISTENER("subscribers", 2901,
                                  "%s") "groups:\n"
                                        "  - {name: core, members: [subscribers], mode: broadcast}\n" ROUTES(
                                            "session: shared, partial_reliability: {ttl: 30ms}"),
     .peers = 0,
     .client_ports = 2,
     .subscribers = true,
     .ordered = true,
     .fans_out = true,
     .may_drop = LOST_DROPS | MAY_DROP(BRK_NO_SUBSCRIBER) | MAY_DROP(BRK_EXPIRED)},
    {.name = "both_directions",
     .config = LISTENERS LISTENER("subscribers", 2901, "%s") PEERS
     "groups:\n  - {name: core, members: [p0, p1], mode: loadshare, share: stream-hash}\n"
     "  - {name: back, members: [subscribers], mode: broadcast}\n"
     "routes:\n  - {from: access, to: core, session: shared}\n"
     "  - {from: [p0, p1], to: back, session: shared}\n",
     .peers = 2,
     .client_ports = 2,
     .subscribers = true,
     .answers = true,
     .ordered = true,
     .resends = true,
     .fans_out = true,
     .may_drop = LOST_DROPS | MAY_DROP(BRK_NO_SUBSCRIBER)},
    /* Outboxes with limits: what becomes of a message that finds one full. */
    {.name = "full_block",
     .config = LISTENERS "peers:\n" LIMITED("p0", 3000, "messages: 2") LIMITED("p1", 3001, "bytes: 60")
         GROUP("p0, p1", "mode: loadshare, share: stream-hash") ROUTES("session: shared"),
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "full_drop",
     .config = LISTENERS
     "peers:\n" LIMITED("p0", 3000, "messages: 3") LIMITED("p1", 3001, "messages: 2") GROUP(
         "p0, p1",
         "mode: loadshare, share: stream-hash") "routes:\n"
                                                "  - {name: a, from: access, stream: 0-1, to: core, session: "
                                                "shared, when_full: drop-oldest}\n"
                                                "  - {name: b, from: access, stream: 2, to: core, session: "
                                                "shared, when_full: drop-newest}\n"
                                                "  - {name: c, from: access, to: core, session: shared}\n",
     .others = {LISTENERS "peers:\n" LIMITED("p0", 3000, "messages: 1") LIMITED("p1", 3001, "messages: 5")
                    GROUP(
                        "p0, p1",
                        "mode: loadshare, share: stream-hash") "routes:\n"
                                                               "  - {name: a, from: access, stream: 0-1, to: "
                                                               "core, session: shared}\n"
                                                               "  - {name: b, from: access, to: core, "
                                                               "session: shared, when_full: drop-oldest}\n"},
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .may_drop = MAY_DROP(BRK_FULL_OLDEST) | MAY_DROP(BRK_FULL_NEWEST)},
    /* Too many clients come, or none is let in; what they have sent by then is dropped. */
    {.name = "refused",
     .config = "listeners:\n  - {name: access, address: 127.0.0.1, port: 2900, peeloff: %s, "
               "max_associations: 3}\n" PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared"),
     .others = {LISTENERS PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared"),
                "listeners:\n  - {name: access, address: 127.0.0.1, port: 2900, peeloff: %s, deny: "
                "127.0.0.0/8}\n" PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared")},
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .may_drop = MAY_DROP(BRK_NOT_ACCEPTED)},
    {.name = "full_reroute",
     .config = LISTENERS "peers:\n" LIMITED("p0", 3000, "messages: 2") LIMITED("p1", 3001, "messages: 2")
         PEER("p2", 3002) GROUP("p0, p1, p2", "mode: loadshare, share: round-robin")
             ROUTES("session: shared, when_full: reroute"),
     .peers = 3,
     .client_ports = 1,
     .reroutes = true,
     .resends = true},
    {.name = "full_broadcast",
     .config = LISTENERS LIMITED_LISTENER("subscribers", 2901,
                                          "messages: 3") "peers:\n" LIMITED("p0", 3000, "messages: 1")
         GROUP("subscribers, p0",
               "mode: broadcast") "routes:\n"
                                  "  - {from: access, stream: 0-1, to: core, session: shared, "
                                  "when_full: drop-oldest}\n"
                                  "  - {from: access, stream: 2, to: core, session: shared, "
                                  "when_full: drop-newest}\n"
                                  "  - {from: access, to: core, session: shared}\n",
     .peers = 1,
     .client_ports = 2,
     .subscribers = true,
     .ordered = true,
     .fans_out = true,
     .may_drop =
         LOST_DROPS | MAY_DROP(BRK_NO_SUBSCRIBER) | MAY_DROP(BRK_FULL_OLDEST) | MAY_DROP(BRK_FULL_NEWEST)},
    {.name = "full_paired",
     .config = "listeners:\n" LIMITED_LISTENER("access", 2900, "messages: 2") "peers:\n" LIMITED(
         "p0", 3000, "messages: 1") GROUP("p0", "mode: override") ROUTES("session: paired"),
     .peers = 1,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS},
    {.name = "hold_messages",
     .config =
         LISTENERS PEERS GROUP("p0, p1", "mode: override, hold: {messages: 5}") ROUTES("session: shared"),
     .others = {LISTENERS PEERS GROUP("p0, p1", "mode: override, hold: {bytes: 50}")
                    ROUTES("session: shared"),
                LISTENERS PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared")},
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .may_drop = MAY_DROP(BRK_HOLD_FULL)},
    {.name = "hold_time",
     .config = LISTENERS PEERS GROUP("p0, p1", "share: stream-hash, hold: {time: 100ms, messages: 20}")
         ROUTES("session: shared"),
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .may_drop = MAY_DROP(BRK_HOLD_FULL) | MAY_DROP(BRK_HOLD_EXPIRED)},
    {.name = "memory_limit",
     .config =
         LISTENERS PEERS GROUP("p0, p1", "mode: loadshare, share: stream-hash") ROUTES("session: shared"),
     .broker = "memory_limit: 5K",
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "memory_limit_drop",
     .config = LISTENERS LISTENER("subscribers", 2901, "%s") PEERS
     "groups:\n  - {name: core, members: [p0, p1]}\n  - {name: back, members: [subscribers], mode: "
     "broadcast}\n"
     "routes:\n  - {from: access, to: core, session: shared, when_full: drop-oldest}\n"
     "  - {from: [p0, p1], to: back, session: shared, when_full: drop-newest}\n",
     .broker = "memory_limit: 4K",
     .peers = 2,
     .client_ports = 2,
     .subscribers = true,
     .answers = true,
     .resends = true,
     .fans_out = true,
     .may_drop =
         LOST_DROPS | MAY_DROP(BRK_NO_SUBSCRIBER) | MAY_DROP(BRK_FULL_OLDEST) | MAY_DROP(BRK_FULL_NEWEST)},
    {.name = "unrouted_abort",
     .config = LISTENERS PEERS GROUP("p0, p1", "share: stream-hash") ROUTES("session: shared, stream: 0-1"),
     .broker = "unrouted: abort",
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .may_drop = MAY_DROP(BRK_NO_ROUTE)},
    {.name = "unrouted_group",
     .config = LISTENERS PEERS GROUP("p0, p1", "share: stream-hash") ROUTES("session: shared, stream: 0-1"),
     .others = {LISTENERS PEERS GROUP("p0, p1", "share: stream-hash") ROUTES("session: shared, ppid: 1"),
                LISTENERS PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared, stream: 1")},
     .broker = "unrouted: core",
     .members_change = true,
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    /* What a reload changes does not concern the traffic: it goes on as if nothing were. */
    {.name = "reload_beside",
     .config = LISTENERS PEERS PEER("p2", 3002) GROUP("p0, p1, p2", "mode: loadshare, share: stream-hash")
         ROUTES("session: shared"),
     .others =
         {LISTENERS LISTENER("more", 2911, "%s") PEERS PEER("p2", 3002)
              GROUP("p0, p1, p2", "mode: loadshare, share: stream-hash") ROUTES(
                  "ppid: 1, session: shared") "  - {name: rest, from: access, to: core, session: shared}\n"
                                              "  - {name: none, from: more, to: core, session: shared}\n",
          "listeners:\n" LISTENER("most", 2912, "%s") LISTENER("access", 2900, "%s") "peers:\n" PEER(
              "p2", 3002) PEER("p1", 3001) NAMED("p3", "d.example", 3003)
              PEER("p0",
                   3000) "groups:\n"
                         "  - {name: more, members: [p3]}\n"
                         "  - {name: core, members: [p0, p1, p2], mode: loadshare, share: stream-hash}\n"
                         "routes:\n"
                         "  - {name: rest, from: access, ppid: 1, to: core, session: shared}\n"
                         "  - {from: most, to: more, session: shared}\n"
                         "  - {name: both, from: access, to: core, session: shared}\n"},
     .peers = 4,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    /* Members, listeners and routes come and go; nothing is lost, though streams change their members. */
    {.name = "reload_members",
     .config = LISTENERS PEERS PEER("p2", 3002) GROUP("p0, p1, p2", "mode: loadshare, share: stream-hash")
         ROUTES("session: shared"),
     .others = {LISTENERS PEERS GROUP("p1, p0", "mode: override") ROUTES("session: shared"),
                "listeners:\n" LISTENER("access", 2901, "%s") "peers:\n" NAMED("p1", "a.example", 3001)
                    PEER("p3", 3003) GROUP("p1, p3", "mode: loadshare, share: round-robin")
                        ROUTES("session: shared"),
                "listeners:\n" LISTENER("other", 2901, "%s") "peers:\n" PEER("p0", 3001) PEER(
                    "p2",
                    3002) "groups:\n  - {name: core, members: [p0, p2]}\n  - {name: new, members: [p0]}\n"
                          "routes:\n  - {from: other, to: core, session: shared}\n",
                "listeners:\n" LISTENER("access", 2900, "%s") "peers:\n" PEER(
                    "p0", 3000) "groups:\n  - {name: new, members: [p0]}\n"
                                "routes:\n  - {from: access, to: new, session: shared}\n"},
     .members_change = true,
     .peers = 4,
     .client_ports = 2,
     .resends = true,
     .may_drop = MAY_DROP(BRK_NO_ROUTE)},
    /* Streams change their members in every way, and all keep their order: another member is preferred,
     * members come and go, the mode changes, routes lead to other groups. Half of the streams go to a group
     * that stays as it is. */
    {.name = "reload_split",
     .config = LISTENERS PEERS SPLIT_PEERS
     "groups:\n" STEADY "  - {name: side, members: [p2, p3], mode: override}\n"
     "routes:\n" STEADY_ROUTE "  - {name: rest, from: access, to: side, session: shared}\n",
     .others = {LISTENERS PEERS SPLIT_PEERS "groups:\n"
                                            "  - {name: side, members: [p3, p2], mode: override}\n" STEADY
                                            "routes:\n" STEADY_ROUTE
                                            "  - {name: rest, from: access, to: side, session: shared}\n",
                LISTENERS PEERS NAMED("p3", "c.example",
                                      3003) "groups:\n"
                                            "  - {name: side, members: [p3, p0], share: stream-hash}\n" STEADY
                                            "routes:\n" STEADY_ROUTE
                                            "  - {from: access, to: side, session: shared}\n",
                "listeners:\n" LISTENER("access", 2901, "%s") PEERS SPLIT_PEERS
                "groups:\n" STEADY "  - {name: other, members: [p2, p1, p3], share: stream-hash}\n"
                "routes:\n" STEADY_ROUTE
                "  - {name: rest, from: access, ppid: 2, to: other, session: shared}\n"
                "  - {name: last, from: access, to: core, session: shared}\n",
                LISTENERS PEERS SPLIT_PEERS
                "groups:\n  - {name: other, members: [p3], share: stream-hash}\n" STEADY
                "  - {name: side, members: [p1, p2], mode: override}\n"
                "routes:\n" STEADY_ROUTE
                "  - {name: rest, from: access, stream: 3, to: side, session: shared}\n"
                "  - {from: access, to: other, session: shared}\n"},
     .members_change = true,
     .peers = 4,
     .client_ports = 2,
     .ordered = true,
     .resends = true},
    {.name = "reload_rewrite",
     .config = LISTENERS PEERS GROUP("p0, p1", "mode: override") "routes:\n" TO_CORE(
         "name: one, ppid: 1, set_ppid: 2") TO_CORE("name: two, ppid: 2"),
     .others = {LISTENERS PEERS GROUP("p0, p1", "mode: override") "routes:\n" TO_CORE(
                    "name: one, ppid: 1, set_ppid: 5, set_stream: 0") TO_CORE("ppid: 2, set_stream: hash"),
                LISTENERS PEERS GROUP("p0, p1", "mode: override") "routes:\n" TO_CORE(
                    "name: two, ppid: 2, set_ppid: 6, set_stream: 3") TO_CORE("ppid: 1, set_ppid: 2"),
                LISTENERS PEERS GROUP("p1, p0", "mode: override") "routes:\n" TO_CORE("name: one")},
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .members_change = true,
     .resends = true,
     .leaves_as = {ANY_PPID, ANY_PPID}},
    {.name = "reload_paired",
     .config = LISTENERS PEERS GROUP("p0, p1", "mode: loadshare") ROUTES("name: all, session: paired"),
     .others = {LISTENERS PEERS PEER("p2", 3002) GROUP("p1, p2", "mode: override") ROUTES("session: paired"),
                "listeners:\n" LISTENER("access", 2901, "%s") "peers:\n" NAMED("p1", "a.example", 3001)
                    GROUP("p1", "mode: loadshare") ROUTES("session: paired"),
                "listeners:\n" LISTENER("other", 2900, "%s") "peers:\n" PEER(
                    "p0", 3002) "groups:\n  - {name: core, members: [p0]}\n"
                                "routes:\n  - {from: other, to: core, session: paired}\n",
                LISTENERS PEERS GROUP("p0, p1", "mode: loadshare, share: stream-hash")
                    ROUTES("name: all, session: shared")},
     .members_change = true,
     .peers = 3,
     .client_ports = 2,
     .answers = true,
     .paired = true,
     .resends = true,
     .may_drop = PAIRED_DROPS | MAY_DROP(BRK_NO_ROUTE) | MAY_DROP(BRK_CLIENT_GONE)},
    /* Operators drain members, take them out and in again; shares grow with time, and preferred members
       return. */
    {.name = "states_stream_hash",
     .config = LISTENERS PEERS PEER("p2", 3002) GROUP("p0, p1, p2", "share: stream-hash, slow_start: 150ms")
         ROUTES("session: shared"),
     .states = true,
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "states_round_robin",
     .config = LISTENERS "peers:\n" HEAVY("p0", 3000, 3) HEAVY("p1", 3001, 2)
         GROUP("p0, p1", "slow_start: 100ms") ROUTES("session: shared"),
     .states = true,
     .peers = 2,
     .client_ports = 1,
     .resends = true},
    {.name = "states_least_waiting",
     .config = LISTENERS "peers:\n" HEAVY("p0", 3000, 3) HEAVY("p1", 3001, 2)
         GROUP("p0, p1", "share: least-waiting") ROUTES("session: shared"),
     .states = true,
     .peers = 2,
     .client_ports = 1,
     .resends = true},
    {.name = "states_override",
     .config = LISTENERS PEERS PEER("p2", 3002) GROUP("p0, p1, p2", "mode: override, return_after: 80ms")
         ROUTES("session: shared"),
     .states = true,
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "states_never_back",
     .config =
         LISTENERS PEERS GROUP("p0, p1", "mode: override, return_after: never") ROUTES("session: shared"),
     .states = true,
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "states_paired",
     .config = LISTENERS PEERS GROUP("p0, p1", "slow_start: 50ms") ROUTES("session: paired"),
     .states = true,
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS},
    {.name = "states_mapped",
     .config = LISTENERS "peers:\n" MAPPED("p0", 3000, "add") MAPPED("p1", 3001, "refuse") GROUP(
         "p0, p1", "share: source-hash, slow_start: 50ms") ROUTES("session: mapped, when_full: drop-oldest"),
     .states = true,
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .resends = true,
     .mapped = true,
     .may_drop = MAPPED_DROPS | MAY_DROP(BRK_FULL_OLDEST)},
    {.name = "states_broadcast",
     .config = LISTENERS LISTENER("subscribers", 2901, "%s")
         PEERS GROUP("subscribers, p0, p1", "mode: broadcast") ROUTES("session: shared"),
     .states = true,
     .peers = 2,
     .client_ports = 2,
     .subscribers = true,
     .ordered = true,
     .fans_out = true,
     .may_drop = LOST_DROPS | MAY_DROP(BRK_NO_SUBSCRIBER)},
    /* Those that fail are out for a time. */
    {.name = "eject_stream_hash",
     .config = LISTENERS PEERS PEER("p2", 3002)
         GROUP("p0, p1, p2",
               "share: stream-hash, slow_start: 50ms, eject: {failures: 2, within: 500ms, for: 150ms, "
               "most: 70}") ROUTES("session: shared"),
     .states = true,
     .peers = 3,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "eject_override",
     .config = LISTENERS PEERS GROUP("p0, p1", "mode: override, eject: {failures: 1, for: 100ms, most: 100}")
         ROUTES("session: shared"),
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "eject_paired",
     .config = LISTENERS PEERS GROUP("p0, p1", "eject: {failures: 2, for: 100ms}") ROUTES("session: paired"),
     .peers = 2,
     .client_ports = 1,
     .answers = true,
     .ordered = true,
     .paired = true,
     .may_drop = PAIRED_DROPS},
    {.name = "states_reload",
     .config = LISTENERS PEERS SPLIT_PEERS
     "groups:\n" STEADY "  - {name: side, members: [p2, p3], mode: override, return_after: 50ms}\n"
     "routes:\n" STEADY_ROUTE "  - {name: rest, from: access, to: side, session: shared}\n",
     .others = {LISTENERS PEERS SPLIT_PEERS "groups:\n"
                                            "  - {name: side, members: [p3, p2], slow_start: 100ms, share: "
                                            "source-hash}\n" STEADY "routes:\n" STEADY_ROUTE
                                            "  - {name: rest, from: access, to: side, session: shared}\n",
                LISTENERS PEERS PEER("p2",
                                     3002) "  - {name: p3, address: 127.0.0.1, port: 3003, state: drain}\n"
                                           "groups:\n"
                                           "  - {name: side, members: [p3, p2], mode: override}\n" STEADY
                                           "routes:\n" STEADY_ROUTE
                                           "  - {name: rest, from: access, to: side, session: shared}\n"},
     .members_change = true,
     .states = true,
     .peers = 4,
     .client_ports = 1,
     .ordered = true,
     .resends = true},
    {.name = "reload_mapped",
     .config = LISTENERS "peers:\n" MAPPED("p0", 3000, "add") MAPPED("p1", 3001, "add")
         GROUP("p0, p1", "mode: override") ROUTES("name: all, session: mapped"),
     .others = {LISTENERS "peers:\n" MAPPED("p0", 3000, "refuse") MAPPED("p1", 3001, "add")
                    GROUP("p0, p1", "mode: override") ROUTES("name: all, session: shared"),
                LISTENERS "peers:\n" MAPPED("p0", 3000, "add") MAPPED("p1", 3001, "refuse")
                    MAPPED("p2", 3002, "add") GROUP("p1, p2", "share: stream-hash")
                        ROUTES("name: all, session: mapped"),
                "listeners:\n" LISTENER("access", 2901, "%s") "peers:\n" MAPPED("p2", 3000, "add")
                    GROUP("p2", "mode: loadshare") ROUTES("session: mapped"),
                LISTENERS "peers:\n" MAPPED("p0", 3000, "add") MAPPED("p1", 3001, "add")
                    GROUP("p0, p1", "mode: override") ROUTES("name: all, session: paired")},
     .members_change = true,
     .peers = 3,
     .client_ports = 2,
     .answers = true,
     .resends = true,
     .mapped = true,
     .may_drop = MAPPED_DROPS | PAIRED_DROPS | MAY_DROP(BRK_NO_ROUTE)},
    {.name = "reload_to_pairs",
     .config = LISTENERS PEERS GROUP("p0, p1", "mode: override") ROUTES("name: all, session: shared"),
     .others = {LISTENERS PEERS GROUP("p0, p1", "mode: override") ROUTES("name: all, session: paired"),
                LISTENERS PEERS GROUP("p1, p0", "share: stream-hash") ROUTES("name: all, session: shared"),
                LISTENERS PEERS GROUP("p1", "mode: loadshare") ROUTES("name: all, session: paired")},
     .members_change = true,
     .peers = 2,
     .client_ports = 1,
     .ordered = true,
     .resends = true,
     .may_drop = PAIRED_DROPS | MAY_DROP(BRK_CLIENT_GONE)},
    {.name = "reload_broadcast",
     .config = LISTENERS LISTENER("subscribers", 2901, "%s")
         PEERS GROUP("subscribers, p0, p1", "mode: broadcast") ROUTES("session: shared"),
     .others = {LISTENERS LISTENER("subscribers", 2901, "%s")
                    PEERS GROUP("p1, subscribers", "mode: broadcast") ROUTES("session: shared"),
                LISTENERS PEERS GROUP("p0, p1", "mode: override") ROUTES("session: shared")},
     .members_change = true,
     .peers = 2,
     .client_ports = 2,
     .subscribers = true,
     .fans_out = true,
     .may_drop = LOST_DROPS | MAY_DROP(BRK_NO_SUBSCRIBER) | MAY_DROP(BRK_NO_ROUTE)},
};

const unsigned scenario_count = sizeof scenarios / sizeof scenarios[0];
