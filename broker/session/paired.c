/* Paired sessions: each source association gets an association of its own to a member of the group, its
 * partner.
 *
 * The partner asks for the streams its client has, both ways. Messages of the client wait in the partner's
 * `pending` until it is up. If a member cannot be connected the next one is tried (routing/choice.h);
 * when all failed the session is refused and the client's association aborted. Afterwards the two live and
 * die together: a shutdown is carried across when what was pending has been sent, an abort at once.
 *
 * Client and partner belong to one worker, so nothing here is shared. */
#include "broker/session/paired.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/opening.h"
#include "broker/sending.h"
#include "broker/parcel.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "routing/choice.h"
#include "routing/plan.h"
#include "routing/table.h"
#include "transport/transport.h"

static bool is_usable(void *worker, unsigned peer)
{
    const struct brk_worker *w = worker;
    return brk_peer_usable(w->broker, peer, w->now_ms);
}

void brk_session_next_member(struct brk_worker *w, struct brk_assoc *partner)
{
    const struct cfg_group *g = &w->config->groups[partner->group];
    partner->tries++;
    partner->address_tries = 0;
    partner->candidate = rt_choice_next(g, partner->chosen_for, partner->candidate);
}

/* Tries members from the current one on until a set-up is under way, or the look-up of an address for one.
 */
static bool connect_next(struct brk_worker *w, struct brk_assoc *partner)
{
    const struct cfg_group *g = &w->config->groups[partner->group];
    struct opt_set streams = {0};
    struct tr_error error;
    opt_put(&streams, OPTF_INIT_OSTREAMS, partner->asked_out_streams);
    opt_put(&streams, OPTF_INIT_INSTREAMS, partner->asked_in_streams);
    for (; partner->tries < g->member_count; brk_session_next_member(w, partner)) {
        unsigned peer = partner->candidate;
        enum tr_code code = brk_connect(w, peer, &streams, partner, &error);
        if (code == TR_OK) {
            brk_assoc_enter(partner, &w->connecting);
            return true;
        }
        if (code == TR_AGAIN) {
            partner->state = BRK_RESOLVING;
            partner->deadline_ms = w->now_ms + w->config->peers[peer].connect_timeout_ms;
            brk_assoc_enter(partner, &w->resolving);
            return true;
        }
        brk_peer_failed(w, peer);
        brk_log_connect_failed(w, peer, partner, error.text);
    }
    return false;
}

static void unlink_partner(struct brk_assoc *partner)
{
    if (partner->client)
        partner->client->partner = NULL;
    partner->client = NULL;
}

struct brk_assoc *brk_session_partner(struct brk_worker *w, struct brk_assoc *client, uint32_t route)
{
    if (client->partner)
        return client->partner;
    if (client->state != BRK_UP || client->outbox.eof_wanted || client->outbox.eof_sent)
        return NULL;
    struct brk_assoc *partner = brk_assoc_new(w, BRK_CONNECTING);
    if (!partner)
        return NULL;
    partner->is_partner = true;
    partner->session = client->session = client->origin;
    partner->group = w->config->routes[route].group;
    partner->chosen_for = client->origin;
    partner->candidate = rt_choice_first(&w->config->groups[partner->group], client->origin,
                                         &w->picks[partner->group], is_usable, w);
    partner->asked_out_streams = client->in_streams;
    partner->asked_in_streams = client->out_streams;
    if (!connect_next(w, partner)) {
        brk_assoc_close(w, partner);
        brk_assoc_abort(w, client, "no member of its group could be connected");
        return NULL;
    }
    partner->client = client;
    client->partner = partner;
    return partner;
}

void brk_session_open(struct brk_worker *w, struct brk_assoc *client)
{
    uint32_t route = rt_role(w->plan, client->socket->member)->paired_route;
    if (route != RT_NO_ROUTE)
        brk_session_partner(w, client, route);
}

/* The next attempt for a partner without one, or the end of the session when none is left. */
static void go_on(struct brk_worker *w, struct brk_assoc *partner, const char *why)
{
    static struct brk_log_budget lines = {.event = "session_refused", .level = CFG_LOG_WARNING};
    struct brk_assoc *client = partner->client;
    const struct cfg_group *g = &w->config->groups[partner->group];
    char session[BRK_SESSION_TEXT];
    bool wanted = client || brk_queue_count(&partner->outbox.pending);
    partner->state = BRK_CONNECTING;
    if (wanted && connect_next(w, partner))
        return;
    if (wanted && brk_log_admits(&lines, w->now_ms))
        brk_log(CFG_LOG_WARNING, "session_refused", "group=%s error=%s waiting=%u%s", g->name, why,
                brk_queue_count(&partner->outbox.pending), brk_session_text(partner, session));
    partner->state = BRK_LOST;
    unlink_partner(partner);
    brk_drop_queue(w, &partner->outbox.pending, BRK_UNREACHABLE);
    brk_assoc_close(w, partner);
    if (client)
        brk_assoc_abort(w, client, "no member of its group could be connected");
}

void brk_session_connect_failed(struct brk_worker *w, struct brk_assoc *partner, const char *why)
{
    brk_peer_failed(w, partner->peer);
    go_on(w, partner, why);
}

void brk_session_not_resolved(struct brk_worker *w, struct brk_assoc *partner)
{
    brk_log_not_resolved(w, partner->peer, partner);
    brk_assoc_leave(partner, &w->resolving);
    brk_session_next_member(w, partner);
    brk_session_connect_failed(w, partner, "timeout");
}

void brk_session_address_failed(struct brk_worker *w, struct brk_assoc *partner)
{
    if (++partner->address_tries < brk_names_found(w, partner->peer))
        return;
    brk_session_next_member(w, partner);
}

/* Those that come to wait again while this runs stand behind the ones it is about. */
void brk_session_resolved(struct brk_worker *w, unsigned peer)
{
    struct brk_assoc *partner;
    unsigned count;
    DL_COUNT(w->resolving, partner, count);
    while (count-- > 0 && (partner = w->resolving)) {
        brk_assoc_leave(partner, &w->resolving);
        if (partner->peer == peer)
            go_on(w, partner, "unreachable");
        else
            brk_assoc_enter(partner, &w->resolving);
    }
}

/* Gives up a partner that is still being connected. */
static void abandon(struct brk_worker *w, struct brk_assoc *partner)
{
    struct tr_error error;
    struct brk_socket *s = partner->socket;
    if (partner->state == BRK_RESOLVING) {
        brk_assoc_leave(partner, &w->resolving);
    } else {
        brk_assoc_leave(partner, &w->connecting);
        tr_abort(s->ep, partner->id, &error);
        brk_assoc_detach(partner);
        brk_socket_close(s);
    }
    partner->state = BRK_LOST;
    brk_drop_queue(w, &partner->outbox.pending, BRK_PEER_LOST);
    brk_assoc_close(w, partner);
}

/* What a peer said with its abort, to be said to the other side: the text of a User-Initiated Abort, and of
 * no other cause, which would be about this association. */
static void abort_as(struct brk_worker *w, struct brk_assoc *a, const char *why, const struct tr_event *e)
{
    enum { USER_INITIATED_ABORT = 12, REASON_MAX = 1024 }; /* RFC 9260 3.3.10.12; one packet */
    uint32_t len = e->change.error == USER_INITIATED_ABORT ? e->change.reason_len : 0;
    brk_assoc_abort_for(w, a, why, e->change.reason, len < REASON_MAX ? len : REASON_MAX);
}

/* The client is over: after a shutdown what it sent still goes to its partner, after an abort nothing does.
 */
static void client_lost(struct brk_worker *w, struct brk_assoc *client, bool clean, const struct tr_event *e)
{
    struct brk_assoc *partner = client->partner;
    if (!partner)
        return;
    unlink_partner(partner);
    if (clean)
        brk_assoc_eof(w, partner);
    else if (partner->state == BRK_RESOLVING || partner->state == BRK_CONNECTING)
        abandon(w, partner);
    else if (partner->state == BRK_UP)
        abort_as(w, partner, "its session's client was lost", e);
}

/* After a server's shutdown its client is shut down, too, but only where all that it sent has been passed on:
 * SCTP has acknowledged it, so an abort is the only way to say that some did not arrive. */
void brk_session_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e)
{
    struct brk_assoc *client = a->client;
    if (!a->is_partner) {
        client_lost(w, a, clean, e);
        return;
    }
    unlink_partner(a);
    if (!client || client->state != BRK_UP)
        return;
    if (clean && !brk_queue_count(&a->outbox.pending))
        brk_assoc_eof(w, client);
    else
        abort_as(w, client,
                 clean ? "its session's peer left with messages of it" : "its session's peer was lost", e);
}

void brk_session_unserved(struct brk_worker *w, struct brk_assoc *client)
{
    if (client->state == BRK_UP && client->outbox.eof_wanted && !client->unserved)
        brk_assoc_abort(w, client, "its session's peer left before its last messages");
    client->unserved = true;
}
