/* When which message is to be sent: the arithmetic of a fixed rate.
 *
 * Message n of a run is due at start + n × period, whatever happened to those before it. So a source that was
 * held up has the times at which its messages should have left, and a latency counted from there shows the
 * stall (no coordinated omission). Messages are dealt to the associations in turn: association a of A sends
 * the messages a, a + A, a + 2A …, and is not held up by another one's stall.
 *
 * Pure. */
#ifndef JUNCTOR_BENCH_SCHEDULE_H
#define JUNCTOR_BENCH_SCHEDULE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct bench_schedule {
    uint64_t start_ns; /* CLOCK_MONOTONIC */
    double period_ns;  /* from one message to the next; above 0 */
};

/* When message `n` is due. */
uint64_t bench_schedule_time(const struct bench_schedule *s, uint64_t n);

/* How many messages are due at `now_ns`: exactly those n with bench_schedule_time(n) <= now_ns. */
uint64_t bench_schedule_due(const struct bench_schedule *s, uint64_t now_ns);

/* How many of `total` things dealt in turn to `parts` fall to part `index`. */
static inline uint64_t bench_share(uint64_t total, uint64_t index, uint64_t parts)
{
    return total > index ? (total - index - 1) / parts + 1 : 0;
}

#ifdef __cplusplus
}
#endif
#endif
