/* Counting the messages that the stack has taken over. */
#ifndef JUNCTOR_BROKER_DELIVERED_H
#define JUNCTOR_BROKER_DELIVERED_H

#include <stdint.h>

struct brk_worker;
struct brk_assoc;

/* Messages sent in a row, added up as long as they have the same route, so that the counters are not touched
 * for each one. All zeros: none. */
struct brk_delivered {
    uint32_t route, messages;
    uint64_t bytes;
};

/* Counts those added so far as delivered to `a`; none are left. */
void brk_delivered_count(struct brk_worker *w, struct brk_assoc *a, struct brk_delivered *d);

/* One more, of `bytes`, sent to `a`. */
static inline void brk_delivered_add(struct brk_worker *w, struct brk_assoc *a, struct brk_delivered *d,
                                     uint32_t route, uint32_t bytes)
{
    if (d->route != route) {
        brk_delivered_count(w, a, d);
        d->route = route;
    }
    d->messages++;
    d->bytes += bytes;
}

#endif
