/* The streams of an association to a member of mapped sessions. The table itself is routing/stream_map.h.
 *
 * A client's stream gets one when its first message comes, and keeps it until the client has gone. Then it is
 * free again when nothing of it can be on the way any more:
 *
 *   - The peer has acknowledged all that was sent on it. The stack says when everything on the association is
 *     (SENDER_DRY, RFC 6458 6.1.9), which is asked for only while a stream waits for it. Under a load that
 *     never pauses that never comes; then it is enough that so many later messages have been sent that the
 *     stack cannot have an older one (sent.h).
 *   - Nothing has been sent or received on it for the peer's `mapped.reuse_after`. The peer's program may
 *     still have a request, and only a timeout shows that it will not answer. (Resetting the stream, RFC
 *     6525, would show no more: a program may answer after it as well as before, and few peers allow it.)
 *
 * When all streams are in use and the peer is to be asked for more, the next client's streams get the numbers
 * that are still to come, and their messages wait here until these exist. If none come within ADD_MS, or the
 * peer denies, they are dropped as `no_stream`, and it is not asked again for ADD_PAUSE_MS. There is no
 * further association to the same peer instead: streams can be added up to as many as an association can
 * have at all, and a group may have a second peer with the same address.
 *
 * A peer that restarts (RFC 9260 5.2.4) may get messages that were sent before the broker knew; so the
 * association that takes the place of the old one goes on with its map, and answers to these find the right
 * clients.
 *
 * Order: a client's stream has one stream here, and its messages are in the outbox, or all of them wait here.
 * When the association is lost, they are passed on behind what it had, like what is pending (returned.c). */
#include "broker/session/map.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/log.h"
#include "broker/parcel.h"
#include "broker/reliability.h"
#include "broker/sending.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"

#define ADD_MS       5000
#define ADD_PAUSE_MS 60000
#define LOOK_MAX     256 /* streams whose clients have gone, in a tick */

uint16_t brk_map_usable(const struct brk_assoc *a)
{
    return a->in_streams < a->out_streams ? a->in_streams : a->out_streams;
}

static const struct cfg_peer *peer_of(const struct brk_worker *w, const struct brk_assoc *a)
{
    return &w->config->peers[a->socket->member.index];
}

bool brk_map_begin(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->map.streams)
        rt_stream_map_cut(a->map.streams, brk_map_usable(a));
    else
        a->map.streams = rt_stream_map_new();
    if (a->map.streams)
        DL_APPEND2(w->maps, a, map.prev, map.next);
    return a->map.streams;
}

void brk_map_stop(struct brk_worker *w, struct brk_assoc *a)
{
    struct rt_parcel *p;
    if (!a->map.prev) /* it is in no list */
        return;
    while ((p = brk_queue_take(&a->map.waiting)))
        brk_queue_add(&a->outbox.pending, p);
    DL_DELETE2(w->maps, a, map.prev, map.next);
    a->map.prev = a->map.next = NULL;
    a->map.add_until_ms = a->map.asked = 0;
}

void brk_map_hand_over(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a)
{
    brk_map_stop(w, old);
    a->map = old->map;
    old->map = (struct brk_map){0};
}

void brk_map_end(struct brk_worker *w, struct brk_assoc *a)
{
    brk_map_stop(w, a);
    rt_stream_map_free(a->map.streams);
    a->map = (struct brk_map){0};
}

/* It carries streams. If not, what is for it is passed on with what it has left. */
static bool is_up(const struct brk_assoc *a)
{
    return a->map.prev;
}

/* ---- adding streams ------------------------------------------------------------------------------- */

static bool may_add(const struct brk_worker *w, const struct brk_assoc *a)
{
    return peer_of(w, a)->streams_full == CFG_STREAMS_ADD && w->now_ms >= a->map.add_again_ms &&
           !a->outbox.eof_wanted && !a->outbox.eof_sent;
}

/* None will come: whoever waits for one has waited in vain. */
static void give_up(struct brk_worker *w, struct brk_assoc *a, const char *why)
{
    char quoted[300];
    brk_log(CFG_LOG_WARNING, "streams_full", "peer=%s assoc=%u streams=%u waiting=%u error=%s",
            brk_assoc_name(a), a->id, brk_map_usable(a), brk_queue_count(&a->map.waiting),
            brk_quote(why, quoted, sizeof quoted));
    a->map.add_until_ms = 0;
    a->map.add_again_ms = w->now_ms + ADD_PAUSE_MS;
    brk_drop_queue(w, &a->map.waiting, BRK_NO_STREAM);
    rt_stream_map_cut(a->map.streams, brk_map_usable(a));
}

static void ask_for_more(struct brk_worker *w, struct brk_assoc *a)
{
    struct tr_error error;
    uint32_t usable = brk_map_usable(a), needed = rt_stream_map_taken(a->map.streams);
    uint32_t wanted = 2 * (needed > usable ? needed : usable);
    a->map.wanted = (uint16_t)(wanted < RT_STREAMS_MAX ? wanted : RT_STREAMS_MAX);
    uint16_t out = a->map.wanted > a->out_streams ? (uint16_t)(a->map.wanted - a->out_streams) : 0;
    uint16_t in = a->map.wanted > a->in_streams ? (uint16_t)(a->map.wanted - a->in_streams) : 0;
    a->map.add_until_ms = w->now_ms + ADD_MS;
    if (tr_add_streams(a->socket->ep, a->id, out, in, &error) != TR_OK)
        give_up(w, a, error.text);
}

void brk_map_denied(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->map.add_until_ms)
        give_up(w, a, "the peer adds no streams");
}

/* ---- sending --------------------------------------------------------------------------------------- */

/* The next message for its outbox leaves on `stream`, which is looked up again if it waits (sending.c). Its
 * number is at least that of the sent log: less is pending then, if something expires. */
static void note_sent(struct brk_worker *w, struct brk_assoc *a, uint16_t stream)
{
    const struct brk_outbox *o = &a->outbox;
    uint64_t number = o->sent.next + o->burst_count + brk_queue_count(&o->pending);
    a->map.numbered = (number > a->map.numbered ? number : a->map.numbered) + 1;
    rt_stream_map_sent(a->map.streams, stream, a->map.numbered, w->now_ms);
}

/* One that it does not have yet. */
static __attribute__((noinline)) uint16_t take_stream(struct brk_worker *w, struct brk_assoc *a,
                                                      uint64_t origin, uint16_t stream)
{
    uint16_t usable = brk_map_usable(a);
    uint16_t taken =
        rt_stream_map_take(a->map.streams, origin, stream, usable, may_add(w, a) ? RT_STREAMS_MAX : usable);
    if (taken != RT_NO_STREAM && taken >= usable)
        rt_stream_map_sent(a->map.streams, taken, RT_TO_BE_SENT, w->now_ms);
    return taken;
}

/* The stream for a client's stream; RT_NO_STREAM: none. One that does not exist yet has messages that wait.
 */
static inline uint16_t stream_for(struct brk_worker *w, struct brk_assoc *a, uint64_t origin, uint16_t stream)
{
    uint16_t found = rt_stream_map_find(a->map.streams, origin, stream);
    return found != RT_NO_STREAM ? found : take_stream(w, a, origin, stream);
}

static void wait(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p)
{
    brk_queue_add(&a->map.waiting, p);
    brk_wait_pending(w, a, p);
    if (!a->map.add_until_ms)
        ask_for_more(w, a);
}

void brk_map_send(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *from, const struct tr_msg *m,
                  uint32_t route)
{
    if (!is_up(a)) {
        brk_send_local(w, a, from, m, route);
        return;
    }
    uint16_t stream = stream_for(w, a, from->origin, m->stream);
    if (stream == RT_NO_STREAM) {
        brk_count_source_drop(w, from, m, route, BRK_NO_STREAM);
        return;
    }
    rt_stream_map_stay(a->map.streams, stream);
    if (stream < brk_map_usable(a)) {
        note_sent(w, a, stream);
        struct brk_gathered *g = brk_send_local(w, a, from, m, route);
        if (g)
            g->stream = stream;
        return;
    }
    struct rt_parcel *p = brk_copy_to_parcel(w, from, m, route, BRK_CHARGED);
    if (p)
        wait(w, a, p);
}

static void append(struct brk_worker *w, struct brk_assoc *a, uint16_t stream, struct rt_parcel *p)
{
    note_sent(w, a, stream);
    brk_append(w, a, p);
}

void brk_map_deliver(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p)
{
    if (!is_up(a)) {
        brk_append(w, a, p);
        return;
    }
    uint16_t stream = stream_for(w, a, p->message->origin, p->message->stream);
    if (stream == RT_NO_STREAM) {
        brk_drop_parcel(w, p, BRK_NO_STREAM);
        return;
    }
    if (p->control == BRK_LEFT)
        rt_stream_map_leave(a->map.streams, stream);
    else
        rt_stream_map_stay(a->map.streams, stream);
    if (stream < brk_map_usable(a))
        append(w, a, stream, p);
    else
        wait(w, a, p);
}

void brk_map_streams(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out)
{
    struct brk_queue all = a->map.waiting;
    struct rt_parcel *p;
    (void)in;
    (void)out;
    if (!a->map.add_until_ms)
        return;
    a->map.waiting = (struct brk_queue){0};
    while ((p = brk_queue_take(&all))) {
        uint16_t stream = rt_stream_map_find(a->map.streams, p->message->origin, p->message->stream);
        if (stream < brk_map_usable(a))
            append(w, a, stream, p);
        else
            brk_queue_add(&a->map.waiting, p);
    }
    rt_stream_map_exist(a->map.streams, brk_map_usable(a), a->map.numbered); /* what was to be sent expired */
    if (brk_map_usable(a) < a->map.wanted)
        return; /* the other direction is still to come */
    a->map.add_until_ms = 0;
    if (brk_queue_count(&a->map.waiting))
        ask_for_more(w, a);
}

/* ---- answers, and what is over ---------------------------------------------------------------------- */

bool brk_map_answer(struct brk_worker *w, struct brk_assoc *a, uint16_t stream, struct rt_stream_user *user)
{
    if (!is_up(a) || !rt_stream_map_user(a->map.streams, stream, user))
        return false;
    rt_stream_map_used(a->map.streams, stream, w->now_ms);
    return true;
}

void brk_map_left(struct brk_worker *w, uint64_t origin, uint32_t streams)
{
    struct brk_assoc *a;
    DL_FOREACH2(w->maps, a, map.next)
    for (uint32_t s = 0; s < streams; s++) {
        uint16_t stream = rt_stream_map_find(a->map.streams, origin, (uint16_t)s);
        if (stream != RT_NO_STREAM)
            rt_stream_map_leave(a->map.streams, stream);
    }
}

void brk_map_dry(struct brk_worker *w, struct brk_assoc *a)
{
    if (!a->map.asked)
        return;
    a->map.acknowledged = a->map.asked;
    a->map.asked = 0;
    if (a->stage != &w->drying) /* it waits for that, too */
        brk_assoc_tell_dry(a, false);
}

/* What the stack has now will have been acknowledged when it says that everything is. */
static void ask_whether_dry(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->stage == &w->drying || a->socket->paused || (a->map.asked && a->dry.asked) ||
        !brk_outbox_is_empty(&a->outbox))
        return;
    a->map.asked = a->map.numbered;
    brk_assoc_tell_dry(a, true);
}

static void reclaim(struct brk_worker *w, struct brk_assoc *a)
{
    const struct brk_sent_log *sent = &a->outbox.sent;
    if (peer_of(w, a)->gone) /* by a reload: it ends soon, and its reuse_after is not known any more */
        return;
    if (a->socket->paused)
        a->map.unread_ms = w->now_ms;
    uint64_t kept = sent->next > sent->keep ? sent->next - sent->keep : 0;
    uint64_t quiet = peer_of(w, a)->reuse_after_ms;
    struct rt_stream_past past = {
        .number = kept > a->map.acknowledged ? kept : a->map.acknowledged,
        .before_ms = w->now_ms >= quiet + a->map.unread_ms ? w->now_ms - quiet + 1 : 0,
    };
    if (rt_stream_map_reclaim(a->map.streams, past, LOOK_MAX))
        ask_whether_dry(w, a);
}

void brk_map_tick(struct brk_worker *w)
{
    struct brk_assoc *a, *next;
    DL_FOREACH_SAFE2(w->maps, a, next, map.next)
    {
        if (a->map.add_until_ms && a->map.add_until_ms <= w->now_ms)
            give_up(w, a, "the peer has not answered a request for more streams");
        if (rt_stream_map_left(a->map.streams))
            reclaim(w, a);
    }
}

bool brk_map_waits(const struct brk_worker *w)
{
    for (const struct brk_assoc *a = w->maps; a; a = a->map.next)
        if (a->map.add_until_ms || rt_stream_map_left(a->map.streams))
            return true;
    return false;
}
