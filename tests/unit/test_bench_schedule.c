/* The arithmetic of a fixed rate: nothing is due twice, early or never. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/schedule.h"

static const double rates[] = {0.5, 1, 3, 7, 1000, 12345.678, 99999, 1e6, 3e6};
#define RATES (sizeof rates / sizeof rates[0])

static void test_due_is_the_inverse_of_time(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        struct bench_schedule s = {.start_ns = UINT64_C(987654321012345), .period_ns = 1e9 / rates[i]};
        for (uint64_t n = 0; n < UINT64_C(2000000000); n = n * 2 + 1) {
            uint64_t at = bench_schedule_time(&s, (double)n);
            assert_int_equal(bench_schedule_due(&s, at), n + 1);
            assert_int_equal(bench_schedule_due(&s, at - 1), n);
        }
    }
}

static void test_nothing_is_due_before_the_start(void **state)
{
    (void)state;
    struct bench_schedule s = {.start_ns = 1000, .period_ns = 10};
    assert_int_equal(bench_schedule_due(&s, 0), 0);
    assert_int_equal(bench_schedule_due(&s, 999), 0);
    assert_int_equal(bench_schedule_due(&s, 1000), 1);
    assert_int_equal(bench_schedule_due(&s, 1009), 1);
    assert_int_equal(bench_schedule_due(&s, 1010), 2);
}

static void test_the_rate_is_kept(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RATES; i++) {
        struct bench_schedule s = {.start_ns = 5, .period_ns = 1e9 / rates[i]};
        double hour = 3600 * rates[i];
        double due = (double)bench_schedule_due(&s, 5 + UINT64_C(3600000000000));
        assert_true(due >= hour && due <= hour + 2);
    }
}

static void test_shares(void **state)
{
    (void)state;
    for (uint64_t parts = 1; parts < 9; parts++)
        for (uint64_t total = 0; total < 40; total++) {
            uint64_t want[9] = {0};
            for (uint64_t n = 0; n < total; n++)
                want[n % parts]++;
            for (uint64_t index = 0; index < parts; index++)
                assert_int_equal(bench_share(total, index, parts), want[index]);
        }
}

#define S UINT64_C(1000000000)

/* A ramp from nothing to the whole rate has half of its messages, and half of those come in the last 0.29. */
static void test_a_ramp(void **state)
{
    struct bench_pace pace = {.legs = {{10 * S, 0, 1}}, .count = 1};
    struct bench_schedule s = {.start_ns = 7, .period_ns = 1e6, .pace = &pace};

    (void)state;
    assert_int_equal(bench_schedule_due(&s, 7 + 10 * S), 5001);
    assert_in_range(bench_schedule_time(&s, 2500), 7 + 7071067800, 7 + 7071067820);
    assert_int_equal(bench_schedule_due(&s, 7 + 11 * S), 6001);
    s.lead_ns = S;
    assert_int_equal(bench_schedule_due(&s, 7 + S), 1); /* the first factor is 0 */
    assert_int_equal(bench_schedule_due(&s, 7 + 11 * S), 5001);
}

static void test_steps(void **state)
{
    struct bench_pace pace = {.legs = {{S, 0.5, 0.5}, {S, 0, 0}, {S, 2, 2}, {S, 0, 0}}, .count = 4};
    struct bench_schedule s = {.period_ns = 1e6, .pace = &pace};

    (void)state;
    assert_int_equal(bench_schedule_due(&s, S - 1), 500);
    assert_int_equal(bench_schedule_due(&s, 2 * S - 1), 500);
    assert_int_equal(bench_schedule_due(&s, 2 * S), 501);
    assert_int_equal(bench_schedule_due(&s, 3 * S - 1), 2500);
    assert_int_equal(bench_schedule_due(&s, 100 * S), 2500); /* nothing follows */
    assert_true(bench_schedule_time(&s, 2501) == UINT64_MAX);
}

static void test_on_and_off(void **state)
{
    struct bench_pace pace = {.on_ns = S, .off_ns = 3 * S};
    struct bench_schedule s = {.start_ns = 5, .period_ns = 1e6, .pace = &pace};

    (void)state;
    for (uint64_t round = 0; round < 5; round++) {
        uint64_t begin = 5 + round * 4 * S;
        assert_int_equal(bench_schedule_time(&s, (double)(round * 1000)), begin);
        assert_int_equal(bench_schedule_due(&s, begin + S), (round + 1) * 1000);
        assert_int_equal(bench_schedule_due(&s, begin + 4 * S - 1), (round + 1) * 1000);
        assert_int_equal(bench_pace_wait(&pace, begin - 5 + S / 2), 0);
        assert_int_equal(bench_pace_wait(&pace, begin - 5 + S), 3 * S);
        assert_int_equal(bench_pace_wait(&pace, begin - 5 + 4 * S - 1), 1);
    }
}

/* Whatever the pace, what is due is the inverse of when it is due. */
static void test_due_is_the_inverse_with_a_pace(void **state)
{
    struct bench_pace pace = {.legs = {{3 * S, 0.1, 2}, {S, 2, 2}, {2 * S, 1.5, 0.25}},
                              .count = 3,
                              .on_ns = 700000000,
                              .off_ns = 123456789};
    struct bench_schedule s = {.start_ns = 99, .period_ns = 1234567, .pace = &pace, .lead_ns = S / 3};

    (void)state;
    for (uint64_t n = 0; n < 20000; n += 7) {
        uint64_t at = bench_schedule_time(&s, (double)n);
        assert_int_equal(bench_schedule_due(&s, at), n + 1);
        assert_int_equal(bench_schedule_due(&s, at - 1), n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due_is_the_inverse_of_time),
        cmocka_unit_test(test_nothing_is_due_before_the_start),
        cmocka_unit_test(test_the_rate_is_kept),
        cmocka_unit_test(test_shares),
        cmocka_unit_test(test_a_ramp),
        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_on_and_off),
        cmocka_unit_test(test_due_is_the_inverse_with_a_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
