/* The history: repeated events are counted, old ones are overwritten, many clients do not displace the events
 * of peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/history.h"

static struct brk_happening event(uint64_t ms, uint64_t origin, enum brk_happening_kind kind,
                                  const char *text)
{
    struct brk_happening e = {.first_ms = ms,
                              .last_ms = ms,
                              .times = 1,
                              .origin = origin,
                              .member = {CFG_MEMBER_LISTENER, 0},
                              .kind = kind};
    snprintf(e.text, sizeof e.text, "%s", text);
    return e;
}

static unsigned find(const struct brk_history *h, uint64_t origin, enum brk_happening_kind kind,
                     struct brk_happening *last)
{
    struct brk_happening e;
    unsigned n = 0;
    for (unsigned place = 0; place < BRK_HISTORY_SIZE; place++)
        if (brk_history_read(h, place, &e) && e.origin == origin && e.kind == kind) {
            *last = e;
            n++;
        }
    return n;
}

static void what_comes_again_is_counted(void **state)
{
    struct brk_history *h = test_calloc(1, sizeof *h);
    struct brk_happening e;
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        e = event(1000 + 10 * i, 7, BRK_HAPPENED_PAUSED, "");
        e.numbers[0] = i;
        brk_history_add(h, false, &e);
        e = event(1005 + 10 * i, 7, BRK_HAPPENED_RESUMED, "");
        brk_history_add(h, false, &e);
    }
    assert_int_equal(find(h, 7, BRK_HAPPENED_RESUMED, &e), 1);
    assert_int_equal(find(h, 7, BRK_HAPPENED_PAUSED, &e), 1);
    assert_int_equal(e.times, 5);
    assert_int_equal(e.first_ms, 1000);
    assert_int_equal(e.last_ms, 1040);
    assert_int_equal(e.numbers[0], 4);
    test_free(h);
}

static void another_cause_or_a_minute_later_is_another_event(void **state)
{
    struct brk_history *h = test_calloc(1, sizeof *h);
    struct brk_happening e;
    (void)state;
    const struct brk_happening all[] = {
        event(0, 7, BRK_HAPPENED_LOST, "peer: a"), event(1, 7, BRK_HAPPENED_LOST, "peer: b"),
        event(2, 8, BRK_HAPPENED_LOST, "peer: a"), event(70000, 7, BRK_HAPPENED_LOST, "peer: b")};
    for (unsigned i = 0; i < 4; i++)
        brk_history_add(h, false, &all[i]);
    assert_int_equal(find(h, 7, BRK_HAPPENED_LOST, &e), 3);
    assert_int_equal(find(h, 8, BRK_HAPPENED_LOST, &e), 1);
    test_free(h);
}

static void a_crowd_of_clients_leaves_peers_alone(void **state)
{
    struct brk_history *h = test_calloc(1, sizeof *h);
    struct brk_happening e = event(1, 1, BRK_HAPPENED_UP, "");
    (void)state;
    brk_history_add(h, true, &e);
    for (unsigned i = 0; i < 3 * BRK_HISTORY_OTHERS; i++) {
        e = event(2, 1000 + i, BRK_HAPPENED_UP, "");
        brk_history_add(h, false, &e);
    }
    assert_int_equal(find(h, 1, BRK_HAPPENED_UP, &e), 1);
    assert_int_equal(find(h, 1000, BRK_HAPPENED_UP, &e), 0);
    assert_int_equal(find(h, 1000 + 2 * BRK_HISTORY_OTHERS, BRK_HAPPENED_UP, &e), 1);
    assert_int_equal(find(h, 999 + 3 * BRK_HISTORY_OTHERS, BRK_HAPPENED_UP, &e), 1);
    test_free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_again_is_counted),
        cmocka_unit_test(another_cause_or_a_minute_later_is_another_event),
        cmocka_unit_test(a_crowd_of_clients_leaves_peers_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
