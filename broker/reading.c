/* Reading from sockets: messages are forwarded, events are handled, and lost associations leave when
 * everything has been read. */
#include "broker/reading.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/capture.h"
#include "broker/events.h"
#include "broker/forward.h"
#include "broker/life.h"
#include "broker/limit.h"
#include "broker/notice.h"
#include "broker/sending.h"
#include "broker/peeling.h"
#include "broker/returned.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/sctp/hash.h"
#include "transport/transport.h"

void brk_socket_writable(struct brk_worker *w, struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    brk_socket_want_writable(s, false);
    HASH_ITER(hh, s->assocs, a, tmp)
    {
        if (!a->outbox.blocked || a->state != BRK_UP)
            continue;
        a->outbox.blocked = false;
        brk_send_pending(w, a); /* waits for TR_WRITABLE again if the stack is full again */
        if (a->outbox.eof_wanted)
            brk_assoc_eof(w, a);
    }
}

static void handle_items(struct brk_worker *w, struct brk_socket *s, const struct tr_item *items,
                         unsigned count)
{
    uint64_t messages = 0, bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct tr_item *item = &items[i];
        if (item->kind == TR_EVENT) {
            brk_handle_event(w, s, &item->event);
            continue;
        }
        struct brk_assoc *a = brk_assoc_find(s, item->msg.assoc);
        messages++;
        bytes += item->msg.len;
        if (a) {
            a->brought = true;
            a->received++;
            a->received_bytes += item->msg.len;
            if (s->limits)
                brk_limit_take(w, a, item->msg.len);
            if (s->peeloff == CFG_PEELOFF_BUSY)
                brk_peel_if_busy(w, a, item->msg.len);
            else if (s->short_of_memory)
                brk_assoc_want_own(a);
            brk_forward(w, a, &item->msg);
        } else { /* its association was refused */
            brk_count(&w->counts.dropped[BRK_NOT_ACCEPTED], 1);
            brk_count(&s->traffic->dropped, 1);
            if (w->tap)
                brk_capture_not_accepted(w, s, &item->msg);
        }
    }
    brk_count(&w->counts.received, messages);
    brk_count(&s->traffic->received, messages);
    brk_count(&s->traffic->received_bytes, bytes);
}

/* After everything has been read: lost associations leave, and what came back from those that are still up
 * is dropped. */
static void finish_lost(struct brk_worker *w, struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    s->has_lost = s->has_undelivered = false;
    HASH_ITER(hh, s->assocs, a, tmp)
    {
        if (a->state == BRK_LOST)
            brk_assoc_finish(w, a);
        else if (a->outbox.undelivered.count)
            brk_drop_given_up(w, a);
    }
}

/* How much is read at once; 0: any number. What has begun goes before what is new: an association that a
 * listener accepts, and what it leads to, make some five sockets ready until it ends, and a turn serves
 * BRK_READY_MAX of them. If a turn accepted more than it can serve, the sessions under way would wait behind
 * new ones where thousands come at once, and their time would be over. */
static unsigned room(const struct brk_socket *s)
{
    enum { NEW_MAX = BRK_READY_MAX / 8 };
    if (s->kind == BRK_LISTENING && s->peeloff == CFG_PEELOFF_ALWAYS)
        return NEW_MAX;
    return s->limits ? brk_limit_room(s) : 0;
}

bool brk_socket_read(struct brk_worker *w, struct brk_socket *s)
{
    const struct tr_item *items;
    unsigned count;
    enum tr_code code;
    bool all; /* an association's end and what it gives back are in one queue: read on until that is empty */
    int rounds = 0;
    if (s->handing)
        return true;
    do {
        code = tr_recv(s->ep, room(s), &items, &count);
        if (code == TR_OK)
            handle_items(w, s, items, count);
        if (s->peeloff == CFG_PEELOFF_BUSY && tr_half_received(s->ep))
            brk_peel_half_received(w, s);
        if (w->peels)
            brk_peel_wanted(w);
        all = s->has_lost || s->has_undelivered || s->to_the_end;
        if (code == TR_NO_SLOT || (code == TR_OK && all)) {
            brk_flush(w);
            tr_loop_turn(w->loop);
        }
    } while (all && (code == TR_OK || code == TR_NO_SLOT) && ++rounds < BRK_ROUNDS_MAX);
    if (s->last)
        brk_stats_tick(w, s->last);
    if (all && (code == TR_OK || code == TR_NO_SLOT)) {
        w->unread = true;
    } else if (all) {
        s->to_the_end = false;
        finish_lost(w, s);
    }
    if (s->paused || s->limited || s->starved || s->stopped)
        brk_socket_update_watch(s);
    return code == TR_AGAIN;
}

void brk_sockets_read_on(struct brk_worker *w)
{
    struct brk_socket *s, *next;
    if (!w->unread)
        return;
    w->unread = false;
    DL_FOREACH_SAFE(w->sockets, s, next)
    {
        if (s->has_lost || s->has_undelivered || s->to_the_end)
            brk_socket_read(w, s);
        if (next &&
            next->list != &w->sockets) { /* what was read has closed it; the others in the next turn */
            w->unread = true;
            return;
        }
    }
}

void brk_socket_ended(struct brk_worker *w, struct brk_socket *s)
{
    s->to_the_end = true;
    brk_socket_read(w, s);
}

void brk_socket_abort_all(struct brk_worker *w, struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    HASH_ITER(hh, s->assocs, a, tmp)
    if (a->state == BRK_UP || a->state == BRK_CONNECTING)
        brk_assoc_abort(w, a, "the broker stops");
    s->has_lost = true;
    while (s->ep && s->has_lost && !s->handing)
        brk_socket_read(w, s);
}
