/* What all workers know about a peer: whether it makes sense to connect to it now; and about a peer or
 * listener: the state that its operator has given it. */
#ifndef JUNCTOR_BROKER_HEALTH_H
#define JUNCTOR_BROKER_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/state.h"
#include "routing/table.h"

struct brk_assoc;

/* Shared by the workers, one for each listener and peer; of a listener only the state. */
struct brk_peer_health {
    _Atomic int state; /* enum cfg_state; written by control */
    _Atomic uint64_t down_until_ms;
    _Atomic unsigned failures;    /* in a row */
    _Atomic unsigned failed;      /* all that count for ejection: eject.h */
    _Atomic unsigned ejected;     /* how often it was, from any group; written by control */
    _Atomic uint64_t row_ends_ms; /* a failure after this time is the first of another row */
    _Atomic bool compared;        /* what the stack granted of its options has been compared and logged */
    _Atomic uint64_t recbuf;      /* the receive buffer it granted: see window.c */
};

static inline struct brk_peer_health *brk_health(const struct brk_broker *b, unsigned peer)
{
    return brk_segments_at(&b->health, rt_source((struct cfg_member){CFG_MEMBER_PEER, peer}));
}

/* As last set; any thread. */
static inline enum cfg_state brk_state(const struct brk_broker *b, struct cfg_member m)
{
    const struct brk_peer_health *h = brk_segments_at(&b->health, rt_source(m));
    return (enum cfg_state)atomic_load_explicit(&h->state, memory_order_relaxed);
}

/* Any worker may call these. */

/* An attempt to connect it has failed, or an association to it was lost. Returns when it is to be tried
 * again, by the worker's clock. */
uint64_t brk_peer_failed(struct brk_worker *w, unsigned peer);
/* An association to it was lost, was not set up, or hangs: what may eject it from its groups (eject.h). Does
 * nothing for a listener. */
void brk_peer_suspect(struct brk_worker *w, struct cfg_member m);
void brk_peer_up(struct brk_broker *b, unsigned peer);

/* An association to it has delivered a message to the broker: the next failure counts as the first again. */
void brk_peer_worked(struct brk_broker *b, unsigned peer);
bool brk_peer_usable(const struct brk_broker *b, unsigned peer, uint64_t now_ms);

/* Logs that an attempt to connect failed. `a`: the association; NULL when there is none yet. */
void brk_log_connect_failed(struct brk_worker *w, unsigned peer, const struct brk_assoc *a, const char *why);

/* The same: the peer's name was not resolved in time. */
void brk_log_not_resolved(struct brk_worker *w, unsigned peer, const struct brk_assoc *a);

#endif
