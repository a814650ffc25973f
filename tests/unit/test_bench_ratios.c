/* The table of `make bench-compare`: which numbers make a pair, and what is said of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench/tune/ratios.h"

static char table[8000]; /* with single spaces */

static void squeeze(char *text)
{
    char *end = text;

    for (const char *at = text; *at; at++)
        if (*at != ' ' || (end > text && end[-1] != ' ' && end[-1] != '\n'))
            *end++ = *at;
    *end = 0;
}

static bool ratios(const char *lines)
{
    FILE *in = fmemopen((char *)(uintptr_t)lines, strlen(lines), "r");
    FILE *out = fmemopen(table, sizeof table, "w");

    assert_true(in && out);
    bool good = bench_ratios(in, "v1", out);
    fclose(in);
    fclose(out);
    squeeze(table);
    return good;
}

/* The row that begins so. */
static const char *row(const char *begin)
{
    static char text[300];
    const char *at = table;

    while (strncmp(at, begin, strlen(begin)) != 0) {
        at = strchr(at, '\n');
        assert_non_null(at);
        at++;
    }
    snprintf(text, sizeof text, "%.*s", (int)strcspn(at, "\n"), at);
    return text;
}

static void test_ratio_of_pairs(void **state)
{
    (void)state;
    assert_true(ratios("a\trate\t100\t200\n"
                       "b\trate\t300\t100\n"
                       "a\trate\t1000\t2000\n" /* the machine was ten times faster in this round */
                       "a\tcpu_ns\t10\t10.5\n"
                       "a\trate\t500\t1000\n"
                       "b\trate\t300\t100\n"
                       "a\tcpu_ns\t10\t9.5\n"));
    assert_string_equal(row("a rate"), "a rate 500 1000 2.000 (2.000 to 2.000)");
    assert_string_equal(row("b rate"), "b rate 300 100 0.333 (0.333 to 0.333)");
    assert_memory_equal(row("a cpu_ns"), "a cpu_ns 10.00 10.00 0.999 (", 27);
    assert_non_null(strstr(row("a cpu_ns"), ") no difference"));
    assert_true(strstr(table, "\na ") < strstr(table, "\nb ")); /* in the order of the input */
}

static void test_interval_is_that_of_the_log_ratios(void **state)
{
    (void)state;
    /* Ratios of 1.1, 1.2 and 1.3: their geometric mean is 1.197, and Student's interval 0.971 to 1.475. */
    assert_true(ratios("a\trate\t10\t11\na\trate\t10\t12\na\trate\t10\t13\n"));
    const char *text = row("a rate");
    double mean, low, high;
    assert_int_equal(sscanf(text, "a rate 10.00 12.00 %lf (%lf to %lf)", &mean, &low, &high), 3);
    assert_true(mean > 1.1965 && mean < 1.1985);
    assert_true(low > 0.9 && low < 1.1 && high > 1.3 && high < 1.6);
}

static void test_what_only_one_has(void **state)
{
    (void)state;
    assert_true(ratios("new\trate\t-\t5\nold\trate\t5\t-\nbad\trate\t-\t-\n"
                       "once\trate\t-\t8\nonce\trate\t4\t8\nzero\tsyscalls\t0\t0\ncrossed\trate\t-"
                       "\t1\ncrossed\trate\t1\t-\n"));
    assert_string_equal(row("new"), "new rate - 5.00 v1 has none");
    assert_string_equal(row("old"), "old rate 5.00 - this tree has none");
    assert_string_equal(row("bad"), "bad rate - - failed in both");
    assert_string_equal(row("once"), "once rate 4.00 8.00 2.000 (one round: no interval)");
    assert_string_equal(row("zero"), "zero syscalls 0.0000 0.0000 no round with both");
    assert_string_equal(row("crossed"), "crossed rate 1.00 1.00 no round with both");
}

static void test_many_rounds_and_rows(void **state)
{
    char *lines = NULL;
    size_t size;
    FILE *out = open_memstream(&lines, &size);

    (void)state;
    assert_non_null(out);
    for (unsigned round = 0; round < 40; round++)
        for (unsigned i = 0; i < 20; i++)
            fprintf(out, "row%02u\trate\t%u\t%u\n", i, 1000 + round, 2 * (1000 + round));
    fclose(out);
    assert_true(ratios(lines));
    assert_string_equal(row("row19"), "row19 rate 1020 2039 2.000 (2.000 to 2.000)");
    free(lines);
}

static void test_wrong_lines(void **state)
{
    static const char *const wrong[] = {
        "a\trate\t1\n", "a\trate\tx\t1\n", "a\trate\t1\t\n",    "\trate\t1\t1\n",
        "a rate 1 1\n", "a\t\t1\t1\n",     "a\trate\tinf\t1\n", "\n"};

    (void)state;
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        char lines[100];
        snprintf(lines, sizeof lines, "a\trate\t1\t1\n%s", wrong[i]);
        assert_false(ratios(lines));
        assert_string_equal(table, "line 2 is not NAME MEASURE BASE THIS\n");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ratio_of_pairs),    cmocka_unit_test(test_interval_is_that_of_the_log_ratios),
        cmocka_unit_test(test_what_only_one_has), cmocka_unit_test(test_many_rounds_and_rows),
        cmocka_unit_test(test_wrong_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
