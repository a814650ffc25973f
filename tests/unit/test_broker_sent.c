/* How messages in flight are identified, compared with a plain array of all messages ever sent. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/sent.h"

static uint32_t below(uint32_t n)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + 1442695040888963407;
    return (uint32_t)(state >> 33) % n;
}

static struct brk_sent sent_by(uint64_t origin, uint64_t entered_ms, uint32_t route, uint16_t asked)
{
    return (struct brk_sent){.origin = origin, .entered_ms = entered_ms, .route = route, .asked = asked};
}

static void assert_found(const struct brk_sent_log *l, uint32_t context, const struct brk_sent *s)
{
    struct brk_sent found;
    assert_true(brk_sent_find(l, context, &found));
    assert_int_equal(found.origin, s->origin);
    assert_int_equal(found.entered_ms, s->entered_ms);
    assert_int_equal(found.route, s->route);
    assert_int_equal(found.asked, s->asked);
    assert_int_equal(found.ppid_bits, s->ppid_bits);
}

static void nothing_sent_nothing_known(void **state)
{
    struct brk_sent_log l = {.keep = 10};
    struct brk_sent found;
    (void)state;
    assert_false(brk_sent_find(&l, 0, &found));
    assert_false(brk_sent_find(&l, UINT32_MAX, &found));
}

/* Any number of messages of one kind is one run, and the numbers may wrap around meanwhile. */
static void alike_is_one_run(void **state)
{
    struct brk_sent_log l = {.keep = 10, .next = UINT32_MAX - 500};
    struct brk_sent s = sent_by(7, 0, 3, BRK_SAME_STREAM);
    (void)state;
    for (unsigned i = 0; i < 1000; i++) {
        uint32_t context = brk_sent_add(&l, &s);
        assert_int_equal(context, (uint32_t)(UINT32_MAX - 500 + i));
        assert_found(&l, context, &s);
    }
    assert_int_equal(l.count, 1);
    assert_true(brk_sent_before(&l, UINT32_MAX - 1, 5));
    assert_false(brk_sent_before(&l, 5, UINT32_MAX - 1));
    assert_false(brk_sent_before(&l, 5, 5));
    brk_sent_free(&l);
}

/* Random runs, messages that the stack did not take, and the last `keep` of the others are all known; memory
 * stays within a few times of that. */
static void the_last_are_known(void **state)
{
    enum { ALL = 30000, KEEP = 300, BURST = 40 };
    static struct brk_sent model[ALL];
    struct brk_sent_log l = {.next = UINT32_MAX - ALL / 2};
    uint32_t base = (uint32_t)l.next, n = 0;
    (void)state;
    brk_sent_keep(&l, KEEP);
    while (n < ALL - 64) {
        uint32_t burst = 1 + below(BURST), undone = below(burst + 1);
        for (uint32_t i = 0; i < burst; i++, n++) {
            model[n] =
                below(3) && n ? model[n - 1] : sent_by(below(5), below(2), below(3), (uint16_t)below(2));
            model[n].ppid_bits = below(8) ? 0 : below(3);
            assert_int_equal(brk_sent_add(&l, &model[n]), base + n);
        }
        brk_sent_undo(&l, undone);
        n -= undone;
        for (uint32_t back = 1; back <= KEEP - BURST && back <= n; back += 1 + below(20))
            assert_found(&l, base + n - back, &model[n - back]);
        struct brk_sent found;
        assert_false(brk_sent_find(&l, base + n, &found)); /* not sent yet, or undone */
        assert_in_range(l.size, 0, 2 * KEEP);
    }
    brk_sent_free(&l);
}

/* No run that is needed goes, even where every message is a run of its own. */
static void no_two_alike(void **state)
{
    enum { KEEP = 1000 };
    struct brk_sent_log l = {.keep = KEEP};
    (void)state;
    for (uint32_t i = 0; i < 20 * KEEP; i++) {
        struct brk_sent s = sent_by(i, 0, 0, BRK_SAME_STREAM), oldest = s;
        brk_sent_add(&l, &s);
        oldest.origin = i < KEEP ? 0 : i - KEEP + 1;
        assert_found(&l, (uint32_t)oldest.origin, &oldest);
    }
    assert_in_range(l.size, KEEP, 4 * KEEP);
    brk_sent_free(&l);
}

/* The peer began anew: contexts given out before are known to the one that goes on, and no others mean the
 * same. */
static void handed_over(void **state)
{
    struct brk_sent_log old = {.keep = 10}, new = {0};
    struct brk_sent first = sent_by(1, 2, 0, BRK_SAME_STREAM), second = sent_by(7, 0, 0, 5);
    (void)state;
    uint32_t a = brk_sent_add(&old, &first), b = brk_sent_add(&old, &second);
    brk_sent_hand_over(&old, &new);
    assert_int_equal(brk_sent_add(&new, &first), b + 1);
    assert_found(&new, a, &first);
    assert_found(&new, b, &second);
    assert_true(brk_sent_before(&old, a, b));
    assert_false(brk_sent_before(&old, b, a));
    brk_sent_free(&old);
    brk_sent_free(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_sent_nothing_known),
        cmocka_unit_test(alike_is_one_run),
        cmocka_unit_test(the_last_are_known),
        cmocka_unit_test(no_two_alike),
        cmocka_unit_test(handed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
