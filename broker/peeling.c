/* Peeling off: giving an association of a listener a socket of its own. */
#include "broker/peeling.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/busy.h"
#include "broker/limit.h"
#include "broker/log.h"
#include "broker/sending.h"
#include "broker/sndbuf.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/window.h"
#include "config/config.h"
#include "config/sctp/hash.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

enum { AGAIN_MS = 1000, HALF_MAX = 64 };

/* The association stays on the socket of the listener. When descriptors have run out that goes for every one
 * that comes, so one line says it until there are some again. A client that sends and ends at once may be
 * gone before it gets a socket: that does no harm. */
static void log_failed(struct brk_socket *from, struct brk_assoc *a, const struct tr_error *error)
{
    static struct brk_log_budget failed = {.event = "peeloff_failed", .level = CFG_LOG_WARNING},
                                 gone = {.event = "peeloff_failed", .level = CFG_LOG_INFO};
    struct brk_log_budget *lines = error->code == TR_NO_ASSOC ? &gone : &failed;
    char text[300];
    if (error->code == TR_LIMIT) {
        if (!from->no_peel_until_ms)
            brk_log(CFG_LOG_WARNING, "no_descriptors",
                    "listener=%s assoc=%u worker=%u error=%s text=\"associations stay on the shared socket; "
                    "let the broker open more files (LimitNOFILE=, ulimit -n)\"",
                    brk_assoc_name(a), a->id, from->worker->index, brk_quote(error->text, text, sizeof text));
        from->no_peel_until_ms = from->worker->now_ms + AGAIN_MS;
    } else if (brk_assoc_admits(a, lines)) {
        brk_log(lines->level, "peeloff_failed", "listener=%s assoc=%u error=%s", brk_assoc_name(a), a->id,
                brk_quote(error->text, text, sizeof text));
    }
}

/* Between batches everything of the association that has been read is forwarded, and what is queued in the
 * stack moves along, so the order is preserved. */
bool brk_peel_off(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_socket *from = a->socket, *s = brk_assoc_own(a);
    struct tr_error error;
    if (!s)
        return false; /* it stays where it is: less isolation, but nothing is lost */
    uint32_t id = a->id;
    if (a->outbox.burst_count)
        brk_flush(w);
    if (tr_peeloff(from->ep, &id, s, &s->ep, &error) != TR_OK) {
        log_failed(from, a, &error);
        return false;
    }
    from->no_peel_until_ms = 0;
    a->own = NULL;
    brk_socket_unshare(s);
    brk_socket_enter(s, &w->sockets);
    brk_grow_buffer(s->ep, from->full_buffer);
    brk_sndbuf_inherit(s, from);
    brk_limit_adopt(s);
    brk_limit_move(a, s);
    brk_assoc_detach(a);
    brk_assoc_attach(a, s, id);
    if (a->outbox.undelivered.count) /* more may follow on the new socket: read until it is empty */
        s->has_undelivered = w->unread = true;
    if (s->paused)
        brk_socket_update_watch(s);
    if (a->outbox.blocked)
        brk_socket_want_writable(s, true);
    brk_count(&w->counts.peeled, 1);
    return true;
}

/* One that cannot leave although it must not be read stops the others. While there are no descriptors it is
 * not tried with each batch. */
static void stay(struct brk_worker *w, struct brk_socket *own)
{
    if (!own->paused)
        return;
    brk_socket_update_watch(own->shared);
    w->unpeeled = true;
}

void brk_peel_wanted(struct brk_worker *w)
{
    struct brk_socket *own;
    while ((own = w->peels)) {
        bool tried = w->now_ms >= own->shared->no_peel_until_ms;
        brk_socket_leave(own, &w->peels);
        if (own->sharer->state != BRK_UP)
            continue;
        if (!tried || !brk_peel_off(w, own->sharer))
            stay(w, own);
    }
}

void brk_peel_tick(struct brk_worker *w)
{
    struct brk_socket *s;
    struct brk_assoc *a;
    if (!w->unpeeled)
        return;
    w->unpeeled = false;
    DL_FOREACH(w->sockets, s)
    {
        if (!s->stopped)
            continue;
        w->unpeeled = true;
        for (a = s->assocs; a && w->now_ms >= s->no_peel_until_ms; a = a->hh.next)
            if (a->own && a->own->paused)
                brk_assoc_want_own(a);
    }
}

void brk_peel_if_busy(struct brk_worker *w, struct brk_assoc *a, uint32_t len)
{
    struct brk_socket *s = a->socket;
    int64_t buffer = s->full_buffer ? cfg_window(s->full_buffer) : CFG_WINDOW_LEAST;
    if (brk_busy_takes(&a->carried, &s->carried, w->now_ms, len, buffer) || s->short_of_memory)
        brk_assoc_want_own(a);
}

void brk_peel_half_received(struct brk_worker *w, struct brk_socket *s)
{
    uint32_t ids[HALF_MAX];
    unsigned count = tr_half_receiving(s->ep, ids, HALF_MAX);
    for (unsigned i = 0; i < count && w->now_ms >= s->no_peel_until_ms; i++) {
        struct brk_assoc *a = brk_assoc_find(s, ids[i]);
        if (a)
            brk_assoc_want_own(a);
    }
}

/* Where associations are peeled off the socket's buffer is the window of its associations, a part of what
 * each gets with a socket of its own. Those that share it until then, with a window as large as the buffer
 * was, would overfill it, so they get theirs, too. */
void brk_peeling_adopt(struct brk_socket *s, const struct cfg_config *old)
{
    unsigned i = s->member.index;
    struct brk_assoc *a, *tmp;
    if (s->kind != BRK_LISTENING || s->retiring || i >= old->listener_count)
        return;
    const struct cfg_listener *before = &old->listeners[i], *now = &s->worker->config->listeners[i];
    if (before->gone || now->gone || before->peeloff == now->peeloff)
        return;
    s->peeloff = now->peeloff;
    if (now->peeloff == CFG_PEELOFF_NEVER) {
        brk_grow_buffer(s->ep, s->full_buffer);
        s->full_buffer = 0;
        brk_sndbuf_end(s);
        return;
    }
    if (before->peeloff == CFG_PEELOFF_ALWAYS)
        return;
    if (before->peeloff == CFG_PEELOFF_NEVER) {
        brk_socket_shrink_window(s);
        brk_sndbuf_begin(s, opt_num(&before->sctp, OPTF_SNDBUF, 0));
    }
    HASH_ITER(hh, s->assocs, a, tmp)
    brk_assoc_want_own(a);
}
