/* What the stress tests share: a clock, random numbers, sleeping on an inbox in a way that notices a lost
 * wake-up, and showing that a race would be found.
 *
 * The tests share as little as possible between threads themselves, and use relaxed atomics for counters,
 * which order nothing. So ThreadSanitizer checks the ordering that routing/ provides, not one that the test
 * added. */
#ifndef JUNCTOR_TESTS_STRESS_H
#define JUNCTOR_TESTS_STRESS_H

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "routing/inbox.h"
#include "routing/tsan_priv.h"

#define relaxed_load(p)   __atomic_load_n(p, __ATOMIC_RELAXED)
#define relaxed_add(p, n) __atomic_fetch_add(p, n, __ATOMIC_RELAXED)
#define relaxed_set(p, v) __atomic_store_n(p, v, __ATOMIC_RELAXED)

/* A failed check in any thread ends the program: further output would only confuse. */
#define check(condition, ...)                                                                                \
    do {                                                                                                     \
        if (!(condition)) {                                                                                  \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                                  \
            fprintf(stderr, __VA_ARGS__);                                                                    \
            fputc('\n', stderr);                                                                             \
            abort();                                                                                         \
        }                                                                                                    \
    } while (0)

/* Overwrites what is going to be freed, so that a use after it shows without a sanitizer too. The compiler
 * must not leave it out. */
static inline void poison(void *p, size_t size)
{
    memset(p, 0xdd, size);
    __asm__ volatile("" : : "r"(p) : "memory");
}

static inline double seconds_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* xorshift; each thread has its own state, not 0. */
static inline uint32_t below(uint64_t *random, uint32_t n)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return (uint32_t)((*random >> 32) * n >> 32);
}

static inline bool inbox_readable(const struct rt_inbox *in, int timeout_ms)
{
    struct pollfd p = {.fd = rt_inbox_fd(in), .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1;
}

/* Sleeps until the inbox wakes its consumer and takes, as a worker does; `announced`: with rt_inbox_awake and
 * rt_inbox_sleep. After LONG without a wake-up it looks without taking: where there is something its producer
 * must be about to write the eventfd, and nobody else is going to. */
static inline uint32_t inbox_sleep_and_take(struct rt_inbox *in, bool announced, struct rt_batch *out)
{
    enum { LONG = 2000 };
    if (announced && !rt_inbox_sleep(in))
        return rt_inbox_take(in, false, out);
    bool woken = inbox_readable(in, LONG);
    if (!woken && !cds_wfcq_empty(&in->head, &in->tail)) {
        woken = inbox_readable(in, LONG);
        check(woken, "parcels came without a wake-up");
    }
    uint32_t n = rt_inbox_take(in, woken, out);
    if (announced)
        rt_inbox_awake(in);
    return n;
}

/* How long a program that breaks a rule on purpose may go on: ThreadSanitizer ends it at the first race,
 * which takes a busy machine longer. */
#define RACE_SECONDS 60

/* Runs this program again with `argument`, which makes it break a rule on purpose. True when ThreadSanitizer
 * reports a race (a crash is none). */
static inline bool race_is_found(const char *argument)
{
    char program[PATH_MAX], command[PATH_MAX + 64], line[256];
    /* Only the process itself may look there once its threads have given capabilities up. */
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    check(length > 0, "readlink");
    program[length] = 0;
    snprintf(command, sizeof command, "exec '%s' %s 2>&1", program, argument);
    setenv("TSAN_OPTIONS", "halt_on_error=1", 1);
    FILE *output = popen(command, "r");
    check(output, "popen");
    bool found = false;
    while (fgets(line, sizeof line, output))
        found |= strstr(line, "WARNING: ThreadSanitizer: ") != NULL;
    pclose(output);
    return found;
}

#endif
