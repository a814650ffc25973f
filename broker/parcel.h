/* Messages that wait, and the parcels they wait in. */
#ifndef JUNCTOR_BROKER_PARCEL_H
#define JUNCTOR_BROKER_PARCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/queue.h"
#include "broker/stats/counts.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct rt_dest;

/* A new parcel for one more place where a message waits; counted as waiting. NULL: out of memory, counted
 * as dropped. */
struct rt_parcel *brk_parcel_new(struct brk_worker *w, struct rt_message *m, uint32_t route);

/* How a message that must wait is charged to the socket that it was read from. */
enum brk_charge {
    BRK_CHARGED,    /* to its credit, so that the socket is paused when too much waits */
    BRK_STOPS,      /* and the socket is paused at once, until the message has gone */
    BRK_NOT_CHARGED /* limited where it waits */
};

/* Copies a message out of its receive slot. NULL: out of memory, counted as dropped. */
struct rt_message *brk_copy_message(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                                    uint32_t route, enum brk_charge charge);

/* A copy that its source may go on without, so far, now stops it. Only for messages of this worker. */
void brk_stop_source(struct rt_message *m);

/* Its source goes on without it from here: it is limited where it will wait. Does nothing for a message that
 * another worker has read. */
void brk_free_source(struct brk_worker *w, struct rt_message *m);

/* A copy as brk_copy_message makes it, in a parcel for one place. */
struct rt_parcel *brk_copy_to_parcel(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                                     uint32_t route, enum brk_charge charge);

/* Drop a parcel that cannot be delivered, or a list of them, and count it; or free one that has been
 * delivered. */
void brk_drop_parcel(struct brk_worker *w, struct rt_parcel *p, enum brk_drop reason);
void brk_drop_batch(struct brk_worker *w, struct rt_batch *b, enum brk_drop reason);
void brk_drop_queue(struct brk_worker *w, struct brk_queue *q, enum brk_drop reason);
void brk_parcel_done(struct brk_worker *w, struct rt_parcel *p);

/* Drops a message that its association could not deliver and that nobody else is to get. */
void brk_drop_undelivered(struct brk_worker *w, struct rt_parcel *p);

/* A message came back to its owner: frees it, and resumes its source if that was paused. */
void brk_release(struct rt_message *m);

/* Drops a message of `from` before it has been copied. */
void brk_count_source_drop(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m,
                           uint32_t route, enum brk_drop reason);

/* Puts a parcel for a destination of another worker into w->out; takes it over. */
void brk_post_to(struct brk_worker *w, struct rt_dest *d, struct rt_parcel *p);

/* The same for what is not for a destination: p->control says what it is. */
void brk_hand_out(struct brk_worker *w, unsigned worker, struct rt_parcel *p);

/* Posts the contents of w->out. */
void brk_post(struct brk_worker *w);

#endif
