/* A queue of parcels, oldest first, that knows how many messages and bytes it holds, so that limits can be
 * compared with both. Belongs to one worker. */
#ifndef JUNCTOR_BROKER_QUEUE_H
#define JUNCTOR_BROKER_QUEUE_H

#include <stdint.h>

#include "routing/inbox.h"
#include "routing/message.h"

/* All zeros are an empty one. Use `parcels` for reading only; add and take parcels, which must have
 * messages, with the functions below. */
struct brk_queue {
    struct rt_batch parcels;
    uint64_t bytes; /* user data of their messages */
};

static inline uint32_t brk_queue_count(const struct brk_queue *q)
{
    return q->parcels.count;
}

static inline void brk_queue_add(struct brk_queue *q, struct rt_parcel *p)
{
    rt_batch_add(&q->parcels, p);
    q->bytes += p->message->len;
}

/* Removes and returns the oldest one; NULL: empty. */
static inline struct rt_parcel *brk_queue_take(struct brk_queue *q)
{
    struct rt_parcel *p = rt_batch_take(&q->parcels);
    if (p)
        q->bytes -= p->message->len;
    return p;
}

/* Puts all of `first` before the contents of `q`, in the same order; `first` is empty afterwards. */
static inline void brk_queue_put_first(struct brk_queue *q, struct brk_queue *first)
{
    rt_batch_append(&first->parcels, &q->parcels);
    first->bytes += q->bytes;
    *q = *first;
    *first = (struct brk_queue){0};
}

#endif
