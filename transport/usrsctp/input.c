/* Packets in and out, and the stack's clock.
 *
 * In: bytes from the network are checked for length and checksum here, which the stack leaves to us
 * (crc32c_offload), then find their path and go into the stack. Out: the stack's packets get their checksum
 * and wait in the outbox for the end of the turn.
 *
 * The stack finds an endpoint by SCTP port alone. So that an endpoint bound to one address is not reached
 * through another one, an INIT must have come on the endpoint's own UDP socket; everything after it needs the
 * association's path anyway. A refused INIT is dropped, as if nobody were there. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <string.h>

#include "transport/usrsctp/crc32c.h"

enum {
    COMMON_HEADER = 12,
    CHUNK_HEADER = 4,
    SHORTEST = COMMON_HEADER + CHUNK_HEADER,
    INIT_TAG = COMMON_HEADER + CHUNK_HEADER, /* where the initiate tag stands */
    BATCHES = 4                              /* of one socket in a row, then the others */
};

static uint32_t checksum(const uint8_t *packet, size_t len)
{
    static const uint8_t zeros[4];
    uint32_t c = crc32c(0, packet, 8);
    c = crc32c(c, zeros, sizeof zeros);
    return crc32c(c, packet + COMMON_HEADER, len - COMMON_HEADER);
}

/* The checksum's bytes stand lowest first (RFC 9260 appendix A). */
static uint32_t read_checksum(const uint8_t *packet)
{
    return (uint32_t)packet[8] | (uint32_t)packet[9] << 8 | (uint32_t)packet[10] << 16 |
           (uint32_t)packet[11] << 24;
}

static void write_checksum(uint8_t *packet, uint32_t c)
{
    for (int i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(c >> 8 * i);
}

static uint16_t destination_port(const uint8_t *packet)
{
    return (uint16_t)(packet[2] << 8 | packet[3]);
}

/* The chunk that says what a packet is about: the first one, or the one behind its authentication. */
static uint8_t main_chunk(const uint8_t *packet, size_t len)
{
    const uint8_t *chunk = packet + COMMON_HEADER;
    size_t size = ((size_t)(chunk[2] << 8 | chunk[3]) + 3) & ~(size_t)3;
    bool next = chunk[0] == SCTP_AUTHENTICATION && size >= CHUNK_HEADER && COMMON_HEADER + size < len;
    return next ? chunk[size] : chunk[0];
}

/* ---- Out -------------------------------------------------------------------------------------------- */

void usr_output(struct usr_loop *loop, const void *handle, const void *packet, size_t len, uint8_t tos)
{
    struct usr_path *path = usr_path_of(loop, handle);
    if (path == NULL || len < SHORTEST)
        return;
    uint8_t chunk = main_chunk(packet, len);
    if (loop->closing && chunk != SCTP_ABORT_ASSOCIATION && chunk != SCTP_SHUTDOWN_COMPLETE)
        return;
    if (loop->setup_tag != NULL && chunk == SCTP_INITIATION)
        memcpy(loop->setup_tag, (const uint8_t *)packet + INIT_TAG, sizeof *loop->setup_tag);
    if (chunk == SCTP_INITIATION_ACK)
        usr_restart_note(path, packet, len);
    uint8_t *copy = udp_outbox_put(loop->outbox, &path->route, tos, packet, len);
    if (copy != NULL)
        write_checksum(copy, checksum(copy, len));
    path->seen_ms = loop->now_ms;
    usr_silence_sent(path, packet, len, loop->now_ms);
}

void usr_flush(struct usr_loop *loop)
{
    const struct udp_outbox_stats *now = udp_outbox_get_stats(loop->outbox);
    udp_outbox_flush(loop->outbox);
    loop->base.stats.packets_out += now->packets - loop->counted_out.packets;
    loop->base.stats.syscalls += now->syscalls - loop->counted_out.syscalls;
    loop->counted_out = *now;
}

/* ---- In --------------------------------------------------------------------------------------------- */

static struct usr_endpoint *owner_of(struct usr_loop *loop, uint16_t port)
{
    struct usr_endpoint *ep;
    HASH_FIND(by_port, loop->by_port, &port, sizeof port, ep);
    return ep;
}

/* These end an association, or begin it anew; whatever it has not sent comes back to the user. */
static bool may_fail_messages(uint8_t chunk)
{
    return chunk == SCTP_ABORT_ASSOCIATION || chunk == SCTP_OPERATION_ERROR || chunk == SCTP_COOKIE_ECHO;
}

static void make_room(struct usr_loop *loop, uint16_t port, bool on)
{
    for (struct usr_endpoint *ep = loop->endpoints; ep != NULL; ep = ep->next)
        if (ep->port == port)
            usr_make_room(ep, on);
}

void usr_inject(struct usr_loop *loop, struct usr_path *path, const void *packet, size_t len)
{
    uint8_t chunk = main_chunk(packet, len);
    uint16_t port = destination_port(packet);
    bool room = may_fail_messages(chunk);
    if (room)
        make_room(loop, port, true);
    usrsctp_conninput(usr_path_handle(path), packet, len, 0);
    if (room)
        make_room(loop, port, false);
}

static uint32_t established(void)
{
    struct sctpstat stat;
    usrsctp_get_stat(&stat);
    return stat.sctps_passiveestab + stat.sctps_restartestab + stat.sctps_collisionestab;
}

/* Gives the stack a packet of a candidate, who stays one until an association came of it. */
static void from_candidate(struct usr_loop *loop, struct usr_path *path, const void *packet, size_t len)
{
    bool cookie = main_chunk(packet, len) == SCTP_COOKIE_ECHO;
    uint32_t before = cookie ? established() : 0;
    usr_inject(loop, path, packet, len);
    if (cookie && established() != before)
        usr_path_keep(loop, path);
}

/* A COOKIE ECHO there may restart an association. */
static void from_known(struct usr_loop *loop, struct usr_path *path, const uint8_t *packet, size_t len)
{
    bool cookie = packet[COMMON_HEADER] == SCTP_COOKIE_ECHO;
    uint32_t before = cookie ? usr_restart_count() : 0;
    usr_inject(loop, path, packet, len);
    if (cookie && usr_restart_count() != before)
        usr_restart_mend(loop, path, packet);
}

/* The path for a packet of an unknown sender. NULL: out of memory. */
static struct usr_path *unknown(struct usr_loop *loop, const struct usr_path_key *key, const uint8_t *packet)
{
    if (packet[COMMON_HEADER] == SCTP_INITIATION)
        return usr_path_candidate(loop, key);
    return usr_path_transient(loop, key);
}

static bool acceptable(struct usr_loop *loop, const struct usr_udp *udp, const uint8_t *packet, size_t len)
{
    if (len < SHORTEST || checksum(packet, len) != read_checksum(packet))
        return false;
    if (packet[COMMON_HEADER] != SCTP_INITIATION)
        return true;
    struct usr_endpoint *ep = owner_of(loop, destination_port(packet));
    return ep == NULL || ep->udp == udp;
}

/* True where the packet's tag is that of an association of ours that is being set up on this path. */
static bool knows_our_tag(struct usr_loop *loop, const struct usr_path *path, const uint8_t *packet)
{
    for (struct usr_endpoint *ep = loop->endpoints; ep != NULL; ep = ep->next)
        for (const struct usr_setup *s = ep->setups; s != NULL; s = s->next)
            if (s->path == path->index && memcmp(packet + 4, &s->tag, sizeof s->tag) == 0)
                return true;
    return false;
}

/* What a handshake tells about the peer's stack. On a path that is in use, an INIT can only take trust away:
 * it may be forged. */
static void judge(struct usr_loop *loop, struct usr_path *path, const uint8_t *packet, size_t len)
{
    bool init = packet[COMMON_HEADER] == SCTP_INITIATION;
    if (!init && packet[COMMON_HEADER] != SCTP_INITIATION_ACK)
        return;
    bool userland = usr_peer_is_userland(packet, len);
    if (init) {
        path->userland &= userland;
        path->route.segments &= userland;
    } else if (knows_our_tag(loop, path, packet)) {
        path->route.segments = userland;
    }
}

struct arrival {
    struct usr_loop *loop;
    struct usr_udp *udp;
};

/* A run of packets of one sender. */
static void arrived(void *arg, struct udp_socket *socket, const struct udp_arrival *a)
{
    struct usr_loop *loop = ((struct arrival *)arg)->loop;
    struct usr_udp *udp = ((struct arrival *)arg)->udp;
    struct usr_path_key key;
    (void)socket;
    usr_path_key(&key, udp, &a->from, &a->to);
    struct usr_path *path = usr_path_find(loop, &key);
    for (size_t at = 0, len; at < a->len; at += len) {
        const uint8_t *packet = a->data + at;
        len = a->len - at < a->segment ? a->len - at : a->segment;
        loop->base.stats.packets_in++;
        udp->packets_in++;
        if (!acceptable(loop, udp, packet, len)) {
            loop->dropped_in++;
            continue;
        }
        struct usr_path *at_path = path != NULL ? path : unknown(loop, &key, packet);
        if (at_path == NULL)
            continue;
        at_path->packets_in++;
        at_path->seen_ms = loop->now_ms;
        usr_silence_heard(at_path, packet, len);
        judge(loop, at_path, packet, len);
        if (at_path->candidate)
            from_candidate(loop, at_path, packet, len);
        else
            from_known(loop, at_path, packet, len);
        if (path == NULL)
            path = usr_path_find(loop, &key);
    }
}

void usr_input(struct usr_loop *loop, struct usr_udp *udp)
{
    struct arrival arg = {loop, udp};
    bool more = true;
    for (int i = 0; i < BATCHES && more; i++) {
        loop->base.stats.syscalls++;
        more = udp_receive(&udp->socket, loop->inbox, arrived, &arg);
    }
}

/* An INIT or COOKIE ECHO came back. Both carry something that only we can know where it is ours: the INIT its
 * tag; of the COOKIE ECHO, which carries the peer's, the kernel has seen both addresses and ports. */
static const struct usr_setup *setup_of(struct usr_loop *loop, struct usr_endpoint *ep,
                                        const struct usr_udp *udp, const struct udp_refusal *r)
{
    const struct usr_setup *s;
    uint16_t from = (uint16_t)(r->data[0] << 8 | r->data[1]);
    uint8_t chunk = r->data[COMMON_HEADER];
    for (s = from == ep->port ? ep->setups : NULL; s != NULL; s = s->next) {
        struct usr_path *path = usr_path_of(loop, (void *)((uintptr_t)s->path + 1));
        if (path == NULL || path->key.udp != udp || !net_addr_equal(&path->key.remote, &r->remote))
            continue;
        if (chunk == SCTP_COOKIE_ECHO ||
            (chunk == SCTP_INITIATION && memcmp(r->data + INIT_TAG, &s->tag, sizeof s->tag) == 0))
            return s;
    }
    return NULL;
}

static void refused(void *arg, struct udp_socket *socket, const struct udp_refusal *r)
{
    struct usr_loop *loop = ((struct arrival *)arg)->loop;
    (void)socket;
    if (r->len < INIT_TAG + sizeof(uint32_t))
        return;
    for (struct usr_endpoint *ep = loop->endpoints; ep != NULL; ep = ep->next) {
        const struct usr_setup *s = setup_of(loop, ep, ((struct arrival *)arg)->udp, r);
        if (s == NULL)
            continue;
        usr_give_up(ep, s->assoc);
        return;
    }
}

void usr_input_errors(struct usr_loop *loop, struct usr_udp *udp)
{
    struct arrival arg = {loop, udp};
    loop->base.stats.syscalls += udp_receive_errors(&udp->socket, refused, &arg);
}

/* ---- Time ------------------------------------------------------------------------------------------- */

void usr_tick(struct usr_loop *loop)
{
    int64_t elapsed = loop->now_ms - loop->timers_ms;
    if (elapsed <= 0)
        return;
    bool room = usr_silence_any(loop);
    for (struct usr_endpoint *ep = room ? loop->endpoints : NULL; ep != NULL; ep = ep->next)
        usr_make_room(ep, true);
    usrsctp_handle_timers(elapsed < UINT32_MAX ? (uint32_t)elapsed : UINT32_MAX);
    for (struct usr_endpoint *ep = room ? loop->endpoints : NULL; ep != NULL; ep = ep->next)
        usr_make_room(ep, false);
    loop->timers_ms = loop->now_ms;
    loop->ticked = true;
    usr_closing_turn(loop);
    usr_paths_clean(loop);
}
