/* Sends messages to associations by way of their outboxes, and ends associations. Everything here is the
 * association's worker's. */
#ifndef JUNCTOR_BROKER_SENDING_H
#define JUNCTOR_BROKER_SENDING_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

#define BRK_GATHER_MAX 1024 /* messages gathered before everything is sent */
#define BRK_BURST_MAX  256  /* messages in one tr_send */

/* A message on its way from a receive slot to the stack, within one turn. */
struct brk_gathered {
    struct tr_msg msg;
    struct brk_assoc *from; /* whose socket's credit it uses if it must wait */
    uint32_t route;
    uint16_t asked; /* stream; what it leaves on may be another one */
    bool fan_out;   /* others get copies of it */
    uint32_t next;
};

/* Sends a message to an association of this worker: gathered where it can go at once, else copied. It stays
 * valid until the end of the turn. */
void brk_send_local(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *from, const struct tr_msg *m,
                    uint32_t route);

/* Puts a parcel behind what waits for `a`, to be sent at the end of the turn; takes it over. */
void brk_append(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p);

/* Sends what waits for `a`, as far as the stack takes it. */
void brk_send_pending(struct brk_worker *w, struct brk_assoc *a);

/* Sends everything gathered and pending that is not blocked. */
void brk_flush(struct brk_worker *w);

/* Asks for a graceful shutdown once nothing is pending. */
void brk_assoc_eof(struct brk_worker *w, struct brk_assoc *a);

/* `why`: for the log, static text. */
void brk_assoc_abort(struct brk_worker *w, struct brk_assoc *a, const char *why);

/* The same with a reason for the peer, `len` bytes (none: 0). */
void brk_assoc_abort_for(struct brk_worker *w, struct brk_assoc *a, const char *why, const void *reason,
                         uint32_t len);

#endif
