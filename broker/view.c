/* See view.h. */
#include "broker/view.h"

#include <string.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/dest.h"
#include "broker/ending.h"
#include "broker/handover.h"
#include "broker/notice.h"
#include "broker/sending.h"
#include "broker/session/map.h"
#include "broker/session/session.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

/* In one look: what costs a system call, or is only passed by. */
#define ADDRESSES_MAX 32
#define PASSED_MAX    1024

void brk_look_init(struct brk_look *l, struct rt_inbox *answer)
{
    memset(l, 0, sizeof *l);
    l->magic = BRK_LOOK_MAGIC;
    l->answer = answer;
    l->parcel = (struct rt_parcel){.kind = RT_CONTROL, .control = BRK_LOOK, .to = l, .embedded = true};
}

/* ---- an association ------------------------------------------------------------------------------- */

/* The association that it stands in for is told, by the worker that still has it. */
static bool is_nobody(const struct brk_assoc *a)
{
    return a->state == BRK_ARRIVING;
}

static bool has_socket(const struct brk_assoc *a)
{
    return a->state != BRK_RESOLVING && a->state != BRK_LEAVING;
}

static struct cfg_member member_of(const struct brk_assoc *a)
{
    if (a->state == BRK_RESOLVING)
        return (struct cfg_member){CFG_MEMBER_PEER, a->peer};
    return a->state == BRK_LEAVING ? a->dest->dest.member : a->socket->member;
}

static const char *state_of(const struct brk_assoc *a)
{
    static const char *const states[] = {
        [BRK_RESOLVING] = "resolving", [BRK_CONNECTING] = "connecting", [BRK_UP] = "up",
        [BRK_LOST] = "lost",           [BRK_LEAVING] = "leaving",       [BRK_MOVING] = "moving",
        [BRK_ARRIVING] = "moving"};
    if (a->handover)
        return "moving";
    return a->state == BRK_UP && (a->outbox.eof_wanted || a->outbox.eof_sent || a->end_by_ms)
               ? "ending"
               : states[a->state];
}

/* True where the stack had to be asked. */
static bool find_remote(struct brk_assoc *a)
{
    if (a->state != BRK_UP || a->remote.sa.sa_family != AF_UNSPEC)
        return false;
    if (!tr_addresses(a->socket->ep, a->id, true, &a->remote, 1))
        a->remote.sa.sa_family = AF_UNSPEC;
    return true;
}

static bool is_paused(const struct brk_assoc *a)
{
    return has_socket(a) && (a->socket->paused || a->socket->starved || (a->own && a->own->paused));
}

static void tell(const struct brk_worker *w, const struct brk_assoc *a, struct brk_assoc_view *v)
{
    *v = (struct brk_assoc_view){.origin = a->origin,
                                 .worker = w->index,
                                 .session = a->session_number,
                                 .age_ms = w->now_ms - a->begun_ms,
                                 .member = member_of(a),
                                 .remote = a->remote,
                                 .assoc = a->id,
                                 .state = state_of(a),
                                 .role = !a->session              ? "accepted"
                                         : a->session->per_client ? "partner"
                                                                  : "standing",
                                 .in_streams = a->in_streams,
                                 .out_streams = a->out_streams,
                                 .blocked = a->outbox.blocked,
                                 .paused = is_paused(a),
                                 .stuck_ms = a->stall.told ? w->now_ms - a->stall.since_ms : 0,
                                 .limited = a->limit.out,
                                 .limited_times = a->limit.times,
                                 .waiting =
                                     brk_queue_count(&a->outbox.pending) + brk_queue_count(&a->map.waiting),
                                 .waiting_bytes = a->outbox.pending.bytes + a->map.waiting.bytes,
                                 .received = a->received,
                                 .received_bytes = a->received_bytes,
                                 .delivered = a->delivered,
                                 .delivered_bytes = a->delivered_bytes,
                                 .retransmitted = a->stats.retransmitted,
                                 .duplicates = a->stats.duplicates,
                                 .retransmitted_per_minute = brk_stats_rate(w, a)};
    if (!a->map.streams)
        return;
    uint32_t usable = brk_map_usable(a), taken = rt_stream_map_taken(a->map.streams);
    v->mapped = true;
    v->streams_left = rt_stream_map_left(a->map.streams);
    v->streams_used = taken - v->streams_left;
    v->streams_free = usable > taken ? usable - taken : 0; /* more are taken while some are to be added */
}

/* ---- more of it ----------------------------------------------------------------------------------- */

/* Constant text, or NULL: as the option's own names, which are one text with commas. */
static const char *path_state(int64_t n)
{
    static const char *const names[] = {"inactive", "active", "unconfirmed", "potentially_failed"};
    return n >= 0 && n < (int64_t)(sizeof names / sizeof names[0]) ? names[n] : NULL;
}

static void tell_path(const struct brk_assoc *a, const struct net_addr *address, const char *primary,
                      struct brk_path_view *p)
{
    struct opt_set got = {0};
    struct net_addr bare = *address;
    char text[NET_ADDR_TEXT];
    net_addr_set_port(&bare, 0);
    net_addr_format(&bare, text, sizeof text);
    *p = (struct brk_path_view){.address = *address, .primary = primary && strcmp(primary, text) == 0};
    opt_put_text(&got, OPTF_PAI_ADDRESS, text);
    if (tr_get_option(a->socket->ep, a->id, OPT_PEER_ADDR_INFO, &got, NULL) != TR_OK)
        return;
    p->state = path_state(opt_num(&got, OPTF_PAI_STATE, -1));
    p->srtt_ms = (uint32_t)opt_num(&got, OPTF_PAI_SRTT, 0);
    p->rto_ms = (uint32_t)opt_num(&got, OPTF_PAI_RTO, 0);
    p->cwnd = (uint32_t)opt_num(&got, OPTF_PAI_CWND, 0);
    p->mtu = (uint32_t)opt_num(&got, OPTF_PAI_MTU, 0);
}

static void tell_detail(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc_detail *d)
{
    struct net_addr addresses[BRK_PATHS_MAX];
    struct opt_set status = {0};
    *d = (struct brk_assoc_detail){.peer_window = -1,
                                   .unacknowledged = -1,
                                   .unread = -1,
                                   .packets_out = -1,
                                   .packets_in = -1,
                                   .retransmitted = -1,
                                   .duplicates = -1,
                                   .abandoned = -1};
    if (a->state != BRK_UP)
        return;
    brk_stats_read(w, a);
    if (a->stats.read_ms) {
        d->packets_out = (int64_t)a->stats.packets_out;
        d->packets_in = (int64_t)a->stats.packets_in;
        d->retransmitted = (int64_t)a->stats.retransmitted;
        d->duplicates = (int64_t)a->stats.duplicates;
    }
    if (w->gives_up)
        d->abandoned = (int64_t)a->silent.all;
    if (tr_get_option(a->socket->ep, a->id, OPT_STATUS, &status, NULL) == TR_OK) {
        d->peer_window = opt_num(&status, OPTF_STATUS_RWND, -1);
        d->unacknowledged = opt_num(&status, OPTF_STATUS_UNACKDATA, -1);
        d->unread = opt_num(&status, OPTF_STATUS_PENDDATA, -1);
    }
    unsigned n = tr_addresses(a->socket->ep, a->id, true, addresses, BRK_PATHS_MAX);
    d->path_count = n < BRK_PATHS_MAX ? n : BRK_PATHS_MAX;
    for (unsigned i = 0; i < d->path_count; i++)
        tell_path(a, &addresses[i], opt_text(&status, OPTF_STATUS_PRIMARY), &d->paths[i]);
}

static void act(struct brk_worker *w, struct brk_assoc *a, struct brk_look *l)
{
    switch (l->act) {
    case BRK_LOOK_ONLY:
        return;
    case BRK_LOOK_CLOSELY:
        tell_detail(w, a, &l->detail);
        return;
    case BRK_LOOK_SHUT_DOWN:
        brk_end(w, a);
        return;
    case BRK_LOOK_ABORT:
        if (a->state == BRK_UP || a->state == BRK_CONNECTING)
            brk_assoc_abort(w, a, "an operator asked for it");
        return;
    case BRK_LOOK_MOVE:
        l->detail.refused = brk_handover_begin(w, a, l->to);
        return;
    }
}

/* ---- a worker ------------------------------------------------------------------------------------- */

static void tell_worker(const struct brk_worker *w, struct brk_worker_view *v)
{
    struct tr_loop_stats stats;
    tr_loop_get_stats(w->loop, &stats);
    *v = (struct brk_worker_view){.turns = w->turns,
                                  .system_calls = stats.syscalls,
                                  .packets_in = stats.packets_in,
                                  .packets_out = stats.packets_out,
                                  .messages_in = stats.messages_in,
                                  .messages_out = stats.messages_out,
                                  .reassembled = stats.reassembled,
                                  .associations = w->assoc_count,
                                  .parked = w->parked_count + brk_queue_count(&w->held_back)};
}

/* ---- looks ---------------------------------------------------------------------------------------- */

static void look_at_one(struct brk_worker *w, struct brk_look *l)
{
    struct brk_assoc *a = brk_assoc_by_origin(w, l->wanted);
    l->last = true;
    if (!a)
        return;
    find_remote(a);
    tell(w, a, &l->items[l->count++]);
    act(w, a, l);
}

static void walk_on(struct brk_worker *w, struct brk_look *l)
{
    unsigned passed = 0, asked = 0;
    if (l->first) {
        w->walk = w->assocs;
        tell_worker(w, &l->worker);
    }
    for (; w->walk && l->count < BRK_LOOK_MAX && passed < PASSED_MAX && asked < ADDRESSES_MAX; passed++) {
        struct brk_assoc *a = w->walk;
        w->walk = a->next_of_all;
        if (is_nobody(a))
            continue;
        asked += find_remote(a);
        tell(w, a, &l->items[l->count++]);
    }
    l->last = !w->walk;
}

void brk_look(struct brk_worker *w, struct brk_look *l)
{
    struct rt_batch back;
    l->count = 0;
    l->detail.refused = NULL;
    if (l->wanted)
        look_at_one(w, l);
    else
        walk_on(w, l);
    rt_batch_init(&back);
    rt_batch_add(&back, &l->parcel);
    rt_inbox_post(l->answer, &back);
}
