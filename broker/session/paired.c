/* Paired sessions: each association of a listener, the client, gets an association of its own to a member
 * of the group, its partner.
 *
 * The partner asks for the streams its client has, in both directions, and for those on which its routes have
 * messages leave (`set_stream`). Answers leave as they come: nothing is changed back. Messages of the client
 * wait in the partner's outbox until it is up. If a member cannot be connected the next one is tried
 * (routing/choice.h); if all fail, the session is refused and the client's association aborted. From then
 * on they end together: a shutdown of one is followed by that of the other when what was pending has been
 * sent, an abort at once.
 *
 * When streams are added to one of the two (RFC 6525), by either side, the other side is asked for as
 * many, since they were made to match. Its answer comes as the same event and finds both equal, so this
 * does not repeat. If it refuses, messages on the new streams are mapped, as on any stream that was not
 * granted.
 *
 * Client and partner belong to the same worker, so nothing here is shared between threads. */
#include "broker/session/paired.h"

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/opening.h"
#include "broker/sending.h"
#include "broker/setup.h"
#include "broker/parcel.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/same.h"
#include "config/sctp/options.h"
#include "routing/choice.h"
#include "routing/plan.h"
#include "routing/table.h"
#include "transport/transport.h"

static const char answers_left[] = "its session's client shut down before its last answers";
static const char peer_left[] = "its session's peer shut down before it had all its messages";
static const char peer_left_before[] = "its session's peer shut down before its last messages";

static bool is_usable(void *worker, unsigned peer)
{
    const struct brk_worker *w = worker;
    return brk_peer_usable(w->broker, peer, w->now_ms);
}

static struct rt_choice choice(const struct brk_worker *w, unsigned group)
{
    return (struct rt_choice){&w->config->groups[group], w->snapshot->groups[group]->member_weights};
}

/* The current member cannot be connected: moves to the next one. */
static void next_member(struct brk_worker *w, struct brk_assoc *partner)
{
    partner->pair.tries++;
    partner->pair.address_tries = 0;
    partner->pair.candidate =
        rt_choice_next(choice(w, partner->pair.group), partner->pair.chosen_for, partner->pair.candidate);
}

/* Tries members, beginning with the current one, until a set-up or the look-up of an address has started. */
static bool connect_next(struct brk_worker *w, struct brk_assoc *partner)
{
    unsigned members = rt_choice_count(choice(w, partner->pair.group));
    struct opt_set streams = {0};
    struct tr_error error;
    opt_put(&streams, OPTF_INIT_OSTREAMS, partner->pair.asked_out_streams);
    opt_put(&streams, OPTF_INIT_INSTREAMS, partner->pair.asked_in_streams);
    for (; partner->pair.tries < members; next_member(w, partner)) {
        unsigned peer = partner->pair.candidate;
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
    if (partner->pair.client)
        partner->pair.client->pair.partner = NULL;
    partner->pair.client = NULL;
}

/* How many streams a partner needs, in either direction: those that its client has, and those that routes
 * say; a server mostly answers on the stream of the question. */
static uint16_t streams_for(const struct brk_worker *w, const struct brk_assoc *client, uint16_t had)
{
    uint16_t said = rt_role(w->plan, client->socket->member)->paired_streams;
    return said > had ? said : had;
}

/* The partner for a message of `client` on `route`; starts to connect one if there is none yet. NULL:
 * refused. */
static struct brk_assoc *partner_of(struct brk_worker *w, struct brk_assoc *client, uint32_t route)
{
    if (client->pair.partner)
        return client->pair.partner;
    if (client->state != BRK_UP || client->outbox.eof_wanted || client->outbox.eof_sent)
        return NULL;
    struct brk_assoc *partner = brk_assoc_new(w, BRK_CONNECTING);
    if (!partner)
        return NULL;
    partner->session = &brk_paired;
    partner->session_number = client->session_number = client->origin;
    partner->pair.group = w->config->routes[route].group;
    partner->pair.chosen_for = client->origin;
    partner->pair.candidate = rt_choice_first(choice(w, partner->pair.group), client->origin,
                                              &w->picks[partner->pair.group], is_usable, w);
    partner->pair.asked_out_streams = streams_for(w, client, client->in_streams);
    partner->pair.asked_in_streams = streams_for(w, client, client->out_streams);
    if (!connect_next(w, partner)) {
        brk_assoc_close(w, partner);
        brk_assoc_abort(w, client, "no member of its group could be connected");
        return NULL;
    }
    partner->pair.client = client;
    client->pair.partner = partner;
    return partner;
}

static void open_session(struct brk_worker *w, struct brk_assoc *client)
{
    uint32_t route = rt_role(w->plan, client->socket->member)->paired_route;
    if (route != RT_NO_ROUTE)
        partner_of(w, client, route);
}

/* The next attempt to connect a partner, or, if no member is left, the end of the session. */
static void go_on(struct brk_worker *w, struct brk_assoc *partner, const char *why)
{
    static struct brk_log_budget lines = {.event = "session_refused", .level = CFG_LOG_WARNING};
    struct brk_assoc *client = partner->pair.client;
    const struct cfg_group *g = &w->config->groups[partner->pair.group];
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

/* It could not be connected: the next member, or the end of the session. */
static void connect_failed(struct brk_worker *w, struct brk_assoc *partner, const char *why)
{
    brk_peer_failed(w, partner->peer);
    go_on(w, partner, why);
}

static void timed_out(struct brk_worker *w, struct brk_assoc *partner)
{
    next_member(w, partner);
    connect_failed(w, partner, "timeout");
}

static void resolved(struct brk_worker *w, struct brk_assoc *partner)
{
    go_on(w, partner, "unreachable");
}

/* By its current address. A member is given up when all its addresses have refused. */
static void refused(struct brk_worker *w, struct brk_assoc *partner)
{
    if (++partner->pair.address_tries >= brk_names_found(w, partner->peer))
        next_member(w, partner);
}

static bool ended(struct brk_worker *w, struct brk_assoc *partner)
{
    if (partner->was_up)
        return false;
    connect_failed(w, partner, "refused");
    return true;
}

/* Ends a partner that is still being connected. */
static void abandon(struct brk_worker *w, struct brk_assoc *partner)
{
    brk_setup_abandon(w, partner);
    brk_drop_queue(w, &partner->outbox.pending, BRK_PEER_LOST);
    brk_assoc_close(w, partner);
}

/* Aborts `a` with the reason that the other side's peer gave: the text of a User-Initiated Abort. Other
 * causes are about that association only. */
static void abort_as(struct brk_worker *w, struct brk_assoc *a, const char *why, const struct tr_event *e)
{
    enum { USER_INITIATED_ABORT = 12, REASON_MAX = 1024 }; /* RFC 9260 3.3.10.12; one packet */
    uint32_t len = e->change.error == USER_INITIATED_ABORT ? e->change.reason_len : 0;
    brk_assoc_abort_for(w, a, why, e->change.reason, len < REASON_MAX ? len : REASON_MAX);
}

/* SCTP has acknowledged what both sides sent, so if some of it is dropped, an abort is the only way to say
 * so; a graceful shutdown would mean that everything arrived. But the abort must not come before what is
 * on its way to that association has arrived: that was acknowledged, too. So the last association of a
 * session ends when everything sent to it has been acknowledged (dry.c), in the way that depends on what
 * became of its own messages until then. */
static void end_last(struct brk_worker *w, struct brk_assoc *a, const char *abort_instead)
{
    a->outbox.abort_instead = abort_instead;
    a->outbox.eof_when_dry = !a->dest; /* a destination has no last message */
    if (a->outbox.eof_sent && abort_instead)
        brk_assoc_abort(w, a, abort_instead);
    else
        brk_assoc_eof(w, a);
}

/* A message of it was dropped, because the other side is gone. */
static void not_passed_on(struct brk_worker *w, struct brk_assoc *a, const char *why)
{
    if (a->state != BRK_UP || !a->outbox.eof_wanted || a->outbox.abort_instead)
        return;
    a->outbox.abort_instead = why;
    if (a->outbox.eof_sent || !a->outbox.eof_when_dry)
        brk_assoc_abort(w, a, why);
}

/* The client has ended: after a shutdown what it sent still goes to its partner, after an abort nothing
 * does. */
static void client_lost(struct brk_worker *w, struct brk_assoc *client, bool clean, const struct tr_event *e)
{
    struct brk_assoc *partner = client->pair.partner;
    if (!partner)
        return;
    unlink_partner(partner);
    if (clean)
        end_last(w, partner, brk_outbox_is_empty(&client->outbox) ? NULL : answers_left);
    else if (partner->state == BRK_RESOLVING || partner->state == BRK_CONNECTING)
        abandon(w, partner);
    else if (partner->state == BRK_UP)
        abort_as(w, partner, "its session's client was lost", e);
}

static void partner_lost(struct brk_worker *w, struct brk_assoc *partner, bool clean,
                         const struct tr_event *e)
{
    struct brk_assoc *client = partner->pair.client;
    unlink_partner(partner);
    if (!client || client->state != BRK_UP)
        return;
    if (clean)
        end_last(w, client, brk_outbox_is_empty(&partner->outbox) ? NULL : peer_left);
    else
        abort_as(w, client, "its session's peer was lost", e);
}

static void lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e)
{
    if (a->session)
        partner_lost(w, a, clean, e);
    else
        client_lost(w, a, clean, e);
}

/* ---- messages ---- */

static void route_in(struct brk_worker *w, struct brk_assoc *client, const struct tr_msg *m, uint32_t route)
{
    struct brk_assoc *partner = partner_of(w, client, route);
    if (partner) {
        brk_send_local(w, partner, client, m, route);
        return;
    }
    brk_count_source_drop(w, client, m, route, BRK_UNREACHABLE);
    not_passed_on(w, client, peer_left_before);
}

static void waited(struct brk_worker *w, struct brk_assoc *client, struct rt_parcel *p)
{
    struct brk_assoc *partner = partner_of(w, client, p->route);
    if (partner)
        brk_append(w, partner, p);
    else
        brk_drop_parcel(w, p, BRK_UNREACHABLE);
}

static void answer(struct brk_worker *w, struct brk_assoc *partner, const struct tr_msg *m)
{
    if (partner->pair.client) {
        brk_send_local(w, partner->pair.client, partner, m, RT_NO_ROUTE);
        return;
    }
    brk_count_source_drop(w, partner, m, RT_NO_ROUTE, BRK_PEER_LOST);
    not_passed_on(w, partner, answers_left);
}

static bool last(struct brk_worker *w, struct brk_assoc *client, const struct tr_msg *m)
{
    if (!client->pair.partner)
        return false;
    brk_send_local(w, client->pair.partner, client, m, RT_NO_ROUTE);
    return true;
}

/* ---- streams ---- */

/* If one side of a session has got more streams than `in` and `out`, asks the other side for as many. */
static void match_streams(const struct brk_assoc *a, uint16_t in, uint16_t out, struct brk_assoc *other)
{
    static struct brk_log_budget lines = {.event = "streams_differ", .level = CFG_LOG_WARNING};
    struct tr_error error;
    char quoted[300];
    if (!other || other->state != BRK_UP)
        return;
    uint16_t more_out = 0, more_in = 0;
    if (a->in_streams > in && a->in_streams > other->out_streams)
        more_out = (uint16_t)(a->in_streams - other->out_streams);
    if (a->out_streams > out && a->out_streams > other->in_streams)
        more_in = (uint16_t)(a->out_streams - other->in_streams);
    if (!more_out && !more_in)
        return;
    if (tr_add_streams(other->socket->ep, other->id, more_out, more_in, &error) != TR_OK &&
        brk_assoc_admits(other, &lines))
        brk_log(CFG_LOG_WARNING, "streams_differ", "%s=%s assoc=%u out=%u in=%u error=%s",
                brk_member_word(other->socket->member), brk_assoc_name(other), other->id, more_out, more_in,
                brk_quote(error.text, quoted, sizeof quoted));
}

static void streams(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out)
{
    (void)w;
    match_streams(a, in, out, a->session ? a->pair.client : a->pair.partner);
}

/* ---- up, and reloads ---- */

static void up(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->session)
        open_session(w, a);
    else if (a->pair.client) /* it may have got streams since its partner asked for as many */
        match_streams(a->pair.client, a->pair.asked_out_streams, a->pair.asked_in_streams, a);
}

static bool numbers(const struct brk_worker *w, const struct brk_assoc *a)
{
    return rt_role(w->plan, a->socket->member)->paired_route != RT_NO_ROUTE;
}

static bool stays(const struct brk_worker *w, const struct brk_assoc *client, const struct cfg_config *old)
{
    const struct brk_assoc *partner = client->pair.partner;
    if (!partner)
        return true;
    uint32_t route = rt_role(w->plan, client->socket->member)->paired_route;
    if (route == RT_NO_ROUTE || w->config->routes[route].group != partner->pair.group ||
        !cfg_same_remote(&old->peers[partner->peer], &w->config->peers[partner->peer]))
        return false;
    const struct cfg_group *g = &w->config->groups[partner->pair.group];
    for (unsigned i = 0; i < g->member_count; i++)
        if (g->members[i].index == partner->peer)
            return true;
    return false;
}

static void adopt(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->session)
        open_session(w, a);
}

const struct brk_session brk_paired = {
    .per_client = true,
    .route_in = route_in,
    .answer = answer,
    .last = last,
    .returned = brk_drop_undelivered, /* there is nobody else */
    .waited = waited,
    .up = up,
    .adopt = adopt,
    .lost = lost,
    .streams = streams,
    .numbers = numbers,
    .stays = stays,
    .resolved = resolved,
    .timed_out = timed_out,
    .refused = refused,
    .ended = ended,
};
