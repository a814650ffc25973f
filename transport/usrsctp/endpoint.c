/* Endpoints: opening, listening, addresses.
 *
 * Room for failed messages. When an association ends, the stack gives every message that was not acknowledged
 * back as an event, all at once, but only as far as the receive buffer has room; the rest would vanish. So
 * the buffer's limit is lifted while anything happens that may end an association: a packet that says so, a
 * call of ours, and the stack's timers while some peer is silent. The messages are in memory already, so this
 * costs none. Between those moments the limit is what the user asked for, and so is the window that peers
 * see. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

enum {
    FIRST_EPHEMERAL = 49152, /* RFC 6335 6 */
    PORT_TRIES = 2000,
    ROOM = 1 << 30
};

void usr_make_room(struct usr_endpoint *ep, bool on)
{
    int bytes = on ? ROOM : ep->kept.recbuf;
    (void)usrsctp_setsockopt(ep->so, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

static void enter(struct usr_loop *loop, struct usr_endpoint *ep)
{
    ep->base.loop = &loop->base;
    ep->base.watch = TR_READABLE;
    DL_APPEND(loop->endpoints, ep);
    usrsctp_set_upcall(ep->so, usr_upcall, ep);
    usr_loop_set_timer(loop);
}

static int bind_port(struct socket *so, uint16_t port)
{
    struct sockaddr_conn any = {.sconn_family = AF_CONN, .sconn_port = htons(port)};
    return usrsctp_bind(so, (struct sockaddr *)&any, sizeof any) == 0 ? 0 : errno;
}

enum tr_code usr_bind(struct usr_endpoint *ep, uint16_t port, struct tr_error *error)
{
    int failed = EADDRINUSE;
    ep->port = port;
    if (port != 0)
        failed = bind_port(ep->so, port);
    for (int i = 0; port == 0 && failed == EADDRINUSE && i < PORT_TRIES; i++) {
        ep->port = (uint16_t)(FIRST_EPHEMERAL + arc4random_uniform(65536 - FIRST_EPHEMERAL));
        failed = bind_port(ep->so, ep->port);
    }
    if (failed == EADDRINUSE)
        return tr_fail(error, TR_ADDR_IN_USE, failed,
                       "SCTP port %u is in use by another endpoint of this process (with usrsctp one port is "
                       "one endpoint, whatever its addresses); choose another port",
                       ep->port);
    if (failed != 0)
        return tr_fail(error, usr_code(failed), failed, "cannot bind SCTP port %u: %s", ep->port,
                       strerror(failed));
    return TR_OK;
}

enum tr_code usr_make_socket(struct usr_endpoint *ep, const struct opt_set *options, struct tr_error *error)
{
    int type = ep->base.style == TR_ONE_TO_MANY ? SOCK_SEQPACKET : SOCK_STREAM;
    struct socket *before = ep->so;
    ep->so = usrsctp_socket(AF_CONN, type, IPPROTO_SCTP, NULL, NULL, 0, NULL);
    if (ep->so == NULL) {
        ep->so = before;
        return tr_fail(error, TR_LIMIT, errno, "cannot open a usrsctp socket: %s", strerror(errno));
    }
    usrsctp_set_non_blocking(ep->so, 1);
    enum tr_code code = usr_option_defaults(ep, error);
    if (code == TR_OK)
        code = usr_auth_restore(ep, error);
    if (code == TR_OK && options != NULL)
        code = tr_apply_options(&ep->base, 0, options, NULL, error);
    if (code != TR_OK) {
        usrsctp_close(ep->so);
        ep->so = before;
    }
    return code;
}

static enum tr_code open_socket(struct usr_endpoint *ep, const struct tr_open_params *params,
                                struct tr_error *error)
{
    enum tr_code code = usr_make_socket(ep, params->options, error);
    if (code != TR_OK)
        return code;
    code = usr_bind(ep, params->port, error);
    if (code != TR_OK)
        usrsctp_close(ep->so);
    return code;
}

enum tr_code usr_open(struct tr_loop *base, const struct tr_open_params *params, struct tr_endpoint **out,
                      struct tr_error *error)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    const struct net_addr *at = params->address_count > 0 ? params->addresses : NULL;
    struct usr_endpoint *ep = calloc(1, sizeof *ep);
    if (ep == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "out of memory for an endpoint");
    ep->base.backend = base->backend;
    ep->base.style = params->style;
    ep->base.loop = base;
    tr_reading_init(&ep->base, NULL);
    enum tr_code code = usr_udp_get(loop, at, params->encaps_port, &ep->udp, error);
    if (code == TR_OK) {
        ep->local = ep->udp->socket.local;
        net_addr_set_port(&ep->local, 0);
        code = open_socket(ep, params, error);
        if (code != TR_OK)
            usr_udp_put(loop, ep->udp);
    }
    if (code != TR_OK) {
        usr_auth_forget(ep);
        free(ep);
        return code;
    }
    ep->owner = true;
    HASH_ADD(by_port, loop->by_port, port, sizeof ep->port, ep);
    enter(loop, ep);
    *out = &ep->base;
    return TR_OK;
}

/* The association that a socket came with. */
static void take_path(struct usr_endpoint *ep)
{
    struct sctp_status status;
    struct usr_path *path =
        usr_status(ep, 0, &status) ? usr_path_of(usr_loop_of(&ep->base), usr_primary(&status)) : NULL;
    if (path != NULL)
        usr_path_owner(path, ep);
}

struct usr_endpoint *usr_endpoint_beside(struct usr_endpoint *origin, struct socket *so)
{
    struct usr_endpoint *ep = calloc(1, sizeof *ep);
    if (ep == NULL) {
        usrsctp_close(so);
        return NULL;
    }
    ep->so = so;
    ep->udp = origin->udp;
    ep->udp->users++;
    ep->local = origin->local;
    ep->port = origin->port;
    ep->base.backend = origin->base.backend;
    ep->base.style = TR_ONE_TO_ONE;
    tr_reading_init(&ep->base, &origin->base);
    usrsctp_set_non_blocking(so, 1);
    enter(usr_loop_of(&origin->base), ep);
    usr_option_inherit(origin, ep);
    take_path(ep);
    usr_ready_mark(ep);
    return ep;
}

enum tr_code usr_listen(struct tr_endpoint *base, int backlog, struct tr_error *error)
{
    struct usr_endpoint *ep = usr_ep(base);
    if (usrsctp_listen(ep->so, backlog) != 0)
        return tr_fail(error, TR_INVALID, errno, "cannot listen on SCTP port %u: %s", ep->port,
                       errno == EADDRINUSE || errno == EINVAL ? "the endpoint has an association already"
                                                              : strerror(errno));
    ep->listening = base->style == TR_ONE_TO_ONE && backlog > 0;
    return TR_OK;
}

uint16_t usr_port(const struct tr_endpoint *ep)
{
    return ((const struct usr_endpoint *)ep)->port;
}

uint16_t usr_encaps_port(const struct tr_endpoint *ep)
{
    return net_addr_port(&((const struct usr_endpoint *)ep)->udp->socket.local);
}

unsigned usr_addresses(struct tr_endpoint *base, uint32_t assoc, bool remote, struct net_addr *out,
                       unsigned max)
{
    struct usr_endpoint *ep = usr_ep(base);
    bool whole = assoc == 0 && !remote;
    struct net_addr far, near = ep->local;
    struct sctp_status status;
    if (!whole && (!usr_status(ep, assoc, &status) ||
                   !usr_peer_address(usr_loop_of(base), usr_primary(&status), &far, &near)))
        return 0;
    net_addr_set_port(&near, ep->port);
    if (max > 0) {
        out[0] = remote ? far : near;
        usr_show_address(ep, &out[0]);
    }
    return 1;
}
