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

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/log.h"
#include "broker/sending.h"
#include "broker/session/hold_back.h"
#include "broker/session/partner.h"
#include "broker/parcel.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/same.h"
#include "config/sctp/options.h"
#include "routing/plan.h"
#include "routing/table.h"
#include "transport/transport.h"

static const char answers_left[] = "its session's client shut down before its last answers";
static const char peer_left[] = "its session's peer shut down before it had all its messages";
static const char peer_left_before[] = "its session's peer shut down before its last messages";

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
    const char *instead = brk_outbox_is_empty(&client->outbox) ? NULL : answers_left;
    brk_partner_unlink(partner);
    if (clean && client->pair.waits) {
        partner->pair.waits = true;
        partner->outbox.abort_instead = instead;
    } else if (clean) {
        end_last(w, partner, instead);
    } else if (partner->state == BRK_RESOLVING || partner->state == BRK_CONNECTING) {
        brk_partner_abandon(w, partner);
    } else if (partner->state == BRK_UP) {
        abort_as(w, partner, "its session's client was lost", e);
    }
}

/* Its client has shut down, and it has been given all that the client sent. */
static void end_partner(struct brk_worker *w, struct brk_assoc *partner)
{
    end_last(w, partner, partner->outbox.abort_instead);
}

static void partner_lost(struct brk_worker *w, struct brk_assoc *partner, bool clean,
                         const struct tr_event *e)
{
    struct brk_assoc *client = partner->pair.client;
    partner->pair.waits = false;
    brk_partner_unlink(partner);
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
    if (client->pair.waits) {
        brk_hold_back(w, client, m, route);
        return;
    }
    struct brk_assoc *partner = brk_partner_of(w, &brk_paired, client, route);
    if (partner) {
        brk_send_local(w, partner, client, m, route);
        return;
    }
    brk_count_source_drop(w, client, m, route, BRK_UNREACHABLE);
    not_passed_on(w, client, peer_left_before);
}

/* It was for a member of a group, under another plan. */
static void returned(struct brk_worker *w, struct rt_parcel *p)
{
    struct brk_assoc *client = brk_assoc_by_origin(w, p->message->origin);
    struct brk_assoc *partner = client ? brk_partner_of(w, &brk_paired, client, p->route) : NULL;
    if (partner)
        brk_append(w, partner, p);
    else
        brk_drop_parcel(w, p,
                        p->message->was_sent ? BRK_UNACKNOWLEDGED
                        : client             ? BRK_UNREACHABLE
                                             : BRK_CLIENT_GONE);
}

void brk_paired_turn(struct brk_worker *w)
{
    brk_held_back_turn(w, returned, end_partner);
}

static bool keeps(const struct brk_assoc *partner, const struct brk_session *kind)
{
    return kind == &brk_paired || !partner->pair.replaced;
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

/* Behind its older ones. */
static bool last(struct brk_worker *w, struct brk_assoc *client, const struct tr_msg *m, uint32_t route)
{
    if (!client->pair.partner)
        return false;
    if (client->pair.waits)
        brk_hold_back(w, client, m, route);
    else
        brk_send_local(w, client->pair.partner, client, m, route);
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

/* ---- another worker ---- */

static struct brk_assoc *companion(const struct brk_assoc *a)
{
    return a->session ? a->pair.client : a->pair.partner;
}

static const char *fixed(const struct brk_worker *w, const struct brk_assoc *a)
{
    const struct brk_assoc *client = a->session ? a->pair.client : NULL;
    (void)w;
    return a->pair.waits || (client && client->pair.waits)
               ? "messages of its session wait for a reload to be complete"
               : NULL;
}

/* ---- up, and reloads ---- */

static void up(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->session)
        brk_partner_open(w, &brk_paired, a);
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
    if (a->session)
        return;
    brk_held_back_adopt(w, a);
    brk_partner_open(w, &brk_paired, a);
}

const struct brk_session brk_paired = {
    .per_client = true,
    .route_in = route_in,
    .answer = answer,
    .last = last,
    .returned = returned,
    .keeps = keeps,
    .up = up,
    .adopt = adopt,
    .lost = lost,
    .streams = streams,
    .fixed = fixed,
    .companion = companion,
    .numbers = numbers,
    .stays = stays,
    .resolved = brk_partner_resolved,
    .timed_out = brk_partner_timed_out,
    .refused = brk_partner_refused,
    .ended = brk_partner_ended,
};
