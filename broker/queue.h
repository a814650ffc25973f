/* A queue of parcels, oldest first, that knows how many messages and bytes it holds, so that limits can be
 * compared with both. Belongs to one worker. */
#ifndef JUNCTOR_BROKER_QUEUE_H
#define JUNCTOR_BROKER_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/inbox.h"
#include "routing/message.h"

/* All zeros are an empty one. Use `parcels` for reading only; add and take parcels, which must have
 * messages, with the functions below. */
struct brk_queue {
    struct rt_batch parcels;
    uint64_t bytes;           /* user data of their messages */
    struct rt_parcel *passed; /* the last one that brk_queue_take_first passed over; NULL: none */
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
    if (p == q->passed)
        q->passed = NULL;
    return p;
}

/* Removes and returns the oldest one to which `may` says yes; NULL: there is none. It is not asked a second
 * time about one to which it said no, so all calls together take one walk through the queue; where its
 * answers change, call brk_queue_ask_again. */
static inline struct rt_parcel *brk_queue_take_first(struct brk_queue *q,
                                                     bool (*may)(const void *arg, const struct rt_parcel *p),
                                                     const void *arg)
{
    struct rt_parcel *p;
    while ((p = q->passed ? rt_batch_next(&q->parcels, q->passed) : rt_batch_peek(&q->parcels)) &&
           !may(arg, p))
        q->passed = p;
    if (!p)
        return NULL;
    q->bytes -= p->message->len;
    return rt_batch_take_after(&q->parcels, q->passed);
}

static inline void brk_queue_ask_again(struct brk_queue *q)
{
    q->passed = NULL;
}

/* Puts all of `first` before the contents of `q`, in the same order; `first` is empty afterwards. */
static inline void brk_queue_put_first(struct brk_queue *q, struct brk_queue *first)
{
    rt_batch_append(&first->parcels, &q->parcels);
    first->bytes += q->bytes;
    brk_queue_ask_again(first);
    *q = *first;
    *first = (struct brk_queue){0};
}

#endif
