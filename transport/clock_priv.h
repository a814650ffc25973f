/* The clock that deadlines are counted by: CLOCK_MONOTONIC, which nobody sets. Private to transport/. */
#ifndef JUNCTOR_TRANSPORT_CLOCK_PRIV_H
#define JUNCTOR_TRANSPORT_CLOCK_PRIV_H

#include <stdint.h>
#include <time.h>

static inline int64_t tr_now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static inline int64_t tr_now_ms(void)
{
    return tr_now_us() / 1000;
}

#endif
