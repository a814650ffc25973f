/* Which streams get another destination when one plan replaces another. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "config/ids.h"
#include "routing/moves.h"

enum { P, Q, R, PEERS, GROUPS_MAX = 8 };

/* Every peer is up. */
struct side {
    struct rt_plan *plan;
    struct rt_members *members;
    struct rt_snapshot *snapshot;
};

static struct rt_dest dests[PEERS];

#define WEIGHED(a, b, c, rest)                                                                               \
    "listeners: [{name: a, port: 1001}, {name: b, port: 1002}]\n"                                            \
    "peers: [{name: p, address: 127.0.0.1, port: 1, weight: " #a "}, "                                       \
    "{name: q, address: 127.0.0.1, port: 2, weight: " #b "}, "                                               \
    "{name: r, address: 127.0.0.1, port: 3, weight: " #c "}]\n" rest

#define ENDS                                                                                                 \
    "listeners: [{name: a, port: 1001}, {name: b, port: 1002}]\n"                                            \
    "peers: [{name: p, address: 127.0.0.1, port: 1}, {name: q, address: 127.0.0.1, port: 2}, "               \
    "{name: r, address: 127.0.0.1, port: 3}]\n"

static struct side side_of(const char *rest, const struct side *old)
{
    struct cfg_remarks remarks;
    struct side s;
    char text[2000];
    int n = snprintf(text, sizeof text, "%s%s", strncmp(rest, "listeners", 9) ? ENDS : "", rest);
    struct cfg_config *c = cfg_parse("test.yaml", text, (size_t)n, &remarks);
    if (!c) {
        cfg_remarks_print("test.yaml", &remarks, stderr);
        fail_msg("not taken:\n%s", text);
    }
    cfg_remarks_free(&remarks);
    if (old)
        cfg_keep_ids(c, old->plan->config);
    s.plan = rt_plan_new(c, 1);
    s.members = rt_members_new(c);
    for (unsigned i = 0; i < PEERS; i++) {
        dests[i].member = (struct cfg_member){CFG_MEMBER_PEER, i};
        assert_true(rt_members_add(s.members, &dests[i]));
    }
    s.snapshot = rt_snapshot_build(s.members, s.plan, 1);
    assert_non_null(s.snapshot);
    assert_true(s.snapshot->group_count <= GROUPS_MAX);
    return s;
}

static void side_free(struct side *s)
{
    rt_snapshot_free(s->snapshot);
    rt_members_free(s->members);
    rt_plan_free(s->plan);
}

static void note_dest(void *arg, struct rt_dest *d)
{
    bool *asked = arg;
    asked[d - dests] = true;
}

/* " p q" in `out`. */
static void write_dests(const bool *asked, char *out)
{
    *out = '\0';
    for (unsigned i = 0; i < PEERS; i++)
        if (asked[i])
            sprintf(out + strlen(out), " %c", "pqr"[i]);
}

static void write_groups(const bool *to, const struct rt_plan *plan, char *out)
{
    *out = '\0';
    for (unsigned g = 0; g < plan->config->group_count; g++)
        if (to[g])
            sprintf(out + strlen(out), " %s", plan->config->groups[g].name);
}

/* From one file to the other the groups `held` get streams from elsewhere, and the peers `asked` had them. */
static void assert_moves(const char *before, const char *after, const char *held, const char *asked)
{
    bool from[GROUPS_MAX] = {0}, to[GROUPS_MAX] = {0}, told[PEERS] = {0};
    char groups[100], peers[20];
    struct side was = side_of(before, NULL), is = side_of(after, &was);
    rt_moves_find(was.snapshot, is.snapshot, from, to);
    rt_moves_each(was.snapshot, is.snapshot, from, note_dest, told);
    write_groups(to, is.plan, groups);
    write_dests(told, peers);
    if (strcmp(groups, held) || strcmp(peers, asked))
        fail_msg("held:%s, not%s; asked:%s, not%s; from\n%sto\n%s", groups, held, peers, asked, before,
                 after);
    side_free(&was);
    side_free(&is);
}

#define ONE(group)                                                                                           \
    "groups: [{name: g, " group "}]\n"                                                                       \
    "routes: [{from: a, to: g, session: shared}]\n"
#define OVERRIDE "mode: override"
#define HASH     "mode: loadshare, share: stream-hash"
#define ROBIN    "mode: loadshare, share: round-robin"

static void test_nothing_moves(void **state)
{
    (void)state;
    assert_moves(ONE("members: [p, q], " OVERRIDE), ONE("members: [p, q], " OVERRIDE), "", "");
    assert_moves(ONE("members: [p, q], " OVERRIDE), ONE("members: [p, r, q], " OVERRIDE), "", "");
    assert_moves(ONE("members: [p, q], " HASH), ONE("members: [q, p], " HASH), "", "");
    assert_moves(ONE("members: [p, q], " HASH),
                 "groups: [{name: new, members: [r]}, {name: g, members: [p, q], " HASH "}]\n"
                 "routes: [{name: n, from: b, to: new, session: shared}, "
                 "{name: m, from: a, to: g, session: shared}]\n",
                 "", "");
}

static void test_another_one_is_preferred(void **state)
{
    (void)state;
    assert_moves(ONE("members: [p, q], " OVERRIDE), ONE("members: [q, p], " OVERRIDE), " g", " p");
    assert_moves(ONE("members: [p, q], " OVERRIDE), ONE("members: [r, p, q], " OVERRIDE), " g", " p");
    assert_moves(ONE("members: [p, q], " OVERRIDE), ONE("members: [q], " OVERRIDE), " g", " p");
}

/* A member that goes leaves its streams to the others, which keep theirs; one that comes takes some of each.
 */
static void test_members_of_a_stream_hash_group(void **state)
{
    (void)state;
    assert_moves(ONE("members: [p, q, r], " HASH), ONE("members: [p, r], " HASH), " g", " q");
    assert_moves(ONE("members: [p, q], " HASH), ONE("members: [p, q, r], " HASH), " g", " p q");
    assert_moves(ONE("members: [p], " HASH), ONE("members: [q], " HASH), " g", " p");
}

/* What each peer is to get compared with others. Without an order nothing is to be waited for. */
static void test_weights(void **state)
{
    (void)state;
    assert_moves(WEIGHED(1, 1, 1, ONE("members: [p, q], " HASH)),
                 WEIGHED(2, 2, 1, ONE("members: [p, q], " HASH)), "", "");
    assert_moves(WEIGHED(1, 1, 1, ONE("members: [p, q], " HASH)),
                 WEIGHED(2, 1, 1, ONE("members: [p, q], " HASH)), " g", " p q");
    assert_moves(WEIGHED(1, 1, 1, ONE("members: [p, q], " HASH)),
                 WEIGHED(0, 1, 1, ONE("members: [p, q], " HASH)), " g", " p");
    assert_moves(WEIGHED(0, 1, 1, ONE("members: [p, q], " HASH)),
                 WEIGHED(1, 1, 1, ONE("members: [p, q], " HASH)), " g", " q");
    assert_moves(WEIGHED(1, 2, 1, ONE("members: [p, q], " HASH)),
                 WEIGHED(1, 2, 5, ONE("members: [p, q], " HASH)), "", "");
    assert_moves(WEIGHED(1, 1, 1, ONE("members: [p, q], " ROBIN)),
                 WEIGHED(2, 1, 1, ONE("members: [p, q], " ROBIN)), "", "");
    assert_moves(WEIGHED(1, 1, 1, ONE("members: [p, q], " OVERRIDE)),
                 WEIGHED(2, 0, 1, ONE("members: [p, q], " OVERRIDE)), "", "");
    assert_moves(ONE("members: [p, q], " HASH), ONE("members: [p, q], share: source-hash"), " g", " p q");
}

static void test_another_mode(void **state)
{
    (void)state;
    assert_moves(ONE("members: [p, q], " OVERRIDE), ONE("members: [p, q], " HASH), " g", " p");
    assert_moves(ONE("members: [p, q], " HASH), ONE("members: [p, q], " OVERRIDE), " g", " p q");
    assert_moves(ONE("members: [p, q], " ROBIN), ONE("members: [p, q], " HASH), " g", " p q");
    assert_moves(ONE("members: [p, q], " HASH), ONE("members: [p, q], mode: broadcast"), " g", " p q");
}

static void test_no_order_is_promised(void **state)
{
    (void)state;
    assert_moves(ONE("members: [p, q], " ROBIN), ONE("members: [q, r], " ROBIN), "", "");
    assert_moves(ONE("members: [p, q], mode: broadcast"), ONE("members: [q, r], mode: broadcast"), "", "");
    assert_moves(ONE("members: [p, q], mode: broadcast"), ONE("members: [q, r], " OVERRIDE), "", "");
}

#define TWO(routes)                                                                                          \
    "groups: [{name: g, members: [p, q], " HASH "}, {name: h, members: [r]}]\n"                              \
    "routes:\n" routes
#define ROUTE(match, to) "  - {from: a, " match "to: " to ", session: shared}\n"

static void test_routes_that_lead_elsewhere(void **state)
{
    (void)state;
    assert_moves(TWO(ROUTE("", "g")), TWO(ROUTE("", "h")), " h", " p q");
    assert_moves(TWO(ROUTE("", "g")), TWO(ROUTE("stream: 5, ", "h") ROUTE("", "g")), " h", " p q");
    assert_moves(TWO(ROUTE("ppid: 3, ", "h") ROUTE("", "g")), TWO(ROUTE("", "g")), " g", " r");
    assert_moves(TWO(ROUTE("", "g")), "routes:\n" ROUTE("", "p"), " g p", " p q");
    /* The same in other words; what had no route; what has none any more; another source. */
    assert_moves(TWO(ROUTE("stream: 0-9, ", "g") ROUTE("", "g")), TWO(ROUTE("", "g")), "", "");
    assert_moves(TWO(ROUTE("stream: 0-9, ", "g")), TWO(ROUTE("stream: 0-9, ", "g") ROUTE("", "h")), "", "");
    assert_moves(TWO(ROUTE("stream: 0-9, ", "g") ROUTE("", "h")), TWO(ROUTE("stream: 0-9, ", "g")), "", "");
    assert_moves(TWO(ROUTE("", "g") "  - {from: b, to: h, session: shared}\n"),
                 TWO(ROUTE("", "g") "  - {from: b, stream: 1, to: h, session: shared}\n"), "", "");
    /* What stands behind another route gets only what that leaves. */
    assert_moves(TWO(ROUTE("stream: 0-9, ", "g") ROUTE("stream: 5-15, ", "h")),
                 TWO(ROUTE("stream: 0-9, ", "g")), "", "");
    /* Paired sessions have associations of their own, but what members have left may come to them. */
    assert_moves(TWO(ROUTE("", "g")), TWO("  - {from: a, to: h, session: paired}\n"), "", " p q");
}

/* The order of unordered messages is nobody's concern. */
static void test_unordered_messages_lead_elsewhere(void **state)
{
    (void)state;
    const char *both = "routes: [{name: one, from: a, to: p, session: shared}]\n";
#define APART(unordered)                                                                                     \
    "routes: [{name: two, from: a, unordered: " unordered ", to: q, session: shared}, "                      \
    "{name: one, from: a, to: p, session: shared}]\n"
    assert_moves(both, APART("true"), "", "");
    assert_moves(both, APART("false"), " q", " p");
    assert_moves(APART("true"), both, "", "");
    assert_moves(APART("true"), APART("false"), " q", " p");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_moves),
        cmocka_unit_test(test_another_one_is_preferred),
        cmocka_unit_test(test_members_of_a_stream_hash_group),
        cmocka_unit_test(test_weights),
        cmocka_unit_test(test_another_mode),
        cmocka_unit_test(test_no_order_is_promised),
        cmocka_unit_test(test_routes_that_lead_elsewhere),
        cmocka_unit_test(test_unordered_messages_lead_elsewhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
