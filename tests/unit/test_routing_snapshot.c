/* Membership, the groups made from it, picking, and publishing. tests/stress/test_reload.c tests readers in
 * other threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <stdlib.h>

#include <cmocka.h>

#include "routing/snapshot.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* One listener and three peers; groups of each mode over them. */
enum { SHARE, STREAMS, SOURCES, ACTIVE, ALL, CLIENTS, ALONE, GROUPS };

#define PEER(i)                                                                                              \
    {                                                                                                        \
        CFG_MEMBER_PEER, i                                                                                   \
    }
#define LISTENER(i)                                                                                          \
    {                                                                                                        \
        CFG_MEMBER_LISTENER, i                                                                               \
    }

static const struct cfg_member peers[] = {PEER(0), PEER(1), PEER(2)};
static const struct cfg_member backwards[] = {PEER(2), PEER(0), PEER(2), LISTENER(0)};
static const struct cfg_member clients[] = {LISTENER(0)};
static const struct cfg_member third[] = {PEER(2)};

static const struct cfg_group groups[GROUPS] = {
    [SHARE] = {.members = peers, .member_count = 3, .mode = CFG_LOADSHARE, .share = CFG_ROUND_ROBIN},
    [STREAMS] = {.members = peers, .member_count = 3, .mode = CFG_LOADSHARE, .share = CFG_STREAM_HASH},
    [SOURCES] = {.members = peers, .member_count = 3, .mode = CFG_LOADSHARE, .share = CFG_SOURCE_HASH},
    [ACTIVE] = {.members = backwards, .member_count = 4, .mode = CFG_OVERRIDE},
    [ALL] = {.members = backwards, .member_count = 4, .mode = CFG_BROADCAST},
    [CLIENTS] = {.members = clients, .member_count = 1, .mode = CFG_LOADSHARE, .share = CFG_STREAM_HASH},
    [ALONE] = {.members = third, .member_count = 1, .mode = CFG_LOADSHARE, .share = CFG_ROUND_ROBIN},
};

static const struct cfg_listener listener = {.weight = 1};
static struct cfg_peer peer[3] = {{.weight = 1}, {.weight = 1}, {.weight = 1}};

static const struct cfg_config config = {.listeners = &listener,
                                         .listener_count = 1,
                                         .peers = peer,
                                         .peer_count = 3,
                                         .groups = groups,
                                         .group_count = GROUPS};

static struct rt_dest p0 = {.member = PEER(0)}, p1 = {.member = PEER(1)}, p2 = {.member = PEER(2)};
static struct rt_dest l0 = {.member = LISTENER(0)}, l1 = {.member = LISTENER(0)};

struct fixture {
    struct rt_members *members;
    struct rt_snapshot *snapshot;
};

static void weigh(unsigned a, unsigned b, unsigned c)
{
    peer[0].weight = a;
    peer[1].weight = b;
    peer[2].weight = c;
}

static int set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    weigh(1, 1, 1);
    f->members = rt_members_new(&config);
    *state = f;
    return f->members ? 0 : -1;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    rt_members_free(f->members);
    rt_snapshot_free(f->snapshot);
    free(f);
    return 0;
}

/* The group as it would be published now; valid until the next call. */
static const struct rt_group *group_now(struct fixture *f, unsigned group)
{
    rt_snapshot_free(f->snapshot);
    f->snapshot = rt_snapshot_build(f->members, NULL, 1);
    assert_non_null(f->snapshot);
    return f->snapshot->groups[group];
}

static void add(struct fixture *f, struct rt_dest *d)
{
    assert_true(rt_members_add(f->members, d));
}

static struct rt_dest *pick(const struct rt_group *g, uint64_t origin, uint16_t stream)
{
    struct rt_pick_state turn = {0};
    return rt_group_pick(g, &turn, origin, stream);
}

static void assert_dests(const struct rt_group *g, struct rt_dest *const *dests, uint32_t count)
{
    assert_int_equal(g->count, count);
    for (uint32_t i = 0; i < count; i++)
        assert_ptr_equal(g->dests[i], dests[i]);
}

/* ---- snapshots ---- */

static void test_snapshot_says_what_it_is(void **state)
{
    struct fixture *f = *state;
    const struct rt_plan plan = {.config = &config};
    f->snapshot = rt_snapshot_build(f->members, &plan, 42);
    const struct rt_snapshot *s = f->snapshot;
    assert_int_equal(s->version, 42);
    assert_ptr_equal(s->plan, &plan);
    assert_int_equal(s->group_count, GROUPS);
    for (int g = 0; g < GROUPS; g++) {
        assert_int_equal(s->groups[g]->mode, groups[g].mode);
        assert_int_equal(s->groups[g]->share, groups[g].share);
        assert_int_equal(s->groups[g]->count, 0);
        assert_false(s->groups[g]->held);
    }
    assert_null(pick(s->groups[SHARE], 1, 1));
    assert_null(pick(s->groups[STREAMS], 1, 1));
    assert_null(pick(s->groups[ACTIVE], 1, 1));
}

static void test_snapshot_does_not_change(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    const struct rt_group *g = group_now(f, SHARE);
    add(f, &p1);
    rt_members_remove(f->members, &p0);
    assert_dests(g, (struct rt_dest *[]){&p0}, 1);
    assert_false(g->held);
    assert_dests(group_now(f, SHARE), (struct rt_dest *[]){&p1}, 1);
}

static void test_order_of_members_then_of_coming_up(void **state)
{
    struct fixture *f = *state;
    add(f, &l1);
    add(f, &p0);
    add(f, &l0);
    add(f, &p2);
    /* p2 stands in the group twice and counts once, where it stands first. */
    assert_dests(group_now(f, ALL), (struct rt_dest *[]){&p2, &p0, &l1, &l0}, 4);
    assert_dests(group_now(f, SHARE), (struct rt_dest *[]){&p0, &p2}, 2);
    assert_dests(group_now(f, ALONE), (struct rt_dest *[]){&p2}, 1);
    rt_members_remove(f->members, &p2);
    assert_dests(group_now(f, ALL), (struct rt_dest *[]){&p0, &l1, &l0}, 3);
    assert_dests(group_now(f, ALONE), NULL, 0);
}

static void test_many_subscribers(void **state)
{
    struct fixture *f = *state;
    enum { N = 3000 };
    struct rt_dest *d = calloc(N, sizeof *d);
    for (int i = 0; i < N; i++) {
        d[i].member = (struct cfg_member)LISTENER(0);
        add(f, &d[i]);
    }
    const struct rt_group *g = group_now(f, CLIENTS);
    assert_int_equal(g->count, N);
    for (int i = 0; i < N; i++)
        assert_ptr_equal(g->dests[i], &d[i]);
    for (int i = 0; i < N; i += 2)
        rt_members_remove(f->members, &d[i]);
    g = group_now(f, CLIENTS);
    assert_int_equal(g->count, N / 2);
    for (int i = 0; i < N / 2; i++)
        assert_ptr_equal(g->dests[i], &d[2 * i + 1]);
    free(d);
}

/* ---- held groups ---- */

static void test_lost_member_holds_its_groups(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    add(f, &p1);
    rt_members_remove(f->members, &p0);
    assert_true(group_now(f, SHARE)->held);
    assert_null(pick(group_now(f, SHARE), 1, 1));
    assert_null(pick(group_now(f, STREAMS), 1, 1));
    assert_true(group_now(f, ACTIVE)->held);
    assert_false(group_now(f, CLIENTS)->held); /* p0 is not in these */
    assert_false(group_now(f, ALONE)->held);
    rt_members_release(f->members, &p0);
    assert_false(group_now(f, SHARE)->held);
    assert_ptr_equal(pick(group_now(f, SHARE), 1, 1), &p1);
    assert_false(group_now(f, ACTIVE)->held);
}

static void test_every_loss_needs_its_release(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    rt_members_remove(f->members, &p0);
    rt_members_remove(f->members, &p1);
    rt_members_release(f->members, &p1);
    assert_null(pick(group_now(f, SHARE), 1, 1));
    add(f, &p1); /* coming up again is no release */
    assert_null(pick(group_now(f, SHARE), 1, 1));
    rt_members_release(f->members, &p0);
    assert_non_null(pick(group_now(f, SHARE), 1, 1));
}

/* ---- picking ---- */

static void test_override_takes_the_first_that_is_up(void **state)
{
    struct fixture *f = *state; /* in order: p2, p0, listeners */
    add(f, &l0);
    assert_dests(group_now(f, ACTIVE), (struct rt_dest *[]){&l0}, 1);
    add(f, &p0);
    assert_ptr_equal(pick(group_now(f, ACTIVE), 1, 1), &p0);
    add(f, &p2);
    assert_ptr_equal(pick(group_now(f, ACTIVE), 1, 1), &p2);
    assert_ptr_equal(pick(group_now(f, ACTIVE), 2, 9), &p2);
    assert_int_equal(group_now(f, ACTIVE)->count, 1);
    rt_members_remove(f->members, &p2);
    rt_members_release(f->members, &p2);
    assert_ptr_equal(pick(group_now(f, ACTIVE), 1, 1), &p0);
}

static void test_round_robin_is_fair(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    const struct rt_group *g = group_now(f, SHARE);
    struct rt_pick_state turn = {0};
    for (int i = 0; i < 30; i++)
        assert_ptr_equal(rt_group_pick(g, &turn, 7, 7), g->dests[i % 3]);
}

/* A thread may start anywhere, and the group may shrink or grow between two picks. */
static void test_round_robin_from_anywhere(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    const struct rt_group *g = group_now(f, SHARE);
    struct rt_pick_state turn = {.next = 1000003}; /* 1 modulo 3 */
    for (int i = 0; i < 9; i++)
        assert_ptr_equal(rt_group_pick(g, &turn, 7, 7), g->dests[(i + 1) % 3]);
    turn.next = UINT32_MAX; /* 0 modulo 3 */
    for (int i = 0; i < 9; i++)
        assert_ptr_equal(rt_group_pick(g, &turn, 7, 7), g->dests[i % 3]);

    rt_members_remove(f->members, &p2);
    rt_members_release(f->members, &p2);
    g = group_now(f, SHARE);
    turn.next = 2;
    assert_ptr_equal(rt_group_pick(g, &turn, 7, 7), &p0);
    assert_ptr_equal(rt_group_pick(g, &turn, 7, 7), &p1);
    assert_ptr_equal(rt_group_pick(g, &turn, 7, 7), &p0);
}

static void test_stream_hash_is_stable(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    enum { ORIGINS = 40, STREAMS_EACH = 16 };
    struct rt_dest *before[ORIGINS][STREAMS_EACH];
    const struct rt_group *g = group_now(f, STREAMS);
    for (int o = 0; o < ORIGINS; o++)
        for (int s = 0; s < STREAMS_EACH; s++) {
            before[o][s] = pick(g, (uint64_t)o, (uint16_t)s);
            assert_ptr_equal(before[o][s], pick(g, (uint64_t)o, (uint16_t)s));
        }

    /* p1 goes: only its streams move, and both others get some. */
    rt_members_remove(f->members, &p1);
    rt_members_release(f->members, &p1);
    g = group_now(f, STREAMS);
    unsigned to_p0 = 0, to_p2 = 0;
    for (int o = 0; o < ORIGINS; o++)
        for (int s = 0; s < STREAMS_EACH; s++) {
            struct rt_dest *now = pick(g, (uint64_t)o, (uint16_t)s);
            if (before[o][s] != &p1)
                assert_ptr_equal(now, before[o][s]);
            to_p0 += before[o][s] == &p1 && now == &p0;
            to_p2 += before[o][s] == &p1 && now == &p2;
        }
    assert_true(to_p0 > 50 && to_p2 > 50);

    /* It comes back, as a new association: it gets its streams back. */
    struct rt_dest again = {.member = PEER(1)};
    add(f, &again);
    g = group_now(f, STREAMS);
    for (int o = 0; o < ORIGINS; o++)
        for (int s = 0; s < STREAMS_EACH; s++)
            assert_ptr_equal(pick(g, (uint64_t)o, (uint16_t)s), before[o][s] == &p1 ? &again : before[o][s]);
}

/* Shares within a tenth of even: for the streams of one association, for associations that differ in the low
 * bits or in the high bits only, over peers and over associations of one listener. */
static void assert_even(const struct rt_group *g, uint64_t origins, int shift, uint16_t streams)
{
    enum { MAX = 8 };
    unsigned seen[MAX] = {0};
    assert_in_range(g->count, 2, MAX);
    for (uint64_t o = 0; o < origins; o++)
        for (uint16_t s = 0; s < streams; s++) {
            const struct rt_dest *d = pick(g, o << shift, s);
            for (uint32_t i = 0; i < g->count; i++)
                seen[i] += g->dests[i] == d;
        }
    double even = (double)origins * streams / g->count;
    for (uint32_t i = 0; i < g->count; i++)
        if (seen[i] < even * 0.9 || seen[i] > even * 1.1)
            fail_msg("%u of %u (shift %d): %u, even would be %.0f", i, g->count, shift, seen[i], even);
}

static void test_stream_hash_spreads_evenly(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    struct rt_dest twin = {.member = PEER(1)}; /* a second association of the same peer has a share too */
    add(f, &twin);
    struct rt_dest *d = calloc(6, sizeof *d);
    for (int i = 0; i < 6; i++) {
        d[i].member = (struct cfg_member)LISTENER(0);
        d[i].number = (uint64_t)i + 1;
        add(f, &d[i]);
    }
    const unsigned of[] = {STREAMS, CLIENTS};
    for (unsigned i = 0; i < COUNT(of); i++) {
        const struct rt_group *g = group_now(f, of[i]);
        assert_even(g, 1, 0, 40000);
        assert_even(g, 40000, 0, 1);
        assert_even(g, 40000, 48, 1);
        assert_even(g, 2000, 4, 20);
    }
    free(d);
}

static void test_another_worker_gets_what_was_its_place(void **state)
{
    struct fixture *f = *state;
    struct rt_dest d[3], elsewhere = {.worker = 1, .member = LISTENER(0), .number = 2};
    for (int i = 0; i < 3; i++) {
        d[i] = (struct rt_dest){.member = LISTENER(0), .number = (uint64_t)i + 1};
        add(f, &d[i]);
    }
    struct rt_dest *before[100];
    const struct rt_group *g = group_now(f, CLIENTS);
    for (uint16_t s = 0; s < COUNT(before); s++)
        before[s] = pick(g, 7, s);
    rt_members_replace(f->members, &d[1], &elsewhere);
    g = group_now(f, CLIENTS);
    assert_dests(g, (struct rt_dest *[]){&d[0], &elsewhere, &d[2]}, 3);
    for (uint16_t s = 0; s < COUNT(before); s++)
        assert_ptr_equal(pick(g, 7, s), before[s] == &d[1] ? &elsewhere : before[s]);
}

static void test_single_member_takes_everything(void **state)
{
    struct fixture *f = *state;
    add(f, &p2);
    assert_ptr_equal(pick(group_now(f, SHARE), 5, 5), &p2);
    assert_ptr_equal(pick(group_now(f, STREAMS), 5, 5), &p2);
    assert_ptr_equal(pick(group_now(f, ALONE), 5, 5), &p2);
}

/* ---- weights ---- */

static unsigned index_of(const struct rt_group *g, const struct rt_dest *d)
{
    for (uint32_t i = 0; i < g->count; i++)
        if (g->dests[i] == d)
            return i;
    fail();
    return 0;
}

/* From wherever a thread begins: after n picks each has had its share of n, off by four at most. */
static void assert_turns(struct fixture *f, const unsigned *weights)
{
    unsigned sum = weights[0] + weights[1] + weights[2], got[3] = {0};
    struct rt_pick_state turn = {.next = weights[0] * 7919 + weights[1]};
    weigh(weights[0], weights[1], weights[2]);
    struct rt_dest *all[] = {&p0, &p1, &p2};
    for (int i = 0; i < 3; i++)
        add(f, all[i]);
    const struct rt_group *g = group_now(f, SHARE);
    for (unsigned n = 1; n <= 3000; n++) {
        const struct rt_dest *d = rt_group_pick(g, &turn, 7, 7);
        got[d == &p0 ? 0 : d == &p1 ? 1 : 2]++;
        for (int i = 0; i < 3; i++) {
            double due = (double)n * weights[i] / sum;
            if (got[i] < due - 4 || got[i] > due + 4)
                fail_msg("%u:%u:%u: after %u, %u got %u", weights[0], weights[1], weights[2], n, i, got[i]);
        }
    }
    for (int i = 0; i < 3; i++) {
        rt_members_remove(f->members, all[i]);
        rt_members_release(f->members, all[i]);
    }
}

static void test_turns_follow_the_weights(void **state)
{
    static const unsigned cases[][3] = {{5, 1, 1}, {3, 2, 1},   {256, 1, 1}, {1, 100, 256},
                                        {2, 3, 0}, {17, 0, 31}, {97, 89, 83}};
    for (unsigned i = 0; i < COUNT(cases); i++)
        assert_turns(*state, cases[i]);
    uint32_t random = 1;
    for (unsigned i = 0; i < 300; i++) {
        unsigned w[3];
        for (unsigned k = 0; k < 3; k++) {
            random = random * 1664525 + 1013904223;
            w[k] = (random >> 16) % 257;
        }
        assert_turns(*state, w);
    }
}

static void test_many_weights(void **state)
{
    struct fixture *f = *state;
    enum { N = 2000 };
    struct cfg_peer *many = calloc(N, sizeof *many);
    struct cfg_member *members = calloc(N, sizeof *members);
    struct rt_dest *d = calloc(N, sizeof *d);
    for (unsigned i = 0; i < N; i++) {
        many[i].weight = i % 256 + 1;
        members[i] = (struct cfg_member){CFG_MEMBER_PEER, i};
        d[i].member = members[i];
    }
    const struct cfg_group group = {.members = members, .member_count = N};
    const struct cfg_config c = {.peers = many, .peer_count = N, .groups = &group, .group_count = 1};
    rt_members_free(f->members);
    f->members = rt_members_new(&c);
    for (unsigned i = 0; i < N; i++)
        add(f, &d[i]);
    const struct rt_group *g = group_now(f, 0);
    unsigned sum = 0;
    for (unsigned i = 0; i < N; i++)
        sum += many[i].weight;
    unsigned *got = calloc(N, sizeof *got);
    struct rt_pick_state turn = {0};
    enum { PICKS = 1000000 };
    for (unsigned n = 0; n < PICKS; n++)
        got[rt_group_pick(g, &turn, 1, 1) - d]++;
    for (unsigned i = 0; i < N; i++) {
        double due = (double)many[i].weight * PICKS / sum;
        if (got[i] + 4 < due || got[i] > due + 4)
            fail_msg("weight %u got %u, not %.1f", many[i].weight, got[i], due);
    }
    free(got);
    free(d);
    free(members);
    free(many);
}

/* Shares of streams within a tenth of what the weights say; and a change of one weight moves streams from or
 * to that member only. */
static void test_hash_follows_the_weights(void **state)
{
    struct fixture *f = *state;
    enum { KEYS = 20000 };
    static struct rt_dest *before[KEYS];
    weigh(1, 2, 5);
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    const struct rt_group *g = group_now(f, STREAMS);
    unsigned got[3] = {0};
    for (unsigned k = 0; k < KEYS; k++)
        got[index_of(g, before[k] = pick(g, k / 10, (uint16_t)(k % 10)))]++;
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(got[i], peer[i].weight * KEYS / 8 * 9 / 10, peer[i].weight * KEYS / 8 * 11 / 10);

    rt_members_free(f->members);
    weigh(1, 4, 5);
    f->members = rt_members_new(&config);
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    g = group_now(f, STREAMS);
    unsigned moved = 0;
    for (unsigned k = 0; k < KEYS; k++) {
        const struct rt_dest *now = pick(g, k / 10, (uint16_t)(k % 10));
        if (now != before[k])
            assert_ptr_equal(now, &p1);
        moved += now != before[k];
    }
    assert_in_range(moved, KEYS * 13 / 100, KEYS * 17 / 100); /* from 2/8 to 4/10 */
}

static void test_source_hash_keeps_a_source_together(void **state)
{
    struct fixture *f = *state;
    add(f, &p0);
    add(f, &p1);
    add(f, &p2);
    const struct rt_group *g = group_now(f, SOURCES);
    unsigned got[3] = {0};
    for (uint64_t o = 0; o < 3000; o++) {
        struct rt_dest *d = pick(g, o, 0);
        got[index_of(g, d)]++;
        for (uint16_t s = 1; s < 20; s++)
            assert_ptr_equal(pick(g, o, s), d);
    }
    for (unsigned i = 0; i < 3; i++)
        assert_in_range(got[i], 900, 1100);
}

/* Where nothing waits in turn; else where the least waits, compared with the weights; against a naive search.
 */
static void test_least_waiting(void **state)
{
    struct fixture *f = *state;
    static const struct cfg_group least = {.members = peers, .member_count = 3, .share = CFG_LEAST_WAITING};
    static const struct cfg_config c = {.peers = peer, .peer_count = 3, .groups = &least, .group_count = 1};
    struct rt_dest d[3] = {{.member = PEER(0)}, {.member = PEER(1)}, {.member = PEER(2)}};
    uint32_t random = 3;
    for (unsigned round = 0; round < 200; round++) {
        rt_members_free(f->members);
        weigh(1 + round % 3, 1 + round % 5, 1 + round % 7);
        f->members = rt_members_new(&c);
        unsigned got[3] = {0}, sum = peer[0].weight + peer[1].weight + peer[2].weight;
        for (unsigned i = 0; i < 3; i++) {
            rt_dest_set_waiting(&d[i], 0);
            add(f, &d[i]);
        }
        const struct rt_group *g = group_now(f, 0);
        struct rt_pick_state turn = {.next = round};
        for (unsigned n = 0; n < 900; n++)
            got[rt_group_pick(g, &turn, 7, 7) - d]++;
        for (unsigned i = 0; i < 3; i++)
            assert_in_range(got[i] + 4, 900 * peer[i].weight / sum, 900 * peer[i].weight / sum + 8);
        for (unsigned n = 0; n < 20; n++) {
            for (unsigned i = 0; i < 3; i++) {
                random = random * 1664525 + 1013904223;
                rt_dest_set_waiting(&d[i], 1 + (random >> 16) % 50);
            }
            const struct rt_dest *best = rt_group_pick(g, &turn, 7, 7);
            for (unsigned i = 0; i < 3; i++)
                assert_true((double)best->waiting / peer[best - d].weight <=
                            (double)d[i].waiting / peer[i].weight);
        }
    }
}

static void test_weight_zero_gets_nothing(void **state)
{
    struct fixture *f = *state;
    weigh(0, 1, 0);
    add(f, &p0);
    assert_dests(group_now(f, SHARE), NULL, 0);
    assert_false(rt_members_takes_over(f->members, &p1)); /* from nobody */
    add(f, &p1);
    add(f, &p2);
    assert_dests(group_now(f, SHARE), (struct rt_dest *[]){&p1}, 1);
    assert_dests(group_now(f, STREAMS), (struct rt_dest *[]){&p1}, 1);
    assert_int_equal(group_now(f, ALL)->count, 2); /* only loadshare compares weights */
    assert_ptr_equal(pick(group_now(f, ACTIVE), 1, 1), &p2);
    assert_false(rt_members_takes_over(f->members, &(struct rt_dest){.member = PEER(0)}));
    assert_int_equal(group_now(f, SHARE)->member_weights[0], 0);
    assert_int_equal(group_now(f, SHARE)->member_weights[1], 16);
    assert_null(group_now(f, ACTIVE)->member_weights);
}

/* ---- who is out, and time ---- */

static const struct cfg_group timed[] = {
    {.members = peers, .member_count = 3, .slow_start_ms = 1600},
    {.members = peers, .member_count = 3, .share = CFG_STREAM_HASH, .slow_start_ms = 1600},
    {.members = peers, .member_count = 3, .mode = CFG_OVERRIDE, .return_after_ms = 500},
    {.members = peers, .member_count = 3, .mode = CFG_OVERRIDE, .return_after_ms = CFG_NEVER},
    {.members = peers, .member_count = 3, .mode = CFG_BROADCAST},
};
enum { SLOW, SLOW_STREAMS, BACK, NEVER_BACK, COPIES };
static const struct cfg_config timely = {
    .peers = peer, .peer_count = 3, .groups = timed, .group_count = COUNT(timed)};

static void begin_timed(struct fixture *f)
{
    rt_members_free(f->members);
    f->members = rt_members_new(&timely);
    rt_members_settle(f->members, 10000);
}

static struct rt_dest up_at(unsigned i, uint64_t ms)
{
    return (struct rt_dest){.member = {CFG_MEMBER_PEER, i}, .up_ms = ms};
}

/* In hundredths of what it will get when it has its whole share. */
static unsigned percent_of(struct fixture *f, unsigned group, const struct rt_dest *d)
{
    enum { PICKS = 6400 };
    const struct rt_group *g = group_now(f, group);
    struct rt_pick_state turn = {0};
    unsigned got = 0;
    for (unsigned n = 0; n < PICKS; n++)
        got += rt_group_pick(g, &turn, n / 10, (uint16_t)(n % 10)) == d;
    return got * 100 / (PICKS - got);
}

/* Beside one that has its share: from a sixteenth to all of it, on a simulated clock that goes from one due
 * time to the next, and nothing is due afterwards. */
static void assert_slow_start(struct fixture *f, unsigned group, unsigned steps)
{
    struct rt_dest old = up_at(0, 1), young = up_at(1, 20000);
    begin_timed(f);
    add(f, &old);
    rt_members_settle(f->members, 19000);
    assert_true(rt_members_due_ms(f->members) == UINT64_MAX);
    rt_members_settle(f->members, 20000);
    add(f, &young);
    assert_in_range(percent_of(f, group, &young), 5, 8);
    unsigned seen = 0;
    for (uint64_t due; (due = rt_members_due_ms(f->members)) != UINT64_MAX;) {
        assert_true(due > 20000 && due <= 21600);
        rt_members_settle(f->members, due);
        unsigned at = (unsigned)(due - 20000) * steps / 1600 * 100 / steps,
                 now = percent_of(f, group, &young);
        if (!at)
            at = 6;
        if (now + 8 < at || now > at + 8)
            fail_msg("%u ms: %u %%, not %u", (unsigned)(due - 20000), now, at);
        seen++;
    }
    assert_int_equal(seen, 16); /* of the faster group; both are settled */
    assert_in_range(percent_of(f, group, &young), 90, 110);
}

static void test_slow_start(void **state)
{
    assert_slow_start(*state, SLOW, 16);
    assert_slow_start(*state, SLOW_STREAMS, 4);
}

/* A step takes streams for the new one only, and no other moves. */
static void test_slow_start_moves_to_the_new_one(void **state)
{
    struct fixture *f = *state;
    enum { KEYS = 5000 };
    static struct rt_dest *before[KEYS];
    struct rt_dest a = up_at(0, 1), b = up_at(1, 1), young = up_at(2, 20000);
    begin_timed(f);
    rt_members_settle(f->members, 20000);
    add(f, &a);
    add(f, &b);
    add(f, &young);
    for (uint64_t now = 20000; now <= 22000; now += 200) {
        rt_members_settle(f->members, now);
        const struct rt_group *g = group_now(f, SLOW_STREAMS);
        for (unsigned k = 0; k < KEYS; k++) {
            struct rt_dest *d = pick(g, k, 1);
            if (now > 20000 && d != before[k])
                assert_ptr_equal(d, &young);
            before[k] = d;
        }
    }
}

static void test_preferred_member_returns(void **state)
{
    struct fixture *f = *state;
    struct rt_dest first = up_at(0, 20000), second = up_at(1, 1), last = up_at(2, 1);
    begin_timed(f);
    add(f, &last);
    add(f, &second); /* which has been up for long */
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &second);
    assert_ptr_equal(pick(group_now(f, NEVER_BACK), 1, 1), &last);
    rt_members_settle(f->members, 20000);
    add(f, &first);
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &second);
    rt_members_settle(f->members, 20499);
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &second);
    assert_true(rt_members_due_ms(f->members) == 20500);
    rt_members_settle(f->members, 20500);
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &first);
    assert_ptr_equal(pick(group_now(f, NEVER_BACK), 1, 1), &last);
    rt_members_settle(f->members, 30000);
    assert_true(rt_members_due_ms(f->members) == UINT64_MAX);
    rt_members_remove(f->members, &last); /* now the first one that is there */
    rt_members_release(f->members, &last);
    assert_ptr_equal(pick(group_now(f, NEVER_BACK), 1, 1), &first);

    /* Nobody waits for a time when the active one is lost. */
    struct rt_dest again = up_at(2, 40000);
    rt_members_settle(f->members, 40000);
    add(f, &again);
    rt_members_remove(f->members, &first);
    rt_members_remove(f->members, &second);
    rt_members_release(f->members, &first);
    rt_members_release(f->members, &second);
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &again);
}

static void test_who_is_out_gets_nothing(void **state)
{
    struct fixture *f = *state;
    struct rt_dest first = up_at(0, 1), second = up_at(1, 1);
    begin_timed(f);
    add(f, &first);
    add(f, &second);
    rt_members_set_out(f->members, first.member, true, 20000);
    rt_members_settle(f->members, 20000);
    for (unsigned g = SLOW; g <= NEVER_BACK; g++)
        assert_dests(group_now(f, g), (struct rt_dest *[]){&second}, 1);
    assert_dests(group_now(f, COPIES), (struct rt_dest *[]){&second}, 1);
    assert_int_equal(group_now(f, SLOW)->member_weights[0], 0);
    assert_int_equal(group_now(f, BACK)->member_weights[0], 0);
    struct rt_dest twin = up_at(0, 20001); /* one that comes up meanwhile */
    assert_false(rt_members_takes_over(f->members, &twin));
    add(f, &twin);
    assert_int_equal(group_now(f, COPIES)->count, 1);

    /* In again it begins slowly, and returns after a time. */
    rt_members_set_out(f->members, first.member, false, 30000);
    rt_members_settle(f->members, 30000);
    assert_int_equal(group_now(f, COPIES)->count, 3);
    assert_in_range(percent_of(f, SLOW, &first), 5, 8);
    assert_int_equal(group_now(f, SLOW)->member_weights[0], 1); /* clients, too */
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &second);
    rt_members_settle(f->members, 30500);
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &first);
    rt_members_settle(f->members, 31600);
    assert_null(group_now(f, SLOW)->member_weights);
}

/* Who was active, and since when members are in, survives another configuration. */
static void test_followed_by_another_configuration(void **state)
{
    struct fixture *f = *state;
    struct rt_dest first = up_at(0, 20000), second = up_at(1, 1);
    begin_timed(f);
    add(f, &second);
    rt_members_set_out(f->members, first.member, true, 10000);
    rt_members_settle(f->members, 20000);
    rt_members_set_out(f->members, first.member, false, 20100);
    rt_members_settle(f->members, 20100);
    add(f, &first);
    struct rt_members *next = rt_members_new(&timely);
    assert_true(rt_members_add(next, &first) && rt_members_add(next, &second));
    rt_members_follow(next, f->members);
    rt_members_free(f->members);
    f->members = next;
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &second);
    assert_ptr_equal(pick(group_now(f, NEVER_BACK), 1, 1), &second);
    rt_members_settle(f->members, 20599);
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &second);
    rt_members_settle(f->members, 20600);
    assert_ptr_equal(pick(group_now(f, BACK), 1, 1), &first);
}

/* ---- which of a listener's ---- */

static void test_choice_among_a_listeners_associations(void **state)
{
    struct fixture *f = *state;
    static const uint32_t codes[] = {7, 9};
    struct net_prefix prefixes[2];
    assert_true(net_prefix_parse("10.0.0.0/8", &prefixes[0]) && net_prefix_parse("127.0.0.1", &prefixes[1]));
    const struct cfg_member mixed[] = {LISTENER(0), PEER(0)};
    const struct cfg_group choosy[] = {
        {.members = mixed,
         .member_count = 2,
         .mode = CFG_BROADCAST,
         .adaptations = codes,
         .adaptation_count = 2},
        {.members = mixed,
         .member_count = 2,
         .share = CFG_STREAM_HASH,
         .remotes = prefixes,
         .remote_count = 2},
        {.members = mixed, .member_count = 2, .mode = CFG_BROADCAST},
        {.members = mixed,
         .member_count = 1,
         .mode = CFG_OVERRIDE,
         .adaptations = codes,
         .adaptation_count = 1,
         .remotes = prefixes,
         .remote_count = 1},
        {.members = mixed, .member_count = 2, .mode = CFG_BROADCAST, .authenticated = true},
    };
    const struct cfg_config c = {.listeners = &listener,
                                 .listener_count = 1,
                                 .peers = peer,
                                 .peer_count = 1,
                                 .groups = choosy,
                                 .group_count = COUNT(choosy)};
    struct rt_dest a = {.member = LISTENER(0)}, b = {.member = LISTENER(0), .adapted = true, .adaptation = 9};
    a.authenticated = true;
    assert_true(net_addr_parse("10.1.2.3", 5, &a.remote) && net_addr_parse("192.0.2.1", 5, &b.remote));
    rt_members_free(f->members);
    f->members = rt_members_new(&c);
    add(f, &p0); /* peers are not asked */
    add(f, &b);
    assert_true(rt_members_takes_over(f->members, &a)); /* by hash */
    assert_false(rt_members_takes_over(f->members, &b));
    add(f, &a);
    assert_dests(group_now(f, 0), (struct rt_dest *[]){&b, &p0}, 2);
    assert_dests(group_now(f, 1), (struct rt_dest *[]){&a, &p0}, 2);
    assert_dests(group_now(f, 2), (struct rt_dest *[]){&b, &a, &p0}, 3);
    assert_dests(group_now(f, 3), NULL, 0);
    assert_dests(group_now(f, 4), (struct rt_dest *[]){&a, &p0}, 2);

    a.adapted = true; /* it comes a moment later */
    a.adaptation = 7;
    assert_true(rt_members_refit(f->members, &a));
    rt_members_settle(f->members, 1);
    assert_dests(group_now(f, 0), (struct rt_dest *[]){&b, &a, &p0}, 3);
    assert_dests(group_now(f, 2), (struct rt_dest *[]){&b, &a, &p0}, 3);
    assert_dests(group_now(f, 3), (struct rt_dest *[]){&a}, 1);
    a.adaptation = 1;
    assert_true(rt_members_refit(f->members, &a));
    rt_members_settle(f->members, 2);
    assert_dests(group_now(f, 0), (struct rt_dest *[]){&b, &p0}, 2);
    assert_dests(group_now(f, 3), NULL, 0);
    rt_members_remove(f->members, &a);
    rt_members_release(f->members, &a);
    assert_dests(group_now(f, 1), (struct rt_dest *[]){&p0}, 1);
}

/* ---- publishing ---- */

static void test_publish_returns_the_old_one(void **state)
{
    struct fixture *f = *state;
    struct rt_current current = {0};
    struct rt_snapshot *a = rt_snapshot_build(f->members, NULL, 1);
    struct rt_snapshot *b = rt_snapshot_build(f->members, NULL, 2);
    assert_null(rt_current_read(&current));
    assert_null(rt_current_publish(&current, a));
    assert_ptr_equal(rt_current_read(&current), a);
    assert_ptr_equal(rt_current_publish(&current, b), a);
    assert_ptr_equal(rt_current_read(&current), b);
    assert_ptr_equal(rt_current_publish(&current, NULL), b);
    assert_null(rt_current_read(&current));
    rt_snapshot_free(a);
    rt_snapshot_free(b);
}

/* A thread that reads and publishes in turn: publishing must not wait for itself. */
static void test_reader_that_is_offline_holds_nobody_up(void **state)
{
    struct fixture *f = *state;
    struct rt_current current = {0};
    rt_reader_register();
    assert_null(rt_current_read(&current));
    rt_reader_quiescent();
    rt_reader_offline();
    struct rt_snapshot *s = rt_snapshot_build(f->members, NULL, 1);
    assert_null(rt_current_publish(&current, s));
    rt_reader_online();
    assert_int_equal(rt_current_read(&current)->version, 1);
    rt_reader_quiescent();
    rt_reader_unregister();
    assert_ptr_equal(rt_current_publish(&current, NULL), s);
    rt_snapshot_free(s);
}

/* ---- taking streams over ---- */

struct beside {
    const struct rt_dest *seen[8];
    unsigned count;
};

static void tell(void *arg, struct rt_dest *member)
{
    struct beside *b = arg;
    b->seen[b->count++] = member;
}

/* Whose streams a new one gets, where order matters: by hash from all, with override from all after it; with
 * round robin and broadcast nobody's. */
static void test_who_takes_over(void **state)
{
    struct fixture *f = *state;
    struct beside b = {.count = 0};
    assert_false(rt_members_takes_over(f->members, &p2)); /* nobody is there */
    add(f, &l0);                                          /* alone by hash, last with override */
    assert_false(rt_members_takes_over(f->members, &p1)); /* in neither group with it */
    assert_true(rt_members_takes_over(f->members, &l1));  /* hash */
    assert_true(rt_members_takes_over(f->members, &p2));  /* preferred to it */
    rt_members_each_beside(f->members, &p2, tell, &b);
    assert_int_equal(b.count, 1);
    assert_ptr_equal(b.seen[0], &l0);
    add(f, &p1);
    b.count = 0;
    rt_members_each_beside(f->members, &p2, tell, &b);
    assert_int_equal(b.count, 3); /* p1 by both hashes, l0 with override */
    add(f, &p2);
    b.count = 0;
    rt_members_each_beside(f->members, &l1, tell, &b);
    assert_int_equal(b.count, 1); /* l0, by hash; with override it comes last */
    assert_ptr_equal(b.seen[0], &l0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_who_takes_over),
        TEST(test_snapshot_says_what_it_is),
        TEST(test_snapshot_does_not_change),
        TEST(test_order_of_members_then_of_coming_up),
        TEST(test_many_subscribers),
        TEST(test_lost_member_holds_its_groups),
        TEST(test_every_loss_needs_its_release),
        TEST(test_override_takes_the_first_that_is_up),
        TEST(test_another_worker_gets_what_was_its_place),
        TEST(test_round_robin_is_fair),
        TEST(test_round_robin_from_anywhere),
        TEST(test_stream_hash_is_stable),
        TEST(test_stream_hash_spreads_evenly),
        TEST(test_single_member_takes_everything),
        TEST(test_turns_follow_the_weights),
        TEST(test_many_weights),
        TEST(test_hash_follows_the_weights),
        TEST(test_source_hash_keeps_a_source_together),
        TEST(test_least_waiting),
        TEST(test_weight_zero_gets_nothing),
        TEST(test_slow_start),
        TEST(test_slow_start_moves_to_the_new_one),
        TEST(test_preferred_member_returns),
        TEST(test_who_is_out_gets_nothing),
        TEST(test_followed_by_another_configuration),
        TEST(test_choice_among_a_listeners_associations),
        TEST(test_publish_returns_the_old_one),
        TEST(test_reader_that_is_offline_holds_nobody_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
