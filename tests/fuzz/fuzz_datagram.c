/* Any datagrams at the UDP socket of a listening usrsctp endpoint, from two senders: noise, packets with a
 * right checksum, and the handshake and the data of associations, in which any chunk may stand. The stack
 * itself is Debian's, without instrumentation; what is looked at is how it is fed, and that it survives.
 * Whatever comes: what leaves is SCTP, the account of paths is bounded, a fresh association comes up, and in
 * the end nothing is left.
 *
 * Input: records of an operation, operands and bytes; the functions below say which. The upper bit of an
 * operation chooses the sender. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/bytes.h"
#include "transport/crc32c.h"
#include "transport/usrsctp/usrsctp_priv.h"

enum { PORT = 2905, SENDERS = 2, PACKET = 1500, HEADER = 12, COOKIE = 1000, OUR_TAG = 0x11223344 };

/* One end of what a sender has with the endpoint. */
struct sender {
    int fd;
    uint16_t port;
    uint32_t tag, tsn;     /* theirs, ours; in host order */
    uint32_t acknowledged; /* the last TSN that came from there */
    uint8_t cookie[COOKIE];
    size_t cookie_len;
    bool up; /* a COOKIE ACK came */
};

static struct tr_loop *base;
static struct usr_loop *loop;
static struct tr_endpoint *server;
static struct usr_udp *udp;
static struct sender senders[SENDERS];

/* ---- packets ------------------------------------------------------------------------------------------ */

static void put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void put32(uint8_t *at, uint32_t value)
{
    put16(at, (uint16_t)(value >> 16));
    put16(at + 2, (uint16_t)value);
}

static uint16_t get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)get16(at) << 16 | get16(at + 2);
}

static uint32_t checksum(const uint8_t *packet, size_t len)
{
    static const uint8_t zeros[4];
    uint32_t c = crc32c(crc32c(0, packet, 8), zeros, 4);

    return crc32c(c, packet + HEADER, len - HEADER);
}

static void send_raw(const struct sender *s, const void *data, size_t len)
{
    (void)!send(s->fd, data, len, MSG_DONTWAIT);
}

/* A packet of these chunks. */
static void send_chunks(struct sender *s, uint32_t tag, const uint8_t *chunks, size_t len)
{
    uint8_t packet[HEADER + PACKET];
    uint32_t c;

    put16(packet, s->port);
    put16(packet + 2, PORT);
    put32(packet + 4, tag);
    memcpy(packet + HEADER, chunks, len);
    c = checksum(packet, HEADER + len);
    for (unsigned i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(c >> 8 * i);
    send_raw(s, packet, HEADER + len);
}

/* What a chunk of theirs tells. */
static void learn_from(struct sender *s, const uint8_t *chunk, size_t size)
{
    if ((chunk[0] == SCTP_INITIATION || chunk[0] == SCTP_INITIATION_ACK) && size >= 20) {
        s->tag = get32(chunk + 4);
        s->acknowledged = get32(chunk + 16) - 1;
        for (size_t at = 20, n; at + 4 <= size; at += (n + 3) & ~(size_t)3) {
            n = get16(chunk + at + 2);
            must(n >= 4 && at + n <= size);
            if (get16(chunk + at) != 7 || n - 4 > COOKIE)
                continue;
            s->cookie_len = n - 4;
            memcpy(s->cookie, chunk + at + 4, n - 4);
        }
    } else if (chunk[0] == SCTP_DATA && size >= 16) {
        s->acknowledged = get32(chunk + 4);
    } else if (chunk[0] == SCTP_COOKIE_ACK) {
        s->up = true;
    }
}

/* Reads all answers: whole packets with whole chunks (usrsctp does not always pad the last one). */
static void take_answers(struct sender *s)
{
    static uint8_t packet[65536];
    ssize_t len;

    while ((len = recv(s->fd, packet, sizeof packet, MSG_DONTWAIT)) >= 0) {
        must(len >= HEADER + 4);
        uint32_t c = (uint32_t)packet[8] | (uint32_t)packet[9] << 8 | (uint32_t)packet[10] << 16 |
                     (uint32_t)packet[11] << 24;
        must(c == checksum(packet, (size_t)len));
        for (size_t at = HEADER, n; at + 4 <= (size_t)len; at += (n + 3) & ~(size_t)3) {
            n = get16(packet + at + 2);
            must(n >= 4 && at + n <= (size_t)len);
            learn_from(s, packet + at, n);
        }
    }
}

/* Lets the endpoint take what has been sent, and the senders what it answers. */
static void settle(void)
{
    usr_input(loop, udp);
    tr_loop_turn(base);
    for (unsigned i = 0; i < SENDERS; i++)
        take_answers(&senders[i]);
}

static void pass(int64_t ms)
{
    loop->now_ms += ms;
    loop->tick_ms = 0;
    usr_tick(loop);
    settle();
}

/* ---- operations --------------------------------------------------------------------------------------- */

/* length, bytes: a datagram. */
static void raw(struct sender *s, struct bytes *b)
{
    struct bytes some = take_some(b, take16(b) % PACKET);

    send_raw(s, some.at, some.left);
}

/* length, chunks: a packet, with the tag of the association, or none. */
static void chunks(struct sender *s, struct bytes *b, uint32_t tag)
{
    struct bytes some = take_some(b, take16(b) % PACKET);

    send_chunks(s, tag, some.at, some.left);
}

/* flags, streams, length, parameters: an INIT, or the INIT ACK to one of theirs. */
static void init(struct sender *s, struct bytes *b, uint8_t type)
{
    uint8_t chunk[PACKET] = {type}, streams;

    chunk[1] = take8(b);
    streams = take8(b);
    struct bytes parameters = take_some(b, take16(b) % (PACKET - 20));
    put16(chunk + 2, (uint16_t)(20 + parameters.left));
    put32(chunk + 4, OUR_TAG);
    put32(chunk + 8, 100000);
    put16(chunk + 12, streams);
    put16(chunk + 14, (uint16_t)(streams * 3));
    s->tsn = 1000;
    put32(chunk + 16, s->tsn);
    memcpy(chunk + 20, parameters.at, parameters.left);
    send_chunks(s, type == SCTP_INITIATION ? 0 : s->tag, chunk, 20 + parameters.left);
}

/* The program wants an association with the sender. */
static void connect_to(struct sender *s)
{
    struct net_addr at;
    socklen_t len = sizeof at;
    uint32_t assoc;
    struct tr_error error;

    memset(&at, 0, sizeof at);
    must(getsockname(s->fd, &at.sa, &len) == 0);
    struct tr_target to = {&at, 1, net_addr_port(&at)};
    net_addr_set_port(&at, s->port);
    (void)tr_connect_init(server, &to, &assoc, &error);
}

/* length, chunks: the COOKIE ECHO that goes with the last INIT ACK, and more behind it. */
static void echo(struct sender *s, struct bytes *b)
{
    uint8_t chunk[4 + COOKIE + 3 + PACKET] = {SCTP_COOKIE_ECHO};
    size_t whole = (4 + s->cookie_len + 3) & ~(size_t)3;
    struct bytes more = take_some(b, take16(b) % (PACKET - whole));

    put16(chunk + 2, (uint16_t)(4 + s->cookie_len));
    memcpy(chunk + 4, s->cookie, s->cookie_len);
    memcpy(chunk + whole, more.at, more.left);
    send_chunks(s, s->tag, chunk, whole + more.left);
}

/* flags, jump, stream, number, length: a DATA chunk, `jump` TSNs after the next one. */
static void data(struct sender *s, struct bytes *b)
{
    uint8_t chunk[PACKET] = {SCTP_DATA};
    unsigned jump;

    chunk[1] = take8(b);
    jump = take8(b);
    put32(chunk + 4, s->tsn + jump);
    s->tsn += jump == 0;
    put16(chunk + 8, take8(b));
    put16(chunk + 10, take16(b));
    uint16_t len = take16(b) % (PACKET - 19);
    put16(chunk + 2, (uint16_t)(16 + len));
    send_chunks(s, s->tag, chunk, (16 + len + 3u) & ~3u);
}

/* back: a SACK of what came, or of so much less. */
static void sack(struct sender *s, struct bytes *b)
{
    uint8_t chunk[16] = {SCTP_SELECTIVE_ACK, 0, 0, 16};

    put32(chunk + 4, s->acknowledged - take8(b));
    put32(chunk + 8, 100000);
    send_chunks(s, s->tag, chunk, sizeof chunk);
}

static void look_at(const struct tr_item *item)
{
    char line[400];
    uint64_t sum = 0;

    if (item->kind == TR_EVENT)
        tr_event_format(&item->event, line, sizeof line);
    else
        for (uint32_t i = 0; i < item->msg.len; i++)
            sum += ((const uint8_t *)item->msg.data)[i];
    must(sum <= UINT64_MAX / 2);
}

/* The program reads everything. */
static void receive(void)
{
    const struct tr_item *items;
    unsigned count;

    for (unsigned round = 0; round < 100; round++) {
        enum tr_code code = tr_recv(server, 0, &items, &count);
        for (unsigned i = 0; code == TR_OK && i < count; i++)
            look_at(&items[i]);
        tr_loop_turn(base);
        if (code != TR_OK && code != TR_NO_SLOT)
            break;
    }
}

/* length: the program sends a message on every association. */
static void answer(struct bytes *b)
{
    static const uint8_t text[3000];
    uint16_t len = (uint16_t)(1 + take16(b) % (sizeof text - 1));
    uint32_t *ids = NULL;
    unsigned count = usr_assocs(server, &ids), taken;

    for (unsigned i = 0; i < count; i++) {
        struct tr_msg m = {.data = text, .len = len, .assoc = ids[i], .ppid = 3};
        (void)tr_send(server, &m, 1, &taken);
    }
    free(ids);
}

static void happen(struct bytes *b)
{
    uint8_t what = take8(b);
    struct sender *s = &senders[what >> 7];

    switch (what % 16) {
    case 0:
        raw(s, b);
        break;
    case 1:
        chunks(s, b, 0);
        break;
    case 2:
        chunks(s, b, s->tag);
        break;
    case 3:
        init(s, b, SCTP_INITIATION);
        break;
    case 4:
        echo(s, b);
        break;
    case 5:
        data(s, b);
        break;
    case 6:
        sack(s, b);
        break;
    case 7:
        receive();
        break;
    case 8:
        answer(b);
        break;
    case 9:
        pass(take8(b) * INT64_C(20));
        break;
    case 10:
        s->port = (uint16_t)(1000 + take8(b) % 4);
        break;
    case 11:
        connect_to(s);
        break;
    case 12:
        init(s, b, SCTP_INITIATION_ACK);
        break;
    default:
        return; /* what follows comes together with what was sent */
    }
    settle();
}

/* ---- begin and end ------------------------------------------------------------------------------------ */

static void open_loop(void)
{
    struct tr_loop_params params = {.slots = 64, .slot_bytes = 2048, .max_message = 4000, .max_partial = 4};
    struct tr_error error;

    if (tr_loop_open(tr_usrsctp(), &params, &base, &error) != TR_OK) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    loop = (struct usr_loop *)base;
}

static void begin(void)
{
    struct net_addr at;
    struct tr_error error;

    if (!base)
        open_loop();
    must(net_addr_parse("127.0.0.1", 0, &at));
    struct tr_open_params p = {.addresses = &at, .address_count = 1, .port = PORT};
    must(tr_open(base, &p, &server, &error) == TR_OK && tr_listen(server, 10, &error) == TR_OK);
    udp = usr_ep(server)->udp;
    for (unsigned i = 0; i < SENDERS; i++) {
        struct net_addr to = udp->socket.local;
        senders[i] = (struct sender){.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), .port = 1000};
        must(connect(senders[i].fd, &to.sa, net_addr_len(&to)) == 0);
    }
}

/* A new sender gets an association, whatever was before. */
static void one_more_comes_up(void)
{
    struct sender *s = &senders[0];
    struct bytes none = {(const uint8_t *)"", 0};

    for (unsigned port = 2000; port < 2010 && !s->up;
         port++) { /* a port may have been used by chunks that it forged */
        s->port = (uint16_t)port;
        s->cookie_len = 0;
        init(s, &(struct bytes){(const uint8_t *)"\0\5\0\0", 4}, SCTP_INITIATION);
        settle();
        if (s->cookie_len > 0)
            echo(s, &none);
        settle();
    }
    must(s->up);
}

static void finish(void)
{
    receive();
    must(HASH_COUNT(loop->paths.table) <= 1024);
    senders[0].up = false;
    one_more_comes_up();
    usr_ep(server)->kept.linger = (struct linger){.l_onoff = 1}; /* associations are aborted */
    tr_close(server);
    tr_loop_turn(base);
    must(!loop->endpoints && !loop->closing_down && !loop->udps);
    must(HASH_COUNT(loop->paths.table) == 0 && !loop->paths.remotes && udp_outbox_empty(loop->outbox));
    must(loop->reassembly.under_way == 0 && loop->reassembly.bytes == 0);
    for (unsigned i = 0; i < SENDERS; i++)
        close(senders[i].fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    struct bytes b = {bytes, size};

    begin();
    for (unsigned i = 0; b.left > 0 && i < 200; i++)
        happen(&b);
    finish();
    return 0;
}
