/* Groups: which member takes a message, and what waits while there is none. */
#ifndef JUNCTOR_BROKER_DISPATCH_H
#define JUNCTOR_BROKER_DISPATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* A message of `from` on a shared route, still in its receive slot. */
void brk_dispatch(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route);

/* Tries parked messages with the current snapshot. */
void brk_unpark(struct brk_worker *w);

/* Finds the route of a message that waits whose route has gone. False: none takes it now, or one that its
 * source's session would have to take. */
bool brk_reroute(const struct brk_worker *w, struct rt_parcel *p);

#endif
