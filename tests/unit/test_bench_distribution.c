/* Distributions: samples follow them (Kolmogorov and Smirnov), means are right, errors are reported. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/distribution.h"

#define DRAWS 20000

static char why[512];

static bool number(const char *text, double *out, char *reason, size_t size)
{
    char *end;

    *out = strtod(text, &end);
    if (end != text && !*end && *out >= 1 && *out <= 10000)
        return true;
    snprintf(reason, size, "\"%s\" is not a size", text);
    return false;
}

static struct bench_distribution parsed(const char *text)
{
    struct bench_distribution d;

    if (!bench_distribution_parse(text, number, 1, 10000, &d, why, sizeof why))
        fail_msg("%s: %s", text, why);
    return d;
}

typedef double cdf(double x);

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

/* The greatest distance between what was drawn and the distribution function. For a right generator it is
 * above 1.95 / sqrt(n) once in a thousand seeds; the seed is fixed. */
static double distance(const char *text, cdf *f)
{
    static double drawn[DRAWS];
    struct bench_distribution d = parsed(text);
    struct bench_random r = {42};
    double most = 0;

    for (unsigned i = 0; i < DRAWS; i++)
        drawn[i] = bench_distribution_draw(&d, &r);
    qsort(drawn, DRAWS, sizeof drawn[0], compare);
    for (unsigned i = 0; i < DRAWS; i++) {
        double p = f(drawn[i]);
        assert_true(drawn[i] >= d.min && drawn[i] <= d.max);
        most = fmax(most, fmax(p - (double)i / DRAWS, (double)(i + 1) / DRAWS - p));
    }
    return most;
}

#define LIMIT (1.95 / sqrt(DRAWS))

static double uniform(double x)
{
    return (x - 100) / 400;
}

static double exponential(double x) /* 50 and, above it, a mean of 150 more */
{
    return 1 - exp(-(x - 50) / 150);
}

static double short_exponential(double x) /* the same, cut off at 300 */
{
    return exponential(x) / exponential(300);
}

static double gauss(double z)
{
    return (1 + erf(z / sqrt(2))) / 2;
}

static double normal(double x) /* 500, 100, cut off at 400 and 900 */
{
    return (gauss((x - 500) / 100) - gauss(-1)) / (gauss(4) - gauss(-1));
}

static double narrow_normal(double x) /* 500, 1000, cut off at 400 and 700 */
{
    return (gauss((x - 500) / 1000) - gauss(-0.1)) / (gauss(0.2) - gauss(-0.1));
}

static double pareto(double x) /* from 10, shape 1.5, cut off at 1000 */
{
    return (1 - pow(10 / x, 1.5)) / (1 - pow(0.01, 1.5));
}

static void test_what_is_drawn(void **state)
{
    (void)state;
    assert_true(distance("100-500", uniform) < LIMIT);
    assert_true(distance("uniform:100:500", uniform) < LIMIT);
    assert_true(distance("exponential:200:50", exponential) < LIMIT);
    assert_true(distance("exponential:200:50:300", short_exponential) < LIMIT);
    assert_true(distance("normal:500:100:400:900", normal) < LIMIT);
    assert_true(distance("normal:500:1000:400:700", narrow_normal) < LIMIT);
    assert_true(distance("pareto:10:1.5:1000", pareto) < LIMIT);
    assert_true(distance("pareto:10:1.6:1000", pareto) > LIMIT); /* the test can tell */
    assert_true(distance("exponential:206:50", exponential) > LIMIT);
}

/* The same distance for distributions of a few values: at each, the share that was drawn up to it against
 * what it should be. Kolmogorov's limit is on the safe side there. */
static double step_distance(const char *text, const double *value, const double *upto, unsigned count)
{
    struct bench_distribution d = parsed(text);
    struct bench_random r = {42};
    unsigned drawn[BENCH_LIST_MAX] = {0}, below = 0;
    double most = 0;

    for (unsigned i = 0; i < DRAWS; i++) {
        double x = bench_distribution_draw(&d, &r);
        unsigned at = 0;
        while (at < count && value[at] != x)
            at++;
        assert_true(at < count);
        drawn[at]++;
    }
    for (unsigned i = 0; i < count; i++) {
        below += drawn[i];
        most = fmax(most, fabs((double)below / DRAWS - upto[i]));
    }
    return most;
}

static void test_what_is_drawn_of_a_few(void **state)
{
    static const double values[] = {64, 576, 1400}, upto[] = {7.0 / 12, 11.0 / 12, 1},
                        other[] = {0.6, 0.92, 1};

    (void)state;
    assert_true(step_distance("64", (double[]){64}, (double[]){1}, 1) == 0);
    assert_true(step_distance("constant:64", (double[]){64}, (double[]){1}, 1) == 0);
    assert_true(step_distance("list:64@7:576@4:1400@1", values, upto, 3) < LIMIT);
    assert_true(step_distance("list:64@7:576@4:1400@1", values, other, 3) > LIMIT); /* the test can tell */
}

/* The reported mean is that of the samples. */
static void test_means(void **state)
{
    static const char *const texts[] = {"64",
                                        "64-1400",
                                        "exponential:200",
                                        "exponential:200:50:300",
                                        "normal:500:100",
                                        "normal:500:300:400:900",
                                        "normal:500:1000:400:700",
                                        "pareto:10:1.5:1000",
                                        "pareto:10:1:1000",
                                        "list:64@7:1400@2:9000@1"};

    (void)state;
    for (unsigned i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct bench_distribution d = parsed(texts[i]);
        struct bench_random r = {i};
        double sum = 0, squares = 0, mean = bench_distribution_mean(&d);
        for (unsigned n = 0; n < DRAWS; n++) {
            double x = bench_distribution_draw(&d, &r);
            sum += x;
            squares += (x - mean) * (x - mean);
        }
        double error = sqrt(squares / DRAWS / DRAWS);
        if (fabs(sum / DRAWS - mean) > 4 * error + 1e-9)
            fail_msg("%s: mean %g, told %g, standard error %g", texts[i], sum / DRAWS, mean, error);
    }
}

static void test_whole_numbers(void **state)
{
    struct bench_distribution d = parsed("5-8"), list = parsed("list:3@1:7@3");
    struct bench_random r = {1};
    unsigned seen[10] = {0};

    (void)state;
    for (unsigned i = 0; i < 8000; i++)
        seen[bench_distribution_draw_whole(&d, &r)]++;
    for (unsigned i = 5; i <= 8; i++)
        assert_in_range(seen[i], 1850, 2150);
    assert_int_equal(seen[4] + seen[9], 0);
    memset(seen, 0, sizeof seen);
    for (unsigned i = 0; i < 8000; i++)
        seen[bench_distribution_draw_whole(&list, &r)]++;
    assert_in_range(seen[3], 1850, 2150);
    assert_int_equal(seen[3] + seen[7], 8000);
}

static void test_a_seed_repeats(void **state)
{
    struct bench_distribution d = parsed("normal:500:100");
    struct bench_random a = {7}, b = {7}, c = {8};

    (void)state;
    for (unsigned i = 0; i < 10; i++)
        assert_true(bench_distribution_draw(&d, &a) == bench_distribution_draw(&d, &b));
    assert_true(bench_random_next(&a) != bench_random_next(&c));
}

static void refused(const char *text, const char *reason)
{
    struct bench_distribution d;

    if (bench_distribution_parse(text, number, 1, 10000, &d, why, sizeof why))
        fail_msg("taken: %s", text);
    if (!strstr(why, reason))
        fail_msg("%s\nsays: %s\nlacks: %s", text, why, reason);
}

static void test_what_is_wrong(void **state)
{
    (void)state;
    refused("", "\"\" is not a size");
    refused("abc", "\"abc\" is not a size");
    refused("5-", "\"\" is not a size");
    refused("9-5", "ascending order");
    refused("exponental:5", "did you mean \"exponential\"?");
    refused("zipf:5", "there are constant, uniform");
    refused("uniform:5", "write uniform:MIN:MAX");
    refused("uniform:9:5", "the least value 9 is above the greatest, 5");
    refused("exponential:5:5", "the mean 5 must be above the least value 5");
    refused("exponential:1:2:3:4", "write exponential:MEAN");
    refused("normal:500", "write normal:MEAN:SD");
    refused("normal:500:1:2", "write normal:MEAN:SD");
    refused("normal:500:x", "\"x\" is not a standard deviation");
    refused("normal:500:-1", "not a standard deviation");
    refused("normal:500:10:600:700", "must be between 600 and 700");
    refused("pareto:10:0", "\"0\" is not a shape");
    refused("list:", "is not a size");
    refused("list:5@", "is not a weight");
    refused("list:5@nan", "is not a weight");
    refused("list:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1", "up to 16");
    refused("list:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1", "too many parts");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_drawn),  cmocka_unit_test(test_what_is_drawn_of_a_few),
        cmocka_unit_test(test_means),          cmocka_unit_test(test_whole_numbers),
        cmocka_unit_test(test_a_seed_repeats), cmocka_unit_test(test_what_is_wrong),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
