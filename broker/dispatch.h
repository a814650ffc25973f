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

/* A message of `from` on a shared route, still in its receive slot. */
void brk_dispatch(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route);

/* Tries parked messages with the current snapshot. */
void brk_unpark(struct brk_worker *w);

/* A message that its member has not delivered: hands it to the worker that had read it, or, on that worker,
 * puts it before what is parked for its group. Drops it where its route has gone and no other takes it. */
void brk_dispatch_again(struct brk_worker *w, struct rt_parcel *p);

/* There is another plan: routes again what waits for a group that its route does not lead to any more. */
void brk_dispatch_adopt(struct brk_worker *w);

/* The worker that read a message, which decides its order. Its memory may be another one's (`owner`). */
static inline unsigned brk_reader(const struct rt_message *m)
{
    return (unsigned)(m->origin >> BRK_ORIGIN_BITS);
}

#endif
