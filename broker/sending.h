/* Sending messages by way of outboxes, and ending associations. Everything here is for the association's
 * worker. */
#ifndef JUNCTOR_BROKER_SENDING_H
#define JUNCTOR_BROKER_SENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

#define BRK_GATHER_MAX 1024 /* messages gathered before all of them are sent */
#define BRK_BURST_MAX  256  /* messages in one call of tr_send */

/* A message on its way from a receive slot to the stack, within one turn. */
struct brk_gathered {
    struct tr_msg msg;      /* as received, but for `assoc` */
    struct brk_assoc *from; /* its socket's credit is charged if the message must wait */
    uint32_t route;
    bool fan_out;    /* others get copies of it */
    uint16_t stream; /* the one that a map has for it; RT_NO_STREAM: none is looked up yet */
    uint32_t next;
};

/* Sends a message, which stays valid until the end of the turn, to an association of this worker: gathered
 * if it can be sent at once, else copied. Returns what was gathered, valid until the next call, or NULL. */
struct brk_gathered *brk_send_local(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *from,
                                    const struct tr_msg *m, uint32_t route);

/* Adds a parcel to the pending messages of `a`, to be sent at the end of the turn; takes it over. */
void brk_append(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p);

/* Sends the pending messages of `a`, as many as the stack takes. */
void brk_send_pending(struct brk_worker *w, struct brk_assoc *a);

/* Sends everything gathered and pending that is not blocked. */
void brk_flush(struct brk_worker *w);

/* Requests a graceful shutdown when nothing is pending any more. */
void brk_assoc_eof(struct brk_worker *w, struct brk_assoc *a);

/* Aborts it. `why`: for the log, static text. */
void brk_assoc_abort(struct brk_worker *w, struct brk_assoc *a, const char *why);

/* The same with a reason for the peer of `len` bytes (0: none). */
void brk_assoc_abort_for(struct brk_worker *w, struct brk_assoc *a, const char *why, const void *reason,
                         uint32_t len);

#endif
