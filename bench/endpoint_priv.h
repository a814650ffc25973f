/* What a loop's cookie points to: the object to be told that an endpoint or descriptor is ready. Private to
 * bench/. */
#ifndef JUNCTOR_BENCH_ENDPOINT_PRIV_H
#define JUNCTOR_BENCH_ENDPOINT_PRIV_H

#include <time.h>

#include "transport/transport.h"

/* First member of that object. `flags` are enum tr_ready_flag bits. The function may close endpoints. */
struct bench_handle {
    void (*ready)(struct bench_handle *handle, unsigned flags);
};

static inline uint64_t bench_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* tr_recv, after giving back all slots if none is free: nothing in bench/ keeps them beyond its turn. */
static inline enum tr_code bench_recv(struct tr_endpoint *ep, const struct tr_item **items, unsigned *count)
{
    enum tr_code code = tr_recv(ep, 0, items, count);

    if (code == TR_NO_SLOT) {
        tr_loop_turn(tr_endpoint_loop(ep));
        code = tr_recv(ep, 0, items, count);
    }
    return code;
}

#endif
