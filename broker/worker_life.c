/* Creating and freeing a worker; what it does in between is in worker.c. */
#include "broker/worker_life.h"

#include <stdlib.h>

#include <utlist.h>

#include "broker/adopt.h"
#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/clients.h"
#include "broker/clock.h"
#include "broker/dest.h"
#include "broker/handover.h"
#include "broker/limit.h"
#include "broker/hold.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/opening.h"
#include "broker/options.h"
#include "broker/parcel.h"
#include "broker/session/map.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/hash.h"
#include "routing/inbox.h"
#include "routing/message.h"
#include "routing/plan.h"
#include "routing/snapshot.h"
#include "transport/transport.h"

static bool allocate(struct brk_worker *w)
{
    unsigned workers = w->broker->worker_count;
    w->out = calloc(workers + 1, sizeof *w->out);
    if (!w->out || !brk_counts_init(&w->counts, w->config) || !brk_worker_fit(w, w->config))
        return false;
    for (unsigned i = 0; i <= workers; i++)
        rt_batch_init(&w->out[i]);
    rt_batch_init(&w->taken);
    w->uncharged = (struct rt_credit){
        .messages_max = UINT32_MAX, .bytes_max = UINT64_MAX, .memory = &w->counts.memory.value};
    brk_session_plan(w, NULL);
    return true;
}

static enum tr_code open_sockets(struct brk_worker *w, struct tr_error *error)
{
    struct tr_loop_params params = {.max_message = w->config->max_message,
                                    .max_partial = w->config->max_partial,
                                    .partial_timeout_ms = w->config->partial_timeout_ms};
    enum tr_code code = tr_loop_open(w->broker->backend, &params, &w->loop, error);
    if (code == TR_OK)
        code = tr_loop_add_fd(w->loop, rt_inbox_fd(&w->inbox), w, error);
    if (code == TR_OK)
        code = brk_names_open(w, error);
    if (code == TR_OK && w->index == 0)
        code = brk_try_options(w, w->config, error);
    for (unsigned i = 0; code == TR_OK && i < w->config->listener_count; i++) {
        struct brk_socket *s;
        code = brk_listen(w, w->config, i, &s, error);
        if (code == TR_OK) {
            brk_limit_adopt(s);
            brk_listener_opened(s);
        }
    }
    return code;
}

struct brk_worker *brk_worker_new(struct brk_broker *b, unsigned index)
{
    struct tr_error error = {.text = "out of memory or descriptors"};
    char quoted[300];
    struct brk_worker *w = calloc(1, sizeof *w);
    if (!w) {
        brk_log(CFG_LOG_ERROR, "start_failed", "worker=%u error=\"out of memory\"", index);
        return NULL;
    }
    w->magic = BRK_WORKER_MAGIC;
    w->index = index;
    w->broker = b;
    w->plan = b->plan;
    w->gives_up = b->plan->gives_up;
    w->rewrites = b->plan->rewrites;
    w->config = b->plan->config;
    w->inbox.eventfd = -1;
    w->now_ms = brk_now_ms();
    if (allocate(w) && rt_inbox_init(&w->inbox) == 0 && open_sockets(w, &error) == TR_OK)
        return w;
    brk_log(CFG_LOG_ERROR, "start_failed", "worker=%u error=%s", index,
            brk_quote(error.text, quoted, sizeof quoted));
    brk_worker_free(w);
    return NULL;
}

static void drop_rest(struct brk_worker *w, struct brk_assoc *a)
{
    brk_map_end(w, a);
    brk_client_forget(a);
    brk_drop_batch(w, &a->outbox.undelivered, BRK_STOPPED);
    brk_drop_queue(w, &a->outbox.pending, BRK_STOPPED);
    free(a->dest);
    if (a->stage)
        brk_assoc_leave(a, a->stage);
    brk_assoc_close(w, a);
}

void brk_worker_end(struct brk_worker *w)
{
    struct brk_socket *s, *ts;
    struct brk_assoc *a, *ta;
    for (unsigned g = 0; g < w->group_room; g++) {
        brk_drop_queue(w, &w->returned[g], BRK_STOPPED);
        brk_drop_queue(w, &w->parked[g], BRK_STOPPED);
        brk_hold_forget(w, g);
    }
    brk_drop_queue(w, &w->held_back, BRK_STOPPED);
    DL_FOREACH_SAFE(w->leaving, a, ta)
    drop_rest(w, a);
    DL_FOREACH_SAFE(w->resolving, a, ta)
    drop_rest(w, a);
    DL_FOREACH_SAFE(w->sockets, s, ts)
    {
        HASH_ITER(hh, s->assocs, a, ta)
        {
            brk_assoc_detach(a);
            drop_rest(w, a);
        }
        brk_socket_close(s);
    }
    brk_assoc_free_closed(w);
    brk_handover_end(w);
}

bool brk_worker_settle(struct brk_worker *w)
{
    struct rt_parcel *p;
    w->snapshot = rt_current_read(&w->broker->current); /* control may have freed the one of its last turn */
    if (!rt_inbox_take(&w->inbox, true, &w->taken))
        return false;
    while ((p = rt_batch_take(&w->taken))) {
        if (p->kind == RT_RELEASE) {
            brk_release(p->message); /* frees the parcel as well */
        } else if (p->kind == RT_DELIVER) {
            brk_count(&w->counts.taken_in, 1);
            brk_count(&w->counts.waiting, 1);
            brk_drop_parcel(w, p, BRK_STOPPED);
        } else if (p->control == BRK_FAREWELL) {
            brk_farewell_done(brk_farewell_of(p->to));
        } else if (p->control == BRK_HANDOVER) {
            brk_handover_step(w, brk_handover_of(p->to));
        }
    }
    return true;
}

void brk_worker_free(struct brk_worker *w)
{
    struct brk_socket *s, *tmp;
    DL_FOREACH_SAFE(w->sockets, s, tmp)
    {
        brk_socket_close(s);
    }
    DL_FOREACH_SAFE(w->closed_sockets, s, tmp)
    {
        brk_socket_leave(s, &w->closed_sockets);
        free(s);
    }
    DL_FOREACH_SAFE(w->prepared, s, tmp)
    {
        brk_socket_leave(s, &w->prepared);
        tr_close(s->ep);
        free(s);
    }
    brk_names_close(w);
    if (w->loop)
        tr_loop_close(w->loop);
    if (w->inbox.eventfd >= 0)
        rt_inbox_destroy(&w->inbox);
    brk_counts_free(&w->counts);
    free(w->out);
    free(w->parked);
    free(w->returned);
    free(w->picks);
    free(w->standing);
    free(w);
}
