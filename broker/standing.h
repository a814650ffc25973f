/* Standing associations to peers; see standing.c. */
#ifndef JUNCTOR_BROKER_STANDING_H
#define JUNCTOR_BROKER_STANDING_H

#include <stdbool.h>
#include <stdint.h>

struct brk_worker;
struct brk_assoc;
struct brk_session;
struct cfg_config;

/* An association to a peer that the broker keeps up whoever sends. Belongs to one worker. */
struct brk_standing {
    unsigned peer;
    const struct brk_session *session; /* the kind of session it is for, which its association belongs to */
    struct brk_assoc *assoc;           /* NULL: between attempts */
    uint64_t next_try_ms;
    uint64_t waits_until_ms; /* until when an attempt waits for the peer's address; 0: it does not */
};

/* There is a new plan (w->plan), and `old` is the configuration before it, or NULL: from now on there is a
 * standing association for `kind` to each peer of this worker for which `wants` is true. One that is no
 * longer wanted, or whose peer has other addresses now, is ended. w->standing must have room for one for
 * each kind and peer. */
void brk_standing_adopt(struct brk_worker *w, const struct cfg_config *old, const struct brk_session *kind,
                        bool (*wants)(const struct brk_worker *w, unsigned peer));

/* States of peers have changed (states.h): those in maint are let go, others are connected to at once. */
void brk_standing_states(struct brk_worker *w);

/* Each tick: connects those that are due. */
void brk_standing_tick(struct brk_worker *w);

/* Whether one is to be connected when its time comes. */
bool brk_standing_waits(const struct brk_worker *w);

/* The look-up of a peer's addresses has succeeded or failed: connects those that wait for it. */
void brk_standing_resolved(struct brk_worker *w, unsigned peer);

/* Operations of their kinds (session/session.h). After an end a new association is tried when a pause is
 * over. */
void brk_standing_timed_out(struct brk_worker *w, struct brk_assoc *a);
bool brk_standing_ended(struct brk_worker *w, struct brk_assoc *a);
void brk_standing_restarted(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a);

#endif
