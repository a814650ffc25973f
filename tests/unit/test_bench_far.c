/* What source and sink say to each other: messages, clocks, reports, and those of hosts that are not to be
 * trusted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/far.h"
#include "bench/payload.h"

static void test_messages(void **state)
{
    uint8_t buffer[BENCH_FAR_HEADER + BENCH_FAR_PIECE];
    struct bench_far_message in, out = {.type = BENCH_FAR_PONG,
                                        .clock = 65000,
                                        .run = 0xfedcba98,
                                        .part = 3,
                                        .parts = 500,
                                        .numbers = {1, UINT64_MAX, (uint64_t)-5}};

    (void)state;
    size_t len = bench_far_encode(buffer, &out);
    assert_true(bench_far_is(buffer, len));
    bench_far_decode(buffer, len, &in);
    assert_int_equal(in.type, out.type);
    assert_int_equal(in.clock, out.clock);
    assert_int_equal(in.run, out.run);
    assert_int_equal(in.part, 3);
    assert_int_equal(in.parts, 500);
    assert_memory_equal(in.numbers, out.numbers, sizeof in.numbers);
    bench_far_decode(buffer, BENCH_FAR_HEADER + 9, &in); /* numbers that are not there are 0 */
    assert_int_equal(in.numbers[0], 1);
    assert_int_equal(in.numbers[1], 0);
    out.text = (const uint8_t *)"because";
    out.text_len = 7;
    len = bench_far_encode(buffer, &out);
    bench_far_decode(buffer, len, &in);
    assert_int_equal(in.text_len, 7);
    assert_memory_equal(in.text, "because", 7);
    assert_false(bench_far_is(buffer, BENCH_FAR_HEADER - 1));
    bench_payload_encode(buffer, &(struct bench_payload){.size = BENCH_PAYLOAD_MIN});
    assert_false(bench_far_is(buffer, BENCH_PAYLOAD_MIN));
}

/* The far clock is 5000 ahead; one way is slow now and then. */
static void test_clocks(void **state)
{
    struct bench_far_clock before = {0}, after = {0};

    (void)state;
    bench_far_sample(&before, 100, 5000 + 190, 5000 + 200, 220); /* 90 there, 20 back */
    assert_int_equal(before.ahead_ns, 5035);
    assert_int_equal(before.round_trip_ns, 110);
    bench_far_sample(&before, 300, 5000 + 310, 5000 + 330, 342); /* 10 there, 12 back: the best one */
    bench_far_sample(&before, 400, 5000 + 900, 5000 + 900, 910);
    bench_far_sample(&before, 900, 5000 + 100, 5000 + 50, 910); /* cannot be */
    bench_far_sample(&before, 900, 5000 + 100, 5000 + 200, 910);
    assert_int_equal(before.samples, 3);
    assert_int_equal(before.ahead_ns, 4999);
    assert_int_equal(before.round_trip_ns, 22);
    bench_far_sample(&after, 5900, 5000 + 5908, 5000 + 5908, 5908); /* now 4 more ahead: 8 there, 0 back */
    assert_int_equal(after.ahead_ns, 5004);
    assert_int_equal(bench_far_error(&before, &after), 11 + 5);
    assert_int_equal(bench_far_error(&after, &before), 11 + 5);
    struct bench_far_clock behind = {0};
    bench_far_sample(&behind, 10000, 5, 5, 10010);
    assert_int_equal(behind.ahead_ns, -10000);
}

/* With the offset known, a judge times messages of the other clock. */
static void test_times_of_another_clock(void **state)
{
    struct bench_judge j;
    uint8_t buffer[100];
    struct bench_payload p = {
        .run = 1, .associations = 1, .streams = 1, .size = sizeof buffer, .clock = 7, .intended_ns = 1000000};
    struct bench_arrival m = {buffer, sizeof buffer, 0, 0, 0};

    (void)state;
    bench_judge_init(&j, 8, false);
    bench_payload_pattern(buffer, 0, sizeof buffer);
    bench_payload_encode(buffer, &p);
    bench_judge_take(&j, 0, &m, 500300);
    assert_int_equal(j.latency.total, 0);
    bench_judge_reset(&j, 0);
    j.other_known = true;
    j.other_clock = 7;
    j.other_behind_ns = -500000; /* our clock is so far behind the sender's */
    bench_judge_take(&j, 0, &m, 500300);
    assert_int_equal(j.latency.total, 1);
    assert_int_equal(j.latency.max, 300);
    p.sequence = 1;
    bench_payload_encode(buffer, &p);
    bench_judge_take(&j, 0, &m, 499900); /* before it was sent: the error of the offset */
    assert_int_equal(j.latency.total, 2);
    assert_int_equal(j.latency.max, 300);
    bench_judge_free(&j);
}

static struct bench_far_report *filled(void)
{
    static struct bench_judge j;
    struct bench_far_report *r = calloc(1, sizeof *r);
    struct bench_tally *t = calloc(1, sizeof *t);

    bench_judge_init(&j, 1, false);
    j.counts = (struct bench_counts){1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    bench_histogram_add(&j.latency, 12345);
    bench_histogram_add(&j.latency, UINT64_C(1) << 50);
    t->counts.messages = 99;
    t->gap_ns = 17;
    t->gap_at_ns = UINT64_MAX;
    bench_histogram_add(&t->latency, 3);
    j.flows[63] = t;
    assert_true(bench_far_report_fill(r, &j));
    bench_judge_free(&j);
    strcpy(r->role, "sink");
    r->inexact = true;
    r->seen = 21;
    r->lost = 22;
    r->echoed = 23;
    r->cpu_us = 24;
    return r;
}

static void test_a_report_is_read_as_written(void **state)
{
    struct bench_far_report *r = filled(), *read = malloc(sizeof *read);
    size_t len;
    char *text = bench_far_report_write(r, &len);

    (void)state;
    assert_non_null(text);
    assert_true(bench_far_report_read(read, text, len));
    struct bench_far_flow *flow = read->flows[63], *was = r->flows[63];
    assert_non_null(flow);
    assert_memory_equal(flow, was, sizeof *flow);
    read->flows[63] = was;
    assert_memory_equal(read, r, sizeof *r);
    free(flow);
    bench_far_report_free(r);
    free(r);
    free(read);
    free(text);
}

static bool reads(const char *text, size_t len)
{
    struct bench_far_report *r = malloc(sizeof *r);
    bool good = bench_far_report_read(r, text, len);

    bench_far_report_free(r);
    free(r);
    return good;
}

static void test_reports_that_are_none(void **state)
{
    static const char *const bad[] = {
        "",
        "host h\n",
        "nothing known\nend\n",
        "counts 1 2 3\nend\n",
        "counts 1 2 3 4 5 6 7 8 9 10 11 12 13 14\nend\n",
        "counts 1 2 3 4 5 6 7 8 9 10 11 12 x\nend\n",
        "counts 1 2 3 4 5 6 7 8 9 10 11 12 -1\nend\n",
        "counts 1 2 3 4 5 6 7 8 9 10 11 12 99999999999999999999\nend\n",
        "latency\nend\n",
        "latency 5 1\nend\n",
        "latency 5 999999 1\nend\n",
        "flow 64 1 2\nend\n",
        "flow 1 2\nend\n",
        "flow 1 1 2\nflow 1 1 2\nend\n",
        "host \033[2J\nend\n",
        "role much too long a role\nend\n",
    };

    (void)state;
    assert_true(reads("end\n", 4));
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++)
        if (reads(bad[i], strlen(bad[i])))
            fail_msg("taken: %s", bad[i]);
    /* Whatever single byte is wrong or missing: no crash, and nothing beyond the text is read. */
    struct bench_far_report *r = filled();
    size_t len;
    char *text = bench_far_report_write(r, &len);
    for (size_t i = 0; i < len; i++) {
        char *copy = malloc(len);
        memcpy(copy, text, len);
        copy[i] = (char)(copy[i] ^ (1 << i % 7));
        reads(copy, len);
        free(copy);
        copy = malloc(i + 1);
        memcpy(copy, text, i);
        assert_true(i + 1 >= len || !reads(copy, i));
        free(copy);
    }
    free(text);
    bench_far_report_free(r);
    free(r);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_messages),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_times_of_another_clock),
        cmocka_unit_test(test_a_report_is_read_as_written),
        cmocka_unit_test(test_reports_that_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
