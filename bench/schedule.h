/* When each message is due: the arithmetic of a rate over time.
 *
 * Message n of a flow is due when the integral of the rate over time reaches n, whatever happened to earlier
 * messages. So a source that was held up still has the times at which its messages should have been sent, and
 * latencies measured from these times show the stall (no coordinated omission). At a constant rate that is
 * start + n × period. The rate may rise and fall in legs, and pause: bench_pace.
 *
 * Messages are assigned to the associations in turn: association a of A sends the messages a, a + A, a + 2A
 * …, and is not held up when another one stalls. With random intervals, each association draws its own, and n
 * is not a whole number.
 *
 * Pure. */
#ifndef JUNCTOR_BENCH_SCHEDULE_H
#define JUNCTOR_BENCH_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_LEGS_MAX 32

/* One leg: from one factor of the rate to another, in a straight line. */
struct bench_leg {
    uint64_t ns;
    double from, to;
};

/* Zero-initialised: the full rate all the time. The legs follow each other; the final factor of the last one
 * stays. With `on_ns` there is traffic for that long and then none for `off_ns`, repeatedly; the legs count
 * only the time that is on. */
struct bench_pace {
    struct bench_leg legs[BENCH_LEGS_MAX];
    unsigned count;
    uint64_t on_ns, off_ns;
};

struct bench_schedule {
    uint64_t start_ns;             /* CLOCK_MONOTONIC */
    double period_ns;              /* from one message to the next at factor 1; above 0 */
    const struct bench_pace *pace; /* NULL: the full rate all the time */
    uint64_t lead_ns; /* the legs begin this long after the start; until then their first factor applies */
};

/* When message `n` is due; UINT64_MAX: never. */
uint64_t bench_schedule_time(const struct bench_schedule *s, double n);

/* How many messages are due at `now_ns`: exactly the whole n with bench_schedule_time(n) <= now_ns. */
uint64_t bench_schedule_due(const struct bench_schedule *s, uint64_t now_ns);

/* 0 if it is on at `ns` after the start; else how long until it is. */
uint64_t bench_pace_wait(const struct bench_pace *p, uint64_t ns);

/* How many of `total` items assigned in turn to `parts` belong to part `index`. */
static inline uint64_t bench_share(uint64_t total, uint64_t index, uint64_t parts)
{
    return total > index ? (total - index - 1) / parts + 1 : 0;
}

#ifdef __cplusplus
}
#endif
#endif
