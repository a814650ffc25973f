/* Peers: standing associations for shared sessions, and what all workers know of a peer's health.
 *
 * A peer that is in a group of a shared route, or that a route takes messages from, has one association for
 * all, kept up by one worker (peers are spread over the workers by index). A failed attempt or a lost
 * association is followed by a pause that doubles up to a bound, with jitter so that many brokers do not come
 * back at the same moment. */
#include "broker/broker_priv.h"

#include <stdlib.h>

#include <utlist.h>

/* The pause after `failures` failures in a row: doubling, bounded, and between half and all of that at
 * random. */
static uint64_t back_off(const struct cfg_peer *p, unsigned failures)
{
    uint64_t pause = p->reconnect_initial_ms;
    for (; failures > 1 && pause < p->reconnect_max_ms; failures--)
        pause *= 2;
    if (pause > p->reconnect_max_ms)
        pause = p->reconnect_max_ms;
    return pause / 2 + (uint64_t)random() % (pause / 2 + 1);
}

/* Failures are in a row until an association has brought a message (brk_peer_worked), or for as long as
 * reconnect.max nothing failed: neither is so with a peer that accepts and then aborts or shuts down. Those
 * that come while the peer has its pause are told by the one that began it: associations that are lost
 * together. Two workers may fail at the same moment; then one of the two notes wins, and either will do. */
void brk_peer_failed(struct brk_worker *w, unsigned peer)
{
    struct brk_peer_health *h = brk_health(w->broker, peer);
    const struct cfg_peer *p = &w->config->peers[peer];
    if (!brk_peer_usable(w->broker, peer, w->now_ms))
        return;
    if (w->now_ms > atomic_load_explicit(&h->row_ends_ms, memory_order_relaxed))
        brk_peer_worked(w->broker, peer);
    unsigned failures = atomic_fetch_add_explicit(&h->failures, 1, memory_order_relaxed) + 1;
    uint64_t until_ms = w->now_ms + back_off(p, failures);
    atomic_store_explicit(&h->down_until_ms, until_ms, memory_order_relaxed);
    atomic_store_explicit(&h->row_ends_ms, until_ms + p->connect_timeout_ms + p->reconnect_max_ms,
                          memory_order_relaxed);
}

void brk_peer_up(struct brk_broker *b, unsigned peer)
{
    atomic_store_explicit(&brk_health(b, peer)->down_until_ms, 0, memory_order_relaxed);
}

void brk_peer_worked(struct brk_broker *b, unsigned peer)
{
    atomic_store_explicit(&brk_health(b, peer)->failures, 0, memory_order_relaxed);
}

bool brk_peer_usable(const struct brk_broker *b, unsigned peer, uint64_t now_ms)
{
    return atomic_load_explicit(&brk_health(b, peer)->down_until_ms, memory_order_relaxed) <= now_ms;
}

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

void brk_log_connect_failed(const struct brk_worker *w, unsigned peer, const struct brk_assoc *partner,
                            const char *why)
{
    static struct brk_log_budget lines = {.event = "connect_failed", .level = CFG_LOG_WARNING};
    char quoted[300], session[BRK_SESSION_TEXT] = "";
    if (partner && !brk_log_admits(&lines, w->now_ms))
        return;
    brk_log(CFG_LOG_WARNING, "connect_failed", "peer=%s error=%s%s", w->config->peers[peer].name,
            brk_quote(why, quoted, sizeof quoted), partner ? brk_session_text(partner, session) : "");
}

void brk_log_not_resolved(const struct brk_worker *w, unsigned peer, const struct brk_assoc *partner)
{
    brk_log_connect_failed(
        w, peer, partner,
        "its name is still being looked up; do the name servers in /etc/resolv.conf answer?");
}

static void connect_standing(struct brk_worker *w, struct brk_standing *st)
{
    struct tr_error error;
    struct brk_assoc *a = brk_assoc_new(w, BRK_CONNECTING);
    enum tr_code code = a ? brk_connect(w, st->peer, NULL, a, &error) : TR_LIMIT;
    st->waits_until_ms = 0;
    if (code == TR_OK) {
        st->assoc = a;
        DL_APPEND(w->connecting, a);
        return;
    }
    if (code == TR_AGAIN) {
        st->waits_until_ms = w->now_ms + w->config->peers[st->peer].connect_timeout_ms;
        brk_assoc_bury(w, a);
        return;
    }
    brk_log_connect_failed(w, st->peer, NULL, a ? error.text : "out of memory");
    if (a)
        brk_assoc_bury(w, a);
    again_later(w, st);
}

/* Attempts whose time is over. The half-open association is aborted: its peer may answer later and must not
 * find one. */
static void time_out(struct brk_worker *w, struct brk_assoc *a)
{
    struct tr_error error;
    struct brk_socket *s = a->socket;
    brk_log_connect_failed(w, a->peer, a->is_partner ? a : NULL, "timeout");
    DL_DELETE(w->connecting, a);
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
    brk_assoc_bury(w, a);
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
