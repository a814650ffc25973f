/* Shared sessions: each message of such a route, whoever sends it, goes to a member of the group, or to
 * all of them.
 *
 * Members are associations that a listener has accepted, and standing associations to peers, which these
 * sessions open (standing.h). Both join the groups of their listener or peer when they come up (dest.h);
 * which member takes a message, and what waits while there is none, is in dispatch.h. Messages from a
 * standing association have routes like any others: there are no answers here. */
#include "broker/session/shared.h"

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/dispatch.h"
#include "broker/health.h"
#include "broker/socket.h"
#include "broker/standing.h"
#include "broker/state.h"
#include "routing/plan.h"

static bool is_standing(const struct brk_worker *w, unsigned peer)
{
    return rt_role(w->plan, (struct cfg_member){CFG_MEMBER_PEER, peer})->standing;
}

static void plan(struct brk_worker *w, const struct cfg_config *old)
{
    brk_standing_adopt(w, old, &brk_shared, is_standing);
    brk_dispatch_adopt(w);
}

static void join(struct brk_worker *w, struct brk_assoc *a)
{
    brk_assoc_join(w, a, false);
}

static const char *fixed(const struct brk_worker *w, const struct brk_assoc *a)
{
    (void)w;
    return a->session ? "standing associations stay with the worker of their peer" : NULL;
}

const struct brk_session brk_shared = {
    .plan = plan,
    .route_in = brk_dispatch,
    .returned = brk_dispatch_again,
    .up = join,
    .adopt = join,
    .fixed = fixed,
    .timed_out = brk_standing_timed_out,
    .ended = brk_standing_ended,
    .restarted = brk_standing_restarted,
};
