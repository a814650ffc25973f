/* What several workers found, merged, is what one alone would have found: the same messages, with gaps, late
 * ones and duplicates, go to one judge and, in threads, to several. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/judge.h"
#include "bench/payload.h"
#include "bench/random.h"
#include "bench/series.h"

enum { RUN = 7, CLOCK = 5, SIZE = 60, WORKERS = 3, MESSAGES = 6000, ASSOCIATIONS = 3, STREAMS = 2 };
#define START   UINT64_C(5000000000)
#define STEP_NS UINT64_C(3000000) /* longer than a slot of a trail */

struct event {
    struct bench_payload p;
    uint64_t now_ns;
    unsigned worker;
};

static struct event events[MESSAGES];
static unsigned event_count;
static struct bench_judge alone, parts[WORKERS];

static void take(struct bench_judge *j, const struct event *e)
{
    uint8_t buffer[SIZE];

    bench_payload_pattern(buffer, 0, SIZE);
    bench_payload_encode(buffer, &e->p);
    struct bench_arrival m = {buffer, SIZE, e->p.ppid, e->p.stream, 0};
    bench_judge_take(j, 0, &m, e->now_ns);
}

static void begin(void)
{
    bench_judge_init(&alone, CLOCK, true);
    bench_judge_reset(&alone, RUN);
    for (unsigned i = 0; i < WORKERS; i++) {
        bench_judge_init(&parts[i], CLOCK, true);
        bench_judge_reset(&parts[i], RUN);
        parts[i].trail_ns = START;
    }
}

static void end(void)
{
    bench_judge_free(&alone);
    for (unsigned i = 0; i < WORKERS; i++)
        bench_judge_free(&parts[i]);
}

/* Swaps a message with the one before on its stream. */
static void swap_sequence(struct event *e)
{
    for (struct event *other = e; other-- > events;)
        if (other->p.association == e->p.association && other->p.stream == e->p.stream) {
            uint64_t sequence = other->p.sequence;
            other->p.sequence = e->p.sequence;
            e->p.sequence = sequence;
            return;
        }
}

/* Messages may be lost. `spread`: one association's messages come to all workers, in order, since there is
 * none between workers; else to one, now and then out of order, which it finds. */
static void make_events(struct bench_random *random, bool spread)
{
    uint64_t sequence[ASSOCIATIONS][STREAMS] = {{0}}, now = START;

    event_count = 0;
    while (event_count < MESSAGES) {
        uint32_t association = (uint32_t)(bench_random_next(random) % ASSOCIATIONS);
        uint16_t stream = (uint16_t)(bench_random_next(random) % STREAMS);
        uint64_t number = sequence[association][stream]++;
        now += STEP_NS + bench_random_next(random) % (bench_random_next(random) % 50 ? 1000 : 90 * STEP_NS);
        if (bench_random_next(random) % 20 == 0)
            continue; /* lost */
        events[event_count++] = (struct event){
            .p = {.run = RUN,
                  .associations = ASSOCIATIONS,
                  .association = association,
                  .streams = STREAMS,
                  .stream = stream,
                  .flow = (uint16_t)(association % 2),
                  .sequence = number,
                  .size = SIZE,
                  .ppid = 3,
                  .clock = CLOCK,
                  .intended_ns = now - 1000 * (bench_random_next(random) % 1000)},
            .now_ns = now,
            .worker = (unsigned)(spread ? bench_random_next(random) % WORKERS : association % WORKERS)};
        if (!spread && event_count % 50 == 0)
            swap_sequence(&events[event_count - 1]);
    }
}

static void *work(void *number)
{
    unsigned me = *(unsigned *)number;

    for (unsigned i = 0; i < event_count; i++)
        if (events[i].worker == me)
            take(&parts[me], &events[i]);
    return NULL;
}

static void run_all(void)
{
    pthread_t threads[WORKERS];
    unsigned numbers[WORKERS];

    for (unsigned i = 0; i < WORKERS; i++) {
        numbers[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &numbers[i]), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
    for (unsigned i = 0; i < event_count; i++)
        take(&alone, &events[i]);
    for (unsigned i = 1; i < WORKERS; i++)
        bench_judge_merge(&parts[0], &parts[i]);
}

static void same_counts(const struct bench_counts *a, const struct bench_counts *b)
{
    assert_int_equal(a->messages, b->messages);
    assert_int_equal(a->bytes, b->bytes);
    assert_int_equal(a->duplicated, b->duplicated);
    assert_int_equal(a->misordered, b->misordered);
    assert_int_equal(a->measured, b->measured);
    assert_int_equal(a->measured_bytes, b->measured_bytes);
    assert_int_equal(a->first_ns, b->first_ns);
    assert_int_equal(a->last_ns, b->last_ns);
    assert_int_equal(a->at_first, b->at_first);
}

static void same_findings(void)
{
    uint64_t open[2], lost[2][BENCH_FLOWS_MAX] = {{0}};

    same_counts(&alone.counts, &parts[0].counts);
    assert_memory_equal(&alone.latency, &parts[0].latency, sizeof alone.latency);
    assert_int_equal(bench_judge_lost(&alone, &open[0]), bench_judge_lost(&parts[0], &open[1]));
    assert_int_equal(open[0], open[1]);
    assert_true(bench_judge_lost(&alone, &open[0]) > 0);
    bench_judge_flows_lost(&alone, 0, ASSOCIATIONS, lost[0]);
    bench_judge_flows_lost(&parts[0], 0, ASSOCIATIONS, lost[1]);
    assert_memory_equal(lost[0], lost[1], sizeof lost[0]);
    for (unsigned f = 0; f < 2; f++) {
        same_counts(&alone.flows[f]->counts, &parts[0].flows[f]->counts);
        assert_memory_equal(&alone.flows[f]->latency, &parts[0].flows[f]->latency, sizeof alone.latency);
        assert_int_equal(alone.flows[f]->gap_ns, parts[0].flows[f]->gap_ns);
        assert_int_equal(alone.flows[f]->gap_at_ns, parts[0].flows[f]->gap_at_ns);
        assert_true(alone.flows[f]->gap_ns > 20 * STEP_NS);
    }
}

static void test_merged_judges_find_what_one_finds(void **state)
{
    struct bench_random random = {.state = 20261126};

    (void)state;
    for (unsigned round = 0; round < 6; round++) {
        begin();
        make_events(&random, round % 2);
        run_all();
        same_findings();
        assert_true(round % 2 || parts[0].counts.misordered >= MESSAGES / 50 - 1);
        end();
    }
}

/* The end of a track that one judge knows, and what another has of it. */
static void test_a_track_ends_at_another_worker(void **state)
{
    struct event e = {.p = {.run = RUN,
                            .associations = 1,
                            .streams = 1,
                            .size = SIZE,
                            .clock = CLOCK,
                            .intended_ns = START,
                            .incarnation = 1},
                      .now_ns = START};

    (void)state;
    begin();
    for (unsigned i = 0; i < 9; i++) {
        e.p.sequence = i;
        e.p.flags = i == 8 ? BENCH_PAYLOAD_LAST : 0;
        take(&parts[i % 2], &e);
    }
    assert_false(bench_judge_settled(&parts[0]));
    bench_judge_merge(&parts[0], &parts[1]);
    assert_true(bench_judge_settled(&parts[0]) && bench_judge_complete(&parts[0]));
    assert_true(parts[0].ending);
    assert_int_equal(parts[0].counts.messages, 9);
    /* The same message at both is one, and a duplicate. */
    bench_judge_reset(&parts[1], RUN);
    take(&parts[1], &e);
    bench_judge_merge(&parts[0], &parts[1]);
    assert_int_equal(parts[0].counts.messages, 9);
    assert_int_equal(parts[0].counts.duplicated, 1);
    assert_int_equal(parts[0].flows[0]->counts.duplicated, 1);
    end();
}

/* Random sets of numbers: the union, and how many are in both, compared with plain tables. */
static void test_sequences(void **state)
{
    enum { NUMBERS = 300 };
    struct bench_random random = {.state = 9};

    (void)state;
    for (unsigned round = 0; round < 200; round++) {
        struct bench_sequence s[2] = {{0}};
        bool has[2][NUMBERS] = {{false}};
        uint64_t both = 0, any = 0;
        for (unsigned i = 0; i < 400; i++) {
            unsigned which = (unsigned)(bench_random_next(&random) % 2);
            uint64_t number = bench_random_next(&random) % (1 + round);
            bench_sequence_take(&s[which], number);
            has[which][number] = true;
        }
        for (unsigned i = 0; i < NUMBERS; i++) {
            both += has[0][i] && has[1][i];
            any += has[0][i] || has[1][i];
        }
        assert_int_equal(bench_sequence_merge(&s[0], &s[1]), both);
        assert_int_equal(s[0].distinct, any);
        for (unsigned i = 0; i < NUMBERS; i++)
            if (has[0][i] || has[1][i])
                assert_int_equal(bench_sequence_take(&s[0], i), BENCH_SEQUENCE_DUPLICATE);
        assert_int_equal(s[0].distinct, any);
        bench_sequence_clear(&s[0]);
        bench_sequence_clear(&s[1]);
    }
}

/* A trail becomes coarser with time and still has the gaps longer than its slots. */
static void test_a_long_trail(void **state)
{
    static struct bench_trail one, other;
    uint64_t at, hour = UINT64_C(3600) * 1000000000, gap = UINT64_C(700000000);

    (void)state;
    bench_trail_init(&one, START);
    bench_trail_init(&other, START);
    assert_int_equal(bench_trail_gap(&one, &at), 0);
    for (uint64_t t = 0; t < hour; t += 100000000)
        if (t < hour / 2 || t >= hour / 2 + gap)
            bench_trail_add(t % 200000000 ? &one : &other, START + t);
    bench_trail_add(&other, START + 50); /* the other one alone is early, and late */
    bench_trail_add(&other, START + hour + gap);
    assert_true(bench_trail_gap(&one, &at) < 2 * gap);
    bench_trail_merge(&one, &other);
    assert_int_equal(bench_trail_gap(&one, &at), gap + 100000000);
    assert_true(at == START + hour / 2 + gap || at == START + hour + gap);
}

/* The readings of the workers add up to the rows of the series. */
static void test_readings(void **state)
{
    static struct bench_plan plan;
    struct bench_series series = {.start_ns = START, .last_ns = START};

    (void)state;
    bench_plan_defaults(&plan);
    plan.flow_count = 1;
    plan.workers = 2;
    plan.flows[0].associations = 2;
    struct bench_reading *a = bench_reading_new(&plan), *b = bench_reading_new(&plan);
    struct bench_sampler *s = bench_sampler_new(&plan);
    a->flows[0] = (struct bench_flow_reading){.sent = 10, .delivered = 7, .bytes = 70, .missing = 9};
    b->flows[0] = (struct bench_flow_reading){.sent = 5, .delivered = 6, .bytes = 60};
    bench_histogram_add(&a->flows[0].latency, 1000);
    bench_histogram_add(&b->flows[0].latency, 5000);
    a->retransmitted[0] = 3;
    b->retransmitted[1] = 4;
    b->path_count = 1;
    b->paths[0].association = 1;
    bench_reading_add(a, b);
    bench_sampler_take(s, &series, START + 500000000, a);
    a->flows[0].sent += 4;
    a->retransmitted[1] += 2;
    bench_sampler_take(s, &series, START + 1000000000, a);
    assert_int_equal(series.point_count, 2);
    assert_int_equal(series.path_count, 2);
    const struct bench_point *p = series.points;
    assert_int_equal(p[0].sent, 15);
    assert_int_equal(p[0].delivered, 13);
    assert_int_equal(p[0].bytes, 130);
    assert_int_equal(p[0].queue, 2);
    assert_int_equal(p[0].lost, 2); /* at most what is not there */
    assert_int_equal(p[0].timed, 2);
    assert_int_equal(p[0].retransmitted, 7);
    assert_true(p[0].max >= 5000 && p[0].at == 0.5);
    assert_int_equal(p[1].sent, 4);
    assert_int_equal(p[1].delivered + p[1].timed, 0);
    assert_int_equal(p[1].retransmitted, 2);
    bench_sampler_stretch(s, &series, START + 1100000000, a); /* instead of the second one */
    assert_int_equal(series.point_count, 2);
    assert_int_equal(series.points[1].sent, 4);
    bench_sampler_free(s);
    bench_series_free(&series);
    free(a);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_merged_judges_find_what_one_finds),
        cmocka_unit_test(test_a_track_ends_at_another_worker),
        cmocka_unit_test(test_sequences),
        cmocka_unit_test(test_a_long_trail),
        cmocka_unit_test(test_readings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
