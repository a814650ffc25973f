/* The display of a running load: the table fits any width; processor times are read from the kernel's lines.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/processors.h"
#include "junctor/live.h"

static void test_the_table_fits(void **state)
{
    static struct bench_plan plan;
    struct bench_point points[30];
    struct bench_series series = {.points = points, .point_count = 30};
    char *text;
    size_t size;

    (void)state;
    plan.flow_count = 30;
    for (unsigned i = 0; i < 30; i++) {
        snprintf(plan.flows[i].name, sizeof plan.flows[i].name, "a very long name %u", i);
        points[i] = (struct bench_point){.at = 12,
                                         .seconds = 2,
                                         .flow = i,
                                         .sent = UINT64_MAX / 2,
                                         .delivered = 3000000000,
                                         .timed = 1,
                                         .p50 = 123456,
                                         .p99 = UINT64_MAX / 2,
                                         .queue = 12345678901234};
    }
    for (unsigned width = 1; width < 200; width++) {
        FILE *out = open_memstream(&text, &size);
        unsigned lines = live_table(out, &plan, &series, width), seen = 0;
        fclose(out);
        for (const char *line = text; *line; seen++) {
            size_t len = strcspn(line, "\n");
            if (len > width && width >= 14)
                fail_msg("%zu columns of %u: %s", len, width, line);
            line += len + 1;
        }
        assert_int_equal(lines, seen);
        if (width == 199) {
            assert_non_null(strstr(text, "12 s"));
            assert_non_null(strstr(text, "123 us"));
            assert_non_null(strstr(text, "a very long n"));
            assert_non_null(strstr(text, "and 10 more"));
        }
        free(text);
    }
}

static void test_processors(void **state)
{
    struct bench_processors before = {0}, after = {0};

    (void)state;
    assert_false(bench_processors_line(&before, "cpu  1 2 3 4 5 6 7 8 9 10"));
    assert_false(bench_processors_line(&before, "intr 1 2 3"));
    assert_true(bench_processors_line(&before, "cpu1 10 0 10 80 0 0 0 0 0 0"));
    assert_true(bench_processors_line(&after, "cpu1 40 0 20 130 10 0 10 0 0 0"));
    assert_int_equal(after.count, 2);
    assert_true(bench_processor_busy(&before, &after, 1) > 0.454 &&
                bench_processor_busy(&before, &after, 1) < 0.455);
    assert_true(bench_processor_busy(&before, &before, 1) == 0);
    bench_processors_read(&before);
    assert_true(before.count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_table_fits),
        cmocka_unit_test(test_processors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
