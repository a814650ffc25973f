/* Standing associations to peers: each is kept up for everybody who sends, on behalf of a kind of session,
 * by one worker (peers are spread over the workers by index). A failed attempt or a lost association is
 * followed by a pause that doubles up to a bound, with jitter, so that many brokers do not come back at
 * the same moment (health.c). */
#include "broker/standing.h"

#include <stdatomic.h>

#include "broker/assoc.h"
#include "broker/ending.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/opening.h"
#include "broker/sending.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/same.h"
#include "routing/plan.h"
#include "transport/transport.h"

static struct brk_standing *standing_of(struct brk_worker *w, const struct brk_assoc *a)
{
    for (unsigned i = 0; i < w->standing_count; i++)
        if (w->standing[i].assoc == a)
            return &w->standing[i];
    return NULL;
}

static void again_later(struct brk_worker *w, struct brk_standing *st)
{
    st->assoc = NULL;
    st->waits_until_ms = 0;
    st->next_try_ms = brk_peer_failed(w, st->peer);
    if (w->phase < BRK_DRAIN_BOTH && !w->stop)
        brk_log(CFG_LOG_INFO, "peer_retry", "peer=%s in_ms=%llu", w->config->peers[st->peer].name,
                (unsigned long long)(st->next_try_ms - w->now_ms));
}

/* It has ended, or its set-up timed out: a new one is tried after a pause. */
static void gone(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_standing *st = standing_of(w, a);
    if (st)
        again_later(w, st);
}

void brk_standing_timed_out(struct brk_worker *w, struct brk_assoc *a)
{
    gone(w, a);
    brk_assoc_close(w, a);
}

bool brk_standing_ended(struct brk_worker *w, struct brk_assoc *a)
{
    gone(w, a);
    return false;
}

void brk_standing_restarted(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a)
{
    struct brk_standing *st = standing_of(w, old);
    if (st)
        st->assoc = a;
}

static void connect_standing(struct brk_worker *w, struct brk_standing *st)
{
    struct tr_error error;
    struct brk_assoc *a = brk_assoc_new(w, BRK_CONNECTING);
    st->waits_until_ms = 0;
    if (a)
        a->session = st->session;
    enum tr_code code = a ? brk_connect(w, st->peer, NULL, a, &error) : TR_LIMIT;
    if (code == TR_OK) {
        st->assoc = a;
        brk_assoc_enter(a, &w->connecting);
        return;
    }
    if (code == TR_AGAIN) {
        st->waits_until_ms = w->now_ms + w->config->peers[st->peer].connect_timeout_ms;
        brk_assoc_close(w, a);
        return;
    }
    brk_log_connect_failed(w, st->peer, NULL, a ? error.text : "out of memory");
    if (a)
        brk_assoc_close(w, a);
    again_later(w, st);
}

/* Whether messages wait somewhere: in a drain only these keep standing associations that have been shut down,
 * so that they can be taken when their own destination has gone first. */
static bool any_wait(const struct brk_worker *w)
{
    const struct brk_broker *b = w->broker;
    bool wait = w->parked_count;
    for (unsigned i = 0; !wait && i < b->worker_count; i++) /* pairs with brk_report_progress */
        wait = atomic_load_explicit(&b->workers[i]->progress, memory_order_acquire) == BRK_BUSY;
    return wait;
}

/* Whether it belongs to those that this step of a drain, or one before, has shut down: drain.c. */
static bool was_shut_down(const struct brk_worker *w, const struct brk_standing *st)
{
    struct cfg_member peer = {CFG_MEMBER_PEER, st->peer};
    return w->phase == BRK_DRAIN_ALL || (w->phase == BRK_DRAIN_BOTH && rt_role(w->plan, peer)->source);
}

/* Its operator wants no association to it. */
static bool is_out(const struct brk_worker *w, const struct brk_standing *st)
{
    return brk_state(w->broker, (struct cfg_member){CFG_MEMBER_PEER, st->peer}) == CFG_MAINT;
}

bool brk_standing_waits(const struct brk_worker *w)
{
    for (unsigned i = 0; i < w->standing_count; i++)
        if (!w->standing[i].assoc && !is_out(w, &w->standing[i]))
            return true;
    return false;
}

static void tick_standing(struct brk_worker *w, struct brk_standing *st)
{
    if (st->assoc || is_out(w, st) || st->next_try_ms > w->now_ms || st->waits_until_ms > w->now_ms)
        return;
    if (st->waits_until_ms) {
        brk_log_not_resolved(w, st->peer, NULL);
        again_later(w, st);
    } else {
        connect_standing(w, st);
    }
}

void brk_standing_tick(struct brk_worker *w)
{
    bool wait = w->phase < BRK_DRAIN_BOTH || any_wait(w);
    for (unsigned i = 0; i < w->standing_count; i++) {
        struct brk_standing *st = &w->standing[i];
        if (wait || !was_shut_down(w, st))
            tick_standing(w, st);
        else if (st->assoc) /* came up for messages that waited */
            brk_assoc_eof(w, st->assoc);
    }
}

void brk_standing_resolved(struct brk_worker *w, unsigned peer)
{
    for (unsigned i = 0; i < w->standing_count; i++) {
        struct brk_standing *st = &w->standing[i];
        if (st->peer == peer && st->waits_until_ms && !is_out(w, st) &&
            (!was_shut_down(w, st) || any_wait(w)))
            connect_standing(w, st);
    }
}

/* Its peer was removed, is no longer wanted, has other addresses now, or is in maint. */
static void let_go(struct brk_worker *w, struct brk_standing *st)
{
    struct brk_assoc *a = st->assoc;
    st->assoc = NULL;
    st->waits_until_ms = 0;
    st->next_try_ms = w->now_ms;
    if (a && a->state == BRK_CONNECTING)
        a->unwanted = true;
    else if (a)
        brk_end(w, a);
}

void brk_standing_states(struct brk_worker *w)
{
    for (unsigned i = 0; i < w->standing_count; i++) {
        struct brk_standing *st = &w->standing[i];
        if (is_out(w, st))
            let_go(w, st);
        else if (!st->assoc && !st->waits_until_ms)
            st->next_try_ms = w->now_ms;
    }
}

static bool is_there(const struct brk_worker *w, const struct brk_session *kind, unsigned peer)
{
    for (unsigned i = 0; i < w->standing_count; i++)
        if (w->standing[i].session == kind && w->standing[i].peer == peer)
            return true;
    return false;
}

void brk_standing_adopt(struct brk_worker *w, const struct cfg_config *old, const struct brk_session *kind,
                        bool (*wants)(const struct brk_worker *w, unsigned peer))
{
    unsigned kept = 0;
    for (unsigned i = 0; i < w->standing_count; i++) {
        struct brk_standing *st = &w->standing[i];
        bool ours = st->session == kind, wanted = !ours || wants(w, st->peer);
        if (!wanted || (ours && !cfg_same_remote(&old->peers[st->peer], &w->config->peers[st->peer])))
            let_go(w, st);
        if (wanted)
            w->standing[kept++] = *st;
    }
    w->standing_count = kept;
    for (unsigned p = w->index; p < w->config->peer_count; p += w->broker->worker_count)
        if (wants(w, p) && !is_there(w, kind, p))
            w->standing[w->standing_count++] =
                (struct brk_standing){.peer = p, .session = kind, .next_try_ms = w->now_ms};
}
