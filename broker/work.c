/* See work.h.
 *
 * An association's work is what it has brought and what was delivered to it: user data, and for each message
 * as much as MESSAGE bytes cost. In a paired session that of both sides counts, since they go together. Its
 * share of the worker's load is its share of the work of all associations of the worker since the last
 * measurement.
 *
 * Left where they are: those that cannot be handed over (standing, mapped, ending: handover.c says why),
 * those whose source is paused, since their hand-over would wait, and those that have come lately. */
#include "broker/work.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/balance.h"
#include "broker/handover.h"
#include "broker/history.h"
#include "broker/log.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "routing/inbox.h"

enum { MESSAGE = 1024, TRIES = 8 };

static uint64_t work_of(const struct brk_assoc *a)
{
    return (a->received + a->delivered) * MESSAGE + a->received_bytes + a->delivered_bytes;
}

/* Since the last measurement. */
static uint64_t recent(const struct brk_assoc *a)
{
    return a ? work_of(a) - a->work.measured : 0;
}

static uint64_t measure(struct brk_worker *w)
{
    struct brk_assoc *a;
    uint64_t all = 0;
    DL_FOREACH2(w->assocs, a, next_of_all)
    {
        all += recent(a);
        a->work.measured = work_of(a);
    }
    return all;
}

static bool is_resting(const struct brk_worker *w, const struct brk_assoc *a)
{
    return a->work.balanced_ms && w->now_ms < a->work.balanced_ms + BRK_BALANCE_REST_MS;
}

static bool may_go(const struct brk_worker *w, const struct brk_assoc *a)
{
    return a->state == BRK_UP && !a->session && !a->handover && !is_resting(w, a) && !a->socket->paused &&
           !a->socket->starved && !brk_session_fixed(w, a);
}

struct candidate {
    struct brk_assoc *assoc;
    uint32_t share, gain; /* thousandths */
};

/* The best of those whose move helps less than `below`, or first in its list of equals. */
static struct candidate best(struct brk_worker *w, const struct brk_balance_ask *ask, uint64_t all,
                             uint32_t below)
{
    struct candidate best = {0};
    struct brk_assoc *a;
    DL_FOREACH2(w->assocs, a, next_of_all)
    {
        uint64_t work = recent(a) + recent(brk_session_companion(a));
        uint32_t share = (uint32_t)(work * ask->from_busy / all);
        uint32_t gain = brk_balance_gain(ask->from_busy, ask->to_busy, share);
        if (gain > best.gain && gain < below && may_go(w, a))
            best = (struct candidate){a, share, gain};
    }
    return best;
}

static void give(struct brk_worker *w, const struct brk_balance_ask *ask, const struct candidate *c)
{
    struct brk_assoc *a = c->assoc;
    char session[BRK_SESSION_TEXT];
    a->handover->balances = true;
    a->work.balanced_ms = w->now_ms;
    brk_note_numbers(w, a, BRK_HAPPENED_BALANCED, ask->from_busy / 10, ask->to_busy / 10);
    brk_log(CFG_LOG_INFO, "balancing", "%s=%s assoc=%u from=%u to=%u busy=%u idle=%u share=%u%s",
            brk_member_word(a->socket->member), brk_assoc_name(a), a->id, ask->from, ask->to,
            ask->from_busy / 10, ask->to_busy / 10, c->share / 10, brk_session_text(a, session));
}

/* One that cannot be handed over after all is passed over. */
static void give_one(struct brk_worker *w, const struct brk_balance_ask *ask)
{
    struct brk_assoc *a;
    uint64_t all = 0;
    uint32_t below = UINT32_MAX;
    DL_FOREACH2(w->assocs, a, next_of_all)
    all += recent(a);
    for (unsigned i = 0; i < TRIES && all; i++) {
        struct candidate c = best(w, ask, all, below);
        if (!c.assoc)
            return;
        if (!brk_handover_begin(w, c.assoc, ask->to)) {
            give(w, ask, &c);
            return;
        }
        below = c.gain;
    }
}

void brk_work_asked(struct brk_worker *w, struct brk_balance_ask *ask)
{
    if (ask->act == BRK_BALANCE_GIVE)
        give_one(w, ask);
    measure(w);
    rt_batch_add(&w->out[w->broker->worker_count], &ask->parcel);
}
