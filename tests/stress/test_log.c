/* Several threads log at once, more than the ring holds, while the reader of standard error sometimes stalls.
 * Checked: every line is written once, whole and in its thread's order, or is counted as lost, and no thread
 * waits. Under ThreadSanitizer: without a race; and a consumer that reads a record after freeing its slot is
 * detected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <fcntl.h>
#include <pthread.h>

#include <cmocka.h>

#include "broker/log.h"
#include "broker/log_ring.h"
#include "tests/stress/stress.h"

enum { THREADS = 3, LINES = 30000 };

/* ---- the whole log -------------------------------------------------------------------------------- */

static void *log_lines(void *arg)
{
    unsigned number = (unsigned)(uintptr_t)arg;
    uint64_t random = number + 1;
    char pad[301];
    memset(pad, 'x', sizeof pad);
    for (unsigned i = 0; i < LINES; i++) {
        brk_log(CFG_LOG_INFO, "line", "thread=%u i=%u end=%.*s!", number, i, (int)below(&random, 300), pad);
        if (below(&random, 60) == 0)
            usleep(below(&random, 2000));
    }
    return NULL;
}

struct reader {
    FILE *in;
    unsigned next[THREADS];
    uint64_t read, lost;
};

static void read_line(struct reader *r, const char *line)
{
    unsigned thread, i;
    const char *at = strstr(line, "event=log_lost lines=");
    if (at) {
        r->lost += strtoull(at + strlen("event=log_lost lines="), NULL, 10);
        return;
    }
    at = strstr(line, "event=line ");
    check(at && sscanf(at, "event=line thread=%u i=%u", &thread, &i) == 2, "torn: %s", line);
    check(!strncmp(line, "ts=", 3) && !strcmp(line + strlen(line) - 2, "!\n"), "torn: %s", line);
    check(thread < THREADS && i >= r->next[thread], "thread %u: %u after %u", thread, i, r->next[thread]);
    r->next[thread] = i + 1;
    r->read++;
}

static void *read_lines(void *arg)
{
    struct reader *r = arg;
    uint64_t random = 77;
    char line[4096];
    while (fgets(line, sizeof line, r->in)) {
        read_line(r, line);
        if (below(&random, 3000) == 0)
            usleep(20000);
    }
    return NULL;
}

static void test_every_line_is_written_or_counted(void **state)
{
    (void)state;
    static struct reader r;
    pthread_t threads[THREADS], reader;
    int ends[2], saved = dup(STDERR_FILENO);
    check(!pipe(ends), "pipe");
    dup2(ends[1], STDERR_FILENO);
    close(ends[1]);
    r.in = fdopen(ends[0], "r");
    check(!pthread_create(&reader, NULL, read_lines, &r), "thread");
    brk_log_open(CFG_LOG_INFO);
    check(!brk_log_start(), "writer");
    for (uintptr_t i = 0; i < THREADS; i++)
        check(!pthread_create(&threads[i], NULL, log_lines, (void *)i), "thread");
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    brk_log_stop();
    dup2(saved, STDERR_FILENO);
    close(saved);
    pthread_join(reader, NULL);
    fclose(r.in);
    print_message("%llu lines read, %llu lost\n", (unsigned long long)r.read, (unsigned long long)r.lost);
    check(r.read + r.lost == (uint64_t)THREADS * LINES, "of %u", THREADS * LINES);
    check(r.read > 0, "nothing was tested");
}

/* ---- the ring alone ------------------------------------------------------------------------------- */

static struct brk_log_ring ring;
static int stop;

static void *put_until_stopped(void *arg)
{
    struct brk_log_record record = {.length = 1};
    (void)arg;
    while (!relaxed_load(&stop))
        brk_log_ring_put(&ring, &record);
    return NULL;
}

/* Breaks the rule: a record is read after its slot was freed. */
static void read_too_late(void)
{
    pthread_t putter;
    unsigned sum = 0;
    double end = seconds_now() + RACE_SECONDS;
    check(!pthread_create(&putter, NULL, put_until_stopped, NULL), "thread");
    while (seconds_now() < end) {
        const struct brk_log_record *record = brk_log_ring_peek(&ring);
        if (!record)
            continue;
        brk_log_ring_pop(&ring);
        if (ring.tail % BRK_LOG_RECORDS == 0)
            usleep(1000);
        sum += record->length;
    }
    relaxed_set(&stop, 1);
    pthread_join(putter, NULL);
    printf("%u\n", sum);
}

static void test_a_race_would_be_found(void **state)
{
    (void)state;
#ifdef RT_TSAN
    assert_true(race_is_found("read-too-late"));
#else
    skip(); /* needs SAN=thread */
#endif
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "read-too-late")) {
        read_too_late();
        return 0;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_line_is_written_or_counted),
        cmocka_unit_test(test_a_race_would_be_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
