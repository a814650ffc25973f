/* Passive ejection, on a clock that the test controls, compared with a naive count of recent failures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <stdlib.h>

#include <cmocka.h>

#include "broker/eject.h"
#include "broker/health.h"
#include "broker/log.h"
#include "routing/plan.h"
#include "routing/snapshot.h"

enum { PEERS = 4, WITHIN = 1000, FOR = 5000 };

#define PEER(i)                                                                                              \
    {                                                                                                        \
        CFG_MEMBER_PEER, i                                                                                   \
    }

static struct cfg_peer peers[PEERS] = {{.name = "a", .weight = 1},
                                       {.name = "b", .weight = 1},
                                       {.name = "c", .weight = 1},
                                       {.name = "d", .weight = 1}};
static const struct cfg_member members[PEERS] = {PEER(0), PEER(1), PEER(2), PEER(3)};
static struct cfg_group group = {.name = "g", .members = members, .member_count = PEERS};
static const struct cfg_config config = {
    .peers = peers, .peer_count = PEERS, .groups = &group, .group_count = 1};
static const struct rt_plan plan = {.config = &config, .ejects = true};

static struct brk_broker broker;
static struct brk_eject eject;
static struct rt_members *all;
static struct rt_dest dests[PEERS];
static uint64_t now_ms;

static int begin(void **state)
{
    (void)state;
    brk_log_open(CFG_LOG_ERROR);
    group.eject = (struct cfg_eject){.failures = 3, .within_ms = WITHIN, .for_ms = FOR, .most = 50};
    group.slow_start_ms = 0;
    broker = (struct brk_broker){.plan = &plan};
    brk_segments_init(&broker.health, sizeof(struct brk_peer_health));
    all = rt_members_new(&config);
    now_ms = 100000;
    if (!all || !brk_segments_fit(&broker.health, 2 * PEERS) ||
        !brk_eject_plan(&eject, &eject, &broker, &config))
        return -1;
    for (unsigned i = 0; i < PEERS; i++) {
        dests[i] = (struct rt_dest){.member = members[i], .up_ms = 1};
        if (!rt_members_add(all, &dests[i]))
            return -1;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    brk_eject_free(&eject);
    rt_members_free(all);
    brk_segments_free(&broker.health);
    return 0;
}

static void fail_times(unsigned peer, unsigned times)
{
    atomic_fetch_add(&brk_health(&broker, peer)->failed, times);
}

static bool turn(uint64_t later_ms)
{
    now_ms += later_ms;
    return brk_eject_turn(&eject, &broker, all, now_ms);
}

/* Who is not in the group, as bits. */
static unsigned out(void)
{
    unsigned bits = (1U << PEERS) - 1;
    rt_members_settle(all, now_ms);
    struct rt_snapshot *s = rt_snapshot_build(all, &plan, 1);
    for (uint32_t i = 0; i < s->groups[0]->count; i++)
        bits &= ~(1U << s->groups[0]->dests[i]->member.index);
    rt_snapshot_free(s);
    return bits;
}

static void enough_failures_in_time_eject_for_a_time(void **state)
{
    (void)state;
    fail_times(0, 1);
    assert_false(turn(0));
    fail_times(0, 1);
    assert_false(turn(WITHIN));
    fail_times(0, 1); /* the first one is too old */
    assert_false(turn(1));
    assert_int_equal(out(), 0);
    assert_true(brk_eject_due_ms(&eject) == UINT64_MAX);
    fail_times(0, 1);
    assert_true(turn(WITHIN - 1));
    assert_int_equal(out(), 1);
    assert_true(brk_eject_due_ms(&eject) == now_ms + FOR);
    assert_int_equal(brk_health(&broker, 0)->ejected, 1);
    fail_times(0, 5); /* meanwhile */
    assert_false(turn(FOR - 1));
    assert_int_equal(out(), 1);
    assert_true(turn(1));
    assert_int_equal(out(), 0);
    assert_true(brk_eject_due_ms(&eject) == UINT64_MAX);
}

static void never_more_than_allowed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < PEERS; i++)
        fail_times(i, 3);
    assert_true(turn(0));
    assert_int_equal(out(), 3); /* two of four */
    group.eject.most = 74;
    fail_times(3, 1);
    assert_false(turn(1)); /* three would be 75 */
    group.eject.most = 75;
    fail_times(3, 1);
    assert_true(turn(1));
    assert_int_equal(out(), 11);
    group.eject.most = 0;
    assert_true(turn(FOR));
    assert_int_equal(out(), 0);
    fail_times(0, 3);
    assert_false(turn(0));
}

static void comes_back_slowly(void **state)
{
    (void)state;
    group.slow_start_ms = 1600;
    fail_times(1, 3);
    assert_true(turn(0));
    assert_true(turn(FOR));
    rt_members_settle(all, now_ms);
    struct rt_snapshot *s = rt_snapshot_build(all, &plan, 1);
    assert_int_equal(s->groups[0]->weights[1], 1);
    assert_int_equal(s->groups[0]->weights[0], 16);
    rt_snapshot_free(s);
}

static void a_reload_remembers(void **state)
{
    struct brk_eject next;
    (void)state;
    fail_times(2, 2);
    fail_times(0, 3);
    assert_true(turn(0));
    assert_true(brk_eject_plan(&next, &eject, &broker, &config));
    brk_eject_free(&eject);
    eject = next;
    rt_members_free(all);
    all = rt_members_new(&config);
    for (unsigned i = 0; i < PEERS; i++)
        assert_true(rt_members_add(all, &dests[i]));
    brk_eject_apply(&eject, all, now_ms);
    assert_int_equal(out(), 1);
    fail_times(2, 1);
    assert_true(turn(1));
    assert_int_equal(out(), 5);
}

/* The result of a naive implementation, which remembers every failure. */
struct naive {
    uint64_t failures[PEERS][4000], until[PEERS];
    unsigned count[PEERS], from[PEERS];
};

static unsigned naive_turn(struct naive *n)
{
    unsigned bits = 0, gone = 0;
    for (unsigned p = 0; p < PEERS; p++)
        if (now_ms >= n->until[p])
            n->until[p] = 0;
    for (unsigned p = 0; p < PEERS; p++)
        gone += n->until[p] != 0;
    for (unsigned p = 0; p < PEERS; p++) {
        unsigned recent = 0;
        for (unsigned i = n->from[p]; i < n->count[p]; i++)
            recent += now_ms - n->failures[p][i] <= group.eject.within_ms;
        bool fresh = n->count[p] && n->failures[p][n->count[p] - 1] == now_ms;
        if (fresh && !n->until[p] && recent >= group.eject.failures &&
            (gone + 1) * 100 <= group.eject.most * PEERS) {
            n->until[p] = now_ms + group.eject.for_ms;
            n->from[p] = n->count[p];
            gone++;
        }
        bits |= n->until[p] ? 1U << p : 0;
    }
    return bits;
}

static void like_a_naive_one(void **state)
{
    static struct naive naive;
    unsigned ejected = 0;
    (void)state;
    srandom(1);
    for (unsigned round = 0; round < 30; round++) {
        end(NULL);
        assert_int_equal(begin(NULL), 0);
        memset(&naive, 0, sizeof naive);
        group.eject = (struct cfg_eject){.failures = 1 + (unsigned)random() % CFG_EJECT_FAILURES_MAX,
                                         .within_ms = 100 + (unsigned)random() % 3000,
                                         .for_ms = 50 + (unsigned)random() % 2000,
                                         .most = (unsigned)random() % 101};
        for (unsigned step = 0; step < 300; step++) {
            now_ms += 1 + (uint64_t)random() % 60;
            unsigned p = (unsigned)random() % PEERS, times = (unsigned)random() % 12;
            fail_times(p, times);
            for (; times; times--)
                naive.failures[p][naive.count[p]++] = now_ms;
            brk_eject_turn(&eject, &broker, all, now_ms);
            unsigned expected = naive_turn(&naive);
            if (out() != expected)
                fail_msg("round %u, step %u: out are %x, not %x", round, step, out(), expected);
            ejected += expected != 0;
        }
    }
    assert_in_range(ejected, 1000, 8900);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(enough_failures_in_time_eject_for_a_time, begin, end),
        cmocka_unit_test_setup_teardown(never_more_than_allowed, begin, end),
        cmocka_unit_test_setup_teardown(comes_back_slowly, begin, end),
        cmocka_unit_test_setup_teardown(a_reload_remembers, begin, end),
        cmocka_unit_test_setup_teardown(like_a_naive_one, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
