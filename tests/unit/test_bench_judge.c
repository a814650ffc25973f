/* Checking what arrives: every kind of fault is detected, and only that kind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/judge.h"
#include "bench/payload.h"

enum { RUN = 77, CLOCK = 5, SIZE = 100 };

static struct bench_judge judge;
static uint8_t buffer[SIZE];

static int setup(void **state)
{
    (void)state;
    bench_judge_init(&judge, CLOCK, true);
    bench_judge_reset(&judge, RUN);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_judge_free(&judge);
    return 0;
}

static struct bench_payload message(uint32_t association, uint16_t stream, uint64_t sequence)
{
    return (struct bench_payload){.run = RUN,
                                  .associations = 3,
                                  .association = association,
                                  .streams = 4,
                                  .stream = stream,
                                  .sequence = sequence,
                                  .size = SIZE,
                                  .ppid = 3,
                                  .clock = CLOCK,
                                  .intended_ns = 1000};
}

static void arrive(const struct bench_payload *p, unsigned place, uint64_t now_ns)
{
    bench_payload_pattern(buffer, 0, SIZE);
    bench_payload_encode(buffer, p);
    struct bench_arrival m = {buffer, p->size, p->ppid, p->stream, 0};
    bench_judge_take(&judge, place, &m, now_ns);
}

static void expect(uint32_t association, uint32_t stream, uint64_t sent)
{
    bench_judge_expect(&judge, &(struct bench_expected){.run = RUN,
                                                        .associations = 3,
                                                        .streams = 4,
                                                        .association = association,
                                                        .stream = stream,
                                                        .flow = 1,
                                                        .sent = sent});
}

static void take(uint32_t association, uint16_t stream, uint64_t sequence, uint8_t flags)
{
    struct bench_payload p = message(association, stream, sequence);
    p.flags = flags;
    arrive(&p, 0, 2000);
}

static uint64_t lost(void)
{
    uint64_t open;
    return bench_judge_lost(&judge, &open);
}

static uint64_t open_flows(void)
{
    uint64_t open;
    bench_judge_lost(&judge, &open);
    return open;
}

static void test_all_well(void **state)
{
    (void)state;
    for (uint32_t a = 0; a < 3; a++)
        for (uint16_t s = 0; s < 4; s++)
            for (uint64_t n = 0; n < 10; n++) {
                assert_false(bench_judge_complete(&judge));
                take(a, s, n, n == 9 ? BENCH_PAYLOAD_LAST : 0);
            }
    assert_true(bench_judge_complete(&judge));
    assert_int_equal(judge.counts.messages, 120);
    assert_int_equal(judge.counts.bytes, 120 * SIZE);
    assert_int_equal(judge.counts.duplicated + judge.counts.misordered + judge.counts.corrupt, 0);
    assert_int_equal(judge.counts.foreign + judge.counts.stream_changed, 0);
    assert_int_equal(lost(), 0);
    assert_int_equal(open_flows(), 0);
}

static void test_loss_in_the_middle_and_at_the_end(void **state)
{
    (void)state;
    take(0, 0, 0, 0);
    take(0, 0, 2, 0);
    take(1, 1, 0, BENCH_PAYLOAD_LAST);
    assert_int_equal(lost(), 1);
    assert_int_equal(open_flows(), 1);
    assert_true(judge.ending);
    expect(0, 0, 5);
    assert_int_equal(lost(), 3);
    assert_int_equal(open_flows(), 0);
    expect(2, 3, 4); /* never showed itself */
    assert_int_equal(lost(), 7);
    assert_int_equal(judge.counts.misordered, 0);
}

static void test_nothing_came_at_all(void **state)
{
    (void)state;
    assert_false(bench_judge_complete(&judge));
    expect(0, 0, 5);
    assert_int_equal(lost(), 5);
    assert_false(bench_judge_complete(&judge));
}

static void test_complete_by_what_the_source_says(void **state)
{
    (void)state;
    take(0, 0, 0, 0);
    for (uint32_t a = 0; a < 3; a++)
        for (uint32_t s = 0; s < 4; s++)
            expect(a, s, a == 0 && s == 0 ? 2 : 0);
    assert_false(bench_judge_complete(&judge));
    take(0, 0, 1, BENCH_PAYLOAD_LAST);
    assert_true(bench_judge_complete(&judge));
}

static void test_order(void **state)
{
    (void)state;
    take(0, 0, 1, 0);
    take(0, 1, 0, 0); /* other stream, other association: flows of their own */
    take(1, 0, 0, 0);
    assert_int_equal(judge.counts.misordered, 0);
    take(0, 0, 0, 0);
    assert_int_equal(judge.counts.misordered, 1);
    take(0, 0, 2, 0);
    take(0, 0, 2, 0);
    assert_int_equal(judge.counts.misordered, 1);
    assert_int_equal(judge.counts.duplicated, 1);
    assert_int_equal(judge.counts.messages, 5);
    assert_int_equal(lost(), 0);
}

static void test_unordered_is_not_judged(void **state)
{
    (void)state;
    take(0, 0, 3, BENCH_PAYLOAD_UNORDERED);
    take(0, 0, 1, BENCH_PAYLOAD_UNORDERED);
    take(0, 0, 0, 0); /* the first ordered one there */
    take(0, 0, 2, 0);
    assert_int_equal(judge.counts.misordered, 0);
    assert_int_equal(lost(), 0);
}

/* A flow spread over two places is in order when it is at each. */
static void test_order_at_each_place(void **state)
{
    (void)state;
    static const struct {
        unsigned place, sequence;
    } arrivals[] = {{0, 2}, {1, 0}, {0, 4}, {1, 1}, {1, 3}};
    for (unsigned i = 0; i < 5; i++) {
        struct bench_payload p = message(0, 0, arrivals[i].sequence);
        arrive(&p, arrivals[i].place, 2000);
    }
    assert_int_equal(judge.counts.misordered, 0);
    assert_int_equal(lost(), 0);
    struct bench_payload p = message(0, 0, 6);
    arrive(&p, 1, 2000);
    p = message(0, 0, 5);
    arrive(&p, 1, 2000);
    assert_int_equal(judge.counts.misordered, 1);
}

static void test_corrupt_and_foreign(void **state)
{
    (void)state;
    struct bench_payload p = message(0, 0, 0);
    p.run = RUN + 1;
    arrive(&p, 0, 2000);
    p = message(3, 0, 0); /* association 3 of 3 */
    arrive(&p, 0, 2000);
    struct bench_arrival m = {"hello", 5, 3, 0, 0};
    bench_judge_take(&judge, 0, &m, 2000);
    assert_int_equal(judge.counts.foreign, 3);

    p = message(0, 0, 0);
    bench_payload_pattern(buffer, 0, SIZE);
    bench_payload_encode(buffer, &p);
    m = (struct bench_arrival){buffer, SIZE - 1, 3, 0, 0};
    bench_judge_take(&judge, 0, &m, 2000);
    buffer[60] ^= 1; /* only the full comparison sees it */
    m.len = SIZE;
    bench_judge_take(&judge, 0, &m, 2000);
    assert_int_equal(judge.counts.corrupt, 2);
    assert_int_equal(judge.counts.messages, 0);

    buffer[60] ^= 1;
    m.ppid = 4;
    m.stream = 2;
    bench_judge_take(&judge, 0, &m, 2000);
    assert_int_equal(judge.counts.corrupt, 3);
    assert_int_equal(judge.counts.wrong_ppid, 1);
    assert_int_equal(judge.counts.stream_changed, 1);
    assert_int_equal(judge.counts.messages, 1);
}

static void test_any_run_is_welcome_without_a_chosen_one(void **state)
{
    (void)state;
    bench_judge_reset(&judge, 0);
    take(0, 0, 0, 0);
    struct bench_payload p = message(0, 0, 0);
    p.run = RUN + 1;
    arrive(&p, 0, 2000);
    assert_int_equal(judge.counts.messages, 2);
    assert_int_equal(judge.counts.duplicated, 0);
    p.streams = 5; /* the same run cannot have another shape */
    arrive(&p, 0, 2000);
    assert_int_equal(judge.counts.foreign, 1);
}

static void test_rate_and_latency_leave_the_warm_up_out(void **state)
{
    (void)state;
    struct bench_payload p = message(0, 0, 0);
    p.flags = BENCH_PAYLOAD_WARMUP;
    arrive(&p, 0, 1500);
    p.flags = 0;
    for (unsigned i = 1; i <= 11; i++) {
        p.sequence = i;
        p.intended_ns = UINT64_C(1000000000) * i;
        arrive(&p, 0, p.intended_ns + i * 10);
    }
    assert_int_equal(judge.counts.messages, 12);
    assert_int_equal(judge.counts.measured, 11);
    assert_int_equal(judge.latency.total, 11);
    assert_int_equal(bench_histogram_quantile(&judge.latency, 1), 110);
    assert_int_equal(bench_histogram_quantile(&judge.latency, 0.5), 60);
    assert_true(bench_counts_rate(&judge.counts) > 0.999 && bench_counts_rate(&judge.counts) < 1.001);

    p.sequence = 12;
    p.clock = CLOCK + 1; /* another host's time says nothing here */
    arrive(&p, 0, UINT64_C(99000000000));
    assert_int_equal(judge.counts.measured, 12);
    assert_int_equal(judge.latency.total, 11);
}

/* There is no order between an association that was opened again and the one before. */
static void test_order_of_incarnations(void **state)
{
    static const struct {
        uint16_t incarnation;
        uint64_t sequence;
        unsigned misordered;
    } came[] = {{1, 5, 0}, {1, 4, 1}, {2, 2, 1}, {2, 1, 2}, {1, 6, 2}, {2, 3, 2}, {2, 0, 3}};

    (void)state;
    for (unsigned i = 0; i < sizeof came / sizeof came[0]; i++) {
        struct bench_payload p = message(0, 0, came[i].sequence);
        p.incarnation = came[i].incarnation;
        arrive(&p, 0, 2000);
        assert_int_equal(judge.counts.misordered, came[i].misordered);
    }
}

/* Of each flow by itself: what is missing now, and the longest time without a message. */
static void test_gaps_of_a_flow(void **state)
{
    static const struct {
        uint64_t sequence, now_ns;
    } came[] = {{0, 1000}, {1, 1100}, {5, 1900}, {3, 2000}, {3, 9000}, {6, 2500}};

    (void)state;
    for (unsigned i = 0; i < sizeof came / sizeof came[0]; i++) {
        struct bench_payload p = message(0, 0, came[i].sequence);
        p.flow = 7;
        arrive(&p, 0, came[i].now_ns);
    }
    const struct bench_tally *t = judge.flows[7];
    assert_non_null(t);
    assert_null(judge.flows[0]);
    assert_int_equal(t->counts.messages, 5);
    assert_int_equal(t->counts.duplicated, 1);
    assert_int_equal(t->missing, 2); /* 2 and 4 */
    assert_int_equal(t->gap_ns, 800);
    assert_int_equal(t->gap_at_ns, 1900);
    uint64_t lost_of[BENCH_FLOWS_MAX] = {0};
    bench_judge_flows_lost(&judge, 0, 3, lost_of);
    assert_int_equal(lost_of[7], 2);
    bench_judge_flows_lost(&judge, 1, 2, lost_of);
    assert_int_equal(lost_of[7], 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_well, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loss_in_the_middle_and_at_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(test_nothing_came_at_all, setup, teardown),
        cmocka_unit_test_setup_teardown(test_complete_by_what_the_source_says, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order, setup, teardown),
        cmocka_unit_test_setup_teardown(test_unordered_is_not_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_at_each_place, setup, teardown),
        cmocka_unit_test_setup_teardown(test_corrupt_and_foreign, setup, teardown),
        cmocka_unit_test_setup_teardown(test_any_run_is_welcome_without_a_chosen_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_rate_and_latency_leave_the_warm_up_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_order_of_incarnations, setup, teardown),
        cmocka_unit_test_setup_teardown(test_gaps_of_a_flow, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
