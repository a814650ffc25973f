/* The inbox of a worker: many producers, one consumer, no locks.
 *
 * Built on liburcu's cds_wfcq. A producer gathers parcels in an rt_batch of its own, one for each target,
 * and posts the batch with one splice. Order: the parcels of one producer come out in the order in which
 * it posted them.
 *
 * Progress: posting is wait-free except for the wake-up. Taking is complete: whatever was posted by a call
 * that had returned is in what it takes. So it waits for a producer that was interrupted in the middle of
 * its splice (two instructions), and for nothing else.
 *
 * Wake-up: only the producer whose splice found the inbox empty writes the eventfd. The consumer clears
 * the eventfd BEFORE it takes, so a batch posted after the take finds the inbox empty and writes it again:
 * no wake-up is lost; at worst one is unnecessary. A consumer that looks once a turn anyway can say when
 * it is awake, which saves both sides the system calls (rt_inbox_awake). inbox.c has the full arguments. */
#ifndef JUNCTOR_ROUTING_INBOX_H
#define JUNCTOR_ROUTING_INBOX_H

#include <stdbool.h>
#include <stdint.h>

#include <urcu/wfcqueue.h>

#include "routing/message.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A plain FIFO of parcels for one thread: for gathering what goes to one inbox, or holding what waits for
 * one destination. All zeros are an empty one. It can be moved by assignment (the source must then be
 * initialised again). */
struct rt_batch {
    struct rt_parcel *first, *last; /* NULL: empty */
    uint32_t count;
};

void rt_batch_init(struct rt_batch *b);
void rt_batch_add(struct rt_batch *b, struct rt_parcel *p);
struct rt_parcel *rt_batch_peek(struct rt_batch *b); /* the oldest, which stays; NULL: empty */
struct rt_parcel *rt_batch_take(struct rt_batch *b); /* removes and returns the oldest; NULL: empty */
/* Removes and returns the one after `p`, which is in the batch (NULL: the oldest); NULL: there is none. */
struct rt_parcel *rt_batch_take_after(struct rt_batch *b, struct rt_parcel *p);
/* The one after `p` in the same batch, or NULL; to look at several before taking them. */
struct rt_parcel *rt_batch_next(struct rt_batch *b, struct rt_parcel *p);
void rt_batch_append(struct rt_batch *to, struct rt_batch *from); /* moves all; `from` is empty afterwards */

#define RT_CACHE_LINE 64

/* Must stay where it was initialised: other threads point to it. The padding keeps producers, the consumer
 * and adjacent memory on separate cache lines whatever the alignment of the allocation. */
struct rt_inbox {
    char pad0[RT_CACHE_LINE];
    struct cds_wfcq_tail tail; /* producers */
    int eventfd;               /* does not change */
    bool awake;                /* atomic */
    char pad1[RT_CACHE_LINE];
    struct __cds_wfcq_head head; /* consumer, and the producer that finds the inbox empty */
    char pad2[RT_CACHE_LINE];
};

/* 0, or -1 with errno (out of descriptors). A failed init leaves nothing to clean up. */
int rt_inbox_init(struct rt_inbox *in);
/* Parcels still inside belong to the caller: take them first. No producer may post any more. */
void rt_inbox_destroy(struct rt_inbox *in);

/* Any thread: moves all of `b` (empty afterwards) into the inbox. Wait-free except for one write(2) if it
 * was empty and the consumer not awake. True when it wrote the eventfd. An empty batch does nothing. */
bool rt_inbox_post(struct rt_inbox *in, struct rt_batch *b);

/* Consumer only: appends the contents to `out`. `woken`: the eventfd polled readable, and is cleared
 * first. Returns the number of parcels. */
uint32_t rt_inbox_take(struct rt_inbox *in, bool woken, struct rt_batch *out);

/* Consumer only, and optional: an inbox starts asleep and may stay so. rt_inbox_awake: until
 * rt_inbox_sleep nobody wakes this thread, which takes once a turn anyway. rt_inbox_sleep: called before
 * waiting, without having taken. True: wait; whoever posts from now on writes the eventfd. False: the
 * inbox is not empty, so do not wait but take; still awake.
 *
 *     for (;;) {
 *         bool wait = rt_inbox_sleep(in);
 *         bool woken = the eventfd is among what epoll_wait(…, wait ? timeout : 0) returned;
 *         rt_inbox_awake(in);
 *         rt_inbox_take(in, woken, &out);
 *         …
 *     } */
void rt_inbox_awake(struct rt_inbox *in);
bool rt_inbox_sleep(struct rt_inbox *in);

/* The descriptor to add to an event loop. */
int rt_inbox_fd(const struct rt_inbox *in);

#ifdef __cplusplus
}
#endif
#endif
