/* Messages without a header, recognised by their content: loss, order, duplicates, corruption, round trips.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bench/judge.h"

/* A script of two streams: on stream 0 a b c d e, on stream 2 x x y. */
static uint8_t content[] = "aabbccddeexxy";
static struct bench_script_message messages[] = {
    {0, 0, 2, 46, 0, false},  {10, 10, 1, 7, 2, false}, {20, 2, 2, 46, 0, false}, {30, 11, 1, 7, 2, false},
    {40, 4, 2, 46, 0, false}, {50, 6, 2, 46, 0, false}, {60, 12, 1, 7, 2, true},  {70, 8, 2, 46, 0, false},
};
static uint32_t of_0[] = {0, 2, 4, 5, 7}, of_2[] = {1, 3, 6};
static struct bench_script_stream streams[] = {{of_0, 5}, {NULL, 0}, {of_2, 3}};
static const struct bench_script script = {.messages = messages,
                                           .count = 8,
                                           .streams = 3,
                                           .period_ns = 80,
                                           .of_stream = streams,
                                           .content = content};

static struct bench_judge judge;
static bool whole;

static int setup(void **state)
{
    (void)state;
    bench_judge_init(&judge, 1, false);
    assert_true(bench_judge_await_raw(&judge, &script, 3, whole));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bench_judge_free(&judge);
    return 0;
}

static int setup_whole(void **state)
{
    whole = true;
    setup(state);
    whole = false;
    return 0;
}

static void take(uint32_t association, uint16_t stream, const char *text)
{
    struct bench_arrival m = {text, (uint32_t)strlen(text), stream == 2 ? 7 : 46, stream, association};

    bench_judge_take(&judge, 0, &m, 1000);
}

static void found(uint64_t delivered, uint64_t duplicated, uint64_t misordered, uint64_t corrupt)
{
    assert_int_equal(judge.counts.messages, delivered);
    assert_int_equal(judge.counts.duplicated, duplicated);
    assert_int_equal(judge.counts.misordered, misordered);
    assert_int_equal(judge.counts.corrupt, corrupt);
}

static uint64_t lost(void)
{
    uint64_t open;

    return bench_judge_lost(&judge, &open);
}

static void take_all(uint32_t association, const char *letters)
{
    for (const char *c = letters; *c; c++) {
        char text[3] = {*c, *c, 0};
        text[*c >= 'x'] = *c >= 'x' ? 0 : *c; /* x and y are one byte */
        take(association, *c >= 'x' ? 2 : 0, text);
    }
}

static void test_all_well_and_in_rounds(void **state)
{
    (void)state;
    take_all(0, "axbxcdye");
    take_all(1, "xxyabcde");
    found(16, 0, 0, 0);
    assert_int_equal(lost(), 0);
    take_all(0, "abxxcydeaxb"); /* the second round, and part of a third */
    found(27, 0, 0, 0);
    assert_int_equal(lost(), 0);
}

static void test_loss(void **state)
{
    (void)state;
    take_all(0, "abde"); /* c is passed over */
    found(4, 0, 0, 0);
    assert_int_equal(lost(), 1);
    assert_int_equal(judge.flows[0]->missing, 1);
    bench_raw_expect(judge.raw, 0, 5);
    bench_raw_expect(judge.raw, 2, 3); /* of these nothing came */
    assert_int_equal(lost(), 4);
    uint64_t of[BENCH_FLOWS_MAX] = {0};
    bench_judge_flows_lost(&judge, 0, 9, of);
    assert_int_equal(of[0], 4);
}

static void test_late_and_twice(void **state)
{
    (void)state;
    take_all(0, "abdce"); /* c comes after d */
    found(5, 0, 1, 0);
    assert_int_equal(lost(), 0);
    take_all(1, "ab");
    take(1, 0, "bb"); /* might also be that of the next round, with everything between lost */
    assert_int_equal(judge.counts.messages, 8);
}

/* Once round only: what came before is a duplicate, and what did not come at the end is lost. */
static void test_once(void **state)
{
    (void)state;
    take_all(0, "abb");
    found(2, 1, 0, 0);
    assert_int_equal(lost(), 6); /* of an association of which something came */
    take_all(0, "cdexxyx");
    found(8, 2, 0, 0);
    assert_int_equal(lost(), 0);
}

static void test_corrupt_foreign_and_ppid(void **state)
{
    struct bench_arrival m = {"aa", 2, 45, 0, 0};

    (void)state;
    take(0, 0, "aX");
    take(0, 0, "aaa");
    found(0, 0, 0, 2);
    take(0, 1, "aa"); /* a stream without messages, and one that is not there */
    take(0, 9, "aa");
    assert_int_equal(judge.counts.foreign, 2);
    bench_judge_take(&judge, 0, &m, 1000);
    found(1, 0, 0, 3);
    assert_int_equal(judge.counts.wrong_ppid, 1);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 300; i++)
        assert_true(bench_raw_sent(judge.raw, 3, 0, 900 - i));
    take_all(3, "abde"); /* 100, 101, 103 and 104 ns after they were sent */
    take(4, 0, "aa");    /* nobody knows when */
    assert_int_equal(judge.latency.total, 4);
    assert_int_equal(judge.latency.max, 104);
    assert_int_equal(judge.flows[0]->latency.total, 4);
}

static void test_merged(void **state)
{
    struct bench_judge other;

    (void)state;
    bench_judge_init(&other, 1, false);
    assert_true(bench_judge_await_raw(&other, &script, 3, false));
    struct bench_arrival m = {"cc", 2, 46, 0, 5};
    bench_judge_take(&other, 0, &m, 1000); /* a and b are passed over */
    take_all(0, "abc");
    bench_judge_merge(&judge, &other);
    assert_int_equal(judge.counts.messages, 4);
    assert_int_equal(lost(), 2);
    bench_raw_expect(judge.raw, 0, 10);
    assert_int_equal(lost(), 6);
    bench_judge_free(&other);
}

/* One message, on any stream: it is what it is. */
static void test_one_message(void **state)
{
    static uint32_t first = 0;
    static struct bench_script_stream any = {&first, 1};
    struct bench_script one = {.messages = messages,
                               .count = 1,
                               .streams = 1,
                               .any_stream = true,
                               .period_ns = 1,
                               .of_stream = &any,
                               .content = content};

    (void)state;
    bench_judge_init(&judge, 1, false);
    assert_true(bench_judge_await_raw(&judge, &one, 3, false));
    for (unsigned i = 0; i < 10; i++)
        take(0, (uint16_t)(i % 3), "aa");
    take(0, 2, "ab");
    found(10, 0, 0, 1);
    bench_raw_expect(judge.raw, 0, 4);
    bench_raw_expect(judge.raw, 1, 5);
    bench_raw_expect(judge.raw, 2, 3);
    assert_int_equal(lost(), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_all_well_and_in_rounds, setup, teardown),
        cmocka_unit_test_setup_teardown(test_loss, setup, teardown),
        cmocka_unit_test_setup_teardown(test_late_and_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(test_once, setup_whole, teardown),
        cmocka_unit_test_setup_teardown(test_corrupt_foreign_and_ppid, setup, teardown),
        cmocka_unit_test_setup_teardown(test_round_trips, setup, teardown),
        cmocka_unit_test_setup_teardown(test_merged, setup, teardown),
        cmocka_unit_test_teardown(test_one_message, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
