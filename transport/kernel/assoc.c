/* Associations: setting up, ending, peeling off. */
#include "transport/kernel/kernel_priv.h"
#include "transport/wait_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int call(struct kernel_endpoint *ep, const struct kernel_packed *to, sctp_assoc_t *id)
{
    *id = 0;
    kernel_count(ep, 1);
    return sctp_connectx(ep->fd, to->bytes, to->count, id) == 0 ? 0 : errno;
}

static enum tr_code connect_failed(const struct kernel_endpoint *ep, const struct tr_target *to, int e,
                                   struct tr_error *error)
{
    enum tr_code code = kernel_code(e);
    const char *why = strerror(e), *advice = "";
    char text[NET_ADDR_TEXT];
    net_addr_format(&to->addresses[0], text, sizeof text);
    if (code == TR_EXISTS)
        why = ep->stream ? "this endpoint has an association already"
                         : "this endpoint has an association there already";
    else if (code == TR_UNREACHABLE)
        advice = "; is there a route to it (`ip route get`)?";
    else if (e == EINVAL && ep->family == AF_INET && to->addresses[0].sa.sa_family == AF_INET6)
        advice = "; the endpoint has IPv4 addresses only";
    return tr_fail(error, code, e, "connect to %s: %s%s", text, why, advice);
}

enum tr_code kernel_connect_init(struct tr_endpoint *tep, const struct tr_target *to, uint32_t *assoc,
                                 struct tr_error *error)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    char text[NET_ADDR_TEXT];
    struct kernel_packed packed;
    sctp_assoc_t id;

    net_addr_format(&to->addresses[0], text, sizeof text);
    if (!kernel_pack(to->addresses, to->address_count, 0, &packed))
        return tr_fail(error, TR_LIMIT, ENOMEM, "connect to %s: out of memory", text);
    int e = call(ep, &packed, &id);
    /* Linux lets a one-to-one socket connect only once, even when that association is gone. */
    if (e == EISCONN && ep->origin != NULL && kernel_only_assoc(ep) == 0 && kernel_renew(ep, NULL) == TR_OK)
        e = call(ep, &packed, &id);
    free(packed.bytes);
    if (e != 0 && e != EINPROGRESS)
        return connect_failed(ep, to, e, error);
    ep->called = (uint32_t)id;
    *assoc = (uint32_t)id;
    return TR_OK;
}

/* Sends no message but a flag: SCTP_EOF, or SCTP_ABORT with a reason. Not for SOCK_STREAM sockets. */
static int send_flag(struct kernel_endpoint *ep, uint32_t assoc, uint16_t flag, const void *reason,
                     uint32_t len)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(sizeof(struct sctp_sndinfo))];
    } control;
    struct sctp_sndinfo info = {.snd_flags = flag, .snd_assoc_id = (sctp_assoc_t)assoc};
    memset(&control, 0, sizeof control);
    control.align = (struct cmsghdr){CMSG_LEN(sizeof(struct sctp_sndinfo)), IPPROTO_SCTP, SCTP_SNDINFO};
    memcpy(CMSG_DATA(&control.align), &info, sizeof info);
    struct iovec text = {(void *)reason, len};
    struct msghdr h = {
        .msg_iov = &text, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    kernel_count(ep, 1);
    return sendmsg(ep->fd, &h, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? errno : 0;
}

/* The event in the stack's stead where an association, or one that was not up yet, ends with its socket. */
static struct tr_event ended_here(uint32_t assoc, bool was_up)
{
    enum { USER_INITIATED_ABORT = 12 }; /* RFC 9260 3.3.10.12 */
    struct tr_event e = {.type = TR_EV_ASSOC_CHANGE, .assoc = assoc};
    e.change.state = was_up ? TR_COMM_LOST : TR_CANT_ASSOC;
    e.change.error = was_up ? USER_INITIATED_ABORT : 0;
    e.change.end = TR_END_HERE;
    return e;
}

/* Linux has no abort for a SOCK_STREAM socket but closing it. So the endpoint gets a fresh socket, and the
 * event that the stack would have sent is given in its stead. */
static int abort_stream(struct kernel_endpoint *ep)
{
    uint32_t up = kernel_only_assoc(ep);
    if (up == 0 && ep->called == 0)
        return ENOTCONN;
    struct tr_event lost = ended_here(up != 0 ? up : ep->called, up != 0);
    kernel_renew(ep, NULL);
    tr_stash_event(&ep->base, &lost);
    return 0;
}

static enum tr_code flag_failed(const char *what, uint32_t assoc, int e, struct tr_error *error)
{
    enum tr_code code = e == EINVAL ? TR_NO_ASSOC : kernel_code(e);
    return tr_fail(error, code, e, "%s association %u: %s", what, assoc,
                   code == TR_NO_ASSOC ? "there is no such association" : strerror(e));
}

enum tr_code kernel_eof(struct tr_endpoint *tep, uint32_t assoc, struct tr_error *error)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    int e;
    if (ep->stream) {
        kernel_count(ep, 1);
        e = shutdown(ep->fd, SHUT_WR) == 0 ? 0 : errno;
    } else {
        e = send_flag(ep, assoc, SCTP_EOF, NULL, 0);
    }
    return e == 0 ? TR_OK : flag_failed("end", assoc, e, error);
}

enum tr_code kernel_abort(struct tr_endpoint *tep, uint32_t assoc, const void *reason, uint32_t len,
                          struct tr_error *error)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    int e = ep->stream ? abort_stream(ep) : send_flag(ep, assoc, SCTP_ABORT, reason, len);
    return e == 0 ? TR_OK : flag_failed("abort", assoc, e, error);
}

/* Some builds of the shared libsctp lack sctp_peeloff_flags; this is what it does. */
static int peel(int fd, uint32_t assoc, unsigned flags)
{
    sctp_peeloff_flags_arg_t arg = {.p_arg = {.associd = (sctp_assoc_t)assoc, .sd = -1}, .flags = flags};
    socklen_t len = sizeof arg;
    return getsockopt(fd, IPPROTO_SCTP, SCTP_SOCKOPT_PEELOFF_FLAGS, &arg, &len) < 0 ? -1 : arg.p_arg.sd;
}

struct peel_request {
    int fd;
    uint32_t assoc;
};

static int peel_inside(void *arg)
{
    const struct peel_request *r = arg;
    return peel(r->fd, r->assoc, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

/* Linux moves the association to a new socket first and then looks for a descriptor; when there is none, the
 * new socket and the association are gone. So a descriptor is sought before. */
static int take_peeled(struct kernel_endpoint *ep, uint32_t assoc)
{
    int reserved = fcntl(ep->fd, F_DUPFD_CLOEXEC, 0);
    if (reserved < 0)
        return -1;
    close(reserved);
    kernel_count(ep, 3);
    struct peel_request r = {ep->fd, assoc};
    return ep->foreign ? kernel_run_beside(ep->fd, peel_inside, &r) : peel_inside(&r);
}

static int take_socket(struct kernel_endpoint *ep, uint32_t assoc)
{
    if (ep->base.style != TR_ONE_TO_ONE)
        return take_peeled(ep, assoc);
    kernel_count(ep, 1);
    return accept4(ep->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
}

static enum tr_code peeloff_failed(struct kernel_endpoint *ep, uint32_t assoc, int e, struct tr_error *error)
{
    if (ep->base.style == TR_ONE_TO_ONE)
        return tr_fail(error, kernel_code(e), e, "accepting an association on port %u: %s",
                       kernel_port(&ep->base), strerror(e));
    enum tr_code code = e == EINVAL ? TR_NO_ASSOC : kernel_code(e);
    return tr_fail(error, code, e, "peel off association %u: %s", assoc,
                   code == TR_NO_ASSOC ? "there is no such association" : strerror(e));
}

/* There is no way back to the old socket: the association ends, and its endpoint tells. */
static void lose_peeled(struct kernel_endpoint *from, uint32_t assoc, int fd)
{
    struct linger abort_now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof abort_now);
    close(fd);
    kernel_count(from, 2);
    if (from->base.style == TR_ONE_TO_ONE) /* nobody knew of it */
        return;
    struct tr_event lost = ended_here(assoc, true);
    tr_alive_remove(&from->base.alive, assoc);
    tr_stash_event(&from->base, &lost);
}

enum tr_code kernel_peeloff(struct tr_endpoint *tep, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                            struct tr_error *error)
{
    struct kernel_endpoint *from = kernel_endpoint(tep);
    struct kernel_loop *l = kernel_loop(tep->loop);
    bool accepts = tep->style == TR_ONE_TO_ONE;
    struct opt_set options = {0};

    if (!accepts) /* afterwards the origin does not know the association any more */
        kernel_inherit_read(from, *assoc, &options);
    int fd = take_socket(from, *assoc);
    if (fd < 0)
        return peeloff_failed(from, *assoc, errno, error);
    if (accepts)
        kernel_inherit_read(from, 0, &options);
    struct kernel_endpoint *ep = kernel_new_endpoint(tep->loop, fd, TR_ONE_TO_ONE, tep, cookie);
    enum tr_code code = TR_LIMIT;
    if (ep == NULL) {
        tr_fail(error, code, ENOMEM, "peel off association %u: out of memory", *assoc);
    } else {
        ep->port = from->port;
        ep->family = from->family;
        ep->sndbuf = from->sndbuf;
        ep->base.was_set = from->base.was_set;
        ep->stream = accepts;
        ep->foreign = from->foreign;
        ep->bound = true;
        kernel_hand_offers_on(ep, from);
        kernel_inherit(ep, &options);
        code = kernel_enter(l, ep, error);
    }
    if (code != TR_OK) {
        lose_peeled(from, *assoc, fd);
        free(ep);
        return code;
    }
    if (accepts) {
        *assoc = kernel_only_assoc(ep);
    } else if (l->pieces.under_way > 0) {
        reasm_move(&l->pieces, &from->base.reading, *assoc, &ep->base.reading, *assoc);
        kernel_pieces_read(l, ep);
    }
    tr_alive_remove(&from->base.alive, *assoc);
    tr_alive_add(&ep->base.alive, *assoc);
    *out = &ep->base;
    return TR_OK;
}
