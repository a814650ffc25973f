/* Standing associations to peers, for shared sessions.
 *
 * A peer that is in a group of a shared route, or that a route takes messages from, has one association for
 * all, kept up by one worker (peers are spread over the workers by index). A failed attempt or a lost
 * association is followed by a pause that doubles up to a bound, with jitter so that many brokers do not come
 * back at the same moment (health.c). */
#include "broker/standing.h"

#include <stdatomic.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/opening.h"
#include "broker/sending.h"
#include "broker/session/paired.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
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
    brk_peer_failed(w, st->peer);
    st->next_try_ms =
        atomic_load_explicit(&brk_health(w->broker, st->peer)->down_until_ms, memory_order_relaxed);
    if (w->phase != BRK_DRAIN_ALL && !w->stop)
        brk_log(CFG_LOG_INFO, "peer_retry", "peer=%s in_ms=%llu", w->config->peers[st->peer].name,
                (unsigned long long)(st->next_try_ms - w->now_ms));
}

void brk_peer_gone(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_standing *st = standing_of(w, a);
    if (st)
        again_later(w, st);
}

void brk_peer_restarted(struct brk_worker *w, const struct brk_assoc *old, struct brk_assoc *a)
{
    struct brk_standing *st = standing_of(w, old);
    if (st)
        st->assoc = a;
}

static void connect_standing(struct brk_worker *w, struct brk_standing *st)
{
    struct tr_error error;
    struct brk_assoc *a = brk_assoc_new(w, BRK_CONNECTING);
    enum tr_code code = a ? brk_connect(w, st->peer, NULL, a, &error) : TR_LIMIT;
    st->waits_until_ms = 0;
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

/* Attempts whose time is over. The half-open association is aborted: its peer may answer later and must not
 * find one. */
static void time_out(struct brk_worker *w, struct brk_assoc *a)
{
    struct tr_error error;
    struct brk_socket *s = a->socket;
    brk_log_connect_failed(w, a->peer, a->is_partner ? a : NULL, "timeout");
    brk_assoc_leave(a, &w->connecting);
    brk_names_failed(w, a->peer, a->round, false);
    tr_abort(s->ep, a->id, &error);
    brk_assoc_detach(a);
    brk_socket_close(s);
    if (a->is_partner) {
        brk_session_next_member(w, a);
        brk_session_connect_failed(w, a, "timeout");
        return;
    }
    brk_peer_gone(w, a);
    brk_assoc_close(w, a);
}

/* Whether standing associations are still wanted: at the end only while messages wait somewhere, for whoever
 * takes them when their own destination went before them. */
static bool keeps_standing(const struct brk_worker *w)
{
    const struct brk_broker *b = w->broker;
    bool wanted = w->phase != BRK_DRAIN_ALL || w->parked_count;
    for (unsigned i = 0; !wanted && i < b->worker_count; i++) /* pairs with report_progress */
        wanted = atomic_load_explicit(&b->workers[i]->progress, memory_order_acquire) == BRK_BUSY;
    return wanted;
}

/* Those that came up for messages that waited, when everything had been shut down already. */
static void end_standing(struct brk_worker *w)
{
    for (unsigned i = 0; i < w->standing_count; i++)
        if (w->standing[i].assoc)
            brk_assoc_eof(w, w->standing[i].assoc);
}

static void tick_standing(struct brk_worker *w, struct brk_standing *st)
{
    if (st->assoc || st->next_try_ms > w->now_ms || st->waits_until_ms > w->now_ms)
        return;
    if (st->waits_until_ms) {
        brk_log_not_resolved(w, st->peer, NULL);
        again_later(w, st);
    } else {
        connect_standing(w, st);
    }
}

void brk_peers_tick(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE(w->connecting, a, tmp)
    if (a->deadline_ms <= w->now_ms)
        time_out(w, a);
    DL_FOREACH_SAFE(w->resolving, a, tmp)
    if (a->deadline_ms <= w->now_ms)
        brk_session_not_resolved(w, a);
    bool keeps = keeps_standing(w);
    for (unsigned i = 0; keeps && i < w->standing_count; i++)
        tick_standing(w, &w->standing[i]);
    if (!keeps)
        end_standing(w);
}

void brk_peers_resolved(struct brk_worker *w, unsigned peer)
{
    for (unsigned i = 0; keeps_standing(w) && i < w->standing_count; i++)
        if (w->standing[i].peer == peer && w->standing[i].waits_until_ms)
            connect_standing(w, &w->standing[i]);
}
