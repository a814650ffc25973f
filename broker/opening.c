/* Opening sockets: listeners, and associations to peers. */
#include "broker/opening.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/health.h"
#include "broker/limit.h"
#include "broker/log.h"
#include "broker/names.h"
#include "broker/options.h"
#include "broker/own.h"
#include "broker/sndbuf.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/window.h"
#include "config/config.h"
#include "config/sctp/address.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

/* Adds to the error which listener it is about. */
static void name_listener(const struct cfg_listener *l, struct tr_error *error)
{
    struct tr_error plain = *error;
    snprintf(error->text, sizeof error->text, "listener %s: %.200s", l->name, plain.text);
}

/* Sharing a port between workers (SO_REUSEPORT) would let a second broker of the same user share it as
 * well, unnoticed. So the first worker opens the port exclusively once before it is shared. */
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

void brk_listener_opened(struct brk_socket *s)
{
    char text[NET_ADDR_TEXT];
    const struct brk_worker *w = s->worker;
    const struct cfg_listener *l = &w->config->listeners[s->member.index];
    if (w->index != 0)
        return;
    for (unsigned a = 0; a < l->address_count; a++)
        brk_log(CFG_LOG_INFO, "listening", "listener=%s address=%s transport=%s", l->name,
                net_addr_format(&l->addresses[a], text, sizeof text), tr_backend_name(w->broker->backend));
}

/* The port is shared with the sockets of other workers, and with those of associations to peers that have it
 * as their `local_port`, now or after a reload. */
enum tr_code brk_listen(struct brk_worker *w, const struct cfg_config *c, unsigned listener,
                        struct brk_socket **socket, struct tr_error *error)
{
    const struct cfg_listener *l = &c->listeners[listener];
    struct brk_socket *s =
        brk_socket_new(w, BRK_LISTENING, (struct cfg_member){CFG_MEMBER_LISTENER, listener});
    if (!s) {
        *error = (struct tr_error){.code = TR_LIMIT, .text = "out of memory"};
        return TR_LIMIT;
    }
    struct opt_set options;
    brk_options_at_open(c, s->member, &options);
    struct tr_open_params params = {
        .style = TR_ONE_TO_MANY,
        .addresses = l->addresses,
        .address_count = l->address_count,
        .port = l->port,
        .encaps_port = tr_backend_caps(w->broker->backend) & TR_CAP_ENCAPS ? l->encaps_port : 0,
        .share_port = tr_backend_caps(w->broker->backend) & TR_CAP_SHARE_PORT,
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
        brk_socket_leave(s, &w->sockets);
        free(s);
        return code;
    }
    if (w->index == 0)
        brk_options_compare(s, c, &options); /* as granted, before the buffers are made smaller */
    s->peeloff = l->peeloff;
    if (s->peeloff != CFG_PEELOFF_NEVER) {
        brk_socket_shrink_window(s);
        brk_sndbuf_begin(s, opt_num(&options, OPTF_SNDBUF, 0));
    }
    *socket = s;
    return TR_OK;
}

/* A configured number of outbound streams takes precedence over what the session asks for; a configured
 * number of inbound streams is an upper bound. */
static void ask_for_streams(struct opt_set *options, const struct opt_set *session)
{
    int64_t most = opt_num(options, OPTF_INIT_INSTREAMS, UINT16_MAX);
    int64_t wanted = opt_num(session, OPTF_INIT_INSTREAMS, most);
    if (!opt_given(options, OPTF_INIT_OSTREAMS))
        opt_put(options, OPTF_INIT_OSTREAMS, opt_num(session, OPTF_INIT_OSTREAMS, 1));
    opt_put(options, OPTF_INIT_INSTREAMS, wanted < most ? wanted : most);
}

/* Opens the socket of an association to a peer. Its buffers start small. For a peer's first association
 * the granted sizes are read back; later ones are opened with what was learnt from that. */
static enum tr_code open_outbound(struct brk_socket *s, const struct tr_open_params *params,
                                  struct opt_set *options, struct tr_error *error)
{
    struct brk_peer_health *h = brk_health(s->worker->broker, s->member.index);
    int64_t recbuf = opt_num(options, OPTF_RECBUF, 0), sndbuf = opt_num(options, OPTF_SNDBUF, 0);
    bool known = brk_recall_buffer(h, recbuf, &s->full_buffer);
    if (known && s->full_buffer)
        opt_put(options, OPTF_RECBUF, cfg_window(s->full_buffer));
    if (known)
        brk_sndbuf_begin_with(s, options);
    enum tr_code code = tr_open(s->worker->loop, params, &s->ep, error);
    if (code != TR_OK || known)
        return code;
    if (!atomic_exchange_explicit(&h->compared, true, memory_order_relaxed))
        brk_options_compare(s, s->worker->config, options);
    s->full_buffer = brk_shrink_window(s->ep);
    brk_remember_buffer(h, recbuf, s->full_buffer);
    brk_sndbuf_begin(s, sndbuf);
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
    struct brk_socket *s = brk_socket_new(w, BRK_OUTBOUND, (struct cfg_member){CFG_MEMBER_PEER, peer});
    if (!s) {
        *error = (struct tr_error){.code = TR_LIMIT, .text = "out of memory"};
        return TR_LIMIT;
    }
    struct opt_set options;
    brk_options_at_open(w->config, s->member, &options);
    if (streams)
        ask_for_streams(&options, streams);
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
    code = open_outbound(s, &params, &options, error);
    if (code == TR_OK)
        code = tr_connect_init(s->ep, &target, &id, error);
    if (code != TR_OK) {
        brk_names_failed(w, peer, a->round, false);
        tr_close(s->ep);
        brk_socket_leave(s, &w->sockets);
        free(s);
        return code;
    }
    brk_grow_buffer(s->ep, s->full_buffer);
    brk_limit_adopt(s);
    brk_assoc_attach(a, s, id);
    a->state = BRK_CONNECTING;
    a->deadline_ms = w->now_ms + p->connect_timeout_ms;
    return TR_OK;
}
