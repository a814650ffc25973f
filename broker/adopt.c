/* Preparing for a plan, and adopting it: see adopt.h.
 *
 * Adopting compares the new plan with the previous one and acts on the differences only:
 *
 * - Listeners: new and moved ones are already open and are read from now on. Sockets that were replaced,
 *   and those of listeners that were removed, stop accepting and are closed with their last association. A
 *   listener of which some addresses have changed already has the new addresses and now gives up the old
 *   ones.
 * - Associations of removed listeners and peers, and of peers with other addresses, are ended (ending.h),
 *   and so is a session that no route would make any more. All others stay.
 * - Sessions open and end standing associations as the routes require, and route again what waits for a
 *   group.
 * - Options: changes are set on the sockets and associations that their rows in options.def name. */
#include "broker/adopt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/ending.h"
#include "broker/limit.h"
#include "broker/room.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/notice.h"
#include "broker/opening.h"
#include "broker/options.h"
#include "broker/parcel.h"
#include "broker/peeling.h"
#include "broker/session/hold_back.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/standing.h"
#include "broker/state.h"
#include "broker/timeouts.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/same.h"
#include "config/sctp/hash.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/plan.h"
#include "transport/transport.h"

static void answer(struct brk_worker *w)
{
    w->step = (struct rt_parcel){.kind = RT_CONTROL, .control = BRK_STEPPED, .to = w, .embedded = true};
    rt_batch_add(&w->out[w->broker->worker_count], &w->step);
}

/* Grows the array whose pointer is stored at `array` from `had` to `count` items; new items are zero. One
 * item more is allocated, so that an empty array is not NULL. */
static bool widen(void *array, unsigned had, unsigned count, size_t size)
{
    void *list;
    memcpy(&list, array, sizeof list);
    if (list && count <= had)
        return true;
    void *larger = reallocarray(list, (size_t)count + 1, size);
    if (!larger)
        return false;
    memset((char *)larger + had * size, 0, (count + 1 - had) * size);
    memcpy(array, &larger, sizeof larger);
    return true;
}

bool brk_worker_fit(struct brk_worker *w, const struct cfg_config *c)
{
    unsigned had = w->group_room, standing = CFG_SESSIONS * c->peer_count;
    if (!brk_counts_fit(&w->counts, c) || !widen(&w->parked, had, c->group_count, sizeof *w->parked) ||
        !widen(&w->returned, had, c->group_count, sizeof *w->returned) ||
        !widen(&w->picks, had, c->group_count, sizeof *w->picks) ||
        !widen(&w->standing, w->standing_room, standing, sizeof *w->standing))
        return false;
    for (unsigned g = had; g < c->group_count; g++)
        w->picks[g].next = w->index; /* or the first pick of every worker would be the same member */
    w->group_room = had > c->group_count ? had : c->group_count;
    w->standing_room = w->standing_room > standing ? w->standing_room : standing;
    return true;
}

static bool stays(const struct cfg_config *old, const struct cfg_config *c, unsigned listener)
{
    return listener < old->listener_count &&
           cfg_same_listening(&old->listeners[listener], &c->listeners[listener]);
}

/* Whether the addresses of its socket change. A second socket on the same port is not possible: on Linux, the
 * sockets that share a port must have all their addresses in common, or none. */
static bool is_readdressed(const struct brk_worker *w, const struct cfg_config *old,
                           const struct cfg_config *c, unsigned listener)
{
    return listener < old->listener_count && tr_backend_caps(w->broker->backend) & TR_CAP_ADDRESSES &&
           cfg_readdressed(&old->listeners[listener], &c->listeners[listener]);
}

/* Removes those of the first `count` addresses of `from` that `to` does not have. */
static void remove_addresses(struct brk_socket *s, const struct cfg_listener *from, unsigned count,
                             const struct cfg_listener *to)
{
    struct tr_error error;
    char quoted[300];
    s->readdressed = false;
    for (unsigned i = 0; i < count; i++)
        if (!cfg_listens_at(to, &from->addresses[i]) &&
            tr_remove_addresses(s->ep, &from->addresses[i], 1, &error) != TR_OK)
            brk_log(CFG_LOG_ERROR, "address_stays", "listener=%s error=%s", to->name,
                    brk_quote(error.text, quoted, sizeof quoted));
}

/* Adds the addresses of `to` that `from` does not have: all or none. */
static bool add_addresses(struct brk_socket *s, const struct cfg_listener *from,
                          const struct cfg_listener *to, struct tr_error *error)
{
    struct tr_error plain;
    for (unsigned i = 0; i < to->address_count; i++) {
        if (cfg_listens_at(from, &to->addresses[i]) ||
            tr_add_addresses(s->ep, &to->addresses[i], 1, &plain) == TR_OK)
            continue;
        snprintf(error->text, sizeof error->text, "listener %s: %.200s", to->name, plain.text);
        remove_addresses(s, to, i, from);
        return false;
    }
    s->readdressed = true;
    return true;
}

static bool readdress_listeners(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error)
{
    struct brk_socket *s;
    DL_FOREACH(w->sockets, s)
    {
        unsigned i = s->member.index;
        if (s->kind == BRK_LISTENING && !s->retiring && is_readdressed(w, w->config, c, i) &&
            !add_addresses(s, &w->config->listeners[i], &c->listeners[i], error))
            return false;
    }
    return true;
}

static bool open_listeners(struct brk_worker *w, const struct cfg_config *c, struct tr_error *error)
{
    for (unsigned i = 0; i < c->listener_count; i++) {
        struct brk_socket *s;
        if (c->listeners[i].gone || stays(w->config, c, i) || is_readdressed(w, w->config, c, i))
            continue;
        if (brk_listen(w, c, i, &s, error) != TR_OK)
            return false;
        brk_socket_leave(s, &w->sockets);
        brk_socket_enter(s, &w->prepared);
        tr_watch(s->ep, 0);
        tr_listen(s->ep, 0, error); /* it can; nobody is accepted before the plan is in force */
    }
    return true;
}

static void close_prepared(struct brk_worker *w)
{
    const struct cfg_listener *now = w->config->listeners, *next = w->broker->candidate->config->listeners;
    struct brk_socket *s, *tmp;
    DL_FOREACH(w->sockets, s)
    if (s->readdressed)
        remove_addresses(s, &next[s->member.index], next[s->member.index].address_count,
                         &now[s->member.index]);
    DL_FOREACH_SAFE(w->prepared, s, tmp)
    {
        brk_socket_leave(s, &w->prepared);
        brk_socket_enter(s, &w->sockets);
        brk_socket_close(s);
    }
    brk_names_abandon(w);
}

void brk_prepare(struct brk_worker *w)
{
    const struct cfg_config *c = w->broker->candidate->config;
    struct tr_error error = {.code = TR_LIMIT, .text = "out of memory"};
    brk_ending_tick(w); /* the port of a listener that has ended may be needed again */
    bool ready = brk_worker_fit(w, c) && brk_names_prepare(w, c, &error) &&
                 (w->index != 0 || brk_try_options(w, c, &error) == TR_OK) && open_listeners(w, c, &error) &&
                 readdress_listeners(w, c, &error);
    if (!ready) {
        close_prepared(w);
        snprintf(w->step_error, sizeof w->step_error, "%s", error.text);
    }
    w->step_failed = !ready;
    answer(w);
}

void brk_abandon(struct brk_worker *w)
{
    close_prepared(w);
    answer(w);
}

static void adopt_prepared(struct brk_worker *w)
{
    struct tr_error error;
    char quoted[300];
    struct brk_socket *s, *tmp;
    DL_FOREACH_SAFE(w->prepared, s, tmp)
    {
        brk_socket_leave(s, &w->prepared);
        brk_socket_enter(s, &w->sockets);
        tr_watch(s->ep, TR_READABLE);
        brk_limit_adopt(s);
        if (tr_listen(s->ep, BRK_BACKLOG, &error) == TR_OK)
            brk_listener_opened(s);
        else /* it could when it was prepared */
            brk_log(CFG_LOG_ERROR, "listen_failed", "listener=%s error=%s",
                    cfg_member_name(w->config, s->member), brk_quote(error.text, quoted, sizeof quoted));
    }
}

/* It stops accepting and is closed with its last association (ending.c). */
static void retire_socket(struct brk_worker *w, struct brk_socket *s)
{
    struct tr_error error;
    tr_listen(s->ep, 0, &error);
    s->retiring = true;
    w->ending = true;
}

static void adopt_assoc(struct brk_worker *w, const struct cfg_config *old, struct brk_assoc *a)
{
    if (a->state != BRK_UP)
        return;
    if (a->outbox.blocked)
        brk_stall_begin(w, a);
    bool accepted = !a->session;
    if (accepted && (w->config->listeners[a->socket->member.index].gone || !brk_session_stays(w, a, old)))
        brk_end(w, a);
    else
        brk_session_adopt(w, a);
}

static void adopt_room(struct brk_worker *w)
{
    struct brk_assoc *a;
    DL_FOREACH2(w->assocs, a, next_of_all)
    brk_room_adopt(w, a);
}

static void adopt_credit(struct brk_worker *w, struct brk_socket *s)
{
    s->credit.messages_max = w->config->queue_messages;
    s->credit.bytes_max = w->config->queue_bytes;
    brk_socket_check_resume(s);
}

static void adopt_sockets(struct brk_worker *w, const struct cfg_config *old)
{
    struct brk_socket *s, *next;
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE(w->sockets, s, next)
    {
        adopt_credit(w, s);
        brk_limit_adopt(s);
        if (s->readdressed) {
            const struct cfg_listener *before = &old->listeners[s->member.index];
            remove_addresses(s, before, before->address_count, &w->config->listeners[s->member.index]);
            brk_listener_opened(s);
        } else if (s->kind == BRK_LISTENING && !s->retiring && !stays(old, w->config, s->member.index)) {
            retire_socket(w, s);
        }
        brk_peeling_adopt(s, old);
        brk_options_adopt(s, old);
        HASH_ITER(hh, s->assocs, a, tmp)
        {
            if (a->own)
                adopt_credit(w, a->own);
            adopt_assoc(w, old, a);
        }
    }
}

/* What waited for groups and has a route for sessions of another kind now goes there; nothing newer of its
 * senders has been read under this plan. The rest has no route. */
static void pass_on_left(struct brk_worker *w)
{
    struct rt_parcel *p;
    while ((p = brk_queue_take(&w->left_groups))) {
        const struct cfg_route *r = &w->config->routes[p->route];
        if (r->gone)
            brk_drop_parcel(w, p, BRK_NO_ROUTE);
        else if (!brk_held_back_parcel(w, p))
            brk_sessions[r->session]->returned(w, p);
    }
}

void brk_adopt(struct brk_worker *w, const struct rt_plan *plan)
{
    const struct cfg_config *old = w->config;
    w->former = w->plan;
    w->plan = plan;
    bool begins = plan->gives_up && !w->gives_up;
    w->gives_up |= plan->gives_up;
    w->rewrites |= plan->rewrites;
    w->config = plan->config;
    if (begins)
        brk_stats_all(w);
    tr_loop_set_partial_timeout(w->loop, w->config->partial_timeout_ms);
    brk_names_adopt(w);
    brk_session_plan(w, old);
    pass_on_left(w);
    adopt_room(w);
    brk_room_forgive(w, old);
    adopt_sockets(w, old);
    adopt_prepared(w);
    w->former = NULL;
    answer(w);
}
