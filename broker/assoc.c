/* The associations of a worker: creating, finding, naming, freeing. What happens to them is in life.c. */
#include "broker/assoc.h"

#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "broker/access.h"
#include "broker/check.h"
#include "broker/handover.h"
#include "broker/log.h"
#include "broker/owners.h"
#include "broker/reliability.h"
#include "broker/sending.h"
#include "broker/sent.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/sctp/hash.h"
#include "config/sctp/options.h"
#include "routing/origin.h"
#include "transport/transport.h"

struct brk_assoc *brk_assoc_new(struct brk_worker *w, enum brk_assoc_state state)
{
    struct brk_assoc *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->magic = BRK_ASSOC_MAGIC;
    a->state = state;
    a->origin = rt_origin(w->index, ++w->origins);
    a->begun_ms = w->now_ms;
    brk_assoc_list(w, a);
    return a;
}

void brk_assoc_list(struct brk_worker *w, struct brk_assoc *a)
{
    a->worker = w;
    DL_APPEND2(w->assocs, a, prev_of_all, next_of_all);
    HASH_ADD(hh_of_all, w->by_origin, origin, sizeof a->origin, a);
}

void brk_assoc_stand_in(struct brk_assoc *a, uint64_t origin)
{
    struct brk_worker *w = a->worker;
    HASH_DELETE(hh_of_all, w->by_origin, a);
    a->origin = origin;
    HASH_ADD(hh_of_all, w->by_origin, origin, sizeof a->origin, a);
}

struct brk_assoc *brk_assoc_by_origin(const struct brk_worker *w, uint64_t origin)
{
    struct brk_assoc *a;
    HASH_FIND(hh_of_all, w->by_origin, &origin, sizeof origin, a);
    return a;
}

void brk_assoc_unlist(struct brk_worker *w, struct brk_assoc *a)
{
    if (w->walk == a)
        w->walk = a->next_of_all;
    DL_DELETE2(w->assocs, a, prev_of_all, next_of_all);
    HASH_DELETE(hh_of_all, w->by_origin, a);
}

void brk_assoc_attach(struct brk_assoc *a, struct brk_socket *s, uint32_t id)
{
    a->id = id;
    a->socket = s;
    HASH_ADD(hh, s->assocs, id, sizeof a->id, a);
    a->attached = true;
    a->worker->assoc_count++;
}

void brk_assoc_detach(struct brk_assoc *a)
{
    struct brk_socket *s = a->socket;
    HASH_DEL(s->assocs, a);
    if (s->last == a)
        s->last = NULL;
    a->attached = false;
    a->worker->assoc_count--;
    if (!a->own)
        return;
    brk_socket_unshare(a->own); /* freed when what is charged to it has gone */
    brk_socket_enter(a->own, &a->worker->closed_sockets);
    a->own = NULL;
}

struct brk_socket *brk_assoc_own(struct brk_assoc *a)
{
    if (!a->own && a->attached && a->socket->kind == BRK_LISTENING)
        a->own = brk_socket_new_own(a->socket, a);
    return a->own;
}

void brk_assoc_want_own(struct brk_assoc *a)
{
    struct brk_socket *own = brk_assoc_own(a);
    if (own && !own->list)
        brk_socket_enter(own, &a->worker->peels);
}

void brk_assoc_tell_dry(struct brk_assoc *a, bool on)
{
    struct opt_set events = {0};
    struct tr_error error;
    opt_put(&events, OPTF_EV_SENDER_DRY, on);
    a->dry.asked = tr_set_options(a->socket->ep, a->id, &events, NULL, &error) == TR_OK && on;
}

struct brk_assoc *brk_assoc_find(struct brk_socket *s, uint32_t id)
{
    if (s->last && s->last->id == id)
        return s->last;
    struct brk_assoc *a;
    HASH_FIND(hh, s->assocs, &id, sizeof id, a);
    if (a)
        s->last = a;
    return a;
}

const char *brk_assoc_name(const struct brk_assoc *a)
{
    return cfg_member_name(a->worker->config, a->socket->member);
}

const char *brk_session_text(const struct brk_assoc *a, char out[static BRK_SESSION_TEXT])
{
    char number[RT_ORIGIN_TEXT];
    out[0] = '\0';
    if (a->session_number)
        snprintf(out, BRK_SESSION_TEXT, " session=%s", rt_origin_format(a->session_number, number));
    return out;
}

bool brk_assoc_admits(const struct brk_assoc *a, struct brk_log_budget *lines)
{
    if (a->session && !a->session->per_client)
        return brk_log_on(lines->level);
    return brk_log_admits(lines, a->worker->now_ms);
}

void brk_assoc_keep_sent(struct brk_assoc *a)
{
    /* Twice that: as much again may have been sent before what came back is read. */
    uint32_t keep = 2 * tr_send_capacity(a->socket->ep) + BRK_BURST_MAX;
    if (keep > a->outbox.sent.keep)
        brk_sent_keep(&a->outbox.sent, keep);
}

void brk_assoc_enter(struct brk_assoc *a, struct brk_assoc **list)
{
    if (a->stage)
        abort(); /* it has one link, so it can be in one list only */
    a->stage = list;
    DL_APPEND(*list, a);
}

void brk_assoc_leave(struct brk_assoc *a, struct brk_assoc **list)
{
    if (a->stage != list)
        abort();
    DL_DELETE(*list, a);
    a->stage = NULL;
}

void brk_assoc_give_place(struct brk_assoc *a)
{
    if (a->place)
        brk_access_leave(a->worker->broker->access, a->place);
    a->place = NULL;
}

void brk_assoc_close(struct brk_worker *w, struct brk_assoc *a)
{
    brk_stall_forget(w, a);
    brk_expiry_forget(w, a);
    brk_assoc_give_place(a);
    for (unsigned i = 0; a->handover && i < a->handover->count; i++)
        if (a->handover->handed[i].assoc == a)
            a->handover->handed[i].assoc = NULL;
    if (a->owner && !w->stop)
        rt_batch_add(&w->out[w->broker->worker_count], &a->owner->gone);
    brk_assoc_unlist(w, a);
    brk_assoc_enter(a, &w->closed_assocs);
}

void brk_assoc_free_closed(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE(w->closed_assocs, a, tmp)
    {
        brk_assoc_leave(a, &w->closed_assocs);
        brk_sent_free(&a->outbox.sent);
        free(a);
    }
}
