/* The log: values are quoted so that one event stays one line, and floods are limited. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "broker/log.h"
#include "broker/log_json.h"
#include "broker/log_ring.h"
#include "broker/log_subject.h"

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

static int saved_stderr;

static FILE *capture_begin(void)
{
    FILE *file = tmpfile();
    assert_non_null(file);
    saved_stderr = dup(STDERR_FILENO);
    dup2(fileno(file), STDERR_FILENO);
    return file;
}

static const char *capture_end(FILE *file)
{
    static char text[100000];
    dup2(saved_stderr, STDERR_FILENO);
    close(saved_stderr);
    rewind(file);
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}

/* Runs brk_log with standard error going to a file and returns what was written. */
static const char *logged(enum cfg_log_level threshold, enum cfg_log_level level, const char *value)
{
    FILE *file = capture_begin();
    brk_log_open(threshold);
    brk_log(level, "something", "key=%s", value);
    return capture_end(file);
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

/* As if the journal had given this file to the service. */
static void name_journal(int fd, ino_t off)
{
    char text[64];
    struct stat s;
    assert_int_equal(fstat(fd, &s), 0);
    snprintf(text, sizeof text, "%ju:%ju", (uintmax_t)s.st_dev, (uintmax_t)(s.st_ino + off));
    setenv("JOURNAL_STREAM", text, 1);
}

static void speaks_to_the_journal(void **state)
{
    (void)state;
    FILE *file = capture_begin();
    name_journal(STDERR_FILENO, 0);
    brk_log_open(CFG_LOG_INFO);
    brk_log(CFG_LOG_ERROR, "something", "key=v");
    assert_string_equal(capture_end(file), "<3>level=error event=something key=v\n");
    unsetenv("JOURNAL_STREAM");
}

static void speaks_to_the_journal_only_where_it_listens(void **state)
{
    (void)state;
    FILE *file = capture_begin();
    name_journal(STDERR_FILENO, 1);
    brk_log_open(CFG_LOG_INFO);
    brk_log(CFG_LOG_ERROR, "something", "key=v");
    setenv("JOURNAL_STREAM", "nonsense", 1);
    brk_log_open(CFG_LOG_INFO);
    brk_log(CFG_LOG_ERROR, "something", "key=v");
    const char *text = capture_end(file);
    assert_int_equal(strncmp(text, "ts=20", 5), 0);
    assert_null(strchr(text, '<'));
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

/* ---- budgets -------------------------------------------------------------------------------------- */

static void a_budget_lets_a_burst_through_and_then_a_trickle(void **state)
{
    static struct brk_log_budget budget = {.event = "flood", .level = CFG_LOG_INFO};
    const uint64_t start = 1000000;
    unsigned admitted = 0;
    (void)state;
    brk_log_open(CFG_LOG_INFO);
    for (unsigned i = 0; i < 10 * BRK_LOG_BURST; i++)
        admitted += brk_log_admits(&budget, start);
    assert_int_equal(admitted, BRK_LOG_BURST);
    assert_int_equal(budget.folded, 9 * BRK_LOG_BURST);
    for (unsigned i = 0; i < 100; i++)
        admitted += brk_log_admits(&budget, start + BRK_LOG_REFILL_MS);
    assert_int_equal(admitted, BRK_LOG_BURST + 1);
    admitted = 0;
    for (unsigned i = 0; i < 10 * BRK_LOG_BURST; i++) /* long after: whole again, and no more than that */
        admitted += brk_log_admits(&budget, 10 * start);
    assert_int_equal(admitted, BRK_LOG_BURST);
}

static void a_budget_of_a_level_that_is_off_folds_nothing(void **state)
{
    static struct brk_log_budget budget = {.event = "flood", .level = CFG_LOG_INFO};
    (void)state;
    brk_log_open(CFG_LOG_WARNING);
    for (unsigned i = 0; i < 2 * BRK_LOG_BURST; i++)
        assert_false(brk_log_admits(&budget, 5000));
    assert_int_equal(budget.folded, 0);
    brk_log_open(CFG_LOG_INFO);
}

static void what_was_folded_is_told_at_the_end(void **state)
{
    static struct brk_log_budget budget = {.event = "crowd", .level = CFG_LOG_WARNING};
    (void)state;
    FILE *file = capture_begin();
    brk_log_open(CFG_LOG_INFO);
    assert_int_equal(brk_log_start(), 0);
    for (unsigned i = 0; i < BRK_LOG_BURST + 7; i++)
        if (brk_log_admits(&budget, 5000))
            brk_log(CFG_LOG_WARNING, "crowd", "i=%u", i);
    brk_log_stop();
    const char *text = capture_end(file);
    assert_non_null(strstr(text, "level=warning event=crowd i=99\n"));
    assert_null(strstr(text, "i=100\n"));
    const char *told = strstr(text, "level=warning event=log_folded of=crowd lines=");
    assert_non_null(told);
    assert_true(told > strstr(text, "i=99\n"));
}

/* ---- the writer thread ---------------------------------------------------------------------------- */

static unsigned long long lost_in(const char *text)
{
    unsigned long long sum = 0;
    for (const char *at = text; (at = strstr(at, "event=log_lost lines=")); at++)
        sum += strtoull(at + strlen("event=log_lost lines="), NULL, 10);
    return sum;
}

static unsigned count_in(const char *text, const char *what)
{
    unsigned n = 0;
    for (const char *at = text; (at = strstr(at, what)); at++)
        n++;
    return n;
}

static void keeps_the_order(void **state)
{
    (void)state;
    FILE *file = capture_begin();
    brk_log_open(CFG_LOG_INFO);
    assert_int_equal(brk_log_start(), 0);
    for (unsigned i = 0; i < 500; i++)
        brk_log(CFG_LOG_INFO, "line", "i=%u", i);
    brk_log_stop();
    const char *at = capture_end(file);
    for (unsigned i = 0; i < 500; i++) {
        char wanted[32];
        snprintf(wanted, sizeof wanted, " i=%u\n", i);
        at = strstr(at, wanted);
        assert_non_null(at);
    }
}

/* A pipe that nobody reads: the caller goes on, and so does the process's end. */
static void nobody_waits_for_a_reader(void **state)
{
    int ends[2];
    static char text[4000000];
    size_t n = 0;
    (void)state;
    assert_int_equal(pipe(ends), 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    pid_t child = fork();
    if (child == 0) { /* of its own: a writer that is stuck stays with it */
        dup2(ends[1], STDERR_FILENO);
        brk_log_open(CFG_LOG_INFO);
        brk_log_start();
        for (unsigned i = 0; i < 5000; i++)
            brk_log(CFG_LOG_INFO, "line", "i=%u", i);
        brk_log_stop();
        _exit(7);
    }
    close(ends[1]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child); /* not a byte has been read by then */
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    for (ssize_t got; (got = read(ends[0], text + n, sizeof text - 1 - n)) > 0;)
        n += (size_t)got;
    close(ends[0]);
    assert_in_range(count_in(text, "event=line "), 1, 5000);
}

static void counts_what_a_slow_reader_missed(void **state)
{
    int ends[2], logged_all[2];
    static char text[4000000];
    size_t n = 0;
    char byte = 0;
    (void)state;
    assert_int_equal(pipe(ends) | pipe(logged_all), 0);
    fcntl(ends[1], F_SETPIPE_SZ, 4096);
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        brk_log_open(CFG_LOG_INFO);
        brk_log_start();
        for (unsigned i = 0; i < 5000; i++)
            brk_log(CFG_LOG_INFO, "line", "i=%u", i);
        _exit(write(logged_all[1], &byte, 1) == 1 ? pause() : 1);
    }
    assert_int_equal(read(logged_all[0], &byte, 1), 1);
    while (count_in(text, "event=line ") + lost_in(text) < 5000) {
        ssize_t got = read(ends[0], text + n, sizeof text - 1 - n);
        assert_true(got > 0);
        n += (size_t)got;
    }
    assert_int_equal(count_in(text, "event=line ") + lost_in(text), 5000);
    assert_true(lost_in(text) >
                5000 - BRK_LOG_RECORDS - 200); /* the ring, and what the pipe and a chunk hold */
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    for (int i = 0; i < 2; i++)
        close(ends[i]), close(logged_all[i]);
}

/* /dev/full fails with ENOSPC, a pipe without a reader with EPIPE. What was lost is told once it flows again.
 */
static void survives(int broken)
{
    signal(SIGPIPE, SIG_IGN);
    FILE *file = capture_begin();
    brk_log_open(CFG_LOG_INFO);
    dup2(broken, STDERR_FILENO);
    assert_int_equal(brk_log_start(), 0);
    for (unsigned i = 0; i < 10; i++)
        brk_log(CFG_LOG_INFO, "line", "i=%u", i);
    brk_log_stop();
    dup2(fileno(file), STDERR_FILENO);
    assert_int_equal(brk_log_start(), 0);
    brk_log(CFG_LOG_INFO, "line", "i=10");
    brk_log_stop();
    const char *text = capture_end(file);
    assert_int_equal(lost_in(text), 10);
    assert_int_equal(count_in(text, "event=log_lost"), 1);
    assert_true(strstr(text, "event=line i=10\n") > strstr(text, "event=log_lost"));
    close(broken);
}

static void survives_a_full_disk(void **state)
{
    (void)state;
    survives(open("/dev/full", O_WRONLY));
}

static void survives_a_closed_pipe(void **state)
{
    int ends[2];
    (void)state;
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    survives(ends[1]);
}

/* ---- form, subjects, repeated lines, a file ------------------------------------------------------- */

static const char *json_of(const char *text, const char *ts)
{
    static char out[4000];
    out[brk_log_json(text, strlen(text), ts, out, sizeof out)] = '\0';
    return out;
}

static void a_line_becomes_an_object(void **state)
{
    (void)state;
    assert_string_equal(
        json_of(
            "level=info event=up id=7 name=\"a \\\"b\\\" \\\\\" remote=127.0.0.1:5 ppid=0x2e n=-3 z=007 e=",
            "T"),
        "{\"ts\":\"T\",\"level\":\"info\",\"event\":\"up\",\"id\":7,\"name\":\"a \\\"b\\\" \\\\\","
        "\"remote\":\"127.0.0.1:5\",\"ppid\":\"0x2e\",\"n\":-3,\"z\":\"007\",\"e\":\"\"}");
    assert_string_equal(
        json_of("level=info event=up n=99999999999999999999 open=\"never closed", NULL),
        "{\"level\":\"info\",\"event\":\"up\",\"n\":\"99999999999999999999\",\"open\":\"never closed\"}");
    assert_string_equal(json_of("level=info event=up x=\"\xff!\" stray y=1", NULL),
                        "{\"level\":\"info\",\"event\":\"up\",\"x\":\"?!\",\"y\":1}");
}

static void an_object_that_does_not_fit_says_so(void **state)
{
    char text[1900] = "level=info event=up name=", out[300];
    (void)state;
    memset(text + strlen(text), 'x', sizeof text - strlen(text) - 1);
    text[sizeof text - 1] = '\0';
    out[brk_log_json(text, strlen(text), "T", out, sizeof out - 1)] = '\0';
    assert_string_equal(out, "{\"ts\":\"T\",\"level\":\"info\",\"event\":\"up\",\"cut\":true}");
}

static struct cfg_config levels(enum cfg_log_level level)
{
    struct cfg_config c = {.log_level = level};
    for (unsigned i = 0; i < CFG_LOG_SUBJECTS; i++)
        c.log_levels[i] = CFG_ABSENT;
    return c;
}

static void a_subject_has_a_level_of_its_own(void **state)
{
    (void)state;
    struct cfg_config c = levels(CFG_LOG_WARNING);
    c.log_levels[CFG_LOG_PATH] = CFG_LOG_DEBUG;
    c.log_levels[CFG_LOG_ASSOCIATION] = CFG_LOG_ERROR;
    FILE *file = capture_begin();
    brk_log_configure(&c);
    brk_log(CFG_LOG_DEBUG, "path", "n=1");
    brk_log(CFG_LOG_INFO, "listening", "n=2");
    brk_log(CFG_LOG_WARNING, "listen_failed", "n=3");
    brk_log(CFG_LOG_WARNING, "association_lost", "n=4");
    brk_log_set_subject(CFG_LOG_ASSOCIATION, CFG_LOG_INFO);
    brk_log(CFG_LOG_INFO, "association_lost", "n=5");
    brk_log_set_level(CFG_LOG_ERROR);
    brk_log(CFG_LOG_WARNING, "path", "n=6");
    const char *text = capture_end(file);
    for (unsigned n = 1; n <= 6; n++) {
        char wanted[16];
        snprintf(wanted, sizeof wanted, " n=%u\n", n);
        assert_int_equal(strstr(text, wanted) != NULL, n == 1 || n == 3 || n == 5);
    }
    brk_log_open(CFG_LOG_INFO);
}

static void every_event_is_found(void **state)
{
    size_t count;
    const struct brk_log_event *events = brk_log_events(&count);
    (void)state;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(brk_log_subject(events[i].name), events[i].subject);
    assert_int_equal(brk_log_subject("unheard_of"), CFG_LOG_BROKER);
    for (unsigned i = 0; i < CFG_LOG_SUBJECTS; i++)
        assert_int_equal(brk_log_subject_find(brk_log_subject_name(i)), i);
    assert_int_equal(brk_log_subject_find("weather"), CFG_LOG_SUBJECTS);
}

static void a_line_that_comes_again_is_counted(void **state)
{
    (void)state;
    FILE *file = capture_begin();
    brk_log_open(CFG_LOG_INFO);
    assert_int_equal(brk_log_start(), 0);
    for (unsigned i = 0; i < 5; i++)
        brk_log(CFG_LOG_WARNING, "path", "state=down");
    brk_log(CFG_LOG_WARNING, "path", "state=up");
    for (unsigned i = 0; i < 3; i++)
        brk_log(CFG_LOG_INFO, "path", "state=up"); /* another level */
    brk_log_stop();
    const char *text = capture_end(file);
    assert_int_equal(count_in(text, "level=warning event=path state=down\n"), 1);
    assert_int_equal(count_in(text, "level=warning event=log_repeated of=path lines=4\n"), 1);
    assert_int_equal(count_in(text, "event=path state=up\n"), 2);
    assert_int_equal(count_in(text, "level=info event=log_repeated of=path lines=2\n"), 1);
    assert_true(strstr(text, "lines=4\n") < strstr(text, "state=up\n"));
}

static void goes_to_a_file_and_back(void **state)
{
    char name[] = "/tmp/junctor_log.XXXXXX", moved[sizeof name + 2], text[1000] = "";
    (void)state;
    close(mkstemp(name));
    snprintf(moved, sizeof moved, "%s.1", name);
    FILE *file = capture_begin();
    brk_log_open(CFG_LOG_INFO);
    assert_int_equal(brk_log_to(NULL), 0);
    assert_int_equal(brk_log_to(name), 0);
    brk_log(CFG_LOG_INFO, "line", "n=1");
    assert_int_equal(rename(name, moved), 0);
    brk_log(CFG_LOG_INFO, "line", "n=2");
    brk_log_reopen(name);
    brk_log(CFG_LOG_INFO, "line", "n=3");
    brk_log_reopen("/nowhere/at/all");
    assert_int_equal(brk_log_to(NULL), 0);
    brk_log(CFG_LOG_INFO, "line", "n=4");
    FILE *in = fopen(moved, "r");
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    assert_true(strstr(text, "n=1\n") && strstr(text, "n=2\n") && !strstr(text, "n=3\n"));
    in = fopen(name, "r");
    text[fread(text, 1, sizeof text - 1, in)] = '\0';
    fclose(in);
    assert_true(strstr(text, "n=3\n") && !strstr(text, "n=4\n"));
    assert_non_null(strstr(text, "event=log_file_failed file=\"/nowhere/at/all\" error=\"No such file"));
    unlink(name);
    unlink(moved);
    const char *rest = capture_end(file);
    assert_true(strstr(rest, "n=4\n") && !strstr(rest, "n=3\n"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quotes_and_escapes),
        cmocka_unit_test(cuts_what_does_not_fit),
        cmocka_unit_test(limits_floods),
        cmocka_unit_test(writes_one_line_an_event),
        cmocka_unit_test(speaks_to_the_journal),
        cmocka_unit_test(speaks_to_the_journal_only_where_it_listens),
        cmocka_unit_test(cuts_long_lines),
        cmocka_unit_test(a_budget_lets_a_burst_through_and_then_a_trickle),
        cmocka_unit_test(a_budget_of_a_level_that_is_off_folds_nothing),
        cmocka_unit_test(what_was_folded_is_told_at_the_end),
        cmocka_unit_test(keeps_the_order),
        cmocka_unit_test(nobody_waits_for_a_reader),
        cmocka_unit_test(counts_what_a_slow_reader_missed),
        cmocka_unit_test(survives_a_full_disk),
        cmocka_unit_test(survives_a_closed_pipe),
        cmocka_unit_test(a_line_becomes_an_object),
        cmocka_unit_test(an_object_that_does_not_fit_says_so),
        cmocka_unit_test(a_subject_has_a_level_of_its_own),
        cmocka_unit_test(every_event_is_found),
        cmocka_unit_test(a_line_that_comes_again_is_counted),
        cmocka_unit_test(goes_to_a_file_and_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
