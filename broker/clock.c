/* What the broker's time is. A file of its own, so that tests put a clock of theirs in its place when they
 * are linked. */
#include "broker/clock.h"

#include <time.h>

uint64_t brk_now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}
