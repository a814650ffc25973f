/* Messages that the stack gives back. */
#ifndef JUNCTOR_BROKER_RETURNED_H
#define JUNCTOR_BROKER_RETURNED_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/assoc.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;

/* A message that the stack gave back: kept in `undelivered` until all that belongs with it has been read. */
void brk_give_back(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *failed);

/* An association is over: what it could not deliver is sent again, or dropped where there is nobody else. */
void brk_pass_on(struct brk_worker *w, struct brk_assoc *a);

/* What the stack gave back for an association that lives: given up, so not sent again. */
void brk_drop_given_up(struct brk_worker *w, struct brk_assoc *a);

/* Sends a parcel again from its route on, before what is parked, or hands it to the worker that had read it,
 * for that; drops it where there is nobody else. */
void brk_send_again(struct brk_worker *w, struct rt_parcel *p);

#endif
