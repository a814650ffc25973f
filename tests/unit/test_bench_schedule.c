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
        struct bench_schedule s = {UINT64_C(987654321012345), 1e9 / rates[i]};
        for (uint64_t n = 0; n < UINT64_C(2000000000); n = n * 2 + 1) {
            uint64_t at = bench_schedule_time(&s, n);
            assert_int_equal(bench_schedule_due(&s, at), n + 1);
            assert_int_equal(bench_schedule_due(&s, at - 1), n);
        }
    }
}

static void test_nothing_is_due_before_the_start(void **state)
{
    (void)state;
    struct bench_schedule s = {1000, 10};
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
        struct bench_schedule s = {5, 1e9 / rates[i]};
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_due_is_the_inverse_of_time),
        cmocka_unit_test(test_nothing_is_due_before_the_start),
        cmocka_unit_test(test_the_rate_is_kept),
        cmocka_unit_test(test_shares),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
