/* The report page: what is not a saved result is refused with its place; plots and tables are complete. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/chart.h"
#include "bench/page.h"

static char why[1024];
static char *page;
static size_t page_size;

static int teardown(void **state)
{
    (void)state;
    free(page);
    page = NULL;
    return 0;
}

static void refused(const char *text, const char *reason)
{
    if (bench_saved_parse(text, strlen(text), "a.json", why, sizeof why))
        fail_msg("taken: %s", text);
    if (!strstr(why, reason))
        fail_msg("%s\nsays: %s\nlacks: %s", text, why, reason);
}

static void test_what_is_no_result(void **state)
{
    (void)state;
    refused("", "a.json:1:1: this is not a result of `junctor load --json`");
    refused("3", "a.json:1:1: this is not a result");
    refused("{\"version\": 1}", "a.json:1:1: this is not a result");
    refused("{\"version\": 1, \"runs\": 3}", "this is not a result");
    refused("{\"version\": 2, \"runs\": []}", "\"version\" is not 1");
    refused("{\"runs\": []}", "\"version\" is not 1");
    refused("{\"runs\": [", "a.json:");
    assert_null(bench_saved_read("/nonexistent/x.json", "x", why, sizeof why));
    assert_string_equal(why, "/nonexistent/x.json: there is no such file; check the name");
}

static const char result[] =
    "{\"version\": 1, \"command\": \"junctor load <&>\", \"granted\": [\"sndbuf: asked 4M, granted 416K\"], "
    "\"runs\": ["
    "{\"name\": \"direct\", \"ok\": false, \"sent\": 1234, \"trouble\": \"it broke\", \"generator\": "
    "{\"why\": \"busy\"},"
    " \"cpu_seconds\": {\"user\": 1, \"system\": 0.5},"
    " \"flows\": [{\"name\": \"x\", \"direction\": \"up\", \"sent\": 1234, \"latency_ns\": {\"p50\": 1500, "
    "\"p9999\": 2000000},"
    "   \"longest_gap\": {\"seconds\": 0.25, \"at\": 3.5},"
    "   \"latency_distribution\": {\"quantile\": [0, 0.5, 0.9999], \"ns\": [1000, 1500, 2000000]}}],"
    " \"series\": {\"flows\": [{\"name\": \"x\", \"at\": [1, 2, 3], \"messages_per_second\": [10, null, 30],"
    "   \"p50_ns\": [1000, 2000, null], \"p99_ns\": [5000, 6000, 7000]}]}}]}";

static void assert_says(const char *text)
{
    if (!strstr(page, text))
        fail_msg("lacks: %s\n%s", text, page);
}

static void write_page(unsigned count)
{
    struct bench_saved *saved[2];
    static const char *const names[] = {"before", "after"};
    FILE *out = open_memstream(&page, &page_size);

    for (unsigned i = 0; i < count; i++)
        assert_non_null(saved[i] = bench_saved_parse(result, strlen(result), names[i], why, sizeof why));
    bench_page_write(out, saved, count);
    fclose(out);
    for (unsigned i = 0; i < count; i++)
        bench_saved_free(saved[i]);
}

static void test_a_page(void **state)
{
    (void)state;
    write_page(1);
    assert_says("junctor load &lt;&amp;&gt;");
    assert_says("sndbuf: asked 4M, granted 416K");
    assert_says("<td>direct</td><td class=\"bad\">not OK</td><td>1,234</td>");
    assert_says("The generator could not keep the schedule: busy");
    assert_says("it broke");
    assert_says("<td>x</td><td>up</td><td>1,234</td>");
    assert_says("<td>2.00 ms</td>");
    assert_says("<td>250 ms</td><td>3.5 s</td>");
    assert_says("<figure id=\"rate\">");
    assert_says("data-x=\"3\" data-y=\"30\"><title>flow x, 3 s: 30</title>");
    assert_null(strstr(page, "data-x=\"2\" data-y=\"nan\""));
    assert_says("data-curve=\"flow x p99\"");
    assert_says("data-x=\"0.9999\" data-y=\"2000000\"><title>flow x, p99.99: 2.00 ms</title>");
    assert_null(strstr(page, "<figure id=\"cwnd\">")); /* there is none */
    assert_null(strstr(page, "http"));
}

static void test_two_results(void **state)
{
    (void)state;
    write_page(2);
    assert_says("data-curve=\"before flow x\"");
    assert_says("data-curve=\"after flow x\"");
    assert_says("<h2>after</h2>");
}

/* A hole in a curve is not drawn over; a log axis has no place for 0. */
static void test_holes(void **state)
{
    static const double x[] = {1, 2, 3, 4}, y[] = {5, NAN, 0, 10};
    struct bench_curve curve = {.name = "c", .x = x, .y = y, .count = 4};
    struct bench_chart chart = {.id = "i", .title = "t", .curves = &curve, .count = 1};

    (void)state;
    FILE *out = open_memstream(&page, &page_size);
    bench_chart_write(out, &chart);
    fclose(out);
    assert_non_null(strstr(page, "data-x=\"3\" data-y=\"0\""));
    assert_null(strstr(page, "data-x=\"2\""));
    const char *path = strstr(page, " d=\"");
    assert_non_null(path);
    assert_int_equal(path[4], 'M');
    assert_non_null(strchr(path + 5, 'M')); /* begins again behind the hole */
    free(page);
    chart.log = true;
    out = open_memstream(&page, &page_size);
    bench_chart_write(out, &chart);
    fclose(out);
    assert_null(strstr(page, "data-x=\"3\""));
    assert_non_null(strstr(page, "data-x=\"4\""));
    free(page);
    curve.count = 0;
    out = open_memstream(&page, &page_size);
    bench_chart_write(out, &chart);
    fclose(out);
    assert_string_equal(page, "");
}

static void test_units(void **state)
{
    char text[48];

    (void)state;
    assert_string_equal(bench_unit_format(BENCH_UNIT_COUNT, 950, text, sizeof text), "950");
    assert_string_equal(bench_unit_format(BENCH_UNIT_COUNT, 1500, text, sizeof text), "1.50 k");
    assert_string_equal(bench_unit_format(BENCH_UNIT_BYTES, 131072, text, sizeof text), "128 K");
    assert_string_equal(bench_unit_format(BENCH_UNIT_NS, 1500, text, sizeof text), "1.50 us");
    assert_string_equal(bench_unit_format(BENCH_UNIT_MS, 20, text, sizeof text), "20.0 ms");
    assert_string_equal(bench_unit_format(BENCH_UNIT_SHARE, 0.5, text, sizeof text), "50 %");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_no_result),
        cmocka_unit_test_teardown(test_a_page, teardown),
        cmocka_unit_test_teardown(test_two_results, teardown),
        cmocka_unit_test_teardown(test_holes, teardown),
        cmocka_unit_test(test_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
