/* Policing. Each association has two token buckets, for messages and for bytes, which hold as many tokens as
 * are added during `burst`; a message takes one token from the first and its length from the second. When one
 * is used up the association is not read until the bucket has tokens again. SCTP's receive window does the
 * rest: it closes, and the sender is slowed down. Nothing is dropped.
 *
 * The clock is the one that the worker reads once a turn anyway. Tokens are counted in thousandths, so that a
 * rate per second is that many thousandths per millisecond. A bucket of bytes that is not empty lets a
 * message of any length pass and owes the rest; so messages longer than the bucket pass, and the rate is
 * still kept. A bucket of messages has room for at least one. The worker's tick checks paused associations
 * every 50 ms; that is why `burst` is never shorter than two ticks.
 *
 * A single association can only be slowed down on a socket of its own. Where it shares one it gets its own
 * when a bucket is empty for the first time, and keeps it. If that fails (no descriptors) the shared socket
 * is paused, and with it all associations that share it.
 *
 * The limit does not apply to remaining messages: while the broker drains, for an association that is being
 * ended, and for what is read after an association's end (reading.c). */
#include "broker/limit.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/history.h"
#include "broker/log.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"

#define TOKEN      1000    /* of a message or byte */
#define LONGEST_MS 3600000 /* longer than any bucket takes to fill, and no product overflows */

static const struct cfg_rate *rate_of(const struct brk_socket *s)
{
    const struct cfg_config *c = s->worker->config;
    return s->member.kind == CFG_MEMBER_LISTENER ? &c->listeners[s->member.index].rate_limit
                                                 : &c->peers[s->member.index].rate_limit;
}

static int64_t filled(int64_t has, uint64_t rate, int64_t least, const struct cfg_rate *r,
                      uint64_t elapsed_ms)
{
    int64_t room = (int64_t)(rate * r->burst_ms);
    if (!rate)
        return least;
    room = room > least ? room : least;
    has += (int64_t)(rate * elapsed_ms);
    return has < room ? has : room;
}

static void fill(struct brk_limit *l, const struct cfg_rate *r, uint64_t now_ms)
{
    if (now_ms <= l->filled_ms) /* the worker it has come from may be a turn ahead */
        return;
    uint64_t elapsed = now_ms - l->filled_ms < LONGEST_MS ? now_ms - l->filled_ms : LONGEST_MS;
    l->messages = filled(l->messages, r->messages, TOKEN, r, elapsed);
    l->bytes = filled(l->bytes, r->bytes, 1, r, elapsed);
    l->filled_ms = now_ms;
}

static bool is_used_up(const struct brk_limit *l, const struct cfg_rate *r)
{
    return (r->messages && l->messages < TOKEN) || (r->bytes && l->bytes <= 0);
}

/* What it sends is new, and it can be slowed down. */
static bool applies(const struct brk_worker *w, const struct brk_assoc *a)
{
    return a->socket->limits && w->phase == BRK_RUNNING && a->state == BRK_UP && !a->end_by_ms &&
           !a->outbox.eof_sent;
}

static void hold(struct brk_worker *w, struct brk_assoc *a)
{
    a->limit.out = true;
    a->socket->limited++;
    DL_APPEND2(w->limited, a, limit.prev, limit.next);
    brk_socket_update_watch(a->socket);
}

void brk_limit_take(struct brk_worker *w, struct brk_assoc *a, uint32_t len)
{
    const struct cfg_rate *r = rate_of(a->socket);
    struct brk_limit *l = &a->limit;
    fill(l, r, w->now_ms);
    l->messages -= r->messages ? TOKEN : 0;
    l->bytes -= r->bytes ? (int64_t)len * TOKEN : 0;
    if (l->out || !is_used_up(l, r) || !applies(w, a))
        return;
    l->times++;
    brk_count(&a->socket->traffic->limited, 1);
    brk_note(w, a, BRK_HAPPENED_LIMITED, NULL);
    if (a->socket->kind == BRK_LISTENING)
        brk_assoc_want_own(a);
    hold(w, a);
}

unsigned brk_limit_room(const struct brk_socket *s)
{
    const struct cfg_rate *r = rate_of(s);
    const struct brk_assoc *a = s->assocs;
    if (s->kind == BRK_LISTENING || !r->messages || !a || !applies(s->worker, a))
        return 0;
    struct brk_limit l = a->limit;
    fill(&l, r, s->worker->now_ms);
    return l.messages < TOKEN ? 1 : l.messages / TOKEN < UINT16_MAX ? (unsigned)(l.messages / TOKEN) : 0;
}

void brk_limit_forget(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->limit.out)
        return;
    a->limit.out = false;
    DL_DELETE2(w->limited, a, limit.prev, limit.next);
    a->socket->limited--;
    brk_socket_update_watch(a->socket);
}

void brk_limit_move(struct brk_assoc *a, struct brk_socket *to)
{
    if (!a->limit.out)
        return;
    a->socket->limited--;
    brk_socket_update_watch(a->socket);
    to->limited++;
    brk_socket_update_watch(to);
}

void brk_limit_tick(struct brk_worker *w)
{
    struct brk_assoc *a, *tmp;
    DL_FOREACH_SAFE2(w->limited, a, tmp, limit.next)
    {
        const struct cfg_rate *r = rate_of(a->socket);
        fill(&a->limit, r, w->now_ms);
        if (!applies(w, a) || !is_used_up(&a->limit, r))
            brk_limit_forget(w, a);
    }
}

void brk_limit_adopt(struct brk_socket *s)
{
    const struct cfg_rate *r = rate_of(s);
    s->limits = r->messages || r->bytes;
}
