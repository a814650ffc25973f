/* Packets in and out, and the stack's clock.
 *
 * In: bytes from the network are checked for length and checksum here, which the stack leaves to us
 * (crc32c_offload), then find their path and go into the stack. Out: the stack's packets get their checksum
 * and wait in the outbox for the end of the turn. In between they have the port of the path's name in the
 * place of the peer's (path.c).
 *
 * The stack finds an endpoint by SCTP port alone. So that an endpoint bound to one address is not reached
 * through another one, an INIT must have come on the endpoint's own UDP socket; everything after it needs the
 * association's path anyway. A refused INIT is dropped, as if nobody were there. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <string.h>

#include "transport/crc32c.h"

enum {
    DESTINATION = 2, /* port */
    TAG = 4,
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

static uint16_t source_port(const uint8_t *packet)
{
    return (uint16_t)(packet[0] << 8 | packet[1]);
}

static uint16_t destination_port(const uint8_t *packet)
{
    return (uint16_t)(packet[DESTINATION] << 8 | packet[DESTINATION + 1]);
}

/* Where the chunk stands that says what a packet is about: the first one, or the one behind its
 * authentication. */
static size_t main_chunk_at(const uint8_t *packet, size_t len)
{
    const uint8_t *chunk = packet + COMMON_HEADER;
    size_t size = ((size_t)(chunk[2] << 8 | chunk[3]) + 3) & ~(size_t)3;
    bool next = chunk[0] == SCTP_AUTHENTICATION && size >= CHUNK_HEADER && COMMON_HEADER + size < len;
    return next ? COMMON_HEADER + size : COMMON_HEADER;
}

static uint8_t main_chunk(const uint8_t *packet, size_t len)
{
    return packet[main_chunk_at(packet, len)];
}

/* Ports stand in a packet as they are in a path's name: in no byte order of ours. */
static uint16_t get_port(const uint8_t *at)
{
    uint16_t port;
    memcpy(&port, at, sizeof port);
    return port;
}

static void put_port(uint8_t *at, uint16_t port)
{
    memcpy(at, &port, sizeof port);
}

/* ---- Out -------------------------------------------------------------------------------------------- */

static void send_out(struct usr_loop *loop, struct usr_path *path, const uint8_t *packet, size_t len,
                     uint8_t tos, uint8_t chunk)
{
    uint8_t *copy = udp_outbox_put(loop->outbox, &path->key.remote->route, tos, packet, len);
    if (copy == NULL)
        return;
    put_port(copy + DESTINATION, htons(path->key.peer_port));
    if (chunk == SCTP_INITIATION_ACK)
        usr_cookie_seal(path, copy, len);
    write_checksum(copy, checksum(copy, len));
}

void usr_output(struct usr_loop *loop, void *address, const void *packet, size_t len, uint8_t tos)
{
    if (len < SHORTEST)
        return;
    struct sockaddr_conn name = {.sconn_family = AF_CONN,
                                 .sconn_port = get_port((const uint8_t *)packet + DESTINATION),
                                 .sconn_addr = address};
    struct usr_path *path = usr_path_of(loop, &name);
    uint8_t chunk = main_chunk(packet, len);
    if (path == NULL || (loop->closing && chunk != SCTP_ABORT_ASSOCIATION && chunk != SCTP_SHUTDOWN_COMPLETE))
        return;
    if (loop->setup_tag != NULL && chunk == SCTP_INITIATION)
        memcpy(loop->setup_tag, (const uint8_t *)packet + INIT_TAG, sizeof *loop->setup_tag);
    if (chunk == SCTP_INITIATION_ACK)
        usr_restart_note(path, packet, len);
    send_out(loop, path, packet, len, tos, chunk);
    path->seen_ms = loop->now_ms;
    usr_silence_sent(&loop->paths, path, packet, len, loop->now_ms);
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

void usr_inject(struct usr_path *path, uint8_t *packet, size_t len)
{
    struct sockaddr_conn name = usr_sconn(path);
    struct usr_endpoint *ep = may_fail_messages(main_chunk(packet, len)) ? path->ep : NULL;
    uint16_t from = get_port(packet);
    if (ep != NULL)
        usr_make_room(ep, true);
    put_port(packet, name.sconn_port);
    usrsctp_conninput(name.sconn_addr, packet, len, 0);
    put_port(packet, from);
    if (ep != NULL)
        usr_make_room(ep, false);
}

/* Gives the stack a COOKIE ECHO, from which an association may come, or come anew. A candidate stays one
 * until then. */
static void cookie_echoed(struct usr_loop *loop, struct usr_path *path, uint8_t *packet, size_t len)
{
    struct sctpstat before, now;
    usr_cookie_open(path, packet, len, main_chunk_at(packet, len));
    usrsctp_get_stat(&before);
    usr_inject(path, packet, len);
    usrsctp_get_stat(&now);
    bool new = now.sctps_passiveestab != before.sctps_passiveestab;
    bool again = now.sctps_restartestab != before.sctps_restartestab;
    if (new)
        usr_path_owner(path, owner_of(loop, path->key.port));
    if (new || again || now.sctps_collisionestab != before.sctps_collisionestab)
        usr_path_keep(loop, path);
    if (again)
        usr_restart_mend(path, packet);
}

static bool is_init(const uint8_t *packet)
{
    return packet[COMMON_HEADER] == SCTP_INITIATION;
}

static bool acceptable(struct usr_loop *loop, const struct usr_udp *udp, const uint8_t *packet, size_t len)
{
    if (len < SHORTEST || checksum(packet, len) != read_checksum(packet) || !usr_packet_is_sound(packet, len))
        return false;
    if (!is_init(packet))
        return true;
    struct usr_endpoint *ep = owner_of(loop, destination_port(packet));
    return ep == NULL || ep->udp == udp;
}

/* True where the packet's tag is that of an association of ours that is being set up on this path. */
static bool knows_our_tag(const struct usr_path *path, const uint8_t *packet)
{
    for (const struct usr_setup *s = path->ep != NULL ? path->ep->setups : NULL; s != NULL; s = s->next)
        if (s->path == path->index && memcmp(packet + TAG, &s->tag, sizeof s->tag) == 0)
            return true;
    return false;
}

/* What a handshake tells about the peer's stack. On a path that is in use, an INIT can only take trust away:
 * it may be forged. */
static void judge(struct usr_path *path, const uint8_t *packet, size_t len)
{
    bool init = is_init(packet);
    if (!init && packet[COMMON_HEADER] != SCTP_INITIATION_ACK)
        return;
    bool userland = usr_peer_is_userland(packet, len);
    if (init) {
        path->userland &= userland;
        path->key.remote->route.segments &= userland;
    } else if (knows_our_tag(path, packet)) {
        path->key.remote->route.segments = userland;
    }
}

/* A packet without a path and without an endpoint. */
static void answer_stray(struct usr_loop *loop, const struct usr_remote_key *from, const uint8_t *packet,
                         size_t len)
{
    uint8_t answer[USR_STRAY_ANSWER];
    if (!usr_stray_answer(packet, len, answer))
        return;
    write_checksum(answer, checksum(answer, sizeof answer));
    (void)udp_outbox_put(loop->outbox, &usr_remote_stray(loop, from)->route, 0, answer, sizeof answer);
}

/* A packet of a sender without a path: one who wants an association gets one. */
static struct usr_path *path_for(struct usr_loop *loop, const struct usr_remote_key *from,
                                 const uint8_t *packet, size_t len)
{
    if (is_init(packet) && owner_of(loop, destination_port(packet)) != NULL)
        return usr_path_candidate(loop, from, source_port(packet), destination_port(packet));
    answer_stray(loop, from, packet, len);
    return NULL;
}

static void take_packet(struct usr_loop *loop, struct usr_path *path, uint8_t *packet, size_t len)
{
    path->packets_in++;
    path->seen_ms = loop->now_ms;
    usr_silence_heard(&loop->paths, path, packet, len);
    judge(path, packet, len);
    if (main_chunk(packet, len) == SCTP_COOKIE_ECHO)
        cookie_echoed(loop, path, packet, len);
    else
        usr_inject(path, packet, len);
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
    struct usr_remote_key from;
    (void)socket;
    usr_remote_key(&from, udp, &a->from, &a->to);
    for (size_t at = 0, len; at < a->len; at += len) {
        uint8_t *packet = a->data + at;
        len = a->len - at < a->segment ? a->len - at : a->segment;
        loop->base.stats.packets_in++;
        udp->packets_in++;
        if (!acceptable(loop, udp, packet, len)) {
            loop->dropped_in++;
            continue;
        }
        struct usr_remote *remote = usr_remote_find(loop, &from);
        struct usr_path *path =
            remote != NULL ? usr_path_find(loop, remote, source_port(packet), destination_port(packet))
                           : NULL;
        if (path == NULL)
            path = path_for(loop, &from, packet, len);
        if (path != NULL)
            take_packet(loop, path, packet, len);
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
        const struct usr_path *path = usr_path_at(loop, s->path);
        const struct usr_remote_key *key = path != NULL ? &path->key.remote->key : NULL;
        if (key == NULL || key->udp != udp || !net_addr_equal(&key->remote, &r->remote))
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

/* Room for the messages that timers may fail. */
static void make_room(struct usr_loop *loop, bool on)
{
    for (struct usr_path *path = NULL; (path = usr_silence_next(loop, path)) != NULL;)
        if (path->ep != NULL)
            usr_make_room(path->ep, on);
}

/* The stack looks at all its timers each time, and we at all endpoints: with thousands of associations that
 * is done less often, so that it never takes more than a fiftieth of a processor. */
static void stretch(struct usr_loop *loop, int64_t spent_us)
{
    enum { SHARE = 50, LONGEST_MS = 100 };
    int64_t rest_ms = spent_us * SHARE / 1000;
    loop->tick_ms = loop->now_ms + (rest_ms < LONGEST_MS ? rest_ms : LONGEST_MS);
}

void usr_tick(struct usr_loop *loop)
{
    int64_t elapsed = loop->now_ms - loop->timers_ms;
    if (elapsed <= 0 || loop->now_ms < loop->tick_ms)
        return;
    int64_t before_us = tr_now_us();
    make_room(loop, true);
    usrsctp_handle_timers(elapsed < UINT32_MAX ? (uint32_t)elapsed : UINT32_MAX);
    make_room(loop, false);
    loop->timers_ms = loop->now_ms;
    usr_ready_look(loop);
    usr_closing_turn(loop);
    usr_paths_clean(loop);
    stretch(loop, tr_now_us() - before_us);
}
