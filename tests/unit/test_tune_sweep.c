/* The course of a sweep, with made-up responses and a made-up clock: what is best is found, where nothing
 * matters that is said, and an interrupted sweep goes on as it would have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/random.h"
#include "bench/tune/decide.h"

#define COST 2.0 /* seconds of a run */
#define RUNS 4000

/* A host: responses by the levels of the factors, with noise. */
struct host {
    struct bench_random random;
    double noise;
    double rate[BENCH_FACTORS_MAX][BENCH_VALUES_MAX]; /* logarithms that are added up */
    double p99[BENCH_FACTORS_MAX][BENCH_VALUES_MAX];
    double clock, drift;
    unsigned loses, slow,
        slow_times;      /* points that lose messages, or are too much for the generator so often */
    unsigned stop_after; /* runs, 0: never */
    unsigned order[RUNS], runs;
};

static struct bench_tune tune;
static struct host host;
static char why[512];

static double gauss(struct bench_random *r)
{
    double sum = 0;

    for (unsigned i = 0; i < 12; i++)
        sum += bench_random_unit(r);
    return sum - 6;
}

static enum bench_ran run(const struct bench_sweep *s, unsigned point, struct bench_response *out, void *arg)
{
    struct host *h = arg;
    double rate = log(1e5), p99 = log(1e6);

    if (h->stop_after && h->runs == h->stop_after)
        return BENCH_RAN_STOPPED;
    if (h->runs < RUNS)
        h->order[h->runs] = point;
    h->runs++;
    h->clock += COST;
    for (unsigned f = 0; f < s->tune->factor_count; f++) {
        rate += h->rate[f][s->points[point].level[f]];
        p99 += h->p99[f][s->points[point].level[f]];
    }
    out->value[BENCH_RATE] = exp(rate + h->noise * gauss(&h->random) + h->drift * h->runs);
    out->value[BENCH_P99] = exp(p99 + 3 * h->noise * gauss(&h->random));
    out->value[BENCH_CPU] = exp(log(5e3) + h->noise * gauss(&h->random));
    if (h->loses && point == h->loses - 1) {
        out->fault = BENCH_FAULT_POINT;
        snprintf(out->why, sizeof out->why, "3 of 7 messages were lost");
    }
    if (h->slow && point == h->slow - 1 && h->slow_times > 0) {
        h->slow_times--;
        out->fault = BENCH_FAULT_GENERATOR;
        snprintf(out->why, sizeof out->why, "the generator was the bottleneck");
    }
    return BENCH_RAN;
}

static double now(void *arg)
{
    return ((struct host *)arg)->clock;
}

static const struct bench_sweep_ops ops = {.run = run, .now = now, .arg = &host};

/* A factor with `count` values, of which `base` is the base's. */
static void add_factor(unsigned count, unsigned base)
{
    struct bench_factor *f = &tune.factors[tune.factor_count];

    *f = (struct bench_factor){.field = OPTF_SNDBUF, .count = count, .base = base};
    snprintf(f->name, sizeof f->name, "f%u", tune.factor_count++);
    for (unsigned i = 0; i < count; i++)
        f->value[i] = 4096 << i;
}

static int setup(void **state)
{
    (void)state;
    memset(&tune, 0, sizeof tune);
    memset(&host, 0, sizeof host);
    host.random.state = 7;
    host.noise = 0.01;
    tune.seed = 1;
    tune.budget = 1000;
    tune.window_ms = 100;
    tune.measure_ms = 100;
    return 0;
}

static void begin(struct bench_sweep *s)
{
    if (!bench_sweep_init(s, &tune, why, sizeof why))
        fail_msg("%s", why);
}

static void findings_of(const struct bench_sweep *s, struct bench_findings *f)
{
    assert_true(bench_decide(s, f));
}

/* The winner's level of a factor. */
static unsigned won(const struct bench_sweep *s, const struct bench_findings *f, unsigned factor)
{
    return s->points[f->estimates[f->winner].point].level[factor];
}

/* One value of one factor is best by far; the other factor does nothing. The host gets slower all the time.
 */
static void test_the_best_is_found(void **state)
{
    struct bench_sweep s;
    struct bench_findings f;

    (void)state;
    add_factor(4, 3);
    add_factor(2, 1);
    host.rate[0][0] = -0.5;
    host.rate[0][1] = 0.1;
    host.rate[0][2] = 0.3;
    host.drift = -0.002;
    begin(&s);
    bench_sweep_run(&s, &ops);
    findings_of(&s, &f);
    assert_int_equal(s.ended, BENCH_END_PRECISE);
    assert_int_equal(won(&s, &f, 0), 2);
    assert_int_equal(won(&s, &f, 1), 1); /* the base's: it does not matter */
    assert_int_equal(f.pairs, BENCH_CONFIRM);
    assert_true(f.is_confirmed);
    assert_true(f.confirmed[BENCH_RATE].low < 0.3 && f.confirmed[BENCH_RATE].high > 0.3);
    assert_true(fabs(f.confirmed[BENCH_RATE].estimate - 0.3) < 0.02);
    for (unsigned i = 0; i < f.effect_count; i++) {
        const struct bench_interval *e = &f.effects[i].ratio[BENCH_RATE];
        double truth = host.rate[f.effects[i].factor][f.effects[i].value];
        assert_true(bench_interval_spans(e) == (truth == 0));
        assert_true(fabs(e->estimate - truth) < 0.05);
    }
    assert_int_equal(f.strongest[0], 0);
    assert_int_equal(f.strongest[1], 1);
    /* Of the eight points the bad ones were dropped, after five blocks at the earliest. */
    for (unsigned i = 0; i < s.point_count; i++) {
        assert_true(s.points[i].dropped == 0 || s.points[i].dropped >= BENCH_RACE_BLOCKS);
        if (i != 0 && s.points[i].level[0] < 2)
            assert_true(s.points[i].dropped > 0);
        if (s.points[i].level[0] == 2)
            assert_int_equal(s.points[i].dropped, 0);
    }
    bench_findings_free(&f);
    bench_sweep_free(&s);
}

/* In each block the base comes first and last, and every other point once. */
static void test_blocks(void **state)
{
    struct bench_sweep s;
    unsigned at = 1, differ = 0;

    (void)state;
    add_factor(3, 0);
    add_factor(2, 0);
    tune.budget = 100;
    begin(&s);
    bench_sweep_run(&s, &ops);
    assert_true(s.blocks[BENCH_GRID] >= 3);
    for (unsigned block = 0; block < 3; block++, at += 7) {
        bool seen[6] = {false};
        assert_int_equal(host.order[at], 0);
        assert_int_equal(host.order[at + 6], 0);
        for (unsigned i = 1; i < 6; i++)
            seen[host.order[at + i]] = true;
        for (unsigned p = 1; p < 6; p++)
            assert_true(seen[p]);
        differ += memcmp(host.order + at, host.order + 1, 7 * sizeof host.order[0]) != 0;
    }
    assert_true(differ > 0);
    bench_sweep_free(&s);
}

/* Of twelve sweeps in which nothing matters, at most one may say otherwise. */
static void test_nothing_matters(void **state)
{
    unsigned same = 0;

    (void)state;
    add_factor(4, 3);
    add_factor(2, 1);
    tune.budget = 150;
    for (unsigned i = 0; i < 12; i++) {
        struct bench_sweep s;
        struct bench_findings f;
        tune.seed = host.random.state = i;
        host.clock = 0;
        begin(&s);
        bench_sweep_run(&s, &ops);
        findings_of(&s, &f);
        same += f.winner == 0 || !f.is_confirmed;
        bench_findings_free(&f);
        bench_sweep_free(&s);
    }
    assert_true(same >= 11);
}

/* What is equal in the goal is decided by the latency. */
static void test_the_second_response_decides(void **state)
{
    struct bench_sweep s;
    struct bench_findings f;

    (void)state;
    add_factor(3, 0);
    host.p99[0][1] = -0.7;
    begin(&s);
    bench_sweep_run(&s, &ops);
    findings_of(&s, &f);
    assert_int_equal(won(&s, &f, 0), 1);
    assert_true(f.is_confirmed);
    assert_true(bench_interval_spans(&f.confirmed[BENCH_RATE]));
    bench_findings_free(&f);
    bench_sweep_free(&s);
}

/* On a noisy host many points cannot be told from the best one; what wins is nevertheless better than the
 * base. */
static void test_noise(void **state)
{
    unsigned found = 0;

    (void)state;
    add_factor(2, 1);
    add_factor(2, 1);
    host.rate[0][0] = 0.5;
    host.noise = 0.1;
    tune.budget = 90;
    for (unsigned i = 0; i < 8; i++) {
        struct bench_sweep s;
        struct bench_findings f;
        tune.seed = host.random.state = 100 + i;
        host.clock = 0;
        begin(&s);
        bench_sweep_run(&s, &ops);
        findings_of(&s, &f);
        if (f.winner != 0)
            assert_int_equal(won(&s, &f, 0), 0);
        found += f.winner != 0 && f.is_confirmed;
        bench_findings_free(&f);
        bench_sweep_free(&s);
    }
    assert_true(found >= 6);
}

static void test_goal(void **state)
{
    struct bench_sweep s;
    struct bench_findings f;

    (void)state;
    add_factor(3, 0);
    host.rate[0][1] = 0.5;
    host.p99[0][1] = 0.7;
    host.rate[0][2] = -0.5;
    host.p99[0][2] = -0.7;
    tune.goal = BENCH_P99;
    begin(&s);
    bench_sweep_run(&s, &ops);
    findings_of(&s, &f);
    assert_int_equal(won(&s, &f, 0), 2);
    assert_int_equal(f.front_count, 3); /* each is better in one of the two */
    bench_findings_free(&f);
    bench_sweep_free(&s);
}

static void test_disqualified(void **state)
{
    struct bench_sweep s;
    struct bench_findings f;

    (void)state;
    add_factor(3, 0);
    host.rate[0][1] = 0.1;
    host.rate[0][2] = 0.5;
    begin(&s);
    host.loses = 3; /* the best one */
    assert_int_equal(s.points[2].level[0], 2);
    bench_sweep_run(&s, &ops);
    findings_of(&s, &f);
    assert_true(s.points[2].out);
    assert_string_equal(s.points[2].why, "3 of 7 messages were lost");
    assert_int_equal(won(&s, &f, 0), 1);
    unsigned times = 0;
    for (unsigned i = 0; i < host.runs; i++)
        times += host.order[i] == 2;
    assert_int_equal(times, 1); /* it is not measured again */
    bench_findings_free(&f);
    bench_sweep_free(&s);
}

/* The generator gets a second chance. */
static void test_generator(void **state)
{
    struct bench_sweep s;

    (void)state;
    add_factor(2, 0);
    begin(&s);
    host.slow = 2;
    host.slow_times = 1;
    bench_sweep_run(&s, &ops);
    assert_false(s.points[1].out);
    bench_sweep_free(&s);

    begin(&s);
    host.slow_times = 2;
    bench_sweep_run(&s, &ops);
    assert_true(s.points[1].out);
    assert_string_equal(s.points[1].why, "the generator was the bottleneck");
    bench_sweep_free(&s);

    begin(&s);
    host.slow = 1; /* the base */
    host.slow_times = 3;
    bench_sweep_run(&s, &ops);
    assert_int_not_equal(s.ended, BENCH_END_FAILED);
    bench_sweep_free(&s);

    begin(&s);
    host.slow_times = 4;
    bench_sweep_run(&s, &ops);
    assert_int_equal(s.ended, BENCH_END_FAILED);
    bench_sweep_free(&s);
}

static void test_a_base_that_fails(void **state)
{
    struct bench_sweep s;

    (void)state;
    add_factor(2, 0);
    host.loses = 1;
    begin(&s);
    bench_sweep_run(&s, &ops);
    assert_int_equal(s.ended, BENCH_END_FAILED);
    assert_string_equal(s.why, "the base configuration cannot be measured: 3 of 7 messages were lost");
    assert_int_equal(host.runs, 1);
    bench_sweep_free(&s);
}

/* Eight factors of which two matter: these, and only these, are kept. */
static void test_screening(void **state)
{
    struct bench_sweep s;
    struct bench_findings f;

    (void)state;
    for (unsigned i = 0; i < 8; i++)
        add_factor(2, i % 2);
    host.rate[2][1] = 0.4;
    host.p99[5][0] = -0.8;
    begin(&s);
    assert_int_equal(s.stage, BENCH_SCREENING);
    bench_sweep_run(&s, &ops);
    findings_of(&s, &f);
    for (unsigned i = 0; i < 8; i++)
        assert_int_equal(s.kept[i], i == 2 || i == 5);
    assert_int_equal(f.estimate_count, 4);
    assert_int_equal(won(&s, &f, 2), 1);
    assert_int_equal(won(&s, &f, 5), 0);
    for (unsigned i = 0; i < 8; i++) {
        if (i != 2 && i != 5)
            assert_int_equal(won(&s, &f, i), tune.factors[i].base);
        assert_true(f.effects[i].screened);
        assert_int_equal(f.effects[i].factor, i);
    }
    assert_true(fabs(f.effects[2].ratio[BENCH_RATE].estimate - 0.4) < 0.03);
    bench_findings_free(&f);
    bench_sweep_free(&s);
}

static void test_screening_finds_nothing(void **state)
{
    struct bench_sweep s;
    struct bench_findings f;

    (void)state;
    for (unsigned i = 0; i < 6; i++)
        add_factor(3, 0);
    begin(&s);
    bench_sweep_run(&s, &ops);
    assert_int_equal(s.ended, BENCH_END_NOTHING);
    findings_of(&s, &f);
    assert_int_equal(f.winner, 0);
    bench_findings_free(&f);
    bench_sweep_free(&s);
}

/* Interrupted anywhere, it repeats the block it was in and goes on in the same order. */
static void test_interrupted(void **state)
{
    struct bench_sweep s;
    unsigned order[RUNS], runs;

    (void)state;
    add_factor(4, 3);
    host.rate[0][1] = 0.2;
    tune.budget = 150;
    begin(&s);
    bench_sweep_run(&s, &ops);
    runs = host.runs;
    memcpy(order, host.order, sizeof order);
    bench_sweep_free(&s);

    for (unsigned stop = 1; stop < runs; stop += 17) {
        struct bench_random random = {7};
        unsigned done = 0;
        memset(host.order, 0, sizeof host.order);
        host.random = random;
        host.clock = host.runs = 0;
        host.stop_after = stop;
        begin(&s);
        bench_sweep_run(&s, &ops);
        assert_int_equal(s.ended, BENCH_END_STOPPED);
        done = s.trial_count + 1; /* complete blocks, and the rehearsal */
        assert_memory_equal(host.order, order, host.runs * sizeof order[0]);
        host.stop_after = 0;
        host.runs = done;
        bench_sweep_run(&s, &ops);
        assert_true(s.ended == BENCH_END_PRECISE || s.ended == BENCH_END_BUDGET);
        /* The noise is another one from here on; the order of the first blocks is the same. */
        unsigned same = 1 + BENCH_RACE_BLOCKS * 5;
        assert_memory_equal(host.order, order, same * sizeof order[0]);
        bench_sweep_free(&s);
    }
}

/* It takes no longer than it may; with too little time it knows nothing and says so. */
static void test_budget(void **state)
{
    struct bench_findings f;
    struct bench_sweep s;

    (void)state;
    add_factor(4, 0);
    host.rate[0][3] = 0.2;
    for (tune.budget = 4; tune.budget < 200; tune.budget += 47) {
        host.clock = host.runs = 0;
        begin(&s);
        bench_sweep_run(&s, &ops);
        assert_true(s.spent <= tune.budget || s.trial_count == 0);
        assert_true(s.blocks[BENCH_GRID] > 0 || tune.budget < 6 * COST);
        if (s.blocks[BENCH_GRID] == 0) {
            assert_int_equal(s.ended, BENCH_END_BUDGET);
            findings_of(&s, &f);
            assert_int_equal(f.winner, 0);
            assert_true(isnan(f.estimates[0].value[BENCH_RATE]));
            bench_findings_free(&f);
        }
        bench_sweep_free(&s);
    }
}

/* With more time a sweep that had used up its budget goes on. */
static void test_more_time(void **state)
{
    struct bench_sweep s;

    (void)state;
    add_factor(4, 0);
    host.noise = 0.05;
    host.rate[0][3] = 0.2;
    tune.budget = 90;
    begin(&s);
    bench_sweep_run(&s, &ops);
    assert_int_equal(s.ended, BENCH_END_BUDGET);
    unsigned before = s.blocks[BENCH_GRID], runs = host.runs;
    bench_sweep_run(&s, &ops); /* the same time: it is over */
    assert_int_equal(host.runs, runs);
    tune.budget = 900;
    bench_sweep_run(&s, &ops);
    assert_true(s.blocks[BENCH_GRID] > before + 10);
    assert_int_equal(s.blocks[BENCH_CONFIRMING], BENCH_CONFIRM);
    bench_sweep_free(&s);
}

static void test_too_many_points(void **state)
{
    struct bench_sweep s;

    (void)state;
    add_factor(16, 0);
    add_factor(16, 0);
    add_factor(2, 0);
    assert_false(bench_sweep_init(&s, &tune, why, sizeof why));
    assert_non_null(strstr(why, "512 points, more than 256"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_best_is_found, setup),
        cmocka_unit_test_setup(test_blocks, setup),
        cmocka_unit_test_setup(test_nothing_matters, setup),
        cmocka_unit_test_setup(test_the_second_response_decides, setup),
        cmocka_unit_test_setup(test_noise, setup),
        cmocka_unit_test_setup(test_goal, setup),
        cmocka_unit_test_setup(test_disqualified, setup),
        cmocka_unit_test_setup(test_generator, setup),
        cmocka_unit_test_setup(test_a_base_that_fails, setup),
        cmocka_unit_test_setup(test_screening, setup),
        cmocka_unit_test_setup(test_screening_finds_nothing, setup),
        cmocka_unit_test_setup(test_interrupted, setup),
        cmocka_unit_test_setup(test_budget, setup),
        cmocka_unit_test_setup(test_more_time, setup),
        cmocka_unit_test_setup(test_too_many_points, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
