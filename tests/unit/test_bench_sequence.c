/* The tracker of loss, duplicates and order, compared with a plain table of what has arrived. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/sequence.h"

static void test_in_order_needs_no_memory(void **state)
{
    (void)state;
    struct bench_sequence s = {0};
    for (uint64_t i = 0; i < 1000; i++)
        assert_int_equal(bench_sequence_take(&s, i), BENCH_SEQUENCE_NEW);
    assert_null(s.gaps);
    assert_int_equal(s.distinct, 1000);
    assert_int_equal(bench_sequence_missing(&s, 1000), 0);
    assert_int_equal(bench_sequence_missing(&s, 1003), 3);
    assert_int_equal(bench_sequence_missing(&s, 10), 0);
}

static void test_loss_late_and_duplicate(void **state)
{
    (void)state;
    struct bench_sequence s = {0};
    assert_int_equal(bench_sequence_take(&s, 5), BENCH_SEQUENCE_NEW); /* 0-4 missing */
    assert_int_equal(bench_sequence_missing(&s, 0), 5);
    assert_int_equal(bench_sequence_take(&s, 5), BENCH_SEQUENCE_DUPLICATE);
    assert_int_equal(bench_sequence_take(&s, 2), BENCH_SEQUENCE_LATE);
    assert_int_equal(bench_sequence_take(&s, 2), BENCH_SEQUENCE_DUPLICATE);
    assert_int_equal(bench_sequence_take(&s, 0), BENCH_SEQUENCE_LATE);
    assert_int_equal(bench_sequence_take(&s, 0), BENCH_SEQUENCE_DUPLICATE);
    assert_int_equal(bench_sequence_take(&s, 1), BENCH_SEQUENCE_LATE);
    assert_int_equal(bench_sequence_take(&s, 4), BENCH_SEQUENCE_LATE);
    assert_int_equal(bench_sequence_missing(&s, 6), 1);
    assert_int_equal(bench_sequence_take(&s, 3), BENCH_SEQUENCE_LATE);
    assert_int_equal(bench_sequence_missing(&s, 6), 0);
    assert_int_equal(s.gap_count, 0);
    assert_int_equal(bench_sequence_take(&s, 6), BENCH_SEQUENCE_NEW);
    bench_sequence_clear(&s);
    assert_int_equal(s.next, 0);
    assert_null(s.gaps);
}

static void test_highest_numbers(void **state)
{
    (void)state;
    struct bench_sequence s = {0};
    assert_int_equal(bench_sequence_take(&s, UINT64_MAX - 1), BENCH_SEQUENCE_NEW);
    assert_int_equal(s.next, UINT64_MAX);
    assert_int_equal(bench_sequence_take(&s, UINT64_MAX - 1), BENCH_SEQUENCE_DUPLICATE);
    assert_int_equal(bench_sequence_missing(&s, 0), UINT64_MAX - 1);
    bench_sequence_clear(&s);
}

/* Random arrivals: mostly in order, with jumps forward, late ones and repetitions. */
static void test_against_a_plain_table(void **state)
{
    (void)state;
    enum { ROOM = 1 << 16, STEPS = 200000 };
    static bool there[ROOM];
    struct bench_sequence s = {0};
    uint64_t random = 99, next = 0, distinct = 0;

    memset(there, 0, sizeof there);
    for (unsigned step = 0; step < STEPS; step++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        uint64_t r = random >> 33, number;
        if (r % 4 == 0 && next + 20 < ROOM)
            number = next + r % 17;
        else if (r % 4 == 1 && next + 1 < ROOM)
            number = next;
        else
            number = next ? (r >> 3) % next : 0;
        enum bench_sequence_kind want = there[number]    ? BENCH_SEQUENCE_DUPLICATE
                                        : number >= next ? BENCH_SEQUENCE_NEW
                                                         : BENCH_SEQUENCE_LATE;
        assert_int_equal(bench_sequence_take(&s, number), want);
        distinct += !there[number];
        there[number] = true;
        if (number >= next)
            next = number + 1;
        assert_int_equal(s.next, next);
        assert_int_equal(s.distinct, distinct);
    }
    uint64_t holes = 0, gaps = 0;
    for (uint64_t i = 0; i < next; i++) {
        holes += !there[i];
        gaps += !there[i] && (i == 0 || there[i - 1]);
    }
    assert_true(gaps > 100);
    assert_int_equal(s.gap_count, gaps);
    assert_int_equal(bench_sequence_missing(&s, 0), holes);
    assert_int_equal(bench_sequence_missing(&s, next + 7), holes + 7);
    bench_sequence_clear(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_in_order_needs_no_memory),
        cmocka_unit_test(test_loss_late_and_duplicate),
        cmocka_unit_test(test_highest_numbers),
        cmocka_unit_test(test_against_a_plain_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
