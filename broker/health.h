/* What all workers know of a peer: whether connecting to it makes sense now. */
#ifndef JUNCTOR_BROKER_HEALTH_H
#define JUNCTOR_BROKER_HEALTH_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "broker/state.h"

struct brk_assoc;

/* What workers share about a peer: whether connecting to it makes sense now. */
struct brk_peer_health {
    _Atomic uint64_t down_until_ms;
    _Atomic unsigned failures;    /* in a row */
    _Atomic uint64_t row_ends_ms; /* a later one is the first of another row */
    _Atomic bool compared;        /* somebody has told what the stack granted of its options */
    _Atomic uint64_t recbuf;      /* what it granted of the receive buffer: see window.c */
};

static inline struct brk_peer_health *brk_health(const struct brk_broker *b, unsigned peer)
{
    return brk_segments_at(&b->health, peer);
}

/* Health, for all workers. */
void brk_peer_failed(struct brk_worker *w, unsigned peer);
void brk_peer_up(struct brk_broker *b, unsigned peer);

/* An association to it has brought a message: the next failure is the first one again. */
void brk_peer_worked(struct brk_broker *b, unsigned peer);
bool brk_peer_usable(const struct brk_broker *b, unsigned peer, uint64_t now_ms);

/* Logs that an attempt to connect failed; `a`: the association, NULL where there is none yet. */
void brk_log_connect_failed(const struct brk_worker *w, unsigned peer, const struct brk_assoc *a,
                            const char *why);

/* The same: its time was over before the peer's name was looked up. */
void brk_log_not_resolved(const struct brk_worker *w, unsigned peer, const struct brk_assoc *a);

#endif
