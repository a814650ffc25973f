/* The log: values are quoted so that one event stays one line, and floods are held back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/log.h"

static void quotes_and_escapes(void **state)
{
    char out[64];
    (void)state;
    assert_string_equal(brk_quote("plain", out, sizeof out), "\"plain\"");
    assert_string_equal(brk_quote("a \"b\" \\", out, sizeof out), "\"a \\\"b\\\" \\\\\"");
    assert_string_equal(brk_quote("two\nlines\x7f", out, sizeof out), "\"two lines \"");
}

static void cuts_what_does_not_fit(void **state)
{
    char out[16];
    char text[100];
    (void)state;
    memset(text, '"', sizeof text - 1);
    text[sizeof text - 1] = 0;
    brk_quote(text, out, sizeof out);
    size_t n = strlen(out);
    assert_true(n < sizeof out);
    assert_int_equal(out[n - 1], '"');
    assert_int_equal(n % 2, 0); /* no escape was cut in two */
}

static void limits_floods(void **state)
{
    struct brk_log_limit limit = {0};
    uint64_t skipped = 99;
    (void)state;
    assert_true(brk_log_limited(&limit, 5000, &skipped));
    assert_int_equal(skipped, 0);
    for (int i = 0; i < 7; i++)
        assert_false(brk_log_limited(&limit, 5999, &skipped));
    assert_true(brk_log_limited(&limit, 6000, &skipped));
    assert_int_equal(skipped, 7);
}

/* Runs brk_log with standard error going to a file and returns what was written. */
static const char *logged(enum cfg_log_level threshold, enum cfg_log_level level, const char *value)
{
    static char text[4096];
    FILE *file = tmpfile();
    assert_non_null(file);
    int saved = dup(STDERR_FILENO);
    brk_log_open(threshold);
    dup2(fileno(file), STDERR_FILENO);
    brk_log(level, "something", "key=%s", value);
    dup2(saved, STDERR_FILENO);
    close(saved);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

static void writes_one_line_an_event(void **state)
{
    (void)state;
    unsetenv("JOURNAL_STREAM");
    const char *line = logged(CFG_LOG_INFO, CFG_LOG_WARNING, "v");
    assert_int_equal(strncmp(line, "ts=20", 5), 0);
    assert_non_null(strstr(line, "Z level=warning event=something key=v\n"));
    assert_string_equal(logged(CFG_LOG_WARNING, CFG_LOG_INFO, "v"), "");
}

static void speaks_to_the_journal(void **state)
{
    (void)state;
    setenv("JOURNAL_STREAM", "8:1", 1);
    assert_string_equal(logged(CFG_LOG_INFO, CFG_LOG_ERROR, "v"), "<3>level=error event=something key=v\n");
    unsetenv("JOURNAL_STREAM");
}

static void cuts_long_lines(void **state)
{
    char value[5000];
    (void)state;
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = 0;
    const char *line = logged(CFG_LOG_INFO, CFG_LOG_INFO, value);
    assert_in_range(strlen(line), 1000, 2048);
    assert_int_equal(line[strlen(line) - 1], '\n');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_and_escapes),    cmocka_unit_test(cuts_what_does_not_fit),
        cmocka_unit_test(limits_floods),         cmocka_unit_test(writes_one_line_an_event),
        cmocka_unit_test(speaks_to_the_journal), cmocka_unit_test(cuts_long_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
