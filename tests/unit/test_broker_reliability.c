/* Messages that may be given up: what travels with them through the stack, and what expires while it waits.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/broker_priv.h"

#define TTL 800

static const struct cfg_group groups[] = {{.name = "core"}};
static const struct cfg_route routes[] = {{.group = 0},
                                          {.pr_policy = OPT_PR_TTL, .pr_value = TTL},
                                          {.pr_policy = OPT_PR_RTX, .pr_value = 0},
                                          {.pr_policy = OPT_PR_PRIO, .pr_value = UINT32_MAX},
                                          {.pr_policy = OPT_PR_TTL, .pr_value = 1}};
static const struct cfg_config config = {
    .groups = groups, .group_count = 1, .routes = routes, .route_count = sizeof routes / sizeof routes[0]};

static struct brk_broker broker;
static struct brk_worker worker;
static struct rt_batch parked[1], out[2];

static int begin(void **state)
{
    (void)state;
    broker = (struct brk_broker){.config = &config, .worker_count = 3};
    worker = (struct brk_worker){
        .broker = &broker, .config = &config, .now_ms = 1000000, .parked = parked, .out = out};
    rt_batch_init(&parked[0]);
    brk_context_init(&broker);
    return brk_counts_init(&worker.counts, &config) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    brk_drop_batch(&worker, &parked[0], BRK_STOPPED);
    brk_counts_free(&worker.counts);
    return 0;
}

static struct tr_msg stamped(unsigned home, uint32_t route, uint64_t entered_ms)
{
    struct tr_msg m = {.pr_policy = 77, .pr_value = 77};
    brk_stamp(&worker, &m, home, route, entered_ms);
    return m;
}

static void policies(void **state)
{
    (void)state;
    assert_int_equal(stamped(0, 0, 1000000).pr_policy, TR_PR_NONE);
    assert_int_equal(stamped(0, RT_NO_ROUTE, 1000000).pr_policy, TR_PR_NONE);
    assert_int_equal(stamped(0, 2, 1).pr_policy, TR_PR_RTX);
    assert_int_equal(stamped(0, 2, 1).pr_value, 0);
    assert_int_equal(stamped(0, 3, 1).pr_policy, TR_PR_PRIO);
    assert_int_equal(stamped(0, 3, 1).pr_value, UINT32_MAX);
    assert_int_equal(stamped(0, 1, 1000000).pr_policy, TR_PR_TTL);
    assert_int_equal(stamped(0, 1, 1000000).pr_value, TTL);
    assert_int_equal(stamped(0, 1, 1000000 - 300).pr_value, TTL - 300);
    assert_int_equal(stamped(0, 1, 1000000 - TTL).pr_value, 1);
    assert_int_equal(stamped(0, 1, 1000000 + 5).pr_value, TTL); /* another worker is a turn ahead */
}

static void contexts_come_back(void **state)
{
    (void)state;
    for (unsigned home = 0; home < broker.worker_count; home++) {
        for (uint32_t route = 0; route < config.route_count; route++) {
            struct brk_sent s = brk_context_read(&worker, stamped(home, route, 999900).context);
            assert_int_equal(s.home, home);
            assert_int_equal(s.route, route);
        }
        struct brk_sent s = brk_context_read(&worker, stamped(home, RT_NO_ROUTE, 0).context);
        assert_int_equal(s.home, home);
        assert_int_equal(s.route, RT_NO_ROUTE);
    }
}

/* A message's age survives the stack, at most a sixteenth of its ttl too old, for many times its ttl. */
static void ages_come_back(void **state)
{
    (void)state;
    for (uint64_t age = 0; age < 100 * TTL; age += 7) {
        uint32_t context = stamped(2, 1, 1000000 - age).context;
        uint64_t told = worker.now_ms - brk_context_read(&worker, context).entered_ms;
        assert_in_range(told, age, age + TTL / 16 + 1);
    }
}

/* With the most routes and workers there can be, what comes back within eight times the ttl is told right. */
static void ages_with_few_bits(void **state)
{
    static struct cfg_route many[65536];
    static struct cfg_config large;
    (void)state;
    many[65535] = (struct cfg_route){.pr_policy = OPT_PR_TTL, .pr_value = TTL};
    large = (struct cfg_config){.groups = groups, .group_count = 1, .routes = many, .route_count = 65536};
    struct brk_broker b = {.config = &large, .worker_count = BRK_WORKERS_MAX};
    worker.broker = &b;
    brk_context_init(&b);
    for (uint64_t age = 0; age < 7 * TTL; age += 13) {
        struct brk_sent s = brk_context_read(&worker, stamped(255, 65535, 1000000 - age).context);
        assert_int_equal(s.home, 255);
        assert_int_equal(s.route, 65535);
        assert_in_range(worker.now_ms - s.entered_ms, age, age + TTL / 16 + 1);
    }
    worker.broker = &broker;
}

static struct rt_parcel *parcel(uint32_t route, uint64_t entered_ms)
{
    struct rt_message *m = rt_message_new(worker.index, NULL, "x", 1);
    m->entered_ms = entered_ms;
    struct rt_parcel *p = rt_parcel_new(m, RT_DELIVER, NULL);
    p->route = route;
    rt_message_unref(m, worker.index);
    worker.counts.waiting++;
    return p;
}

static void park(uint32_t route, uint64_t entered_ms)
{
    struct rt_parcel *p = parcel(route, entered_ms);
    rt_batch_add(&parked[0], p);
    brk_wait_parked(&worker, p);
    worker.parked_count++;
}

static void at(uint64_t now_ms, unsigned waiting, unsigned expired)
{
    worker.now_ms = now_ms;
    brk_expire(&worker);
    assert_int_equal(worker.counts.waiting, waiting);
    assert_int_equal(worker.counts.dropped[BRK_EXPIRED], expired);
}

/* What is parked expires, and only what has a ttl; the rest keeps its order. */
static void parked_messages_expire(void **state)
{
    (void)state;
    park(0, 1);
    assert_false(brk_expiry_pending(&worker));
    park(1, 1000000);
    park(2, 2);
    park(1, 999900);
    park(3, 3);
    assert_true(brk_expiry_pending(&worker));
    at(999900 + TTL - 1, 5, 0);
    at(999900 + TTL, 4, 1);
    assert_true(brk_expiry_pending(&worker));
    at(1000000 + TTL, 3, 2);
    assert_false(brk_expiry_pending(&worker));
    assert_int_equal(worker.parked_count, 3);
    assert_int_equal(parked[0].count, 3);
    struct rt_parcel *p = rt_batch_peek(&parked[0]);
    for (uint64_t i = 1; i <= 3; i++, p = rt_batch_next(&parked[0], p))
        assert_int_equal(p->message->entered_ms, i);
}

/* Likewise what waits for an association, which may go before they do. */
static void pending_messages_expire(void **state)
{
    static const uint32_t with[] = {0, 1, 0, 4};
    struct brk_assoc a = {.worker = &worker}, b = {.worker = &worker};
    (void)state;
    rt_batch_init(&a.pending);
    rt_batch_init(&b.pending);
    for (unsigned i = 0; i < 4; i++) {
        struct rt_parcel *p = parcel(with[i], 1000000), *q = parcel(with[i], 1000000);
        rt_batch_add(&a.pending, p);
        brk_wait_pending(&worker, &a, p);
        rt_batch_add(&b.pending, q);
        brk_wait_pending(&worker, &b, q);
    }
    at(1000000, 8, 0);
    at(1000001, 6, 2);
    assert_int_equal(a.pending.count, 3);
    brk_drop_batch(&worker, &b.pending, BRK_STOPPED);
    brk_expiry_forget(&worker, &b);
    at(1000000 + TTL, 2, 3);
    assert_false(brk_expiry_pending(&worker));
    brk_drop_batch(&worker, &a.pending, BRK_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(policies, begin, end),
        cmocka_unit_test_setup_teardown(contexts_come_back, begin, end),
        cmocka_unit_test_setup_teardown(ages_come_back, begin, end),
        cmocka_unit_test_setup_teardown(ages_with_few_bits, begin, end),
        cmocka_unit_test_setup_teardown(parked_messages_expire, begin, end),
        cmocka_unit_test_setup_teardown(pending_messages_expire, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
