/* The account: it adds up over workers, and one that does not balance is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/counts.h"

static const struct cfg_listener listeners[] = {{.name = "access"}};
static const struct cfg_peer peers[] = {{.name = "a"}, {.name = "b"}};
static const struct cfg_group groups[] = {{.name = "core"}};
static const struct cfg_route routes[] = {{.group = 0}, {.group = 0}};
static const struct cfg_config config = {.listeners = listeners,
                                         .listener_count = 1,
                                         .peers = peers,
                                         .peer_count = 2,
                                         .groups = groups,
                                         .group_count = 1,
                                         .routes = routes,
                                         .route_count = 2};

static void fill(struct brk_counts *c)
{
    assert_true(brk_counts_init(c, &config));
    c->received = 10;
    c->copies = 5;
    c->delivered = 9;
    c->returned = 1;
    c->dropped[BRK_NO_ROUTE] = 2;
    c->dropped[BRK_STOPPED] = 1;
    c->waiting = 4;
    c->listeners[0].received = 10;
    c->peers[1].delivered = 8;
    c->routes[1].mapped = 3;
}

static void rows_do_not_overlap(void **state)
{
    struct brk_counts c;
    (void)state;
    fill(&c);
    assert_int_equal(c.listeners[0].received, 10);
    assert_int_equal(c.peers[0].delivered, 0);
    assert_int_equal(c.peers[1].delivered, 8);
    assert_int_equal(c.groups[0].delivered, 0);
    assert_int_equal(c.routes[1].mapped, 3);
    brk_counts_free(&c);
}

static void balances(void **state)
{
    const struct tr_loop_stats stats = {.syscalls = 3};
    struct brk_counts c;
    (void)state;
    fill(&c); /* 10 + 5 = (9 - 1) + (2 + 1) + 4 */
    assert_true(brk_counts_log(&c, &config, &stats));
    c.waiting++;
    assert_false(brk_counts_log(&c, &config, &stats));
    c.handed_out = 6; /* what is between two workers waits, too */
    c.taken_in = 5;
    c.waiting -= 2;
    assert_true(brk_counts_log(&c, &config, &stats));
    brk_counts_free(&c);
}

static void adds_up(void **state)
{
    struct brk_counts sum, one;
    (void)state;
    assert_true(brk_counts_init(&sum, &config));
    fill(&one);
    brk_counts_add(&sum, &one, &config);
    brk_counts_add(&sum, &one, &config);
    assert_int_equal(sum.received, 20);
    assert_int_equal(sum.copies, 10);
    assert_int_equal(sum.delivered, 18);
    assert_int_equal(sum.returned, 2);
    assert_int_equal(sum.dropped[BRK_NO_ROUTE], 4);
    assert_int_equal(sum.waiting, 8);
    assert_int_equal(sum.peers[1].delivered, 16);
    assert_int_equal(sum.routes[1].mapped, 6);
    brk_counts_free(&sum);
    brk_counts_free(&one);
}

static void every_reason_has_a_name(void **state)
{
    (void)state;
    for (int i = 0; i < BRK_DROP_COUNT; i++)
        assert_non_null(brk_drop_name((enum brk_drop)i));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_do_not_overlap),
        cmocka_unit_test(balances),
        cmocka_unit_test(adds_up),
        cmocka_unit_test(every_reason_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
