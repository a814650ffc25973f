/* A worker writes its history while two threads read it. Checked: an event is read whole (all of its parts
 * have the same number), and the contents of a place never get older. Under ThreadSanitizer: without a race.
 */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "broker/history.h"
#include "tests/stress/stress.h"

enum { EVENTS = 300000, READERS = 2 };

static struct brk_history history;
static unsigned over; /* atomic */

static void *read_all(void *arg)
{
    uint64_t last[BRK_HISTORY_SIZE] = {0}, *whole = arg;
    struct brk_happening e;
    char wanted[sizeof e.text];
    while (!relaxed_load(&over))
        for (unsigned place = 0; place < BRK_HISTORY_SIZE; place++) {
            if (!brk_history_read(&history, place, &e))
                continue;
            snprintf(wanted, sizeof wanted, "event %llu", (unsigned long long)e.last_ms);
            check(e.numbers[0] == (uint32_t)e.last_ms && e.numbers[1] == ~(uint32_t)e.last_ms, "torn");
            check(!strcmp(e.text, wanted) && e.origin == e.last_ms % 50, "torn");
            check(e.last_ms >= last[place], "older than before");
            last[place] = e.last_ms;
            ++*whole;
        }
    return NULL;
}

static void readers_and_a_writer(void **state)
{
    pthread_t readers[READERS];
    uint64_t whole[READERS] = {0};
    (void)state;
    for (unsigned i = 0; i < READERS; i++)
        assert_int_equal(pthread_create(&readers[i], NULL, read_all, &whole[i]), 0);
    for (uint64_t i = 1; i <= EVENTS; i++) {
        struct brk_happening e = {.first_ms = i,
                                  .last_ms = i,
                                  .times = 1,
                                  .origin = i % 50,
                                  .kind = BRK_HAPPENED_LOST,
                                  .numbers = {(uint32_t)i, ~(uint32_t)i}};
        snprintf(e.text, sizeof e.text, "event %llu", (unsigned long long)i);
        brk_history_add(&history, i % 7 == 0, &e);
        if (i % 512 == 0)
            usleep(1); /* where there is one processor the readers get it now and then */
    }
    relaxed_set(&over, 1);
    for (unsigned i = 0; i < READERS; i++) {
        pthread_join(readers[i], NULL);
        assert_true(whole[i] > BRK_HISTORY_SIZE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(readers_and_a_writer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
