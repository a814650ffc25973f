/* The account: it adds up over workers, and one that does not balance is detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/account.h"

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
    brk_count(&c->received, 10);
    brk_count(&c->copies, 5);
    brk_count(&c->delivered, 9);
    brk_count(&c->returned, 1);
    brk_count(&c->dropped[BRK_NO_ROUTE], 2);
    brk_count(&c->dropped[BRK_STOPPED], 1);
    brk_count(&c->waiting, 4);
    brk_count(&brk_traffic_of(c, BRK_LISTENERS, 0)->received, 10);
    brk_count(&brk_traffic_of(c, BRK_PEERS, 1)->delivered, 8);
    brk_count(&brk_traffic_of(c, BRK_ROUTES, 1)->mapped, 3);
}

static void rows_do_not_overlap(void **state)
{
    struct brk_counts c;
    (void)state;
    fill(&c);
    assert_int_equal(brk_counted(&brk_traffic_of(&c, BRK_LISTENERS, 0)->received), 10);
    assert_int_equal(brk_counted(&brk_traffic_of(&c, BRK_PEERS, 0)->delivered), 0);
    assert_int_equal(brk_counted(&brk_traffic_of(&c, BRK_PEERS, 1)->delivered), 8);
    assert_int_equal(brk_counted(&brk_traffic_of(&c, BRK_GROUPS, 0)->delivered), 0);
    assert_int_equal(brk_counted(&brk_traffic_of(&c, BRK_ROUTES, 1)->mapped), 3);
    brk_counts_free(&c);
}

static void balances(void **state)
{
    const struct tr_loop_stats stats = {.syscalls = 3};
    struct brk_counts c;
    (void)state;
    fill(&c); /* 10 + 5 = (9 - 1) + (2 + 1) + 4 */
    assert_true(brk_account_log(&c, &config, &stats));
    brk_count(&c.waiting, 1);
    assert_false(brk_account_log(&c, &config, &stats));
    brk_count(&c.handed_out, 6); /* what is between two workers waits, too */
    brk_count(&c.taken_in, 5);
    brk_uncount(&c.waiting, 2);
    assert_true(brk_account_log(&c, &config, &stats));
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
    assert_int_equal(brk_counted(&sum.received), 20);
    assert_int_equal(brk_counted(&sum.copies), 10);
    assert_int_equal(brk_counted(&sum.delivered), 18);
    assert_int_equal(brk_counted(&sum.returned), 2);
    assert_int_equal(brk_counted(&sum.dropped[BRK_NO_ROUTE]), 4);
    assert_int_equal(brk_counted(&sum.waiting), 8);
    assert_int_equal(brk_counted(&brk_traffic_of(&sum, BRK_PEERS, 1)->delivered), 16);
    assert_int_equal(brk_counted(&brk_traffic_of(&sum, BRK_ROUTES, 1)->mapped), 6);
    brk_counts_free(&sum);
    brk_counts_free(&one);
}

/* What a reload adds gets room, and what is there stays where it is. */
static void grows_in_place(void **state)
{
    static const struct cfg_listener many[1000];
    const struct cfg_config larger = {
        .listeners = many, .listener_count = 1000, .peers = peers, .peer_count = 2};
    struct brk_counts c;
    (void)state;
    fill(&c);
    struct brk_traffic *first = brk_traffic_of(&c, BRK_LISTENERS, 0);
    assert_true(brk_counts_fit(&c, &larger));
    assert_ptr_equal(brk_traffic_of(&c, BRK_LISTENERS, 0), first);
    for (unsigned i = 1; i < 1000; i++) {
        struct brk_traffic *t = brk_traffic_of(&c, BRK_LISTENERS, i);
        assert_int_equal(brk_counted(&t->received), 0);
        brk_count(&t->received, i);
    }
    for (unsigned i = 1; i < 1000; i++)
        assert_int_equal(brk_counted(&brk_traffic_of(&c, BRK_LISTENERS, i)->received), i);
    assert_int_equal(brk_counted(&first->received), 10);
    brk_counts_free(&c);
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
        cmocka_unit_test(grows_in_place),
        cmocka_unit_test(every_reason_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
