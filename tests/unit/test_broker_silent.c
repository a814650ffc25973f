/* How many messages may have been given up without a word since the stack was asked for the last time, at the
 * end of their association. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/sent.h"
#include "broker/silent.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"

enum { TTL_ROUTE, PRIO_ROUTE, RTX_ROUTE, PLAIN_ROUTE, ROUTES, TTL = 500, ASKED = 100000, KEEP = 50 };

static const struct cfg_route routes[ROUTES] = {
    [TTL_ROUTE] = {.pr_policy = OPT_PR_TTL, .pr_value = TTL},
    [PRIO_ROUTE] = {.pr_policy = OPT_PR_PRIO, .pr_value = 7},
    [RTX_ROUTE] = {.pr_policy = OPT_PR_RTX, .pr_value = 1},
};
static const struct cfg_config config = {.routes = routes, .route_count = ROUTES};
static struct brk_worker worker;
static struct brk_assoc assoc;

static int begin(void **state)
{
    (void)state;
    worker = (struct brk_worker){.config = &config, .now_ms = ASKED + 10 * TTL};
    assoc = (struct brk_assoc){.worker = &worker, .silent = {.known = true, .asked_ms = ASKED}};
    brk_sent_keep(&assoc.outbox.sent, KEEP);
    return 0;
}

static int end(void **state)
{
    (void)state;
    brk_sent_free(&assoc.outbox.sent);
    return 0;
}

/* Returns the context of the last one. */
static uint32_t hand_over(unsigned count, uint32_t route, uint64_t entered_ms)
{
    const struct brk_sent sent = {.route = route, .entered_ms = entered_ms};
    uint32_t last = 0;
    while (count--)
        last = brk_sent_add(&assoc.outbox.sent, &sent);
    return last;
}

static void give_back(uint32_t context)
{
    struct brk_sent sent;
    assert_true(brk_sent_find(&assoc.outbox.sent, context, &sent));
    brk_silent_returned(&worker, &assoc, context, &sent);
}

static void assert_unknown(uint64_t messages)
{
    brk_silent_end(&worker, &assoc, worker.now_ms);
    assert_int_equal(brk_counted(&worker.counts.abandoned_unknown), messages);
}

static void those_whose_time_ended_since(void **state)
{
    (void)state;
    hand_over(3, TTL_ROUTE, ASKED - 2 * TTL); /* before: known */
    hand_over(5, TTL_ROUTE, ASKED);
    hand_over(7, TTL_ROUTE, worker.now_ms); /* not yet: acknowledged, or given back */
    hand_over(1, RTX_ROUTE, 0);
    hand_over(1, PLAIN_ROUTE, 0);
    assert_unknown(5);
}

static void what_was_unacknowledged_may_be_older(void **state)
{
    (void)state;
    hand_over(3, TTL_ROUTE, ASKED - 2 * TTL);
    hand_over(5, TTL_ROUTE, ASKED);
    assoc.silent.chunks = 2;
    assert_unknown(2 + 5);
}

static void nothing_was_unacknowledged(void **state)
{
    (void)state;
    hand_over(3, TTL_ROUTE, ASKED - TTL / 2);
    assoc.silent.first = assoc.outbox.sent.next;
    hand_over(4, TTL_ROUTE, ASKED);
    assert_unknown(4);
}

static void those_that_came_back_are_known(void **state)
{
    (void)state;
    uint32_t old = hand_over(3, TTL_ROUTE, ASKED - 2 * TTL), late = hand_over(5, TTL_ROUTE, ASKED);
    give_back(late);
    give_back(late - 1);
    give_back(old); /* not one of those in question */
    assert_unknown(3);
}

static void messages_without_a_time(void **state)
{
    (void)state;
    hand_over(KEEP, PRIO_ROUTE, 0);
    give_back(hand_over(KEEP, PRIO_ROUTE, 0)); /* the stack cannot have the older ones any more */
    assert_unknown(KEEP - 1);
}

static void stacks_that_report_all(void **state)
{
    (void)state;
    assoc.silent.known = false;
    hand_over(5, TTL_ROUTE, ASKED);
    assert_unknown(0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(those_whose_time_ended_since, begin, end),
        cmocka_unit_test_setup_teardown(what_was_unacknowledged_may_be_older, begin, end),
        cmocka_unit_test_setup_teardown(nothing_was_unacknowledged, begin, end),
        cmocka_unit_test_setup_teardown(those_that_came_back_are_known, begin, end),
        cmocka_unit_test_setup_teardown(messages_without_a_time, begin, end),
        cmocka_unit_test_setup_teardown(stacks_that_report_all, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
