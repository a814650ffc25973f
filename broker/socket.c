/* A worker's sockets: opening, reading, events, pausing, peeling off, closing.
 *
 * Closing is done in two steps. brk_socket_close gives the stack's endpoint back at once; the struct stays in
 * worker->closed while messages that were read from it still wait somewhere and refer to its credit, and is
 * freed by the worker at the end of a turn. */
#include "broker/broker_priv.h"

#include <stdlib.h>
#include <string.h>

#include <utlist.h>

static struct brk_socket *socket_new(struct brk_worker *w, enum brk_socket_kind kind,
                                     struct cfg_member member)
{
    struct brk_socket *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->worker = w;
    s->kind = kind;
    s->member = member;
    s->source = rt_source(member);
    s->traffic = brk_traffic_of(&w->counts, member.kind == CFG_MEMBER_LISTENER ? BRK_LISTENERS : BRK_PEERS,
                                member.index);
    s->credit.messages_max = w->config->queue_messages;
    s->credit.bytes_max = w->config->queue_bytes;
    s->credit.source = s;
    DL_APPEND(w->sockets, s);
    return s;
}

void brk_socket_close(struct brk_socket *s)
{
    if (!s->ep)
        return;
    tr_close(s->ep);
    s->ep = NULL;
    DL_DELETE(s->worker->sockets, s);
    DL_APPEND(s->worker->closed, s);
}

/* ---- opening -------------------------------------------------------------------------------------- */

/* Makes new associations of this endpoint offer a quarter of its receive buffer, and returns what the buffer
 * was (0: left alone); grow_buffer then gives their own sockets that size. Why: Linux offers the whole buffer
 * in bytes of user data, but charges 232 bytes more for every message. A sender of small messages fills the
 * buffer long before the window is used up, its data is dropped, and each drop costs a retransmission
 * timeout. With a quarter, messages of 33 bytes and more fit. */
static int64_t shrink_window(struct tr_endpoint *ep)
{
    struct opt_set buffer = {0};
    struct tr_error error;
    if (tr_get_option(ep, 0, OPT_RECBUF, &buffer, &error) != TR_OK)
        return 0;
    int64_t granted = opt_num(&buffer, OPTF_RECBUF, 0);
    int64_t window = cfg_window(granted);
    if (window == granted)
        return 0;
    opt_put(&buffer, OPTF_RECBUF, window);
    return tr_set_options(ep, 0, &buffer, NULL, &error) == TR_OK ? granted : 0;
}

static void grow_buffer(struct tr_endpoint *ep, int64_t granted)
{
    struct opt_set buffer = {0};
    struct tr_error error;
    opt_put(&buffer, OPTF_RECBUF, granted);
    if (granted)
        tr_set_options(ep, 0, &buffer, NULL, &error);
}

/* Says in the error which listener it is about. */
static void name_listener(const struct cfg_listener *l, struct tr_error *error)
{
    struct tr_error plain = *error;
    snprintf(error->text, sizeof error->text, "listener %s: %.200s", l->name, plain.text);
}

/* Sharing a port between workers (SO_REUSEPORT) would let a second broker of the same user share it, too,
 * unnoticed. So the first worker takes the port for itself once before it is shared. */
static enum tr_code check_port_free(struct brk_worker *w, const struct tr_open_params *shared,
                                    struct tr_error *error)
{
    struct tr_open_params alone = *shared;
    struct tr_endpoint *ep = NULL;
    alone.share_port = false;
    enum tr_code code = tr_open(w->loop, &alone, &ep, error);
    if (code == TR_OK)
        code = tr_listen(ep, 1, error);
    tr_close(ep);
    return code;
}

/* Whether an association to a peer begins at this port, too, so that its socket has to share it. */
static bool is_called_from(const struct cfg_config *c, uint16_t port)
{
    for (unsigned i = 0; i < c->peer_count; i++)
        if (c->peers[i].local_port == port)
            return true;
    return false;
}

void brk_socket_shrink_window(struct brk_socket *s)
{
    if (s->worker->config->listeners[s->member.index].peeloff == CFG_PEELOFF_ALWAYS)
        s->full_buffer = shrink_window(s->ep);
}

void brk_listener_opened(struct brk_socket *s)
{
    char text[NET_ADDR_TEXT];
    const struct brk_worker *w = s->worker;
    const struct cfg_listener *l = &w->config->listeners[s->member.index];
    if (w->index != 0)
        return;
    struct opt_set options = brk_options_at_open(w->config, s->member);
    brk_options_compare(s, &options);
    for (unsigned a = 0; a < l->address_count; a++)
        brk_log(CFG_LOG_INFO, "listening", "listener=%s address=%s transport=%s", l->name,
                net_addr_format(&l->addresses[a], text, sizeof text), tr_backend_name(w->broker->backend));
}

enum tr_code brk_listen(struct brk_worker *w, const struct cfg_config *c, unsigned listener,
                        struct brk_socket **socket, struct tr_error *error)
{
    const struct cfg_listener *l = &c->listeners[listener];
    struct brk_socket *s = socket_new(w, BRK_LISTENING, (struct cfg_member){CFG_MEMBER_LISTENER, listener});
    if (!s) {
        error->code = TR_LIMIT;
        snprintf(error->text, sizeof error->text, "out of memory");
        return TR_LIMIT;
    }
    struct opt_set options = brk_options_at_open(c, s->member);
    struct tr_open_params params = {
        .style = TR_ONE_TO_MANY,
        .addresses = l->addresses,
        .address_count = l->address_count,
        .port = l->port,
        .encaps_port = tr_backend_caps(w->broker->backend) & TR_CAP_ENCAPS ? l->encaps_port : 0,
        .share_port = w->broker->worker_count > 1 || is_called_from(c, l->port),
        .netns = l->netns,
        .device = l->device,
        .options = &options,
        .cookie = s,
    };
    enum tr_code code = TR_OK;
    if (params.share_port && w->index == 0)
        code = check_port_free(w, &params, error);
    if (code == TR_OK)
        code = tr_open(w->loop, &params, &s->ep, error);
    if (code == TR_OK)
        code = tr_listen(s->ep, BRK_BACKLOG, error);
    if (code != TR_OK) {
        name_listener(l, error);
        tr_close(s->ep);
        DL_DELETE(w->sockets, s);
        free(s);
        return code;
    }
    if (l->peeloff == CFG_PEELOFF_ALWAYS) {
        s->full_buffer = shrink_window(s->ep);
        brk_sndbuf_begin(s, opt_num(&options, OPTF_SNDBUF, 0));
    }
    *socket = s;
    return TR_OK;
}

enum tr_code brk_connect(struct brk_worker *w, unsigned peer, const struct opt_set *streams,
                         struct brk_assoc *a, struct tr_error *error)
{
    const struct cfg_peer *p = &w->config->peers[peer];
    struct tr_target target = {.encaps_port = p->encaps_port};
    a->peer = peer;
    enum tr_code code = brk_names_get(w, peer, &target.addresses, &target.address_count, &a->round, error);
    if (code == TR_OK)
        code = brk_refuse_own(w, p, &target, error);
    if (code != TR_OK)
        return code;
    struct brk_socket *s = socket_new(w, BRK_OUTBOUND, (struct cfg_member){CFG_MEMBER_PEER, peer});
    if (!s) {
        error->code = TR_LIMIT;
        snprintf(error->text, sizeof error->text, "out of memory");
        return TR_LIMIT;
    }
    struct opt_set options = brk_options_at_open(w->config, s->member);
    if (streams) {
        struct opt_set wanted = *streams;
        opt_merge(&wanted, &options); /* what the file says goes before what the session would like */
        options = wanted;
    }
    bool can_share = tr_backend_caps(w->broker->backend) & TR_CAP_SHARE_PORT;
    struct tr_open_params params = {.style = TR_ONE_TO_MANY,
                                    .addresses = p->local,
                                    .address_count = p->local_count,
                                    .port = p->local_port == CFG_ABSENT ? 0 : (uint16_t)p->local_port,
                                    .share_port = p->local_port != CFG_ABSENT && can_share,
                                    .netns = p->netns,
                                    .device = p->device,
                                    .options = &options,
                                    .cookie = s};
    uint32_t id = 0;
    code = tr_open(w->loop, &params, &s->ep, error);
    if (code == TR_OK) {
        if (!atomic_exchange_explicit(&brk_health(w->broker, peer)->compared, true, memory_order_relaxed))
            brk_options_compare(s, &options);
        s->full_buffer = shrink_window(s->ep);
        brk_sndbuf_begin(s, opt_num(&options, OPTF_SNDBUF, 0));
        code = tr_connect_init(s->ep, &target, &id, error);
    }
    if (code != TR_OK) {
        brk_names_failed(w, peer, a->round, false);
        tr_close(s->ep);
        DL_DELETE(w->sockets, s);
        free(s);
        return code;
    }
    grow_buffer(s->ep, s->full_buffer);
    brk_assoc_attach(a, s, id);
    a->state = BRK_CONNECTING;
    a->deadline_ms = w->now_ms + p->connect_timeout_ms;
    return TR_OK;
}

/* ---- pausing -------------------------------------------------------------------------------------- */

/* A source is not read while its credit is used up, with one exception. Once an association has ended nothing
 * is won by that any more: nobody slows down, and behind its data stand its end, which others wait for, and
 * what it did not deliver. So the socket is then read until it is empty, which is bounded by its receive
 * buffer (of a socket that several share, at each end). */
static void update_watch(struct brk_socket *s)
{
    bool read = !s->paused || s->to_the_end || s->has_lost || s->has_leftover;
    if (s->ep)
        tr_watch(s->ep, (read ? TR_READABLE : 0) | (s->writable_wanted ? TR_WRITABLE : 0));
}

void brk_socket_check_pause(struct brk_socket *s)
{
    if (s->paused || !rt_credit_full(&s->credit))
        return;
    s->paused = true;
    update_watch(s);
    brk_log(CFG_LOG_DEBUG, "paused", "%s=%s waiting=%u", brk_member_word(s->member),
            cfg_member_name(s->worker->config, s->member), s->credit.messages);
}

void brk_socket_check_resume(struct brk_socket *s)
{
    if (!s->paused || !rt_credit_free(&s->credit))
        return;
    s->paused = false;
    update_watch(s);
}

void brk_socket_want_writable(struct brk_socket *s, bool wanted)
{
    if (s->writable_wanted == wanted)
        return;
    s->writable_wanted = wanted;
    update_watch(s);
}

void brk_socket_writable(struct brk_worker *w, struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    brk_socket_want_writable(s, false);
    HASH_ITER(hh, s->assocs, a, tmp)
    {
        if (!a->blocked || a->state != BRK_UP)
            continue;
        a->blocked = false;
        brk_send_pending(w, a); /* wants TR_WRITABLE again when the stack is full again */
        if (a->eof_wanted)
            brk_assoc_eof(w, a);
    }
}

/* ---- peeling off ---------------------------------------------------------------------------------- */

/* Gives an association a socket of its own. Done between batches: everything of the association that has been
 * read is forwarded by then, and what is queued in the stack moves along, so the order holds. */
static void peel_off(struct brk_worker *w, struct brk_socket *from, struct brk_assoc *a)
{
    struct tr_error error;
    struct brk_socket *s = socket_new(w, BRK_PEELED, from->member);
    if (!s)
        return; /* stays where it is: slower company, nothing lost */
    uint32_t id = a->id;
    if (a->burst_count)
        brk_flush(w);
    if (tr_peeloff(from->ep, &id, s, &s->ep, &error) != TR_OK) {
        /* A client that sends and ends at once is gone before it could be given a socket: no harm done. */
        static struct brk_log_budget failed = {.event = "peeloff_failed", .level = CFG_LOG_WARNING},
                                     gone = {.event = "peeloff_failed", .level = CFG_LOG_INFO};
        struct brk_log_budget *lines = error.code == TR_NO_ASSOC ? &gone : &failed;
        char text[300];
        if (brk_assoc_admits(a, lines))
            brk_log(lines->level, "peeloff_failed", "listener=%s assoc=%u error=%s", brk_assoc_name(a), a->id,
                    brk_quote(error.text, text, sizeof text));
        DL_DELETE(w->sockets, s);
        free(s);
        return;
    }
    grow_buffer(s->ep, from->full_buffer);
    brk_sndbuf_inherit(s, from);
    brk_assoc_detach(a);
    brk_assoc_attach(a, s, id);
    if (a->blocked)
        brk_socket_want_writable(s, true);
}

static void peel_wanted(struct brk_worker *w, struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    s->has_peel = false;
    HASH_ITER(hh, s->assocs, a, tmp)
    {
        if (!a->peel_wanted)
            continue;
        a->peel_wanted = false;
        if (a->state == BRK_UP)
            peel_off(w, s, a);
    }
}

/* ---- events --------------------------------------------------------------------------------------- */

/* An association of a listener, or one that its peer has begun anew. */
static void begin(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e)
{
    struct brk_socket *s = a->socket;
    if (s->kind == BRK_LISTENING && w->config->listeners[s->member.index].peeloff == CFG_PEELOFF_ALWAYS)
        a->peel_wanted = s->has_peel = true;
    brk_assoc_up(w, a, e);
    if (w->phase != BRK_RUNNING && s->kind != BRK_OUTBOUND)
        brk_assoc_eof(w, a); /* set up while the broker was about to stop accepting */
}

static void accepted(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    struct brk_assoc *a = brk_assoc_new(w, BRK_UP);
    if (!a) {
        static struct brk_log_budget lines = {.event = "refused", .level = CFG_LOG_ERROR};
        struct tr_error error;
        if (brk_log_admits(&lines, w->now_ms))
            brk_log(CFG_LOG_ERROR, "refused", "listener=%s assoc=%u error=\"out of memory\"",
                    cfg_member_name(w->config, s->member), e->assoc);
        tr_abort(s->ep, e->assoc, &error);
        return;
    }
    brk_assoc_attach(a, s, e->assoc);
    begin(w, a, e);
}

static void assoc_change(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    struct brk_assoc *a = brk_assoc_find(s, e->assoc);
    switch (e->change.state) {
    case TR_COMM_UP:
        if (a && a->state == BRK_CONNECTING)
            brk_assoc_up(w, a, e);
        else if (!a && s->kind != BRK_OUTBOUND)
            accepted(w, s, e);
        return;
    case TR_RESTART: /* lost, then up: the peer has forgotten everything, so whatever hung on it begins anew
                      */
        if (a && a->state == BRK_UP && (a = brk_assoc_restart(w, a, e)))
            begin(w, a, e);
        return;
    case TR_COMM_LOST:
    case TR_CANT_ASSOC:
    case TR_SHUTDOWN_COMP:
        if (a && (a->state == BRK_UP || a->state == BRK_CONNECTING))
            brk_assoc_lost(w, a, e->change.state == TR_SHUTDOWN_COMP, e);
        return;
    }
}

/* A message that the transport could not put together. */
static void not_whole(struct brk_worker *w, struct brk_socket *s, enum brk_drop reason)
{
    uint64_t skipped;
    brk_count(&w->counts.received, 1);
    brk_count(&s->traffic->received, 1);
    brk_count(&s->traffic->dropped, 1);
    brk_count(&w->counts.dropped[reason], 1);
    if (brk_log_limited(&w->drop_limits[reason], w->now_ms, &skipped))
        brk_log(CFG_LOG_WARNING, "dropped", "reason=%s from=%s max_message=%llu more_since_last=%llu",
                brk_drop_name(reason), cfg_member_name(w->config, s->member),
                (unsigned long long)w->config->max_message, (unsigned long long)skipped);
}

/* The transport aborts it; its end follows. */
static void stalled(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    brk_count(&w->counts.stalled, 1);
    brk_log(CFG_LOG_WARNING, "stalled", "%s=%s assoc=%u messages=%u others_wait=%s",
            brk_member_word(s->member), cfg_member_name(w->config, s->member), e->assoc, e->stalled.messages,
            e->stalled.crowded ? "yes" : "no");
}

static void handle_event(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    char text[256];
    struct brk_assoc *a;
    if (brk_log_on(CFG_LOG_DEBUG))
        brk_log(CFG_LOG_DEBUG, "sctp", "%s=%s %s", brk_member_word(s->member),
                cfg_member_name(w->config, s->member), tr_event_format(e, text, sizeof text));
    switch (e->type) {
    case TR_EV_ASSOC_CHANGE:
        assoc_change(w, s, e);
        break;
    case TR_EV_SEND_FAILED:
        if ((a = brk_assoc_find(s, e->assoc)))
            brk_give_back(w, a, e);
        break;
    case TR_EV_PATH_CHANGE:
        brk_notice_path(w, s, e);
        break;
    case TR_EV_STREAM_RESET:
    case TR_EV_ASSOC_RESET:
    case TR_EV_STREAM_CHANGE:
        brk_notice_reconfig(w, s, e);
        break;
    case TR_EV_SHUTDOWN:
        if ((a = brk_assoc_find(s, e->assoc)) && a->state == BRK_UP)
            brk_stats_read(w, a);
        break;
    case TR_EV_OVERSIZED:
        not_whole(w, s, BRK_OVERSIZED);
        break;
    case TR_EV_NO_ROOM:
        not_whole(w, s, BRK_UNASSEMBLED);
        break;
    case TR_EV_STALLED:
        stalled(w, s, e);
        break;
    case TR_EV_PARTIAL_DELIVERY:
        brk_count(&w->counts.broken_off, 1);
        break;
    default: /* the rest is for the log */
        break;
    }
}

/* ---- reading -------------------------------------------------------------------------------------- */

static void handle_items(struct brk_worker *w, struct brk_socket *s, const struct tr_item *items,
                         unsigned count)
{
    uint64_t messages = 0, bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        const struct tr_item *item = &items[i];
        if (item->kind == TR_EVENT) {
            handle_event(w, s, &item->event);
            continue;
        }
        struct brk_assoc *a = brk_assoc_find(s, item->msg.assoc);
        messages++;
        bytes += item->msg.len;
        if (a) {
            a->brought = true;
            brk_forward(w, a, &item->msg);
        } else /* its association was refused for lack of memory */
            brk_count(&w->counts.dropped[BRK_NO_MEMORY], 1);
    }
    brk_count(&w->counts.received, messages);
    brk_count(&s->traffic->received, messages);
    brk_count(&s->traffic->received_bytes, bytes);
}

/* After everything has been read: lost associations leave, and what came back from one that is still up is
 * dropped. */
static void finish_lost(struct brk_worker *w, struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    s->has_lost = s->has_leftover = false;
    HASH_ITER(hh, s->assocs, a, tmp)
    {
        if (a->state == BRK_LOST)
            brk_assoc_finish(w, a);
        else if (a->leftover.count)
            brk_drop_given_up(w, a);
    }
}

bool brk_socket_read(struct brk_worker *w, struct brk_socket *s)
{
    const struct tr_item *items;
    unsigned count;
    enum tr_code code;
    bool all; /* the end of an association and what it gives back stand in one queue: read on until it is
                 empty */
    int rounds = 0;
    do {
        code = tr_recv(s->ep, 0, &items, &count);
        if (code == TR_OK)
            handle_items(w, s, items, count);
        if (s->has_peel)
            peel_wanted(w, s);
        all = s->has_lost || s->has_leftover || s->to_the_end;
        if (code == TR_NO_SLOT || (code == TR_OK && all)) {
            brk_flush(w);
            tr_loop_turn(w->loop);
        }
    } while (all && (code == TR_OK || code == TR_NO_SLOT) && ++rounds < BRK_ROUNDS_MAX);
    if (s->last)
        brk_stats_tick(w, s->last);
    if (all && code != TR_OK && code != TR_NO_SLOT) {
        s->to_the_end = false;
        finish_lost(w, s);
    }
    if (s->paused)
        update_watch(s);
    return code == TR_AGAIN;
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
    while (s->ep && s->has_lost)
        brk_socket_read(w, s);
}
