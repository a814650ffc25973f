/* What all workers know of a peer: whether connecting to it makes sense now. */
#include "broker/health.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>

#include "broker/assoc.h"
#include "broker/history.h"
#include "broker/log.h"
#include "broker/session/session.h"
#include "broker/state.h"
#include "config/config.h"
#include "routing/inbox.h"
#include "routing/plan.h"

/* The pause after `failures` failures in a row: it doubles up to a bound, and is between half and all of
 * that, at random. */
static uint64_t back_off(const struct cfg_peer *p, unsigned failures)
{
    uint64_t pause = p->reconnect_initial_ms;
    for (; failures > 1 && pause < p->reconnect_max_ms; failures--)
        pause *= 2;
    if (pause > p->reconnect_max_ms)
        pause = p->reconnect_max_ms;
    return pause / 2 + (uint64_t)random() % (pause / 2 + 1);
}

/* Failures are in a row until an association has delivered a message (brk_peer_worked), or until nothing
 * has failed for reconnect.max. Neither happens with a peer that accepts and then aborts or shuts down.
 * Failures during the pause count as the one that started it: associations are often lost together. Two
 * workers may record a failure at the same moment; then one of the two prevails, and either is correct. */
uint64_t brk_peer_failed(struct brk_worker *w, unsigned peer)
{
    struct brk_peer_health *h = brk_health(w->broker, peer);
    const struct cfg_peer *p = &w->config->peers[peer];
    uint64_t until_ms = atomic_load_explicit(&h->down_until_ms, memory_order_relaxed);
    if (until_ms > w->now_ms)
        return until_ms;
    if (w->now_ms > atomic_load_explicit(&h->row_ends_ms, memory_order_relaxed))
        brk_peer_worked(w->broker, peer);
    unsigned failures = atomic_fetch_add_explicit(&h->failures, 1, memory_order_relaxed) + 1;
    until_ms = w->now_ms + back_off(p, failures);
    atomic_store_explicit(&h->down_until_ms, until_ms, memory_order_relaxed);
    atomic_store_explicit(&h->row_ends_ms, until_ms + p->connect_timeout_ms + p->reconnect_max_ms,
                          memory_order_relaxed);
    return until_ms;
}

void brk_peer_suspect(struct brk_worker *w, struct cfg_member m)
{
    if (m.kind != CFG_MEMBER_PEER)
        return;
    atomic_fetch_add_explicit(&brk_health(w->broker, m.index)->failed, 1, memory_order_relaxed);
    if (w->plan->ejects)
        eventfd_write(rt_inbox_fd(&w->broker->control), 1); /* control looks at each turn */
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

void brk_log_connect_failed(struct brk_worker *w, unsigned peer, const struct brk_assoc *a, const char *why)
{
    static struct brk_log_budget lines = {.event = "connect_failed", .level = CFG_LOG_WARNING};
    char quoted[300], session[BRK_SESSION_TEXT] = "";
    brk_note_peer(w, peer, BRK_HAPPENED_NOT_CONNECTED, why);
    if (a && a->session->per_client && !brk_log_admits(&lines, w->now_ms))
        return;
    brk_log(CFG_LOG_WARNING, "connect_failed", "peer=%s error=%s%s", w->config->peers[peer].name,
            brk_quote(why, quoted, sizeof quoted), a ? brk_session_text(a, session) : "");
}

void brk_log_not_resolved(struct brk_worker *w, unsigned peer, const struct brk_assoc *a)
{
    brk_log_connect_failed(
        w, peer, a, "its name is still being looked up; do the name servers in /etc/resolv.conf answer?");
}
