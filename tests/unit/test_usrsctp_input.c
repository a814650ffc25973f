/* Unsolicited bytes from the network: they use no memory permanently, get no answer that they should not get,
 * and associations are not affected. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "transport/crc32c.h"
#include "transport/usrsctp/usrsctp_priv.h"

#define PORT 5005

struct scene {
    struct tr_loop *loop;
    struct tr_endpoint *server;
    struct net_addr udp; /* where the server's packets go */
    int fd;              /* a stranger's socket, connected there */
};

static struct usr_loop *inside(const struct scene *s)
{
    return (struct usr_loop *)s->loop;
}

static struct tr_endpoint *open_at(struct tr_loop *loop, const char *address, uint16_t port)
{
    struct tr_error error;
    struct tr_endpoint *ep;
    struct net_addr at;
    assert_true(net_addr_parse(address, 0, &at));
    struct tr_open_params p = {.addresses = &at, .address_count = 1, .port = port};
    if (tr_open(loop, &p, &ep, &error) != TR_OK)
        fail_msg("%s", error.text);
    return ep;
}

static int stranger(const struct net_addr *to)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(connect(fd, &to->sa, net_addr_len(to)), 0);
    return fd;
}

static int set_up(void **state)
{
    struct scene *s = calloc(1, sizeof *s);
    struct tr_loop_params params = {0};
    struct tr_error error;
    if (tr_loop_open(tr_usrsctp(), &params, &s->loop, &error) != TR_OK)
        fail_msg("%s", error.text);
    s->server = open_at(s->loop, "127.0.0.1", PORT);
    assert_int_equal(tr_listen(s->server, 10, &error), TR_OK);
    assert_true(net_addr_parse("127.0.0.1", tr_endpoint_encaps_port(s->server), &s->udp));
    s->fd = stranger(&s->udp);
    srand(11);
    *state = s;
    return 0;
}

static int tear_down(void **state)
{
    struct scene *s = *state;
    tr_loop_close(s->loop);
    close(s->fd);
    free(s);
    return 0;
}

/* Lets the loop take what has been sent. */
static void settle(struct scene *s)
{
    struct tr_ready ready[8];
    const struct tr_item *items;
    unsigned count;
    for (int i = 0; i < 4; i++) {
        unsigned n = tr_loop_wait(s->loop, 2, ready, 8);
        for (unsigned k = 0; k < n; k++)
            while (tr_recv(ready[k].endpoint, 0, &items, &count) == TR_OK)
                tr_loop_turn(s->loop);
        tr_loop_turn(s->loop);
    }
}

static void seal(uint8_t *packet, size_t len)
{
    memset(packet + 8, 0, 4);
    uint32_t c = crc32c(0, packet, len);
    for (int i = 0; i < 4; i++)
        packet[8 + i] = (uint8_t)(c >> 8 * i);
}

static size_t make_init(uint8_t *packet, uint16_t port, uint32_t tag)
{
    static const uint8_t rest[] = {1, 0, 0, 20, 0, 0, 0, 0, 0, 1, 0, 0, 0, 5, 0, 5, 0, 0, 0, 9};
    memset(packet, 0, 32);
    packet[0] = 0x30;
    packet[2] = (uint8_t)(port >> 8);
    packet[3] = (uint8_t)port;
    memcpy(packet + 12, rest, sizeof rest);
    memcpy(packet + 16, &tag, sizeof tag);
    seal(packet, 32);
    return 32;
}

static bool is_answered(struct scene *s, int fd)
{
    uint8_t answer[2000];
    settle(s);
    return recv(fd, answer, sizeof answer, MSG_DONTWAIT) > 0;
}

static void an_association_still_works(struct scene *s)
{
    struct net_addr at;
    struct tr_error error;
    struct tr_event change;
    struct tr_endpoint *client = open_at(s->loop, "127.0.0.1", 0);
    assert_true(net_addr_parse("127.0.0.1", PORT, &at));
    struct tr_target to = {&at, 1, net_addr_port(&s->udp)};
    if (tr_connect(client, &to, 5000, &change, &error) != TR_OK)
        fail_msg("%s", error.text);
    tr_close(client);
    settle(s);
}

static void short_and_damaged_packets_are_dropped(void **state)
{
    struct scene *s = *state;
    uint8_t packet[64];
    for (size_t len = 1; len < 16; len++) {
        make_init(packet, PORT, 1);
        assert_int_equal(send(s->fd, packet, len, 0), len);
    }
    size_t len = make_init(packet, PORT, 1);
    packet[20] ^= 1;
    assert_int_equal(send(s->fd, packet, len, 0), len);
    assert_false(is_answered(s, s->fd));
    assert_int_equal(inside(s)->dropped_in, 16);
    len = make_init(packet, PORT, 1);
    assert_int_equal(send(s->fd, packet, len, 0), len);
    assert_true(is_answered(s, s->fd));
    assert_int_equal(inside(s)->dropped_in, 16);
    an_association_still_works(s);
}

static void noise_is_dropped(void **state)
{
    struct scene *s = *state;
    uint8_t packet[1500];
    for (int i = 0; i < 3000; i++) {
        size_t len = 1 + (size_t)rand() % sizeof packet;
        for (size_t k = 0; k < len; k++)
            packet[k] = (uint8_t)rand();
        assert_int_equal(send(s->fd, packet, len, 0), len);
        if (i % 100 == 0)
            settle(s);
    }
    assert_false(is_answered(s, s->fd));
    assert_int_equal(HASH_COUNT(inside(s)->paths.table), 0);
    an_association_still_works(s);
}

/* Strangers who begin and never go on. */
static void half_begun_handshakes_do_not_pile_up(void **state)
{
    struct scene *s = *state;
    uint8_t packet[64];
    for (uint32_t i = 0; i < 3000; i++) {
        int fd = stranger(&s->udp);
        size_t len = make_init(packet, PORT, i + 1);
        assert_int_equal(send(fd, packet, len, 0), len);
        if (i % 50 == 0)
            settle(s);
        close(fd);
    }
    settle(s);
    assert_in_range(HASH_COUNT(inside(s)->paths.table), 1, 1024);
    assert_in_range(inside(s)->paths.count, 1, 1200);
    an_association_still_works(s);
    assert_in_range(inside(s)->paths.count, 1, 1200);
}

/* Until no path is left, which takes a moment without packets. */
static void paths_are_let_go(struct scene *s)
{
    for (int i = 0; HASH_COUNT(inside(s)->paths.table) > 0; i++) {
        assert_in_range(i, 0, 2000);
        inside(s)->paths.cleaned_ms = 0; /* else it looks twice a minute */
        settle(s);
    }
    assert_null(inside(s)->paths.remotes);
}

/* What is left of an association's path once it is over is used again. */
static void paths_are_given_back(void **state)
{
    struct scene *s = *state;
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < 100; i++)
            an_association_still_works(s);
        paths_are_let_go(s);
    }
    assert_in_range(inside(s)->paths.count, 1,
                    2 * 100); /* each association is one of a client and a server */
}

static void out_of_the_blue_packets_get_an_abort_and_leave_nothing(void **state)
{
    struct scene *s = *state;
    uint8_t packet[64], answer[200];
    make_init(packet, PORT, 0);
    packet[7] = 9;  /* a verification tag */
    packet[12] = 0; /* DATA */
    seal(packet, 32);
    for (int i = 0; i < 200; i++) {
        assert_int_equal(send(s->fd, packet, 32, 0), 32);
        settle(s);
        assert_in_range(recv(s->fd, answer, sizeof answer, MSG_DONTWAIT), 16, sizeof answer);
        assert_int_equal(answer[12], SCTP_ABORT_ASSOCIATION);
    }
    assert_int_equal(HASH_COUNT(inside(s)->paths.table), 0);
    assert_int_equal(inside(s)->paths.count, 0);
    assert_null(inside(s)->paths.remotes);
}

/* The stack knows an endpoint by its SCTP port alone; we see to it that its address counts, too. */
static void an_endpoint_is_reached_at_its_own_address_only(void **state)
{
    struct scene *s = *state;
    struct tr_endpoint *other = open_at(s->loop, "127.0.0.2", PORT + 1);
    struct net_addr at;
    uint8_t packet[64];
    assert_true(net_addr_parse("127.0.0.2", tr_endpoint_encaps_port(other), &at));
    int fd = stranger(&at);
    size_t len = make_init(packet, PORT, 1);
    assert_int_equal(send(fd, packet, len, 0), len);
    assert_false(is_answered(s, fd));
    assert_int_equal(send(s->fd, packet, len, 0), len);
    assert_true(is_answered(s, s->fd));
    close(fd);
}

/* Damaged INITs whose checksum is right, so that they reach the stack. */
static void the_stack_survives_damaged_handshakes(void **state)
{
    struct scene *s = *state;
    uint8_t packet[256];
    for (int i = 0; i < 20000; i++) {
        size_t len = 16 + (size_t)rand() % (sizeof packet - 16);
        for (size_t k = 0; k < len; k++)
            packet[k] = (uint8_t)(rand() % 3 ? 0 : rand());
        make_init(packet, PORT, (uint32_t)i);
        for (int n = rand() % 4; n > 0; n--)
            packet[4 + (size_t)rand() % (len < 32 ? len - 4 : 28)] = (uint8_t)rand();
        packet[15] = (uint8_t)len;
        seal(packet, len);
        assert_int_equal(send(s->fd, packet, len, 0), len);
        if (i % 100 == 0)
            settle(s);
    }
    settle(s);
    an_association_still_works(s);
}

/* An INIT from this socket; its answer, an INIT ACK, goes to `answer`. */
static size_t begin(struct scene *s, int fd, uint32_t tag, uint8_t *answer, size_t room)
{
    uint8_t packet[64];
    size_t len = make_init(packet, PORT, tag);
    assert_int_equal(send(fd, packet, len, 0), len);
    settle(s);
    ssize_t n = recv(fd, answer, room, MSG_DONTWAIT);
    assert_in_range(n, 32, room);
    assert_int_equal(answer[12], SCTP_INITIATION_ACK);
    return (size_t)n;
}

/* The COOKIE ECHO that goes with an INIT ACK; returns its length. */
static size_t make_echo(const uint8_t *ack, size_t len, uint8_t *packet)
{
    size_t size;
    const uint8_t *cookie = usr_peer_parameter(ack, len, 7, &size);
    assert_non_null(cookie);
    memset(packet, 0, 12);
    memcpy(packet, ack + 2, 2);
    memcpy(packet + 2, ack, 2);
    memcpy(packet + 4, ack + 16, 4); /* the tag that it gave */
    packet[12] = SCTP_COOKIE_ECHO;
    packet[13] = 0;
    packet[14] = (uint8_t)((size + 4) >> 8);
    packet[15] = (uint8_t)(size + 4);
    memcpy(packet + 16, cookie, size);
    seal(packet, 16 + size);
    return 16 + size;
}

static uint32_t associations(void)
{
    struct sctpstat stat;
    usrsctp_get_stat(&stat);
    return stat.sctps_passiveestab;
}

/* Somebody who gets a cookie at an address of his own, waits until what it was made for is another's, and
 * goes on in the name of one who never answers. */
static void a_cookie_is_good_for_its_address_only(void **state)
{
    struct scene *s = *state;
    enum { CANDIDATES = 1024 };
    static int others[CANDIDATES];
    uint8_t ack[2000], packet[2000];
    size_t acked = begin(s, s->fd, 7, ack, sizeof ack);
    size_t echo = make_echo(ack, acked, packet);
    uint32_t before = associations();
    for (unsigned i = 0; i < CANDIDATES; i++) { /* the last one makes the first one go */
        uint8_t init[64];
        others[i] = stranger(&s->udp);
        size_t len = make_init(init, PORT, 7);
        assert_int_equal(send(others[i], init, len, 0), len);
        if (i % 50 == 0 || i == CANDIDATES - 1)
            settle(s);
    }
    for (unsigned i = 0; i < CANDIDATES; i++)
        assert_int_equal(send(others[i], packet, echo, 0), echo);
    settle(s);
    assert_int_equal(associations(), before);
    for (unsigned i = 0; i < CANDIDATES; i++)
        close(others[i]);
    acked = begin(s, s->fd, 7, ack, sizeof ack); /* but where it went it is */
    echo = make_echo(ack, acked, packet);
    assert_int_equal(send(s->fd, packet, echo, 0), echo);
    settle(s);
    assert_int_equal(associations(), before + 1);
}

/* An INIT with a parameter that has no length, for an association that there is: the stack would never come
 * back. */
static void a_parameter_without_length_is_dropped(void **state)
{
    struct scene *s = *state;
    uint8_t ack[2000], packet[2000];
    size_t acked = begin(s, s->fd, 7, ack, sizeof ack);
    size_t echo = make_echo(ack, acked, packet);
    assert_int_equal(send(s->fd, packet, echo, 0), echo);
    settle(s);
    assert_int_equal(inside(s)->dropped_in, 0);
    for (uint8_t length = 0; length < 4; length++)
        for (size_t behind = 0; behind <= 8; behind += 8) { /* also behind a good one */
            size_t len = make_init(packet, PORT, 9);
            memset(packet + len, 0, 12);
            packet[len] = packet[len + behind] = 0x80;
            packet[len + 3] = 8;
            packet[len + behind + 3] = length;
            packet[15] = (uint8_t)(24 + behind);
            seal(packet, len + behind + 4);
            assert_int_equal(send(s->fd, packet, len + behind + 4, 0), len + behind + 4);
            settle(s);
        }
    assert_int_equal(inside(s)->dropped_in, 8);
    an_association_still_works(s);
}

/* Local addresses that the stack goes through for every packet. */
static int addresses_in_the_stack(struct scene *s)
{
    struct sockaddr *list = NULL;
    int count = usrsctp_getladdrs(((struct usr_endpoint *)s->server)->so, 0, &list);
    if (count > 0)
        usrsctp_freeladdrs(list);
    return count;
}

static void take_path_name(struct usr_endpoint *ep, const struct sctp_status *status, void *arg)
{
    uint8_t *taken = arg;
    uint16_t port = usr_primary(status)->sconn_port;
    (void)ep;
    assert_int_equal(taken[port], 0);
    taken[port] = 1;
}

/* However many associations there are, the work for a packet stays the same: the stack looks for it in one
 * place only, by a port that no other association has. */
static void many_associations_are_no_work_for_each_other(void **state)
{
    struct scene *s = *state;
    enum { MANY = 100 };
    static uint8_t taken[65536];
    uint8_t ack[2000], packet[2000];
    int others[MANY];
    for (unsigned i = 0; i < MANY; i++) { /* all with the same SCTP port */
        others[i] = stranger(&s->udp);
        size_t acked = begin(s, others[i], i + 1, ack, sizeof ack);
        size_t echo = make_echo(ack, acked, packet);
        assert_int_equal(send(others[i], packet, echo, 0), echo);
        settle(s);
    }
    memset(taken, 0, sizeof taken);
    assert_int_equal(usr_each_assoc((struct usr_endpoint *)s->server, take_path_name, taken), MANY);
    assert_int_equal(addresses_in_the_stack(s), 1);
    for (unsigned i = 0; i < MANY; i++)
        close(others[i]);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(short_and_damaged_packets_are_dropped),
        SCENE(noise_is_dropped),
        SCENE(half_begun_handshakes_do_not_pile_up),
        SCENE(paths_are_given_back),
        SCENE(out_of_the_blue_packets_get_an_abort_and_leave_nothing),
        SCENE(an_endpoint_is_reached_at_its_own_address_only),
        SCENE(the_stack_survives_damaged_handshakes),
        SCENE(a_cookie_is_good_for_its_address_only),
        SCENE(a_parameter_without_length_is_dropped),
        SCENE(many_associations_are_no_work_for_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
