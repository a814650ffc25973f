/* What both backends do with associations whose messages stand still (admission.h). Private to transport/. */
#ifndef JUNCTOR_TRANSPORT_PATIENCE_PRIV_H
#define JUNCTOR_TRANSPORT_PATIENCE_PRIV_H

#include <stddef.h>

#include "transport/backend_priv.h"
#include "transport/reassembly.h"

/* Sets ep->reading up, once the endpoint's style is known; `origin`: what it was peeled off, or accepted by,
 * or NULL. */
void tr_reading_init(struct tr_endpoint *ep, const struct tr_endpoint *origin);

static inline struct tr_endpoint *tr_endpoint_of(struct adm_owner *owner)
{
    return (struct tr_endpoint *)((char *)owner - offsetof(struct tr_endpoint, reading));
}

/* What the program wants to be told of, less TR_READABLE while the endpoint is held back. */
static inline unsigned tr_watched(const struct tr_endpoint *ep)
{
    return ep->reading.held_back ? ep->watch & ~(unsigned)TR_READABLE : ep->watch;
}

/* How often tr_patience_tick is to be called while any association has a message begun. */
unsigned tr_patience_tick_ms(const struct tr_loop *loop);
/* Time goes on: aborts the associations that are overdue, and has TR_EV_STALLED ready for tr_recv. Returns
 * how many those were. */
unsigned tr_patience_tick(struct reasm_pool *p);
/* The same for those that must go at once, because too many share an endpoint; after a batch. */
unsigned tr_patience_check(struct reasm_pool *p);

#endif
