/* Ending an association deliberately while the broker runs: gracefully, and within a bound. */
#ifndef JUNCTOR_BROKER_ENDING_H
#define JUNCTOR_BROKER_ENDING_H

#include <stdbool.h>

#include "broker/state.h"

struct brk_assoc;

/* Takes an association that is up out of its groups, sends what waits for it, shuts it down, and aborts it
 * if it has not ended within broker.drain_timeout. A second call does nothing. */
void brk_end(struct brk_worker *w, struct brk_assoc *a);

/* The same; of a session with an association of its own to a peer it is that of the client which is ended,
 * and the other one follows: so what the client has sent arrives. */
void brk_end_whole(struct brk_worker *w, struct brk_assoc *a);

/* True when the plan in force does not contain it any more. */
static inline bool brk_is_gone(const struct brk_worker *w, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? w->config->listeners[m.index].gone
                                         : w->config->peers[m.index].gone;
}

#endif
