/* Designs: orthogonal, of the resolution that they promise, and their effects are those of known models. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>

#include <cmocka.h>

#include "bench/random.h"
#include "bench/tune/design.h"

#define near(a, b, within) assert_true(fabs((a) - (b)) <= (within))

static struct bench_design made(unsigned factors, unsigned resolution)
{
    struct bench_design d;

    assert_true(bench_design_make(factors, resolution, &d));
    return d;
}

static void test_sizes(void **state)
{
    static const unsigned known[][3] = {/* resolution, factors, runs */
                                        {4, 1, 8},   {4, 4, 8},   {4, 5, 16},  {4, 8, 16}, {4, 9, 32},
                                        {4, 16, 32}, {4, 17, 64}, {4, 32, 64}, {3, 7, 8},  {3, 8, 16},
                                        {3, 15, 16}, {3, 16, 32}, {3, 31, 32}, {3, 32, 64}};
    struct bench_design d;

    (void)state;
    for (unsigned i = 0; i < sizeof known / sizeof known[0]; i++)
        assert_int_equal(made(known[i][1], known[i][0]).runs, known[i][2]);
    assert_false(bench_design_make(0, 4, &d));
    assert_false(bench_design_make(33, 4, &d));
    assert_false(bench_design_make(33, 3, &d));
}

/* The sum over all runs of the product of the levels of some factors. */
static int product(const struct bench_design *d, const unsigned *factor, unsigned count)
{
    int sum = 0;

    for (unsigned run = 0; run < d->runs; run++) {
        int sign = 1;
        for (unsigned i = 0; i < count; i++)
            sign *= bench_design_level(d, run, factor[i]);
        sum += sign;
    }
    return sum;
}

/* Each factor is high in half of the runs, each two are in every combination equally often; with resolution
 * IV a factor is so with the interaction of any two others. */
static void check_orthogonal(const struct bench_design *d, unsigned resolution)
{
    for (unsigned a = 0; a < d->factors; a++) {
        assert_int_equal(bench_design_level(d, 0, a), -1);
        assert_int_equal(product(d, (unsigned[]){a}, 1), 0);
        for (unsigned b = 0; b < a; b++) {
            assert_int_equal(product(d, (unsigned[]){a, b}, 2), 0);
            for (unsigned c = 0; c < b && resolution == 4; c++)
                assert_int_equal(product(d, (unsigned[]){a, b, c}, 3), 0);
        }
    }
}

static void test_orthogonal(void **state)
{
    (void)state;
    for (unsigned factors = 1; factors <= BENCH_DESIGN_FACTORS_MAX; factors++)
        for (unsigned resolution = 3; resolution <= 4; resolution++) {
            struct bench_design d = made(factors, resolution);
            check_orthogonal(&d, resolution);
        }
    struct bench_design d = made(7, 3); /* what resolution III lacks */
    assert_true(product(&d, (unsigned[]){0, 1, 3}, 3) != 0);
}

/* ---- effects ------------------------------------------------------------------------------------ */

/* 3 + 2 a - 0.5 d + 1.5 a d + 0.25 b c, and what a block adds. */
static double model(const struct bench_design *d, unsigned run, unsigned block)
{
    double a = bench_design_level(d, run, 0), b = bench_design_level(d, run, 1);
    double c = bench_design_level(d, run, 2), e = bench_design_level(d, run, 3);

    return 3 + 2 * a - 0.5 * e + 1.5 * a * e + 0.25 * b * c + 10 * block;
}

static void test_a_known_model(void **state)
{
    struct bench_design d = made(8, 4);
    struct bench_interval effects[8];
    double response[3 * 16];

    (void)state;
    for (unsigned i = 0; i < 3 * 16; i++)
        response[i] = model(&d, i % 16, i / 16);
    for (unsigned blocks = 1; blocks <= 3; blocks++) {
        assert_int_equal(bench_design_effects(&d, response, blocks, 0.95, effects), blocks);
        for (unsigned f = 0; f < 8; f++)
            near(effects[f].estimate, f == 0 ? 4 : f == 3 ? -1 : 0, 1e-9);
        assert_true(effects[0].low > 3.99 && effects[3].high < -0.99);
    }
    response[20] = NAN; /* a run of the second block failed */
    assert_int_equal(bench_design_effects(&d, response, 3, 0.95, effects), 2);
    near(effects[0].estimate, 4, 1e-9);
    assert_int_equal(bench_design_effects(&d, response + 16, 1, 0.95, effects), 0);
}

/* One block: contrasts of 1 … 7, whose median is 4. Then s0 = 6, none is above 15, the pseudo standard error
 * is 6, with two degrees of freedom: t = 4.302653. A contrast of 70 instead of 7 changes none of this. */
static void test_lenth(void **state)
{
    struct bench_design d = made(7, 3);
    struct bench_interval effects[7];
    double response[8] = {0};

    (void)state;
    for (unsigned big = 0; big < 2; big++) {
        for (unsigned run = 0; run < 8; run++) {
            response[run] = 0;
            for (unsigned f = 0; f < 7; f++)
                response[run] += bench_design_level(&d, run, f) * (f == 6 && big ? 35 : (f + 1) / 2.0);
        }
        assert_int_equal(bench_design_effects(&d, response, 1, 0.95, effects), 1);
        double reach = (big ? 1.5 * 3.5 : 6) * 4.302653; /* without that one the median is 3.5 */
        for (unsigned f = 0; f < 7; f++) {
            near(effects[f].estimate, f == 6 && big ? 70 : f + 1, 1e-9);
            near(effects[f].high - effects[f].estimate, reach, 1e-4);
        }
        assert_int_equal(bench_interval_spans(&effects[6]), !big);
    }
}

/* Two blocks that differ by ±e in each run: the residuals' squares sum up to 2 Σe² with 7 degrees of freedom,
 * the error of an effect is √(4 s² / 16). */
static void test_error_of_blocks(void **state)
{
    static const double e[8] = {1, -2, 3, -4, 2, 1, -3, 2}; /* sum 0, squares 48 */
    struct bench_design d = made(4, 4);
    struct bench_interval effects[4];
    double response[16];

    (void)state;
    for (unsigned i = 0; i < 16; i++)
        response[i] = (i < 8 ? e[i] : -e[i - 8]) + (i < 8 ? 100 : 0);
    assert_int_equal(bench_design_effects(&d, response, 2, 0.95, effects), 2);
    for (unsigned f = 0; f < 4; f++) {
        near(effects[f].estimate, 0, 1e-9);
        near(effects[f].high, sqrt(2 * 48 / 7.0 * 4 / 16) * 2.364624, 1e-5);
    }
}

static double normal(struct bench_random *r)
{
    return sqrt(-2 * log(1 - bench_random_unit(r))) * cos(2 * M_PI * bench_random_unit(r));
}

/* How often the intervals of three effects that are there and five that are not hold the truth. */
static double coverage(unsigned blocks)
{
    struct bench_design d = made(8, 4);
    struct bench_random r = {blocks};
    unsigned held = 0;

    for (unsigned set = 0; set < 400; set++) {
        struct bench_interval effects[8];
        double response[4 * 16];
        for (unsigned i = 0; i < blocks * 16; i++) {
            response[i] = normal(&r);
            for (unsigned f = 0; f < 3; f++)
                response[i] += bench_design_level(&d, i % 16, f) * (1.0 + f);
        }
        assert_int_equal(bench_design_effects(&d, response, blocks, 0.95, effects), blocks);
        for (unsigned f = 0; f < 8; f++) {
            double truth = f < 3 ? 2 * (1.0 + f) : 0;
            held += effects[f].low <= truth && effects[f].high >= truth;
        }
    }
    return held / 3200.0;
}

static void test_coverage(void **state)
{
    (void)state;
    for (unsigned blocks = 2; blocks <= 4; blocks++) {
        double share = coverage(blocks);
        print_message("# %u blocks: %g\n", blocks, share);
        assert_true(share >= 0.935 && share <= 0.965);
    }
    double share = coverage(1); /* Lenth's is careful */
    print_message("# one block: %g\n", share);
    assert_true(share >= 0.94 && share <= 0.995);
}

/* ---- grid and order ----------------------------------------------------------------------------- */

static void test_grid(void **state)
{
    static const unsigned values[] = {3, 1, 4, 2}, many[] = {1u << 31, 1u << 31, 1u << 31};
    unsigned value[4], before[4] = {0};

    (void)state;
    assert_int_equal(bench_design_grid(values, 4), 24);
    assert_int_equal(bench_design_grid(values, 0), 1);
    assert_true(bench_design_grid(many, 2) == UINT64_C(1) << 62);
    assert_true(bench_design_grid(many, 3) == UINT64_MAX);
    for (uint64_t point = 0; point < 24; point++) {
        bench_design_point(values, 4, point, value);
        for (unsigned f = 0; f < 4; f++)
            assert_true(value[f] < values[f]);
        assert_true(bench_design_point_of(values, 4, value) == point);
        assert_true(point == 0 || memcmp(value, before, sizeof value) != 0);
        memcpy(before, value, sizeof value);
    }
    bench_design_point(values, 4, 7, value);
    assert_int_equal(value[3], 1); /* the last one changes fastest */
    assert_int_equal(value[2], 3);
}

static void test_order_of_a_block(void **state)
{
    static const unsigned left[] = {4, 7, 9};
    unsigned order[5], again[5], seen[6] = {0};

    (void)state;
    for (unsigned block = 0; block < 6000; block++) {
        bench_design_order(left, 3, 2, 42, block, order);
        assert_int_equal(order[0], 2);
        assert_int_equal(order[4], 2);
        assert_int_equal(order[1] + order[2] + order[3], 20);
        unsigned which = order[1] == 4 ? 0 : order[1] == 7 ? 2 : 4;
        seen[which + (order[2] > order[3])]++;
    }
    for (unsigned i = 0; i < 6; i++) /* 1000 ± 4 standard deviations */
        assert_in_range(seen[i], 885, 1115);
    bench_design_order(left, 3, 2, 42, 5999, again);
    assert_memory_equal(order, again, sizeof order);
    bench_design_order(left, 0, 2, 42, 0, order);
    assert_int_equal(order[0], 2);
    assert_int_equal(order[1], 2);
}

/* Two seeds do not give the same orders one block later. */
static void test_seeds_differ(void **state)
{
    unsigned left[20], a[22], b[22];

    (void)state;
    for (unsigned i = 0; i < 20; i++)
        left[i] = i;
    for (unsigned block = 1; block < 50; block++) {
        bench_design_order(left, 20, 99, 1, block, a);
        bench_design_order(left, 20, 99, 2, block, b);
        assert_memory_not_equal(a, b, sizeof a);
        bench_design_order(left, 20, 99, 2, block - 1, b);
        assert_memory_not_equal(a, b, sizeof a);
        bench_design_order(left, 20, 99, 1, block - 1, b);
        assert_memory_not_equal(a, b, sizeof a);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_orthogonal),
        cmocka_unit_test(test_a_known_model),
        cmocka_unit_test(test_lenth),
        cmocka_unit_test(test_error_of_blocks),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_grid),
        cmocka_unit_test(test_order_of_a_block),
        cmocka_unit_test(test_seeds_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
