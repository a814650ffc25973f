/* UDP sockets and the receiving side; sending is in udp_outbox.c. */
#include "transport/usrsctp/udp.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/address_priv.h"
#include "transport/backend_priv.h"

/* ---- Addresses -------------------------------------------------------------------------------------- */

void udp_map(struct net_addr *a)
{
    if (a->sa.sa_family != AF_INET)
        return;
    struct net_addr v6 = {.in6 = {.sin6_family = AF_INET6, .sin6_port = a->in4.sin_port}};
    v6.in6.sin6_addr.s6_addr[10] = v6.in6.sin6_addr.s6_addr[11] = 0xff;
    memcpy(&v6.in6.sin6_addr.s6_addr[12], &a->in4.sin_addr, 4);
    *a = v6;
}

void udp_route_set(struct udp_route *r, struct udp_socket *s, const struct net_addr *remote,
                   const struct net_addr *source)
{
    *r = (struct udp_route){.socket = s, .remote = *remote};
    if (source != NULL && s->any)
        r->source = *source;
    if (s->local.sa.sa_family == AF_INET6) {
        udp_map(&r->remote);
        udp_map(&r->source);
    }
}

bool udp_source_for(const struct net_addr *remote, struct net_addr *out)
{
    int fd = socket(remote->sa.sa_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    socklen_t len = sizeof *out;
    bool found = connect(fd, &remote->sa, net_addr_len(remote)) == 0 && getsockname(fd, &out->sa, &len) == 0;
    close(fd);
    return found;
}

/* ---- Opening ---------------------------------------------------------------------------------------- */

static void set_int(int fd, int level, int option, int value)
{
    /* An older kernel may lack it; everything works without, only slower. */
    (void)setsockopt(fd, level, option, &value, sizeof value);
}

static void ask_for_buffer(int fd, int forced, int plain)
{
    int bytes = UDP_BUFFER_WANTED;
    if (setsockopt(fd, SOL_SOCKET, forced, &bytes, sizeof bytes) != 0)
        set_int(fd, SOL_SOCKET, plain, bytes);
}

static void ask_for_buffers(int fd)
{
    ask_for_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    ask_for_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
}

/* The kernel doubles what it grants and answers with the double. */
static bool granted(int fd, int option, unsigned *out)
{
    socklen_t len = sizeof *out;
    if (getsockopt(fd, SOL_SOCKET, option, out, &len) != 0)
        return false;
    *out /= 2;
    return true;
}

bool udp_granted(unsigned *receiving, unsigned *sending)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    ask_for_buffers(fd);
    bool known = granted(fd, SO_RCVBUF, receiving) && granted(fd, SO_SNDBUF, sending);
    close(fd);
    return known;
}

static void set_options(struct udp_socket *s, int family)
{
    ask_for_buffers(s->fd);
    set_int(s->fd, SOL_UDP, UDP_GRO, 1);
    /* A packet that is too long for the path is better fragmented than lost: the stack does no path MTU
     * discovery of its own over UDP. */
    set_int(s->fd, SOL_IP, IP_MTU_DISCOVER, IP_PMTUDISC_DONT);
    set_int(s->fd, SOL_IP, IP_RECVERR, 1);
    if (family == AF_INET6) {
        set_int(s->fd, SOL_IPV6, IPV6_MTU_DISCOVER, IPV6_PMTUDISC_DONT);
        set_int(s->fd, SOL_IPV6, IPV6_RECVERR, 1);
    }
    if (s->any) {
        set_int(s->fd, SOL_IP, IP_PKTINFO, family == AF_INET);
        if (family == AF_INET6)
            set_int(s->fd, SOL_IPV6, IPV6_RECVPKTINFO, 1);
    }
}

static enum tr_code bind_failed(const struct net_addr *at, int error_number, struct tr_error *error)
{
    char text[NET_ADDR_TEXT];
    net_addr_format(at, text, sizeof text);
    switch (error_number) {
    case EADDRINUSE:
        return tr_fail(error, TR_ADDR_IN_USE, error_number,
                       "UDP port %s for encapsulation is in use by another program or endpoint; "
                       "choose another encaps_port",
                       text);
    case EADDRNOTAVAIL:
        return tr_fail(error, TR_ADDR_UNKNOWN, error_number, "%s is not an address of this host", text);
    case EACCES:
        return tr_fail(error, TR_PERMISSION, error_number,
                       "UDP port %s needs CAP_NET_BIND_SERVICE; choose an encaps_port above 1023", text);
    default:
        return tr_fail(error, TR_SYSTEM, error_number, "cannot bind UDP port %s: %s", text,
                       strerror(error_number));
    }
}

static enum tr_code open_at(struct udp_socket *s, const struct net_addr *at, struct tr_error *error)
{
    int family = at->sa.sa_family;
    s->fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (s->fd < 0)
        return tr_fail(error, errno == EMFILE || errno == ENFILE ? TR_LIMIT : TR_SYSTEM, errno,
                       "cannot open a UDP socket: %s", strerror(errno));
    if (family == AF_INET6)
        set_int(s->fd, SOL_IPV6, IPV6_V6ONLY, !s->any);
    set_options(s, family);
    if (bind(s->fd, &at->sa, net_addr_len(at)) != 0) {
        int error_number = errno;
        close(s->fd);
        return bind_failed(at, error_number, error);
    }
    socklen_t len = sizeof s->local;
    (void)getsockname(s->fd, &s->local.sa, &len);
    return TR_OK;
}

static bool is_wildcard(const struct net_addr *a)
{
    return a->sa.sa_family == AF_INET6 ? IN6_IS_ADDR_UNSPECIFIED(&a->in6.sin6_addr)
                                       : a->in4.sin_addr.s_addr == htonl(INADDR_ANY);
}

enum tr_code udp_open(struct udp_socket *s, const struct net_addr *at, uint16_t port, struct tr_error *error)
{
    struct net_addr where = {.in6 = {.sin6_family = AF_INET6, .sin6_addr = in6addr_any}};
    if (at != NULL) {
        where = *at;
        tr_address_unmap(&where);
    }
    *s = (struct udp_socket){.any = is_wildcard(&where), .segments = true};
    net_addr_set_port(&where, port);
    enum tr_code code = open_at(s, &where, error);
    if (at == NULL && code != TR_OK && code != TR_ADDR_IN_USE) { /* a host without IPv6 */
        where = (struct net_addr){.in4 = {.sin_family = AF_INET, .sin_port = htons(port)}};
        code = open_at(s, &where, error);
    }
    return code;
}

void udp_close(struct udp_socket *s)
{
    close(s->fd);
    s->fd = -1;
}

/* ---- Receiving -------------------------------------------------------------------------------------- */

enum { SLOTS = 32, SLOT_BYTES = 65536, CONTROL_BYTES = 128 };

struct udp_inbox {
    struct mmsghdr messages[SLOTS];
    struct iovec iov[SLOTS];
    struct net_addr from[SLOTS];
    _Alignas(struct cmsghdr) uint8_t control[SLOTS][CONTROL_BYTES];
    uint8_t *bytes;
};

struct udp_inbox *udp_inbox_new(void)
{
    struct udp_inbox *in = calloc(1, sizeof *in);
    if (in == NULL || (in->bytes = malloc((size_t)SLOTS * SLOT_BYTES)) == NULL) {
        free(in);
        return NULL;
    }
    for (unsigned i = 0; i < SLOTS; i++) {
        in->iov[i] = (struct iovec){in->bytes + (size_t)i * SLOT_BYTES, SLOT_BYTES};
        in->messages[i].msg_hdr = (struct msghdr){
            .msg_name = &in->from[i], .msg_iov = &in->iov[i], .msg_iovlen = 1, .msg_control = in->control[i]};
    }
    return in;
}

void udp_inbox_free(struct udp_inbox *in)
{
    if (in == NULL)
        return;
    free(in->bytes);
    free(in);
}

static void read_control(struct msghdr *h, struct udp_arrival *a)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
        if (c->cmsg_level == SOL_UDP && c->cmsg_type == UDP_GRO) {
            int segment;
            memcpy(&segment, CMSG_DATA(c), sizeof segment);
            if (segment > 0)
                a->segment = (size_t)segment;
        } else if (c->cmsg_level == SOL_IP && c->cmsg_type == IP_PKTINFO) {
            struct in_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            a->to.in4 = (struct sockaddr_in){
                .sin_family = AF_INET, .sin_port = a->to.in4.sin_port, .sin_addr = info.ipi_addr};
        } else if (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            struct in6_pktinfo info;
            memcpy(&info, CMSG_DATA(c), sizeof info);
            a->to.in6.sin6_addr = info.ipi6_addr;
            if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr))
                a->to.in6.sin6_scope_id = info.ipi6_ifindex;
        }
    }
}

bool udp_receive(struct udp_socket *s, struct udp_inbox *in, udp_arrival_fn *fn, void *arg)
{
    for (unsigned i = 0; i < SLOTS; i++) {
        in->messages[i].msg_hdr.msg_namelen = sizeof in->from[i];
        in->messages[i].msg_hdr.msg_controllen = CONTROL_BYTES;
    }
    int n = recvmmsg(s->fd, in->messages, SLOTS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < n; i++) {
        struct msghdr *h = &in->messages[i].msg_hdr;
        size_t len = in->messages[i].msg_len;
        if ((h->msg_flags & MSG_TRUNC) || len == 0)
            continue;
        struct udp_arrival a = {in->from[i], s->local, in->iov[i].iov_base, len, len};
        read_control(h, &a);
        tr_address_unmap(&a.from);
        tr_address_unmap(&a.to);
        fn(arg, s, &a);
    }
    return n == SLOTS;
}

static bool is_refusal(struct msghdr *h)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(h); c != NULL; c = CMSG_NXTHDR(h, c)) {
        struct sock_extended_err e;
        bool is_error = (c->cmsg_level == SOL_IP && c->cmsg_type == IP_RECVERR) ||
                        (c->cmsg_level == SOL_IPV6 && c->cmsg_type == IPV6_RECVERR);
        if (!is_error)
            continue;
        memcpy(&e, CMSG_DATA(c), sizeof e);
        return e.ee_errno == ECONNREFUSED &&
               (e.ee_origin == SO_EE_ORIGIN_ICMP || e.ee_origin == SO_EE_ORIGIN_ICMP6);
    }
    return false;
}

unsigned udp_receive_errors(struct udp_socket *s, udp_refusal_fn *fn, void *arg)
{
    uint8_t data[64];
    _Alignas(struct cmsghdr) uint8_t control[256];
    struct net_addr to;
    struct iovec iov = {data, sizeof data};
    for (unsigned calls = 1;; calls++) {
        struct msghdr h = {.msg_name = &to,
                           .msg_namelen = sizeof to,
                           .msg_iov = &iov,
                           .msg_iovlen = 1,
                           .msg_control = control,
                           .msg_controllen = sizeof control};
        ssize_t n = recvmsg(s->fd, &h, MSG_ERRQUEUE | MSG_DONTWAIT);
        if (n < 0)
            return calls;
        struct udp_refusal r = {to, data, (size_t)n};
        tr_address_unmap(&r.remote);
        if (is_refusal(&h))
            fn(arg, s, &r);
    }
}
