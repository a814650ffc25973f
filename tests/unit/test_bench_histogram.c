/* The latency histogram: every value in the right bucket, quantiles within the promised resolution. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/histogram.h"

static struct bench_histogram a, b;

static int clear_both(void **state)
{
    (void)state;
    bench_histogram_clear(&a);
    bench_histogram_clear(&b);
    return 0;
}

static void test_buckets_follow_each_other(void **state)
{
    (void)state;
    uint64_t first = 0;
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++) {
        uint64_t last = bench_histogram_bucket_top(i);
        assert_true(last >= first);
        assert_int_equal(bench_histogram_bucket(first), i);
        assert_int_equal(bench_histogram_bucket(last), i);
        assert_true((double)(last - first) <= (double)first / 128);
        first = last + 1;
    }
    assert_int_equal(first, UINT64_C(1) << BENCH_HISTOGRAM_TOP);
    assert_int_equal(bench_histogram_bucket(first), BENCH_HISTOGRAM_BUCKETS - 1);
    assert_int_equal(bench_histogram_bucket(UINT64_MAX), BENCH_HISTOGRAM_BUCKETS - 1);
}

static void test_empty(void **state)
{
    (void)state;
    assert_int_equal(bench_histogram_quantile(&a, 0.5), 0);
    assert_int_equal(bench_histogram_quantile(&a, 1), 0);
}

static void test_small_values_are_exact(void **state)
{
    (void)state;
    for (uint64_t v = 1; v <= 100; v++)
        bench_histogram_add(&a, v);
    assert_int_equal(bench_histogram_quantile(&a, 0), 1);
    assert_int_equal(bench_histogram_quantile(&a, 0.01), 1);
    assert_int_equal(bench_histogram_quantile(&a, 0.5), 50);
    assert_int_equal(bench_histogram_quantile(&a, 0.501), 51);
    assert_int_equal(bench_histogram_quantile(&a, 0.99), 99);
    assert_int_equal(bench_histogram_quantile(&a, 1), 100);
}

static int compare(const void *x, const void *y)
{
    uint64_t p = *(const uint64_t *)x, q = *(const uint64_t *)y;
    return p < q ? -1 : p > q;
}

/* Against the plain way: sort all values and pick. */
static void test_quantiles_against_sorting(void **state)
{
    (void)state;
    enum { N = 20000 };
    static uint64_t values[N];
    uint64_t random = 12345;
    for (unsigned i = 0; i < N; i++) {
        random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
        values[i] = (random >> 22) >> (random % 40);
        bench_histogram_add(&a, values[i]);
    }
    qsort(values, N, sizeof values[0], compare);
    static const double quantiles[] = {0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999};
    for (unsigned i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++) {
        unsigned place = (unsigned)(quantiles[i] * N + 0.999999);
        double exact = (double)values[place - 1];
        double got = (double)bench_histogram_quantile(&a, quantiles[i]);
        assert_true(got >= exact && got <= exact * (1 + 1 / 128.0));
    }
    assert_int_equal(bench_histogram_quantile(&a, 1), values[N - 1]);
}

static void test_never_above_the_maximum(void **state)
{
    (void)state;
    bench_histogram_add(&a, 1000001);
    assert_int_equal(bench_histogram_quantile(&a, 0.5), 1000001);
    bench_histogram_add(&a, UINT64_C(1) << 50);
    assert_int_equal(bench_histogram_quantile(&a, 1), UINT64_C(1) << 50);
}

static void test_merge_is_adding_both(void **state)
{
    (void)state;
    for (uint64_t v = 0; v < 5000; v++)
        bench_histogram_add(v % 3 ? &a : &b, v * v);
    bench_histogram_merge(&a, &b);
    bench_histogram_clear(&b);
    for (uint64_t v = 0; v < 5000; v++)
        bench_histogram_add(&b, v * v);
    assert_memory_equal(&a, &b, sizeof a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_buckets_follow_each_other, clear_both),
        cmocka_unit_test_setup(test_empty, clear_both),
        cmocka_unit_test_setup(test_small_values_are_exact, clear_both),
        cmocka_unit_test_setup(test_quantiles_against_sorting, clear_both),
        cmocka_unit_test_setup(test_never_above_the_maximum, clear_both),
        cmocka_unit_test_setup(test_merge_is_adding_both, clear_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
