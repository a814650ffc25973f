/* Mapped sessions: many clients share an association to a member; see mapped.c. */
#ifndef JUNCTOR_BROKER_SESSION_MAPPED_H
#define JUNCTOR_BROKER_SESSION_MAPPED_H

#include "broker/session/session.h"
#include "routing/message.h"

struct brk_farewell;

extern const struct brk_session brk_mapped;

/* From another worker, BRK_ANSWER: an answer for the client message->target of this worker. Takes it over. */
void brk_mapped_answer(struct brk_worker *w, struct rt_parcel *p);

/* From another worker, BRK_FAREWELL: its client has gone. Takes its parcel over. */
void brk_mapped_farewell(struct brk_worker *w, struct brk_farewell *f);

#endif
