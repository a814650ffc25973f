/* Standing associations to peers; see standing.c. */
#ifndef JUNCTOR_BROKER_STANDING_H
#define JUNCTOR_BROKER_STANDING_H

#include <stdbool.h>
#include <stdint.h>

struct brk_worker;
struct brk_assoc;
struct brk_session;
struct cfg_config;

/* An association that the broker keeps up, whoever sends. Owned by one worker. */
struct brk_standing {
    unsigned peer;
    const struct brk_session *session; /* for which kind; its operations get the association */
    struct brk_assoc *assoc;           /* NULL: between attempts */
    uint64_t next_try_ms;
    uint64_t waits_until_ms; /* the address is being looked up for an attempt; 0: no */
};

/* There is a plan (w->plan), `old` being the configuration before it, or NULL: from now on those for `kind`
 * lead to the peers of this worker that `wants` says. One that is not wanted any more, or whose peer is
 * elsewhere now, is ended. Needs room for one for each kind and peer in w->standing. */
void brk_standing_adopt(struct brk_worker *w, const struct cfg_config *old, const struct brk_session *kind,
                        bool (*wants)(const struct brk_worker *w, unsigned peer));

/* Each tick: connects those that are due. */
void brk_standing_tick(struct brk_worker *w);

/* The addresses of a peer are known, or known not to be had: connects those that wait for them. */
void brk_standing_resolved(struct brk_worker *w, unsigned peer);

/* For the operations of their kinds. It has ended, or its set-up timed out: it is tried again after a pause.
 */
void brk_standing_gone(struct brk_worker *w, struct brk_assoc *a);

/* The peer of `old` began anew; `a` stands in its place. */
void brk_standing_restarted(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a);

#endif
