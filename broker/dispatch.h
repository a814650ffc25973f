/* Groups: which member takes a message, and what waits while there is none. */
#ifndef JUNCTOR_BROKER_DISPATCH_H
#define JUNCTOR_BROKER_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/assoc.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct rt_dest;

/* A message of `from` on a shared route, still in its receive slot. */
void brk_dispatch(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route);

/* The member that takes a message of `from` on another route to a group, not a broadcast one; NULL: it must
 * wait. */
struct rt_dest *brk_dispatch_pick(struct brk_worker *w, const struct brk_assoc *from, const struct tr_msg *m,
                                  uint32_t route);
/* Copies it for `d`, which belongs to another worker, or parks it. */
void brk_dispatch_copy(struct brk_worker *w, struct rt_dest *d, struct brk_assoc *from,
                       const struct tr_msg *m, uint32_t route);

/* A message for a destination of this worker that has waited, or comes from another worker. */
void brk_deliver(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p);

/* Tries to send the parked messages by the current snapshot. */
void brk_unpark(struct brk_worker *w);

/* Routes a message that has waited by the plan in force, like the newer ones of its stream. One that no
 * route takes any more keeps its own, unless that was removed: then the answer is false. */
bool brk_route_again(const struct brk_worker *w, struct rt_parcel *p);

/* A message that its member did not deliver, on the worker that read it: puts it before what is parked for
 * its group. */
void brk_dispatch_again(struct brk_worker *w, struct rt_parcel *p);

/* There is another plan: routes everything that waits for groups by it. What no such route takes any more
 * is moved to w->left_groups. */
void brk_dispatch_adopt(struct brk_worker *w);

/* A message that was parked, by this worker or by the one that had its source before: parks it behind the
 * others. */
void brk_park_again(struct brk_worker *w, struct rt_parcel *p);

/* The worker that reads the message's source, which decides its order. Its memory may belong to another one
 * (`owner`). */
unsigned brk_reader(const struct brk_worker *w, const struct rt_message *m);

#endif
