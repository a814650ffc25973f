/* Standing associations to peers. */
#ifndef JUNCTOR_BROKER_STANDING_H
#define JUNCTOR_BROKER_STANDING_H

#include <stdint.h>

struct brk_worker;
struct brk_assoc;

/* A peer that the broker keeps an association to, whoever sends: for shared sessions. Owned by one worker. */
struct brk_standing {
    unsigned peer;
    struct brk_assoc *assoc; /* NULL: between attempts */
    uint64_t next_try_ms;
    uint64_t waits_until_ms; /* the address is being looked up for an attempt; 0: no */
};

/* Connects the standing peers of this worker that are due. */
void brk_peers_tick(struct brk_worker *w);
void brk_peer_gone(struct brk_worker *w, struct brk_assoc *a);

/* The peer of `old` began anew; `a` stands in its place. */
void brk_peer_restarted(struct brk_worker *w, const struct brk_assoc *old, struct brk_assoc *a);

/* The addresses of a peer are known, or known not to be had: connects the standing association that waits. */
void brk_peers_resolved(struct brk_worker *w, unsigned peer);

#endif
