/* The statistics of tuning, against answers known from elsewhere: R's, textbooks', one's own hand; and
 * intervals by how often they hold what they should, on data whose truth is known. Seeds are fixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bench/random.h"
#include "bench/tune/stats.h"

#define near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static void test_quantiles_are_those_of_r(void **state)
{
    double x[] = {10, 2, 4, 1, 3};

    (void)state;
    near(bench_stats_median(x, 5), 3, 0);
    near(bench_stats_median(x, 4), 3, 0); /* 1 2 4 10 */
    near(bench_stats_median(x, 1), 10, 0);
    near(bench_stats_mean(x, 5), 4, 0);
    near(bench_stats_deviation(x, 5), sqrt(12.5), 1e-12);
    near(bench_stats_deviation(x, 1), 0, 0);
    bench_stats_sort(x, 5);
    near(bench_stats_quantile(x, 5, 0), 1, 0);
    near(bench_stats_quantile(x, 5, 0.1), 1.4, 1e-12); /* quantile(c(1, 2, 3, 4, 10), c(.1, .9, .99)) */
    near(bench_stats_quantile(x, 5, 0.9), 7.6, 1e-12);
    near(bench_stats_quantile(x, 5, 0.99), 9.76, 1e-12);
    near(bench_stats_quantile(x, 5, 1), 10, 0);
    near(bench_stats_quantile(x, 1, 0.5), 1, 0);
}

static void test_log_ratios(void **state)
{
    double value[] = {200, 50, 0, 3, NAN, 8, 5}, base[] = {100, 100, 1, -1, 1, 8, INFINITY};

    (void)state;
    assert_int_equal(bench_stats_log_ratios(value, base, 7, value), 3);
    near(value[0], M_LN2, 1e-12);
    near(value[1], -M_LN2, 1e-12);
    near(value[2], 0, 0);
}

static void test_windows_agree(void **state)
{
    double rate[] = {50, 80, 100, 101, 102.9, 103.1};

    (void)state;
    assert_false(bench_stats_agree(rate, 2, 3, 0.03));
    assert_false(bench_stats_agree(rate, 4, 3, 0.03)); /* 80 100 101 */
    assert_true(bench_stats_agree(rate, 5, 3, 0.03));  /* 100 101 102.9: 2.9 of a mean of 101.3 */
    assert_false(bench_stats_agree(rate, 5, 3, 0.028));
    assert_true(bench_stats_agree(rate, 6, 2, 0.002));
    assert_false(bench_stats_agree((double[]){0, 0, 0}, 3, 3, 0.03));
}

/* Tables of Student's distribution. */
static void test_student(void **state)
{
    static const struct {
        unsigned freedom;
        double level, t;
    } known[] = {{1, 0.95, 12.706205}, {2, 0.95, 4.302653},  {3, 0.99, 5.840909},  {4, 0.95, 2.776445},
                 {5, 0.999, 6.868827}, {9, 0.95, 2.262157},  {10, 0.90, 1.812461}, {15, 0.95, 2.131450},
                 {30, 0.99, 2.749996}, {120, 0.95, 1.979930}};

    (void)state;
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++) {
        struct bench_interval s = bench_stats_student(5, 2, known[i].freedom, known[i].level);
        near(s.high, 5 + 2 * known[i].t, 3e-6);
        near(s.low, 5 - 2 * known[i].t, 3e-6);
        s = bench_stats_student(-known[i].t, 1, known[i].freedom, 0.5);
        near(s.p, 1 - known[i].level, 1e-7);
    }
    near(bench_stats_student(0, 1, 7, 0.95).p, 1, 1e-12);
    near(bench_stats_student(0, 0, 7, 0.95).p, 1, 0);
    near(bench_stats_student(1, 0, 7, 0.95).p, 0, 0);
}

/* ---- intervals ---------------------------------------------------------------------------------- */

static double normal(struct bench_random *r)
{
    return sqrt(-2 * log(1 - bench_random_unit(r))) * cos(2 * M_PI * bench_random_unit(r));
}

/* Heavier tails, as measured times have them: two normal distributions, of which the wider one is drawn once
 * in ten. */
static double disturbed(struct bench_random *r)
{
    return normal(r) * (bench_random_unit(r) < 0.1 ? 3 : 1);
}

#define SETS 400

/* In how many of the sets of n values the interval holds the mean of the distribution. */
static double coverage(double draw(struct bench_random *), unsigned n, double level)
{
    struct bench_random r = {n};
    unsigned held = 0;

    for (unsigned set = 0; set < SETS; set++) {
        double x[64];
        for (unsigned i = 0; i < n; i++)
            x[i] = 0.02 + 0.05 * draw(&r);
        struct bench_interval s = bench_stats_interval(x, n, level, set);
        near(s.estimate, bench_stats_mean(x, n), 0);
        assert_true(s.low < s.estimate && s.estimate < s.high);
        held += s.low <= 0.02 && s.high >= 0.02;
    }
    return (double)held / SETS;
}

static void test_coverage(void **state)
{
    static const unsigned sizes[] = {5, 10, 30};

    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        double share = coverage(normal, sizes[i], 0.95);
        print_message("# %u normal values: %g\n", sizes[i], share);
        assert_true(share >= 0.92 && share <= 0.97);
    }
    double share = coverage(disturbed, 10, 0.95);
    print_message("# 10 disturbed ones: %g\n", share);
    assert_true(share >= 0.92 && share <= 0.98);
    share = coverage(normal, 10, 0.8); /* the test can tell */
    assert_true(share >= 0.75 && share <= 0.85);
}

/* With many values of a normal distribution it is Student's. */
static void test_like_student(void **state)
{
    struct bench_random r = {3};
    double x[60];

    (void)state;
    for (unsigned i = 0; i < 60; i++)
        x[i] = 1 + normal(&r);
    struct bench_interval boot = bench_stats_interval(x, 60, 0.95, 1);
    struct bench_interval t =
        bench_stats_student(bench_stats_mean(x, 60), bench_stats_deviation(x, 60) / sqrt(60), 59, 0.95);
    near(boot.low, t.low, 0.1 * (t.high - t.low));
    near(boot.high, t.high, 0.1 * (t.high - t.low));
    near(bench_stats_interval(x, 60, 0.9999, 1).low, /* a tail beyond what resampling resolves */
         bench_stats_student(t.estimate, (t.high - t.low) / 2 / 2.000995, 59, 0.9999).low, 1e-5);
}

/* A wider level gives an interval around the narrower one, and p says at which level 0 is left out. */
static void test_levels(void **state)
{
    static const double levels[] = {0.5, 0.8, 0.9, 0.95, 0.99, 0.999, 0.9999, 0.999999};
    struct bench_random r = {11};

    (void)state;
    for (unsigned set = 0; set < 33; set++) {
        double x[12], low = INFINITY, high = -INFINITY;
        unsigned n = 2 + set % 11;
        for (unsigned i = 0; i < n; i++)
            x[i] = 0.5 + (set % 3 ? normal(&r) : exp(normal(&r)));
        for (unsigned l = 0; l < sizeof levels / sizeof levels[0]; l++) {
            struct bench_interval s = bench_stats_interval(x, n, levels[l], 7);
            assert_true(s.low <= low && s.high >= high);
            assert_int_equal(bench_interval_spans(&s), s.p > 1 - levels[l]);
            low = s.low;
            high = s.high;
        }
    }
}

static void test_few_values(void **state)
{
    (void)state;
    struct bench_interval one = bench_stats_interval((double[]){3}, 1, 0.95, 1);
    near(one.estimate, 3, 0);
    assert_true(isinf(one.low) && isinf(one.high) && one.p == 1 && bench_interval_spans(&one));
    struct bench_interval two = bench_stats_interval((double[]){1, 3}, 2, 0.95, 1);
    near(two.high, 2 + 12.706205, 1e-5); /* standard error 1, one degree of freedom */
    struct bench_interval same = bench_stats_interval((double[]){0, 0, 0}, 3, 0.95, 1);
    assert_true(same.low == 0 && same.high == 0 && same.p == 1);
}

static void test_a_seed_repeats(void **state)
{
    double x[] = {0.1, 0.4, -0.2, 0.3, 0.25, 0.6, 0.2};

    (void)state;
    struct bench_interval a = bench_stats_interval(x, 7, 0.95, 5), b = bench_stats_interval(x, 7, 0.95, 5);
    struct bench_interval c = bench_stats_interval(x, 7, 0.95, 6);
    assert_true(a.low == b.low && a.high == b.high && a.p == b.p);
    assert_true(a.low != c.low || a.high != c.high);
    near(a.low, c.low, 0.03);
}

/* ---- several comparisons ------------------------------------------------------------------------ */

/* The example of the English Wikipedia and of lectures: at 0.05 the hypotheses 1 and 4 are rejected. The
 * second is R's: p.adjust(c(.01, .02, .03, .04, .05), "holm"), and ties. */
static void test_holm(void **state)
{
    double adjusted[5];

    (void)state;
    bench_stats_holm((double[]){0.01, 0.04, 0.03, 0.005}, 4, adjusted);
    near(adjusted[0], 0.03, 1e-12);
    near(adjusted[1], 0.06, 1e-12);
    near(adjusted[2], 0.06, 1e-12);
    near(adjusted[3], 0.02, 1e-12);
    bench_stats_holm((double[]){0.01, 0.02, 0.03, 0.04, 0.05}, 5, adjusted);
    near(adjusted[0], 0.05, 1e-12);
    near(adjusted[1], 0.08, 1e-12);
    near(adjusted[2], 0.09, 1e-12);
    near(adjusted[4], 0.09, 1e-12);
    double in_place[] = {0.01, 0.04, 0.03, 0.005};
    bench_stats_holm(in_place, 4, in_place);
    near(in_place[0], 0.03, 1e-12);
    near(in_place[1], 0.06, 1e-12);
    near(in_place[2], 0.06, 1e-12);
    near(in_place[3], 0.02, 1e-12);
    bench_stats_holm((double[]){0.4, 0.4, 0.4}, 3, adjusted);
    for (unsigned i = 0; i < 3; i++)
        near(adjusted[i], 1, 0);
    double same[] = {0.01, 0.04, 0.03, 0.005}; /* in place */
    bench_stats_holm(same, 4, same);
    near(same[0], 0.03, 1e-12);
    near(same[1], 0.06, 1e-12);
    near(same[2], 0.06, 1e-12);
    near(same[3], 0.02, 1e-12);
    bench_stats_holm((double[]){0.02}, 1, adjusted);
    near(adjusted[0], 0.02, 1e-12);
    bench_stats_holm(NULL, 0, adjusted);
}

#define POINTS 5

/* Differences of POINTS points over n blocks; the first `real` of them are there. */
static void compare_points(struct bench_random *r, unsigned n, unsigned real, struct bench_interval *out)
{
    double x[POINTS][32];
    const double *at[POINTS];
    unsigned sizes[POINTS];

    for (unsigned p = 0; p < POINTS; p++) {
        for (unsigned i = 0; i < n; i++)
            x[p][i] = (p < real ? -2 - p : 0) + normal(r);
        at[p] = x[p];
        sizes[p] = n;
    }
    bench_stats_compare(at, sizes, POINTS, 0.95, 1, out);
}

/* Where there is no difference, one is seen in at most one experiment of twenty, whatever the number of
 * points; without Holm it would be in one of five. */
static void test_no_difference(void **state)
{
    struct bench_random r = {5};
    unsigned wrong = 0;

    (void)state;
    for (unsigned set = 0; set < 60; set++) {
        struct bench_interval out[POINTS];
        bool any = false;
        compare_points(&r, 8, 0, out);
        for (unsigned p = 0; p < POINTS; p++)
            any = any || !bench_interval_spans(&out[p]);
        wrong += any;
    }
    print_message("# a difference that is none: %u of 60\n", wrong);
    assert_true(wrong <= 7);
}

/* What is decided by the intervals is what Holm decides by p. */
static void test_intervals_decide_like_holm(void **state)
{
    struct bench_random r = {9};
    unsigned seen = 0, adjusted_only = 0;

    (void)state;
    for (unsigned set = 0; set < 20; set++) {
        struct bench_interval out[POINTS];
        double p[POINTS], adjusted[POINTS];
        compare_points(&r, 6, 3, out);
        for (unsigned i = 0; i < POINTS; i++)
            p[i] = out[i].p;
        bench_stats_holm(p, POINTS, adjusted);
        for (unsigned i = 0; i < POINTS; i++) {
            assert_int_equal(!bench_interval_spans(&out[i]), adjusted[i] <= 0.05);
            assert_true(out[i].level >= 0.95 - 1e-12 && out[i].level <= 0.99 + 1e-12);
            seen += adjusted[i] <= 0.05;
            adjusted_only += p[i] <= 0.05 && adjusted[i] > 0.05;
        }
    }
    assert_true(seen >= 30 && adjusted_only >= 1);
}

/* ---- the front ---------------------------------------------------------------------------------- */

static void test_front_and_knee(void **state)
{
    /*               0    1    2    3    4    5    6    7    8 */
    double rate[] = {100, 120, 110, 90, 130, 120, 140, 150, 0},
           delay[] = {10, 11, 12, 10, 20, 11, NAN, 60, 1};
    static const unsigned expected[] = {0, 1, 5, 4, 7}; /* 2 is dominated by 1, 3 by 0; 1 and 5 are equal */
    unsigned front[9];

    (void)state;
    assert_int_equal(bench_stats_front(rate, delay, 9, front), 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(front[i], expected[i]);
    assert_int_equal(bench_stats_knee(rate, delay, front, 5), 5); /* 10, 10.9, 10.9, 6.5, 2.5 */
    for (unsigned i = 0; i < 9; i++)
        delay[i] *= 1e6;
    assert_int_equal(bench_stats_knee(rate, delay, front, 5), 5);
    assert_int_equal(bench_stats_knee(rate, delay, front, 1), 0);
    assert_int_equal(bench_stats_front(rate, delay, 0, front), 0);
}

/* Equal rates: only the one with the least delay stays; and the reverse. */
static void test_front_with_ties(void **state)
{
    double rate[] = {5, 5, 5, 7, 7}, delay[] = {3, 2, 4, 8, 8.5};
    unsigned front[5];

    (void)state;
    assert_int_equal(bench_stats_front(rate, delay, 5, front), 2);
    assert_int_equal(front[0], 1);
    assert_int_equal(front[1], 3);
    assert_int_equal(bench_stats_front((double[]){5, 6}, (double[]){3, 3}, 2, front), 1);
    assert_int_equal(front[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quantiles_are_those_of_r),
        cmocka_unit_test(test_log_ratios),
        cmocka_unit_test(test_windows_agree),
        cmocka_unit_test(test_student),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_like_student),
        cmocka_unit_test(test_levels),
        cmocka_unit_test(test_few_values),
        cmocka_unit_test(test_a_seed_repeats),
        cmocka_unit_test(test_holm),
        cmocka_unit_test(test_no_difference),
        cmocka_unit_test(test_intervals_decide_like_holm),
        cmocka_unit_test(test_front_and_knee),
        cmocka_unit_test(test_front_with_ties),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
