/* Mapped sessions: many clients share one association to a member. Each stream of a client gets a stream of
 * its own there (map.c), and what the member sends on that stream goes to this client and stream. That is
 * right only for protocols that answer on the stream they were asked on.
 *
 * Towards the member they are shared sessions: the association is a standing one, a destination of the groups
 * of mapped routes (dest.h), which picks one member for each stream of a client (stream hash) or for all
 * (override). What waits while none is up, and what a lost one did not deliver, is sent again in order, on a
 * stream of whoever takes its place (THREADS.md, Order). Answers that such a member had not sent yet, or that
 * had not arrived, are lost with it.
 *
 * Threads. A member's map belongs to the worker of its association, a client to the worker that accepted it.
 * These may be different ones; then a request goes through the inbox of the member's worker, like those of
 * shared sessions, and an answer through the inbox of the client's worker. No pointer to a client leaves its
 * worker: a map knows clients by their number, and a number is never used again.
 *
 *   - A client's worker reads its last message, then its end, and posts in that order; so the farewell comes
 *     to a map behind all requests that were posted before it, and no later one revives an entry: what had
 *     waited here and is sent when its client is not found any more says so itself (BRK_LEFT), also when it
 *     comes back from a lost member to be sent to another one.
 *   - Answers are posted in the order in which they were read. One that finds no client is too late, and is
 *     dropped as `client_gone`. No other client can have the number, so none is misdelivered.
 *   - A client that restarts (RFC 9260 5.2.4) is another client: the old one leaves, the new one has a number
 *     of its own.
 *
 * Back-pressure. A request that must wait is charged to its client's socket, and an answer to the member's,
 * so a member whose answers are not taken is not read any more. A single client must not cause this: one for
 * which a quarter of what may wait for a socket (broker.queue_messages, queue_bytes) is waiting, or as much
 * as its listener's `queue` says, is aborted. Then it has lost nothing silently, and others get their
 * answers. If several are slow, the listener's `stall` ends those that take nothing at all. */
#include "broker/session/mapped.h"

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/clients.h"
#include "broker/dest.h"
#include "broker/dispatch.h"
#include "broker/log.h"
#include "broker/parcel.h"
#include "broker/sending.h"
#include "broker/session/map.h"
#include "broker/socket.h"
#include "broker/standing.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/owners.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "routing/table.h"

#define CLIENT_PART 4 /* of what may wait for a socket, for one client */

static bool is_member(const struct brk_worker *w, unsigned peer)
{
    return rt_role(w->plan, (struct cfg_member){CFG_MEMBER_PEER, peer})->mapped;
}

static void plan(struct brk_worker *w, const struct cfg_config *old)
{
    brk_standing_adopt(w, old, &brk_mapped, is_member);
}

/* ---- requests --------------------------------------------------------------------------------------- */

static void route_in(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route)
{
    if (!from->client.farewell && !brk_client_enter(w, from)) { /* a reload has made it one, and ends it */
        brk_count_source_drop(w, from, m, route, BRK_NO_MEMORY);
        return;
    }
    struct rt_dest *d = brk_dispatch_pick(w, from, m, route);
    if (d && d->worker == w->index)
        brk_map_send(w, brk_assoc_of(d->owner), from, m, route);
    else
        brk_dispatch_copy(w, d, from, m, route);
}

/* ---- answers ---------------------------------------------------------------------------------------- */

static bool is_slow(const struct brk_worker *w, const struct brk_assoc *client)
{
    const struct brk_queue *q = &client->outbox.pending;
    return client->outbox.room ||
           (brk_queue_count(q) && (brk_queue_count(q) >= w->config->queue_messages / CLIENT_PART ||
                                   q->bytes >= w->config->queue_bytes / CLIENT_PART));
}

/* The client that an answer goes to; NULL: it has gone, or has just been aborted because it is too slow. What
 * waits for it may have come in this very turn, from a worker that ran while this one did not: it is slow
 * only if the stack does not take that. */
static struct brk_assoc *taker(struct brk_worker *w, uint64_t origin)
{
    static struct brk_log_budget lines = {.event = "client_slow", .level = CFG_LOG_WARNING};
    struct brk_assoc *client = brk_client_find(w, origin);
    if (!client || client->ended_here)
        return NULL;
    if (is_slow(w, client))
        brk_send_pending(w, client);
    if (!is_slow(w, client))
        return client;
    if (brk_assoc_admits(client, &lines))
        brk_log(CFG_LOG_WARNING, "client_slow", "listener=%s assoc=%u waiting=%u", brk_assoc_name(client),
                client->id, brk_queue_count(&client->outbox.pending));
    brk_count(&w->counts.blocked, 1);
    brk_assoc_abort(w, client, "it does not take its answers, and others wait for theirs");
    return NULL;
}

void brk_mapped_answer(struct brk_worker *w, struct rt_parcel *p)
{
    struct brk_assoc *client = taker(w, p->message->target);
    if (client)
        brk_append(w, client, p);
    else
        brk_drop_parcel(w, p, BRK_CLIENT_GONE);
}

static void post_answer(struct brk_worker *w, struct brk_assoc *a, const struct tr_msg *m, uint64_t client,
                        unsigned worker)
{
    struct rt_parcel *p = brk_copy_to_parcel(w, a, m, RT_NO_ROUTE, BRK_CHARGED);
    if (!p)
        return;
    p->message->target = client;
    p->control = BRK_ANSWER;
    brk_hand_out(w, worker, p);
}

static void answer(struct brk_worker *w, struct brk_assoc *a, const struct tr_msg *m)
{
    struct rt_stream_user user;
    struct brk_assoc *client;
    if (!brk_map_answer(w, a, m->stream, &user)) {
        brk_count_source_drop(w, a, m, RT_NO_ROUTE, BRK_NO_CLIENT);
        return;
    }
    struct tr_msg back = *m;
    back.stream = user.stream;
    unsigned worker = rt_owners_find(w->snapshot->owners, user.origin);
    if (!user.left && worker != w->index)
        post_answer(w, a, &back, user.origin, worker);
    else if (!user.left && (client = taker(w, user.origin)))
        brk_send_local(w, client, a, &back, RT_NO_ROUTE);
    else
        brk_count_source_drop(w, a, m, RT_NO_ROUTE, BRK_CLIENT_GONE);
}

/* ---- clients and members ----------------------------------------------------------------------------- */

static void enter(struct brk_worker *w, struct brk_assoc *client)
{
    if (rt_role(w->plan, client->socket->member)->mapped && !brk_client_enter(w, client))
        brk_assoc_abort(w, client, "out of memory");
}

static void up(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->session)
        enter(w, a);
    else if (brk_map_begin(w, a))
        brk_assoc_join(w, a, true);
    else
        brk_assoc_abort(w, a, "out of memory");
}

static void adopt(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->session)
        enter(w, a);
    else
        brk_assoc_join(w, a, true);
}

void brk_mapped_farewell(struct brk_worker *w, struct brk_farewell *f)
{
    brk_map_left(w, f->origin, f->streams);
    brk_farewell_done(f);
}

static void lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e)
{
    (void)clean;
    (void)e;
    if (a->session) {
        brk_map_stop(w, a);
    } else if (a->client.farewell) {
        brk_map_left(w, a->origin, a->in_streams);
        brk_client_leave(w, a);
    }
}

static bool ended(struct brk_worker *w, struct brk_assoc *a)
{
    brk_map_end(w, a);
    return brk_standing_ended(w, a);
}

static void restarted(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a)
{
    brk_map_hand_over(w, old, a);
    brk_standing_restarted(w, old, a);
}

static const char *fixed(const struct brk_worker *w, const struct brk_assoc *a)
{
    (void)w;
    return a->session || a->client.farewell ? "associations of mapped sessions stay with their worker" : NULL;
}

const struct brk_session brk_mapped = {
    .plan = plan,
    .route_in = route_in,
    .deliver = brk_map_deliver,
    .answer = answer,
    .returned = brk_dispatch_again,
    .up = up,
    .adopt = adopt,
    .fixed = fixed,
    .lost = lost,
    .streams = brk_map_streams,
    .streams_denied = brk_map_denied,
    .dry = brk_map_dry,
    .timed_out = brk_standing_timed_out,
    .ended = ended,
    .restarted = restarted,
};
