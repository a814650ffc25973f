/* The life of an endpoint on a kernel socket: open, bind, listen, move. */
#include "transport/kernel/kernel_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- Addresses ------------------------------------------------------------------------------------- */

/* Linux fills in a scope for every IPv6 address; it means something for link-local ones only. */
void kernel_clean_address(struct net_addr *a)
{
    if (a->sa.sa_family == AF_INET6 && !IN6_IS_ADDR_LINKLOCAL(&a->in6.sin6_addr))
        a->in6.sin6_scope_id = 0;
}

bool kernel_pack(const struct net_addr *addresses, unsigned count, uint16_t port, struct kernel_packed *out)
{
    uint8_t *at = malloc(count * sizeof(struct sockaddr_in6));
    out->bytes = (struct sockaddr *)at;
    out->count = (int)count;
    if (at == NULL)
        return false;
    for (unsigned i = 0; i < count; i++) {
        struct net_addr a = addresses[i];
        if (port != 0)
            net_addr_set_port(&a, port);
        memcpy(at, &a, net_addr_len(&a));
        at += net_addr_len(&a);
    }
    return true;
}

unsigned kernel_addresses(struct tr_endpoint *tep, uint32_t assoc, bool remote, struct net_addr *out,
                          unsigned max)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct sockaddr *packed = NULL;
    int count = remote ? sctp_getpaddrs(ep->fd, (sctp_assoc_t)assoc, &packed)
                       : sctp_getladdrs(ep->fd, (sctp_assoc_t)assoc, &packed);
    kernel_count(ep, 1);
    if (count <= 0)
        return 0;
    const uint8_t *at = (const uint8_t *)packed;
    for (unsigned i = 0; i < (unsigned)count && i < max; i++) {
        const struct sockaddr *sa = (const struct sockaddr *)at;
        size_t len = sa->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
        memset(&out[i], 0, sizeof out[i]);
        memcpy(&out[i], sa, len);
        kernel_clean_address(&out[i]);
        at += len;
    }
    if (remote)
        sctp_freepaddrs(packed);
    else
        sctp_freeladdrs(packed);
    return (unsigned)count;
}

/* IPv4 addresses only: an IPv4 socket. Else an IPv6 one, which takes both kinds. */
static sa_family_t family_for(const struct tr_open_params *p)
{
    for (unsigned i = 0; i < p->address_count; i++)
        if (p->addresses[i].sa.sa_family == AF_INET6)
            return AF_INET6;
    return p->address_count > 0 ? AF_INET : AF_INET6;
}

/* ---- Open ------------------------------------------------------------------------------------------ */

static enum tr_code bind_failed(const struct net_addr *addresses, unsigned count, uint16_t port, int e,
                                struct tr_error *error)
{
    char where[NET_ADDR_TEXT];
    struct net_addr first = addresses[0];
    net_addr_set_port(&first, port);
    net_addr_format(&first, where, sizeof where);
    const char *advice = "";
    if (e == EADDRINUSE)
        advice = "; another socket has this port: see `ss -lS`";
    else if (e == EADDRNOTAVAIL)
        advice = "; is it one of this host's addresses (`ip address`)?";
    else if (e == EACCES)
        advice = "; a port below 1024 needs CAP_NET_BIND_SERVICE";
    else if (e == EINVAL)
        advice = "; is an address given twice?";
    return tr_fail(error, kernel_code(e), e, "binding %s%s: %s%s", where,
                   count > 1 ? " and its other addresses" : "", strerror(e), advice);
}

/* The first address goes through bind, which lets the stack pick a port; the others then get the same one. */
static enum tr_code bind_addresses(struct kernel_endpoint *ep, const struct net_addr *addresses,
                                   unsigned count, uint16_t port, struct tr_error *error)
{
    struct net_addr any = {0}, first;
    struct kernel_packed packed;

    any.sa.sa_family = ep->family;
    if (count == 0) {
        addresses = &any;
        count = 1;
    }
    first = addresses[0];
    net_addr_set_port(&first, port);
    kernel_count(ep, 1);
    if (bind(ep->fd, &first.sa, net_addr_len(&first)) != 0)
        return bind_failed(addresses, count, port, errno, error);
    ep->port = port;
    if (count == 1)
        return TR_OK;
    if (!kernel_pack(addresses + 1, count - 1, kernel_port(&ep->base), &packed))
        return tr_fail(error, TR_LIMIT, ENOMEM, "binding %u addresses: out of memory", count);
    int failed = sctp_bindx(ep->fd, packed.bytes, packed.count, SCTP_BINDX_ADD_ADDR), e = errno;
    free(packed.bytes);
    kernel_count(ep, 1);
    return failed == 0 ? TR_OK : bind_failed(addresses, count, port, e, error);
}

enum tr_code kernel_bind(struct kernel_endpoint *ep, const struct net_addr *addresses, unsigned count,
                         uint16_t port, struct tr_error *error)
{
    enum tr_code code = bind_addresses(ep, addresses, count, port, error);
    return code == TR_OK ? kernel_bound(ep, error) : code;
}

static enum tr_code set_int(struct kernel_endpoint *ep, int level, int name, int value, const char *what,
                            struct tr_error *error)
{
    kernel_count(ep, 1);
    if (setsockopt(ep->fd, level, name, &value, sizeof value) == 0)
        return TR_OK;
    int e = errno;
    return tr_fail(error, kernel_code(e), e, "%s: %s", what, strerror(e));
}

static enum tr_code bind_device(struct kernel_endpoint *ep, const char *device, struct tr_error *error)
{
    kernel_count(ep, 1);
    if (setsockopt(ep->fd, SOL_SOCKET, SO_BINDTODEVICE, device, (socklen_t)strlen(device)) == 0)
        return TR_OK;
    int e = errno;
    return tr_fail(error, kernel_code(e), e, "binding to device %s: %s%s", device, strerror(e),
                   e == EPERM ? "; it needs CAP_NET_RAW" : "");
}

enum tr_code kernel_set_up(struct kernel_endpoint *ep, bool share_port, const char *device,
                           struct tr_error *error)
{
    enum tr_code code = TR_OK;
    kernel_default_events(ep);
    /* A half-delivered message of one association must not hold back the others; pieces are sorted by
     * association here. */
    if (!ep->stream)
        code = set_int(ep, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, 1, "fragment interleaving", error);
    if (code == TR_OK && share_port)
        code = set_int(ep, SOL_SOCKET, SO_REUSEPORT, 1, "sharing a port", error);
    if (code == TR_OK && device != NULL)
        code = bind_device(ep, device, error);
    return code;
}

static enum tr_code set_up(struct kernel_endpoint *ep, const struct tr_open_params *p, struct tr_error *error)
{
    if (ep->stream && (ep->origin = kernel_origin_new(p)) == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "opening an endpoint: out of memory");
    enum tr_code code = kernel_set_up(ep, p->share_port, p->device, error);
    /* Addresses are shown as they were given; Linux would write IPv4 ones as ::ffff:a.b.c.d (RFC
     * 6458 8.1.15). */
    bool said = p->options != NULL && opt_given(p->options, OPTF_MAPPED_V4);
    if (code == TR_OK && ep->family == AF_INET6 && !said)
        code = set_int(ep, IPPROTO_SCTP, SCTP_I_WANT_MAPPED_V4_ADDR, 0, "plain IPv4 addresses", error);
    if (code == TR_OK && p->options != NULL)
        code = tr_apply_options(&ep->base, 0, p->options, NULL, error);
    if (code == TR_OK)
        code = kernel_subscribe(ep, error);
    if (code == TR_OK && ep->stream)
        kernel_read_offers(ep);
    return code == TR_OK ? kernel_bind(ep, p->addresses, p->address_count, p->port, error) : code;
}

struct kernel_endpoint *kernel_new_endpoint(struct tr_loop *loop, int fd, enum tr_style style,
                                            const struct tr_endpoint *origin, void *cookie)
{
    struct kernel_endpoint *ep = calloc(1, sizeof *ep);
    if (ep == NULL)
        return NULL;
    ep->base.backend = loop->backend;
    ep->base.loop = loop;
    ep->base.cookie = cookie;
    ep->base.style = style;
    ep->base.peeled = origin != NULL;
    ep->base.watch = TR_READABLE;
    tr_reading_init(&ep->base, origin);
    ep->fd = fd;
    kernel_forget_offers(ep);
    return ep;
}

/* A new socket of the family that fits; IPv4 where the host has no IPv6 and the addresses do not ask for it.
 */
static int socket_for(const struct tr_open_params *p, sa_family_t *family, struct tr_error *error)
{
    int type = p->style == TR_ONE_TO_MANY ? SOCK_SEQPACKET : SOCK_STREAM;
    *family = family_for(p);
    struct tr_error local;
    int fd = kernel_new_socket(*family, type, p->netns, &local);
    if (fd < 0 && *family == AF_INET6 && p->address_count == 0 && local.error_number == EAFNOSUPPORT) {
        *family = AF_INET;
        fd = kernel_new_socket(*family, type, p->netns, &local);
    }
    if (fd < 0 && error != NULL)
        *error = local;
    return fd >= 0 ? fd : -(int)local.code;
}

static enum tr_code open_at(struct tr_loop *loop, const struct tr_open_params *p, struct tr_endpoint **out,
                            struct tr_error *error)
{
    sa_family_t family;
    int fd = socket_for(p, &family, error);
    if (fd < 0)
        return (enum tr_code) - fd;
    struct kernel_endpoint *ep = kernel_new_endpoint(loop, fd, p->style, NULL, p->cookie);
    if (ep == NULL) {
        close(fd);
        return tr_fail(error, TR_LIMIT, ENOMEM, "opening an endpoint: out of memory");
    }
    ep->family = family;
    ep->stream = p->style == TR_ONE_TO_ONE;
    ep->foreign = p->netns != NULL;
    kernel_count(ep, 1);
    enum tr_code code = set_up(ep, p, error);
    if (code == TR_OK)
        code = kernel_enter(kernel_loop(loop), ep, error);
    if (code != TR_OK) {
        close(fd);
        free(ep->origin);
        free(ep->auth_keys);
        free(ep);
        return code;
    }
    *out = &ep->base;
    return TR_OK;
}

enum tr_code kernel_open(struct tr_loop *loop, const struct tr_open_params *p, struct tr_endpoint **out,
                         struct tr_error *error)
{
    if (!kernel_means_device(p))
        return open_at(loop, p, out, error);
    struct net_addr own[KERNEL_DEVICE_ADDRESSES];
    struct tr_open_params here = *p;
    here.addresses = own;
    enum tr_code code = kernel_device_addresses(p, own, &here.address_count, error);
    return code == TR_OK ? open_at(loop, &here, out, error) : code;
}

enum tr_code kernel_listen(struct tr_endpoint *tep, int backlog, struct tr_error *error)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    kernel_count(ep, 1);
    if (listen(ep->fd, backlog) == 0) {
        ep->listens |= backlog > 0;
        return TR_OK;
    }
    int e = errno;
    const char *advice =
        e == EADDRINUSE ? "; endpoints that share a port must all be opened for it, with exactly the same "
                          "addresses"
                        : "";
    return tr_fail(error, kernel_code(e), e, "listening on port %u: %s%s", kernel_port(tep), strerror(e),
                   advice);
}

/* Where the stack has chosen it, it is asked when somebody wants to know. */
uint16_t kernel_port(const struct tr_endpoint *tep)
{
    struct kernel_endpoint *ep = (struct kernel_endpoint *)tep;
    struct net_addr bound = {0};
    socklen_t len = sizeof bound;
    if (ep->port != 0 || ep->fd < 0)
        return ep->port;
    kernel_count(ep, 1);
    if (getsockname(ep->fd, &bound.sa, &len) == 0)
        ep->port = net_addr_port(&bound);
    return ep->port;
}

uint16_t kernel_encaps_port(const struct tr_endpoint *ep)
{
    (void)ep;
    return 0; /* net.sctp.udp_port is the host's, not an endpoint's */
}

/* ---- Move ------------------------------------------------------------------------------------------- */

enum tr_code kernel_release(struct tr_endpoint *tep, struct tr_error *error)
{
    (void)error;
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_loop *l = kernel_loop(tep->loop);
    ep->pieces = reasm_take(&l->pieces, &tep->reading);
    kernel_leave(ep);
    ep->ready_turn = ep->writable_turn = 0; /* numbers of the old loop's waits */
    return TR_OK;
}

enum tr_code kernel_adopt(struct tr_loop *loop, struct tr_endpoint *tep, struct tr_error *error)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_loop *l = kernel_loop(loop);
    enum tr_code code = kernel_enter(l, ep, error);
    if (code == TR_OK) {
        reasm_put(&l->pieces, ep->pieces);
        ep->pieces = NULL;
        kernel_pieces_read(l, ep);
    }
    return code;
}
