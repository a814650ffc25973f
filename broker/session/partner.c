/* See partner.h. */
#include "broker/session/partner.h"

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/opening.h"
#include "broker/parcel.h"
#include "broker/sending.h"
#include "broker/session/session.h"
#include "broker/setup.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "routing/choice.h"
#include "routing/plan.h"
#include "transport/transport.h"

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

void brk_partner_unlink(struct brk_assoc *partner)
{
    struct brk_assoc *client = partner->pair.client;
    if (client) {
        client->pair.partner = NULL;
        partner->pair.replaced |= client->end_by_ms != 0;
    }
    partner->pair.client = NULL;
}

/* How many streams a partner needs, in either direction: those that its client has, and those that routes
 * say; a server mostly answers on the stream of the question. */
static uint16_t streams_for(const struct brk_worker *w, const struct brk_assoc *client, uint16_t had)
{
    uint16_t said = rt_role(w->plan, client->socket->member)->paired_streams;
    return said > had ? said : had;
}

struct brk_assoc *brk_partner_of(struct brk_worker *w, const struct brk_session *kind,
                                 struct brk_assoc *client, uint32_t route)
{
    if (client->pair.partner)
        return client->pair.partner;
    if (client->state != BRK_UP || client->outbox.eof_wanted || client->outbox.eof_sent)
        return NULL;
    struct brk_assoc *partner = brk_assoc_new(w, BRK_CONNECTING);
    if (!partner)
        return NULL;
    partner->session = kind;
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

void brk_partner_open(struct brk_worker *w, const struct brk_session *kind, struct brk_assoc *client)
{
    uint32_t route = rt_role(w->plan, client->socket->member)->paired_route;
    if (route != RT_NO_ROUTE)
        brk_partner_of(w, kind, client, route);
}

/* The next attempt to connect a partner, or, if no member is left, the end of the session. */
static void go_on(struct brk_worker *w, struct brk_assoc *partner, const char *why)
{
    static struct brk_log_budget lines = {.event = "session_refused", .level = CFG_LOG_WARNING};
    struct brk_assoc *client = partner->pair.client;
    const struct cfg_group *g = &w->config->groups[partner->pair.group];
    char session[BRK_SESSION_TEXT];
    bool wanted = client || brk_queue_count(&partner->outbox.pending) || partner->pair.waits;
    partner->state = BRK_CONNECTING;
    if (wanted && connect_next(w, partner))
        return;
    if (wanted && brk_log_admits(&lines, w->now_ms))
        brk_log(CFG_LOG_WARNING, "session_refused", "group=%s error=%s waiting=%u%s", g->name, why,
                brk_queue_count(&partner->outbox.pending), brk_session_text(partner, session));
    partner->state = BRK_LOST;
    brk_partner_unlink(partner);
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

void brk_partner_timed_out(struct brk_worker *w, struct brk_assoc *partner)
{
    next_member(w, partner);
    connect_failed(w, partner, "timeout");
}

void brk_partner_resolved(struct brk_worker *w, struct brk_assoc *partner)
{
    go_on(w, partner, "unreachable");
}

/* By its current address. A member is given up when all its addresses have refused. */
void brk_partner_refused(struct brk_worker *w, struct brk_assoc *partner)
{
    if (++partner->pair.address_tries >= brk_names_found(w, partner->peer))
        next_member(w, partner);
}

bool brk_partner_ended(struct brk_worker *w, struct brk_assoc *partner)
{
    if (partner->was_up)
        return false;
    connect_failed(w, partner, "refused");
    return true;
}

void brk_partner_abandon(struct brk_worker *w, struct brk_assoc *partner)
{
    brk_setup_abandon(w, partner);
    brk_drop_queue(w, &partner->outbox.pending, BRK_PEER_LOST);
    brk_assoc_close(w, partner);
}
