/* Endpoints: opening, listening, closing.
 *
 * Closing. The stack's own close aborts every association when anything waits unread, a mere event included,
 * and a closed socket cannot be asked for anything any more. So a close without abort goes on here: each
 * association is peeled off to a socket of its own and ends gracefully there, closing down, while what still
 * arrives is discarded. The endpoint's own socket closes at once, so that its port can be opened again.
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

enum tr_code usr_code(int error_number)
{
    switch (error_number) {
    case 0:
        return TR_OK;
    case EAGAIN:
    case EBUSY:
    case ENOBUFS:
    case ENOMEM:
        return TR_AGAIN;
    case EMSGSIZE:
        return TR_TOO_LONG;
    case ENOENT:
    case ENOTCONN:
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case EFAULT: /* the socket has no endpoint any more */
        return TR_NO_ASSOC;
    case EALREADY:
    case EISCONN:
        return TR_EXISTS;
    case EADDRINUSE:
        return TR_ADDR_IN_USE;
    case EINVAL:
        return TR_INVALID;
    case EOPNOTSUPP:
        return TR_UNSUPPORTED;
    default:
        return TR_SYSTEM;
    }
}

void usr_make_room(struct usr_endpoint *ep, bool on)
{
    int bytes = on ? ROOM : ep->kept.recbuf;
    (void)usrsctp_setsockopt(ep->so, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

/* ---- Opening ---------------------------------------------------------------------------------------- */

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

static enum tr_code bind_sctp(struct usr_endpoint *ep, uint16_t port, struct tr_error *error)
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

/* A socket with its options, not bound yet. ep->so is changed on success only. */
static enum tr_code make_socket(struct usr_endpoint *ep, const struct opt_set *options,
                                struct tr_error *error)
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
    enum tr_code code = make_socket(ep, params->options, error);
    if (code != TR_OK)
        return code;
    code = bind_sctp(ep, params->port, error);
    if (code != TR_OK)
        usrsctp_close(ep->so);
    return code;
}

/* All options of a socket, to be set on another one. */
static void read_options(struct usr_endpoint *ep, struct opt_set *all)
{
    memset(all, 0, sizeof *all);
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        struct tr_place at = {&ep->base, 0, id, NULL};
        if ((opt_rows[id].when & OPT_AT_OPEN) && usr_option_ops[id].get != NULL &&
            usr_option_ops[id].set != NULL)
            (void)usr_option_ops[id].get(&at, all);
    }
}

enum tr_code usr_endpoint_renew(struct usr_endpoint *ep, struct tr_error *error)
{
    struct socket *old = ep->so;
    struct opt_set options;
    read_options(ep, &options);
    enum tr_code code = make_socket(ep, &options, error);
    if (code != TR_OK)
        return code;
    usrsctp_set_upcall(old, NULL, NULL);
    usrsctp_set_upcall(ep->so, usr_upcall, ep);
    usrsctp_close(old); /* gives up the port */
    ep->blocked_count = 0;
    tr_alive_clear(&ep->base.alive);
    usr_mode_forget(ep, 0);
    return bind_sctp(ep, ep->port, error);
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

/* ---- Closing ---------------------------------------------------------------------------------------- */

static void forget_owner(struct usr_loop *loop, struct usr_endpoint *ep)
{
    if (ep->owner)
        HASH_DELETE(by_port, loop->by_port, ep);
    ep->owner = false;
}

/* The last of an endpoint that stands in no list any more. */
static void finish(struct usr_loop *loop, struct usr_endpoint *ep)
{
    forget_owner(loop, ep);
    usrsctp_set_upcall(ep->so, NULL, NULL);
    usrsctp_close(ep->so);
    usr_udp_put(loop, ep->udp);
    loop->paths.ended++;
    while (ep->paths != NULL)
        usr_path_owner(ep->paths, NULL);
    usr_auth_forget(ep);
    tr_alive_clear(&ep->base.alive);
    free(ep);
}

/* Takes an open endpoint out of everything but the list of those that close down. */
static void leave(struct usr_loop *loop, struct usr_endpoint *ep)
{
    usr_ready_forget(ep);
    usrsctp_set_upcall(ep->so, NULL, NULL);
    reasm_abort_owner(&loop->reassembly, &ep->base.reading);
    usr_setup_over(ep, 0);
    DL_DELETE(loop->endpoints, ep);
    DL_APPEND(loop->closing_down, ep);
    ep->closed = loop->closes;
}

void usr_endpoint_abandon(struct usr_loop *loop, struct usr_endpoint *ep)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (ep->closed == 0) {
        loop->closes++;
        leave(loop, ep);
    }
    DL_DELETE(loop->closing_down, ep);
    (void)usrsctp_setsockopt(ep->so, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    finish(loop, ep);
    usr_loop_set_timer(loop);
}

static bool is_half_open(const struct sctp_status *s)
{
    return s->sstat_state == SCTP_COOKIE_WAIT || s->sstat_state == SCTP_COOKIE_ECHOED;
}

static void end_gracefully(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct usr_loop *loop = arg;
    struct socket *so;
    if (is_half_open(s)) {
        usr_abort(&ep->base, s->sstat_assoc_id, NULL, 0, NULL);
    } else if (ep->base.style == TR_ONE_TO_ONE) {
        usr_eof(&ep->base, s->sstat_assoc_id, NULL);
    } else if ((so = usrsctp_peeloff(ep->so, s->sstat_assoc_id)) != NULL) {
        struct usr_endpoint *own = usr_endpoint_beside(ep, so);
        if (own == NULL)
            return;
        usr_eof(&own->base, s->sstat_assoc_id, NULL);
        leave(loop, own);
    }
}

static void discard_input(struct usr_endpoint *ep)
{
    static uint8_t nowhere[65536];
    struct sctp_rcvinfo info;
    for (;;) {
        socklen_t len = sizeof info;
        unsigned type = 0;
        int flags = 0;
        if (usrsctp_recvv(ep->so, nowhere, sizeof nowhere, NULL, NULL, &info, &len, &type, &flags) <= 0)
            return;
    }
}

void usr_closing_turn(struct usr_loop *loop)
{
    struct usr_endpoint *ep, *next;
    struct sctp_status status;
    DL_FOREACH_SAFE(loop->closing_down, ep, next)
    {
        discard_input(ep);
        if (!usr_status(ep, 0, &status))
            usr_endpoint_abandon(loop, ep);
    }
}

static bool is_closing(const struct usr_loop *loop, uint32_t which)
{
    const struct usr_endpoint *ep;
    DL_FOREACH(loop->closing_down, ep)
    {
        if (ep->closed == which)
            return true;
    }
    return false;
}

void usr_close(struct tr_endpoint *base)
{
    struct usr_endpoint *ep = usr_ep(base);
    struct usr_loop *loop = usr_loop_of(base);
    struct linger linger = ep->kept.linger;
    bool abort = ep->listening || (linger.l_onoff && linger.l_linger == 0);
    bool whole = abort || base->style == TR_ONE_TO_MANY;
    uint32_t which = ++loop->closes;
    if (!abort)
        usr_each_assoc(ep, end_gracefully, loop);
    leave(loop, ep);
    if (whole)
        usr_endpoint_abandon(loop, ep);
    usr_closing_turn(loop);
    if (!linger.l_onoff)
        return;
    for (int64_t end = usr_now_ms() + linger.l_linger * INT64_C(1000), now;
         (now = usr_now_ms()) < end && is_closing(loop, which);)
        usr_loop_pump(loop, (int)(end - now < 10 ? end - now : 10));
}

/* ---- Small questions -------------------------------------------------------------------------------- */

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
