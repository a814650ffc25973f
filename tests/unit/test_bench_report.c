/* The report: numbers as people read them, JSON as programs do, and the verdict. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/json.h"
#include "bench/report.h"

static struct bench_result results[2];
static struct bench_plan plan;
static const char *granted;
static char *page;
static size_t page_size;

/* A run in which all went well: 1000 messages of 100 bytes in 2 s. */
static void fill(struct bench_result *r, const char *name, uint64_t last_ns)
{
    *r = (struct bench_result){
        .name = name, .has_source = true, .syscalls = 250, .cpu_user = 1, .cpu_system = 0.5};
    r->source = (struct bench_source_counts){.sent = 1000, .bytes = 100000, .up = 2};
    r->delivery.judged = true;
    r->delivery.counts = (struct bench_counts){.messages = 1000,
                                               .bytes = 100000,
                                               .measured = 1001,
                                               .measured_bytes = 100100,
                                               .first_ns = 1000000000,
                                               .last_ns = last_ns,
                                               .at_first = 1};
    bench_histogram_add(&r->delivery.latency, 123456);
}

static int setup(void **state)
{
    (void)state;
    plan = (struct bench_plan){.associations = 2,
                               .streams = 4,
                               .ppid_count = 2,
                               .ppids = {3, 77777},
                               .size_min = 100,
                               .size_max = 100};
    fill(&results[0], "direct", 2000000000);
    fill(&results[1], "broker", 3000000000);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(page);
    page = NULL;
    granted = NULL;
    return 0;
}

static void print(unsigned count, bool json)
{
    free(page);
    FILE *out = open_memstream(&page, &page_size);
    struct bench_outcome outcome = {.plan = &plan, .transport = "kernel", .results = results, .count = count};
    snprintf(outcome.granted, sizeof outcome.granted, "%s", granted ? granted : "");
    if (json)
        bench_report_json(out, &outcome);
    else
        bench_report_table(out, &outcome);
    fclose(out);
}

static void assert_says(const char *text)
{
    if (!strstr(page, text))
        fail_msg("lacks: %s\n%s", text, page);
}

static void test_counts_and_times(void **state)
{
    (void)state;
    char text[32];
    assert_string_equal(bench_format_count(0, text, sizeof text), "0");
    assert_string_equal(bench_format_count(999, text, sizeof text), "999");
    assert_string_equal(bench_format_count(1000, text, sizeof text), "1,000");
    assert_string_equal(bench_format_count(1234567, text, sizeof text), "1,234,567");
    assert_string_equal(bench_format_count(UINT64_MAX, text, sizeof text), "18,446,744,073,709,551,615");
    assert_string_equal(bench_format_time(0, text, sizeof text), "0 ns");
    assert_string_equal(bench_format_time(999, text, sizeof text), "999 ns");
    assert_string_equal(bench_format_time(1000, text, sizeof text), "1.00 us");
    assert_string_equal(bench_format_time(12345, text, sizeof text), "12.3 us");
    assert_string_equal(bench_format_time(999900, text, sizeof text), "1.00 ms");
    assert_string_equal(bench_format_time(150000000, text, sizeof text), "150 ms");
    assert_string_equal(bench_format_time(UINT64_C(61000000000), text, sizeof text), "61.0 s");
}

static void test_table(void **state)
{
    (void)state;
    print(2, false);
    assert_says("kernel SCTP; 2 associations x 4 streams, 100 bytes, PPID m3ua,77777, as fast as possible");
    assert_says("direct          broker    ratio\n");
    assert_says("messages sent                      1,000           1,000\n");
    assert_says("msg/s                              1,000           500.0     0.50\n");
    assert_says("Mbit/s                              0.80            0.40     0.50\n");
    assert_says("latency p50                       123 us          123 us\n");
    assert_says("        p99.9                     123 us          123 us\n");
    assert_says("        p99.99                    123 us          123 us\n");
    assert_says("system calls/message               0.250           0.250\n");
    assert_says("OK: nothing lost");
    assert_null(strstr(page, "replies"));
    assert_null(strstr(page, "foreign"));
}

/* What the stack has not got rid of is told, and judged by nobody. */
static void test_send_buffers(void **state)
{
    (void)state;
    plan.rate = 1000;
    results[0].not_sent = 77;
    results[0].source.taken_back = 20;
    results[0].delivery.lost = 20;
    bench_verdict_excuse(&results[0].delivery, 20);
    print(1, false);
    assert_says("left in send buffers                  20\n");
    assert_says("lost                                   0\n");
    assert_says("direct: the rate could not be kept: 77 messages were due and not sent\n");
    assert_says(
        "direct: 20 messages were still in the send buffers at the end; they are not counted as lost\n");
    assert_says("OK: nothing lost");
    print(1, true);
    assert_says("\"in_send_buffers\": 20");
    results[0].delivery.judged = false;
    print(1, false);
    assert_says("OK: everything else was acknowledged");
    results[0].source.taken_back = 1000;
    print(1, false);
    assert_says("FAILED");
}

static void test_what_the_stack_granted(void **state)
{
    (void)state;
    granted = "sndbuf: asked 4M\nrecbuf: asked 4M";
    print(1, false);
    assert_says("The stack granted other values: sndbuf: asked 4M\n");
    assert_says("The stack granted other values: recbuf: asked 4M\nOK");
    print(1, true);
    assert_says("\"granted\": [\"sndbuf: asked 4M\", \"recbuf: asked 4M\"]");
}

/* An echo's clients may send what is not ours. */
static void test_an_echo_of_foreign_messages(void **state)
{
    (void)state;
    plan.role = BENCH_ECHO;
    results[0].has_source = false;
    results[0].delivery.counts = (struct bench_counts){.foreign = 2};
    print(1, false);
    assert_says("no message arrived");
    assert_says("FAILED");
    results[0].echoed = 2;
    print(1, false);
    assert_says("OK: nothing lost");
}

/* JSON says why there is nothing, whatever went wrong. */
static void test_errors_as_json(void **state)
{
    (void)state;
    FILE *out = open_memstream(&page, &page_size);
    bench_report_json(out, &(struct bench_outcome){.error = "--rate: the value is missing"});
    fclose(out);
    assert_string_equal(
        page, "{\"version\": 1, \"ok\": false, \"error\": \"--rate: the value is missing\", \"runs\": []}\n");
}

/* Only where they could be read; many are told in words. */
static void test_retransmissions(void **state)
{
    (void)state;
    print(1, false);
    assert_null(strstr(page, "retransmitted"));
    print(1, true);
    assert_null(strstr(page, "retransmitted"));
    results[0].source.statistics = 2;
    print(1, false);
    assert_says("chunks retransmitted                   0\n");
    assert_null(strstr(page, "more than one chunk"));
    results[0].source.retransmitted = 11;
    print(1, false);
    assert_says("chunks retransmitted                  11\n");
    assert_says("direct: more than one chunk retransmitted per hundred messages");
    print(1, true);
    assert_says("\"chunks_retransmitted\": 11");
}

static void test_a_faulty_run_is_not_ok(void **state)
{
    (void)state;
    uint64_t *const faults[] = {
        &results[0].delivery.lost,
        &results[0].delivery.open_flows,
        &results[0].delivery.counts.duplicated,
        &results[0].delivery.counts.misordered,
        &results[0].delivery.counts.corrupt,
        &results[0].source.failed_sent,
        &results[0].source.failed_unsent,
        &results[0].not_echoed,
    };
    assert_true(bench_result_ok(&results[0]));
    for (unsigned i = 0; i < sizeof faults / sizeof faults[0]; i++) {
        *faults[i] = 1;
        assert_false(bench_result_ok(&results[0]));
        print(2, false);
        assert_says("FAILED");
        *faults[i] = 0;
    }
    results[0].source.lost = 1;
    assert_false(bench_result_ok(&results[0]));
    results[0].source.lost = 0;
    results[0].source.set_up_failed = 1;
    assert_false(bench_result_ok(&results[0]));
    results[0].source.set_up_failed = 0;
    results[0].turned_away = 1;
    assert_false(bench_result_ok(&results[0]));
    results[0].turned_away = 0;
    results[0].delivery.inexact = true;
    assert_false(bench_result_ok(&results[0]));
    results[0].delivery.inexact = false;
    results[0].delivery.counts.messages = 0;
    assert_false(bench_result_ok(&results[0]));
}

static void test_replies_are_shown_and_judged(void **state)
{
    (void)state;
    results[0].replies = results[0].delivery;
    results[0].replies.lost = 7;
    print(1, false);
    assert_says("replies                            1,000\n");
    assert_says("  lost                                 7\n");
    assert_says("round trip p50                    123 us\n");
    assert_says("FAILED");
}

static void test_a_source_alone(void **state)
{
    (void)state;
    results[0].delivery = (struct bench_verdict){0};
    print(1, false);
    assert_says("acknowledged");
    assert_says("system calls/message               0.250\n");
    assert_null(strstr(page, "delivered"));
}

static void test_json(void **state)
{
    (void)state;
    strcpy(results[1].trouble, "a \"quoted\"\n\\ text");
    print(2, true);
    assert_says("{\"version\": 1, \"transport\": \"kernel\", \"role\": \"both\", \"associations\": 2, "
                "\"idle\": 0, \"workers\": 0, \"streams\": 4, ");
    assert_says("\"runs\": [{\"name\": \"direct\", \"ok\": true, \"sent\": 1000, ");
    assert_says("\"trouble\": \"a \\\"quoted\\\"\\u000a\\\\ text\"");
    assert_says("\"messages_per_second\": 500, ");
    assert_says("\"latency_ns\": {\"count\": 1, \"p50\": 123456, ");
    assert_says("\"system_calls_per_message\": 0.25}]");
    assert_says("\"ratio\": 0.5}\n");
}

static void test_json_numbers(void **state)
{
    (void)state;
    FILE *out = open_memstream(&page, &page_size);
    struct bench_json j = {.out = out};
    bench_json_open(&j, NULL, '[');
    bench_json_real(&j, NULL, 0.0 / 1);
    bench_json_real(&j, NULL, __builtin_nan(""));
    bench_json_real(&j, NULL, __builtin_inf());
    bench_json_uint(&j, NULL, UINT64_MAX);
    bench_json_bool(&j, NULL, false);
    bench_json_open(&j, NULL, '{');
    bench_json_close(&j, '}');
    bench_json_close(&j, ']');
    fclose(out);
    assert_string_equal(page, "[0, null, null, 18446744073709551615, false, {}]");
}

/* Both halves of two hosts, what their times are worth, and the longest gap. */
static void test_the_far_side(void **state)
{
    struct bench_flow_result flow[2] = {{.got.gap_ns = 1500000, .gap_at_ns = 9},
                                        {.got.gap_ns = 2500000000, .gap_at_ns = 7250000000}};

    (void)state;
    plan.flow_count = 2;
    results[0].flows = flow;
    results[0].far = (struct bench_far_end){.collected = true,
                                            .host = "other",
                                            .kernel = "Linux 6.1",
                                            .role = "echo",
                                            .ahead_ns = -1500000000,
                                            .error_ns = 45000,
                                            .samples = 96,
                                            .cpu_seconds = 0.25};
    print(1, false);
    assert_says("longest gap                       2.50 s at 7.25 s\n");
    assert_says(
        "direct: what was delivered is told by the echo on other (Linux 6.1, 0.25 s of CPU); its clock is "
        "-1.500000 s ahead, and one-way latencies may be wrong by 45.0 us\n");
    print(1, true);
    assert_says(
        "\"far_side\": {\"host\": \"other\", \"kernel\": \"Linux 6.1\", \"role\": \"echo\", "
        "\"cpu_seconds\": 0.25, \"clock\": {\"same\": false, \"ahead_ns\": -1.5e+09, \"error_ns\": 45000, "
        "\"samples\": 96}}");
    results[0].far.same_clock = true;
    print(1, false);
    assert_says("; it has the same clock\n");
    results[0].not_collected = true;
    print(1, false);
    assert_says("FAILED: see above");
    results[0].flows = NULL;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_counts_and_times, setup, teardown),
        cmocka_unit_test_setup_teardown(test_table, setup, teardown),
        cmocka_unit_test_setup_teardown(test_send_buffers, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_stack_granted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_echo_of_foreign_messages, setup, teardown),
        cmocka_unit_test_setup_teardown(test_errors_as_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_retransmissions, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_faulty_run_is_not_ok, setup, teardown),
        cmocka_unit_test_setup_teardown(test_replies_are_shown_and_judged, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_source_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_far_side, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json, setup, teardown),
        cmocka_unit_test_setup_teardown(test_json_numbers, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
