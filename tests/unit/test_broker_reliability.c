/* Messages with partial reliability: what is passed to the stack, and what expires while it waits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/expiry.h"
#include "broker/parcel.h"
#include "broker/reliability.h"
#include "broker/state.h"
#include "broker/stats/counts.h"

#define TTL 800

static const struct cfg_group groups[] = {{.name = "core"}};
static const struct cfg_route routes[] = {{.group = 0},
                                          {.pr_policy = OPT_PR_TTL, .pr_value = TTL},
                                          {.pr_policy = OPT_PR_RTX, .pr_value = 0},
                                          {.pr_policy = OPT_PR_PRIO, .pr_value = UINT32_MAX},
                                          {.pr_policy = OPT_PR_TTL, .pr_value = 1}};
static const struct cfg_listener listeners[] = {{.name = "access"}};
static const struct cfg_peer peers[1];
static const struct cfg_config config = {.listeners = listeners,
                                         .listener_count = 1,
                                         .peers = peers,
                                         .peer_count = 1,
                                         .queue_messages = 100,
                                         .queue_bytes = 100,
                                         .groups = groups,
                                         .group_count = 1,
                                         .routes = routes,
                                         .route_count = sizeof routes / sizeof routes[0]};

static struct brk_broker broker;
static struct brk_worker worker;
static struct brk_queue parked[1];
static struct rt_batch out[2];

static int begin(void **state)
{
    (void)state;
    broker = (struct brk_broker){.worker_count = 3};
    worker = (struct brk_worker){
        .broker = &broker, .config = &config, .now_ms = 1000000, .parked = parked, .out = out};
    return brk_counts_init(&worker.counts, &config) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    brk_drop_queue(&worker, &parked[0], BRK_STOPPED);
    brk_counts_free(&worker.counts);
    return 0;
}

static struct tr_msg with_policy(uint32_t route, uint64_t entered_ms)
{
    struct tr_msg m = {.pr_policy = 77, .pr_value = 77};
    brk_policy(&worker, &m, &config.routes[route], entered_ms);
    return m;
}

static void policies(void **state)
{
    (void)state;
    assert_int_equal(with_policy(0, 1000000).pr_policy, TR_PR_NONE);
    assert_int_equal(with_policy(2, 1).pr_policy, TR_PR_RTX);
    assert_int_equal(with_policy(2, 1).pr_value, 0);
    assert_int_equal(with_policy(3, 1).pr_policy, TR_PR_PRIO);
    assert_int_equal(with_policy(3, 1).pr_value, UINT32_MAX);
    assert_int_equal(with_policy(1, 1000000).pr_policy, TR_PR_TTL);
    assert_int_equal(with_policy(1, 1000000).pr_value, TTL);
    assert_int_equal(with_policy(1, 1000000 - 300).pr_value, TTL - 300);
    assert_int_equal(with_policy(1, 1000000 - TTL).pr_value, 1);
    assert_int_equal(with_policy(1, 1000000 + 5).pr_value, TTL); /* another worker is a turn ahead */
}

static struct rt_parcel *parcel(uint32_t route, uint64_t entered_ms)
{
    struct rt_message *m = rt_message_new(worker.index, NULL, "x", 1);
    m->entered_ms = entered_ms;
    struct rt_parcel *p = rt_parcel_new(m, RT_DELIVER, NULL);
    p->route = route;
    rt_message_unref(m, worker.index);
    brk_count(&worker.counts.waiting, 1);
    return p;
}

static void park(uint32_t route, uint64_t entered_ms)
{
    struct rt_parcel *p = parcel(route, entered_ms);
    brk_queue_add(&parked[0], p);
    brk_wait_parked(&worker, p);
    worker.parked_count++;
}

static void at(uint64_t now_ms, unsigned waiting, unsigned expired)
{
    worker.now_ms = now_ms;
    brk_expire(&worker);
    assert_int_equal(brk_counted(&worker.counts.waiting), waiting);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_EXPIRED]), expired);
}

/* Parked messages expire, but only those with a ttl; the others keep their order. */
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
    assert_int_equal(brk_queue_count(&parked[0]), 3);
    struct rt_parcel *p = rt_batch_peek(&parked[0].parcels);
    for (uint64_t i = 1; i <= 3; i++, p = rt_batch_next(&parked[0].parcels, p))
        assert_int_equal(p->message->entered_ms, i);
}

/* Likewise what waits until an association of mapped sessions has more streams. */
static void messages_that_wait_for_streams_expire(void **state)
{
    struct brk_assoc a = {.worker = &worker};
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        struct rt_parcel *p = parcel(i == 1 ? 0 : 1, 1000000 + i);
        brk_queue_add(&a.map.waiting, p);
        brk_wait_pending(&worker, &a, p);
    }
    at(1000000 + TTL - 1, 3, 0);
    at(1000000 + TTL, 2, 1);
    at(1000002 + TTL, 1, 2);
    assert_int_equal(brk_queue_count(&a.map.waiting), 1);
    assert_false(brk_expiry_pending(&worker));
    brk_drop_queue(&worker, &a.map.waiting, BRK_STOPPED);
}

/* Likewise what waits for an association, which may go before they do. */
static void pending_messages_expire(void **state)
{
    static const uint32_t with[] = {0, 1, 0, 4};
    struct brk_assoc a = {.worker = &worker}, b = {.worker = &worker};
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct rt_parcel *p = parcel(with[i], 1000000), *q = parcel(with[i], 1000000);
        brk_queue_add(&a.outbox.pending, p);
        brk_wait_pending(&worker, &a, p);
        brk_queue_add(&b.outbox.pending, q);
        brk_wait_pending(&worker, &b, q);
    }
    at(1000000, 8, 0);
    at(1000001, 6, 2);
    assert_int_equal(brk_queue_count(&a.outbox.pending), 3);
    brk_drop_queue(&worker, &b.outbox.pending, BRK_STOPPED);
    brk_expiry_forget(&worker, &b);
    at(1000000 + TTL, 2, 3);
    assert_false(brk_expiry_pending(&worker));
    brk_drop_queue(&worker, &a.outbox.pending, BRK_STOPPED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(policies, begin, end),
        cmocka_unit_test_setup_teardown(parked_messages_expire, begin, end),
        cmocka_unit_test_setup_teardown(messages_that_wait_for_streams_expire, begin, end),
        cmocka_unit_test_setup_teardown(pending_messages_expire, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
