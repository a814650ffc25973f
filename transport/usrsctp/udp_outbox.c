/* The sending side of udp.h: packets gathered here leave in as few system calls as possible.
 *
 * A flush makes runs: packets of equal length and the same type of service to one destination, in the order
 * they came; the last of a run may be shorter. A run is one message of sendmmsg; with UDP_SEGMENT the kernel
 * cuts it into datagrams again, as late as it can (on loopback, not at all where the receiver has UDP_GRO).
 * Runs of different destinations are built side by side, because a relay's data and acknowledgements
 * alternate. Order holds between packets of one destination: a run that ended is never added to, and the next
 * one to that destination stands behind it. */
#include "transport/usrsctp/udp.h"

#include <errno.h>
#include <netinet/udp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
    PACKETS = 256,
    ARENA_BYTES = 512 * 1024,
    RUN_PACKETS = 64,   /* UDP_MAX_SEGMENTS of older kernels */
    RUN_BYTES = 65000,  /* with headers below 64 KiB */
    CONTROL_BYTES = 128 /* source address, type of service, segment size */
};

struct packet {
    struct udp_route *route;
    uint8_t *data;
    uint32_t len;
    uint8_t tos;
    uint16_t run;
};

struct run {
    struct udp_route *route;
    uint32_t segment, bytes;
    uint16_t packets, iov_first, iov_count;
    uint8_t tos;
    bool ended, placed, sent;
};

struct udp_outbox {
    struct packet packets[PACKETS];
    unsigned count;
    struct run runs[PACKETS];
    unsigned run_count;
    uint16_t order[PACKETS]; /* of messages[i]: its run */
    struct iovec iov[PACKETS];
    struct mmsghdr messages[PACKETS];
    _Alignas(struct cmsghdr) uint8_t control[PACKETS][CONTROL_BYTES];
    uint64_t flush;
    struct udp_outbox_stats stats;
    uint8_t *arena;
    size_t used;
};

struct udp_outbox *udp_outbox_new(void)
{
    struct udp_outbox *out = calloc(1, sizeof *out);
    if (out == NULL || (out->arena = malloc(ARENA_BYTES)) == NULL) {
        free(out);
        return NULL;
    }
    return out;
}

void udp_outbox_free(struct udp_outbox *out)
{
    if (out == NULL)
        return;
    free(out->arena);
    free(out);
}

bool udp_outbox_empty(const struct udp_outbox *out)
{
    return out->count == 0;
}

const struct udp_outbox_stats *udp_outbox_get_stats(const struct udp_outbox *out)
{
    return &out->stats;
}

static bool has_room(const struct udp_outbox *out, size_t len)
{
    return out->count < PACKETS && len <= ARENA_BYTES - out->used;
}

uint8_t *udp_outbox_put(struct udp_outbox *out, struct udp_route *r, uint8_t tos, const void *packet,
                        size_t len)
{
    if (!has_room(out, len))
        udp_outbox_flush(out);
    if (!has_room(out, len)) {
        out->stats.dropped++;
        return NULL;
    }
    uint8_t *copy = memcpy(out->arena + out->used, packet, len);
    out->packets[out->count++] = (struct packet){.route = r, .data = copy, .len = (uint32_t)len, .tos = tos};
    out->used += len;
    return copy;
}

/* ---- Runs ------------------------------------------------------------------------------------------- */

static bool fits(const struct run *run, const struct packet *p)
{
    return !run->ended && run->tos == p->tos && p->len <= run->segment && run->packets < RUN_PACKETS &&
           run->bytes + p->len <= RUN_BYTES;
}

static void assign(struct udp_outbox *out, struct packet *p)
{
    struct udp_route *r = p->route;
    bool open = r->flush == out->flush && r->run != 0;
    struct run *run = open ? &out->runs[r->run - 1] : NULL;
    if (run == NULL || !fits(run, p)) {
        run = &out->runs[out->run_count++];
        *run = (struct run){
            .route = r, .segment = p->len, .tos = p->tos, .ended = !r->segments || !r->socket->segments};
        r->run = out->run_count;
        r->flush = out->flush;
    }
    run->ended |= p->len < run->segment;
    run->packets++;
    run->bytes += p->len;
    p->run = (uint16_t)(run - out->runs);
}

/* One iovec for packets of a run that lie side by side in the arena. */
static void fill_iovecs(struct udp_outbox *out)
{
    unsigned at = 0;
    for (unsigned i = 0; i < out->run_count; i++) {
        out->runs[i].iov_first = (uint16_t)at;
        at += out->runs[i].packets;
    }
    for (unsigned i = 0; i < out->count; i++) {
        struct packet *p = &out->packets[i];
        struct run *run = &out->runs[p->run];
        struct iovec *last = &out->iov[run->iov_first + run->iov_count];
        if (run->iov_count > 0 && (uint8_t *)last[-1].iov_base + last[-1].iov_len == p->data) {
            last[-1].iov_len += p->len;
        } else {
            *last = (struct iovec){p->data, p->len};
            run->iov_count++;
        }
    }
}

/* ---- Messages --------------------------------------------------------------------------------------- */

static void add_control(struct msghdr *h, int level, int type, const void *data, size_t len)
{
    struct cmsghdr *c = (struct cmsghdr *)((uint8_t *)h->msg_control + h->msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(len);
    memcpy(CMSG_DATA(c), data, len);
    h->msg_controllen += CMSG_SPACE(len);
}

static void add_source(struct msghdr *h, const struct udp_route *r)
{
    if (r->source.sa.sa_family == AF_INET) {
        struct in_pktinfo info = {.ipi_spec_dst = r->source.in4.sin_addr};
        add_control(h, SOL_IP, IP_PKTINFO, &info, sizeof info);
    } else if (r->source.sa.sa_family == AF_INET6) {
        struct in6_pktinfo info = {.ipi6_addr = r->source.in6.sin6_addr};
        add_control(h, SOL_IPV6, IPV6_PKTINFO, &info, sizeof info);
    }
}

static void add_tos(struct msghdr *h, const struct udp_route *r, int tos)
{
    bool v4 = r->remote.sa.sa_family == AF_INET || IN6_IS_ADDR_V4MAPPED(&r->remote.in6.sin6_addr);
    add_control(h, v4 ? SOL_IP : SOL_IPV6, v4 ? IP_TOS : IPV6_TCLASS, &tos, sizeof tos);
}

static void fill_message(struct udp_outbox *out, unsigned place, unsigned run_index)
{
    struct run *run = &out->runs[run_index];
    struct udp_route *r = run->route;
    struct msghdr *h = &out->messages[place].msg_hdr;
    *h = (struct msghdr){.msg_name = &r->remote,
                         .msg_namelen = net_addr_len(&r->remote),
                         .msg_iov = &out->iov[run->iov_first],
                         .msg_iovlen = run->iov_count,
                         .msg_control = out->control[place]};
    out->order[place] = (uint16_t)run_index;
    run->placed = true;
    add_source(h, r);
    if (run->tos != 0)
        add_tos(h, r, run->tos);
    if (run->packets > 1) {
        uint16_t segment = (uint16_t)run->segment;
        add_control(h, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
    }
    if (h->msg_controllen == 0)
        h->msg_control = NULL;
}

static struct udp_socket *socket_of(const struct udp_outbox *out, unsigned place)
{
    return out->runs[out->order[place]].route->socket;
}

/* Messages of one socket stand together, so that each socket needs one call; their order holds. */
static void fill_messages(struct udp_outbox *out)
{
    unsigned place = 0;
    for (unsigned first = 0; first < out->run_count; first++) {
        if (out->runs[first].placed)
            continue;
        const struct udp_socket *s = out->runs[first].route->socket;
        for (unsigned i = first; i < out->run_count; i++)
            if (!out->runs[i].placed && out->runs[i].route->socket == s)
                fill_message(out, place++, i);
    }
}

/* ---- Flushing --------------------------------------------------------------------------------------- */

static void mark_sent(struct udp_outbox *out, unsigned place)
{
    struct run *run = &out->runs[out->order[place]];
    run->sent = true;
    out->stats.packets += run->packets;
}

/* A run that cannot go as one message goes packet by packet, here and from now on. */
static void send_one_by_one(struct udp_outbox *out, unsigned place)
{
    struct msghdr h = out->messages[place].msg_hdr;
    struct udp_socket *s = socket_of(out, place);
    s->segments = false;
    h.msg_controllen -= CMSG_SPACE(sizeof(uint16_t)); /* the segment size, which stands last */
    if (h.msg_controllen == 0)
        h.msg_control = NULL;
    for (unsigned i = 0; i < out->count; i++) {
        struct packet *p = &out->packets[i];
        if (p->run != out->order[place])
            continue;
        struct iovec iov = {p->data, p->len};
        h.msg_iov = &iov;
        h.msg_iovlen = 1;
        out->stats.syscalls++;
        if (sendmsg(s->fd, &h, MSG_DONTWAIT) < 0) {
            out->stats.dropped++;
            out->stats.packets--;
        }
    }
    mark_sent(out, place);
}

static bool cannot_segment(int error_number)
{
    return error_number == EINVAL || error_number == EIO || error_number == EMSGSIZE ||
           error_number == EOPNOTSUPP;
}

/* The message at `place` failed. False: the socket takes nothing more now. */
static bool get_over(struct udp_outbox *out, unsigned place, int error_number)
{
    struct run *run = &out->runs[out->order[place]];
    if (error_number == EAGAIN || error_number == EWOULDBLOCK || error_number == ENOBUFS)
        return false;
    if (run->packets > 1 && cannot_segment(error_number)) {
        send_one_by_one(out, place);
        return true;
    }
    /* ECONNREFUSED tells of an earlier packet and is gone when read; anything else concerns this run. The
     * stack sends again what is lost. */
    out->stats.syscalls++;
    if (sendmsg(socket_of(out, place)->fd, &out->messages[place].msg_hdr, MSG_DONTWAIT) < 0) {
        out->stats.dropped += run->packets;
        out->stats.packets -= run->packets;
    }
    mark_sent(out, place);
    return true;
}

/* Sends the messages of one socket, from `place` to `end`. */
static void send_group(struct udp_outbox *out, unsigned place, unsigned end)
{
    int fd = socket_of(out, place)->fd;
    while (place < end) {
        out->stats.syscalls++;
        int n = sendmmsg(fd, out->messages + place, end - place, MSG_DONTWAIT);
        for (int i = 0; i < n; i++)
            mark_sent(out, place++);
        if (n <= 0 && !get_over(out, place++, errno))
            return;
    }
}

/* Keeps the packets of runs that were not sent, in order. Their bytes stay where they are. */
static void keep_unsent(struct udp_outbox *out)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < out->count; i++)
        if (!out->runs[out->packets[i].run].sent)
            out->packets[kept++] = out->packets[i];
    out->count = kept;
    if (kept == 0)
        out->used = 0;
}

void udp_outbox_flush(struct udp_outbox *out)
{
    if (out->count == 0)
        return;
    out->flush++;
    out->run_count = 0;
    for (unsigned i = 0; i < out->count; i++)
        assign(out, &out->packets[i]);
    fill_iovecs(out);
    fill_messages(out);
    for (unsigned place = 0, end; place < out->run_count; place = end) {
        for (end = place + 1; end < out->run_count && socket_of(out, end) == socket_of(out, place);)
            end++;
        send_group(out, place, end);
    }
    keep_unsent(out);
}

static void keep_if(struct udp_outbox *out, bool (*stays)(const struct packet *p, const void *arg),
                    const void *arg)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < out->count; i++)
        if (stays(&out->packets[i], arg))
            out->packets[kept++] = out->packets[i];
    out->count = kept;
    if (kept == 0)
        out->used = 0;
}

static bool is_of_another_socket(const struct packet *p, const void *socket)
{
    return p->route->socket != socket;
}

static bool is_of_another_route(const struct packet *p, const void *route)
{
    return p->route != route;
}

void udp_outbox_forget(struct udp_outbox *out, const struct udp_socket *s)
{
    keep_if(out, is_of_another_socket, s);
}

void udp_outbox_end_route(struct udp_outbox *out, const struct udp_route *r)
{
    for (unsigned i = 0; i < out->count; i++) {
        if (out->packets[i].route != r)
            continue;
        udp_outbox_flush(out);
        keep_if(out, is_of_another_route, r);
        return;
    }
}
