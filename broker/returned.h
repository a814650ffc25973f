/* Messages that the stack gives back. */
#ifndef JUNCTOR_BROKER_RETURNED_H
#define JUNCTOR_BROKER_RETURNED_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/assoc.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;

/* A message that the stack gave back: kept as undelivered until everything that belongs with it has been
 * read. */
void brk_give_back(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *failed);

/* An association has ended: what it did not deliver is sent again, or dropped where nobody else may get
 * it. */
void brk_pass_on(struct brk_worker *w, struct brk_assoc *a);

/* What the stack gave back for an association that is still up: it gave these messages up, so they are
 * dropped. */
void brk_drop_given_up(struct brk_worker *w, struct brk_assoc *a);

/* Sends a parcel again by the route that it has under the plan in force, before what is parked, or passes it
 * to the worker that read it, to do so; drops it where nobody else may get it. `by`: the association that did
 * not deliver it; NULL: one of another worker. */
void brk_send_again(struct brk_worker *w, const struct brk_assoc *by, struct rt_parcel *p);

#endif
