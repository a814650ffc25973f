/* Batched UDP on loopback: runs, order, sources, errors. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/capability.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "transport/usrsctp/udp.h"

struct link {
    struct udp_socket a, b;
    struct udp_inbox *in;
    struct udp_outbox *out;
};

static struct net_addr at(const char *text, uint16_t port)
{
    struct net_addr a;
    assert_true(net_addr_parse(text, port, &a));
    return a;
}

static void open_or_fail(struct udp_socket *s, const char *text)
{
    struct tr_error error;
    struct net_addr a;
    if (text != NULL)
        a = at(text, 0);
    if (udp_open(s, text != NULL ? &a : NULL, 0, &error) != TR_OK)
        fail_msg("%s", error.text);
    assert_int_not_equal(net_addr_port(&s->local), 0);
}

static int set_up(void **state)
{
    struct link *l = calloc(1, sizeof *l);
    open_or_fail(&l->a, "127.0.0.1");
    open_or_fail(&l->b, "127.0.0.2");
    l->in = udp_inbox_new();
    l->out = udp_outbox_new();
    *state = l;
    return l->in != NULL && l->out != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
    struct link *l = *state;
    udp_close(&l->a);
    udp_close(&l->b);
    udp_inbox_free(l->in);
    udp_outbox_free(l->out);
    free(l);
    return 0;
}

/* ---- What arrives, one datagram after the other ---- */

struct seen {
    unsigned count, runs;
    uint16_t len[2000], number[2000];
    struct net_addr from, to;
};

static void take(void *arg, struct udp_socket *s, const struct udp_arrival *a)
{
    struct seen *seen = arg;
    (void)s;
    seen->from = a->from;
    seen->to = a->to;
    seen->runs++;
    for (size_t done = 0; done < a->len; done += a->segment) {
        size_t len = a->len - done < a->segment ? a->len - done : a->segment;
        memcpy(&seen->number[seen->count], a->data + done, 2);
        for (size_t i = 2; i < len; i++)
            assert_int_equal(a->data[done + i], (uint8_t)(seen->number[seen->count] + i));
        seen->len[seen->count++] = (uint16_t)len;
    }
}

static void receive(struct link *l, struct udp_socket *s, struct seen *seen, unsigned count)
{
    memset(seen, 0, sizeof *seen);
    while (seen->count < count) {
        struct pollfd p = {.fd = s->fd, .events = POLLIN};
        if (poll(&p, 1, 2000) != 1)
            fail_msg("%u of %u datagrams came", seen->count, count);
        udp_receive(s, l->in, take, seen);
    }
}

static void put(struct link *l, struct udp_route *r, uint16_t number, size_t len)
{
    static uint8_t packet[60000];
    for (size_t i = 2; i < len; i++)
        packet[i] = (uint8_t)(number + i);
    memcpy(packet, &number, 2);
    assert_non_null(udp_outbox_put(l->out, r, 0, packet, len));
}

static void a_run_of_equal_length_is_one_message(void **state)
{
    struct link *l = *state;
    struct udp_route r;
    struct seen seen;
    udp_route_set(&r, &l->a, &l->b.local, NULL);
    r.segments = true;
    for (uint16_t i = 0; i < 40; i++)
        put(l, &r, i, i < 39 ? 1000 : 500);
    udp_outbox_flush(l->out);
    assert_true(udp_outbox_empty(l->out));
    assert_int_equal(udp_outbox_get_stats(l->out)->syscalls, 1);
    assert_int_equal(udp_outbox_get_stats(l->out)->packets, 40);
    receive(l, &l->b, &seen, 40);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(seen.number[i], i);
        assert_int_equal(seen.len[i], i < 39 ? 1000 : 500);
    }
    assert_true(net_addr_equal(&seen.from, &l->a.local));
    assert_true(net_addr_equal(&seen.to, &l->b.local));
}

/* Lengths that grow and shrink, more packets than one flush takes: nothing lost, nothing out of order. */
static void order_holds_for_any_lengths(void **state)
{
    struct link *l = *state;
    struct udp_route r;
    struct seen seen;
    udp_route_set(&r, &l->a, &l->b.local, NULL);
    r.segments = true;
    srand(7);
    for (uint16_t i = 0; i < 900; i++)
        put(l, &r, i, 2 + (size_t)rand() % (i % 3 ? 4 : 1400));
    udp_outbox_flush(l->out);
    receive(l, &l->b, &seen, 900);
    for (unsigned i = 0; i < 900; i++)
        assert_int_equal(seen.number[i], i);
}

/* A relay's pattern: data to one peer, acknowledgements to the other, from two sockets. */
static void destinations_that_alternate_need_one_call_each(void **state)
{
    struct link *l = *state;
    struct udp_route to_b, to_a;
    struct seen seen;
    udp_route_set(&to_b, &l->a, &l->b.local, NULL);
    to_b.segments = true;
    udp_route_set(&to_a, &l->b, &l->a.local, NULL);
    to_a.segments = true;
    for (uint16_t i = 0; i < 60; i++) {
        put(l, &to_b, i, 800);
        put(l, &to_a, i, i % 20 ? 28 : 40);
    }
    udp_outbox_flush(l->out);
    assert_int_equal(udp_outbox_get_stats(l->out)->syscalls, 2);
    receive(l, &l->b, &seen, 60);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(seen.number[i], i);
    receive(l, &l->a, &seen, 60);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(seen.number[i], i);
}

static void runs_go_only_where_they_may(void **state)
{
    struct link *l = *state;
    struct udp_route r;
    struct seen seen;
    udp_route_set(&r, &l->a, &l->b.local, NULL);
    assert_false(r.segments);
    for (uint16_t i = 0; i < 20; i++)
        put(l, &r, i, 300);
    udp_outbox_flush(l->out);
    assert_int_equal(udp_outbox_get_stats(l->out)->syscalls, 1);
    receive(l, &l->b, &seen, 20);
    assert_int_equal(seen.runs, 20);
}

static void works_where_the_kernel_cannot_segment(void **state)
{
    struct link *l = *state;
    struct udp_route r;
    struct seen seen;
    l->a.segments = false;
    udp_route_set(&r, &l->a, &l->b.local, NULL);
    r.segments = true;
    for (uint16_t i = 0; i < 20; i++)
        put(l, &r, i, 300);
    udp_outbox_flush(l->out);
    assert_int_equal(udp_outbox_get_stats(l->out)->syscalls, 1);
    receive(l, &l->b, &seen, 20);
    assert_int_equal(seen.runs, 20);
}

/* Segments longer than the interface carries are refused as a run, and then sent one by one. */
static void a_refused_run_goes_packet_by_packet(void **state)
{
    struct link *l = *state;
    struct udp_route r, nowhere;
    struct seen seen;
    struct net_addr closed = l->b.local;
    net_addr_set_port(&closed, 1);
    udp_route_set(&nowhere, &l->a, &closed, NULL);
    nowhere.segments = true;
    udp_route_set(&r, &l->a, &l->b.local, NULL);
    r.segments = true;
    put(l, &nowhere, 9, 100); /* brings an ICMP error that the next call reads */
    udp_outbox_flush(l->out);
    for (uint16_t i = 0; i < 3; i++)
        put(l, &r, i, 20000);
    udp_outbox_flush(l->out);
    receive(l, &l->b, &seen, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(seen.number[i], i);
    assert_int_equal(udp_outbox_get_stats(l->out)->dropped, 0);
}

static void too_long_a_packet_is_counted(void **state)
{
    struct link *l = *state;
    struct udp_route r;
    udp_route_set(&r, &l->a, &l->b.local, NULL);
    r.segments = true;
    uint8_t *huge = calloc(1, 65536);
    assert_non_null(udp_outbox_put(l->out, &r, 0, huge, 65536));
    udp_outbox_flush(l->out);
    free(huge);
    assert_true(udp_outbox_empty(l->out));
    assert_int_equal(udp_outbox_get_stats(l->out)->dropped, 1);
    assert_int_equal(udp_outbox_get_stats(l->out)->packets, 0);
}

static void a_closed_socket_is_forgotten(void **state)
{
    struct link *l = *state;
    struct udp_route from_a, from_b;
    struct seen seen;
    udp_route_set(&from_a, &l->a, &l->b.local, NULL);
    from_a.segments = true;
    udp_route_set(&from_b, &l->b, &l->b.local, NULL);
    from_b.segments = true;
    put(l, &from_a, 1, 50);
    put(l, &from_b, 2, 50);
    udp_outbox_forget(l->out, &l->a);
    udp_outbox_flush(l->out);
    receive(l, &l->b, &seen, 1);
    assert_int_equal(seen.number[0], 2);
}

/* Bound to no address: sees where each datagram went and answers from there. */
static void answers_come_from_the_address_that_was_written_to(void **state)
{
    struct link *l = *state;
    struct udp_socket any;
    struct udp_route there, back;
    struct seen seen;
    open_or_fail(&any, NULL);
    struct net_addr target = at("127.0.0.77", net_addr_port(&any.local));
    udp_route_set(&there, &l->a, &target, NULL);
    there.segments = true;
    put(l, &there, 1, 100);
    udp_outbox_flush(l->out);
    receive(l, &any, &seen, 1);
    assert_true(net_addr_equal(&seen.from, &l->a.local));
    assert_true(net_addr_equal(&seen.to, &target));
    udp_route_set(&back, &any, &seen.from, &seen.to);
    back.segments = true;
    for (uint16_t i = 0; i < 3; i++)
        put(l, &back, i, 200);
    udp_outbox_flush(l->out);
    receive(l, &l->a, &seen, 3);
    assert_true(net_addr_equal(&seen.from, &target));
    udp_close(&any);
}

static void type_of_service_goes_along(void **state)
{
    struct link *l = *state;
    struct udp_route r;
    int on = 1;
    uint8_t data[100], control[64];
    struct iovec iov = {data, sizeof data};
    struct msghdr h = {
        .msg_iov = &iov, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    assert_int_equal(setsockopt(l->b.fd, IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
    udp_route_set(&r, &l->a, &l->b.local, NULL);
    r.segments = true;
    assert_non_null(udp_outbox_put(l->out, &r, 0xb8, data, sizeof data));
    udp_outbox_flush(l->out);
    struct pollfd p = {.fd = l->b.fd, .events = POLLIN};
    assert_int_equal(poll(&p, 1, 2000), 1);
    assert_int_equal(recvmsg(l->b.fd, &h, 0), sizeof data);
    int tos = -1;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&h); c != NULL; c = CMSG_NXTHDR(&h, c))
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_TOS)
            tos = *CMSG_DATA(c);
    assert_int_equal(tos, 0xb8);
}

static void errors_say_what_is_wrong(void **state)
{
    struct link *l = *state;
    struct udp_socket s;
    struct tr_error error;
    struct net_addr same = l->a.local, foreign = at("192.0.2.1", 0);
    assert_int_equal(udp_open(&s, &same, net_addr_port(&same), &error), TR_ADDR_IN_USE);
    assert_non_null(strstr(error.text, "encaps_port"));
    assert_int_equal(udp_open(&s, NULL, net_addr_port(&same), &error), TR_ADDR_IN_USE);
    assert_int_equal(udp_open(&s, &foreign, 0, &error), TR_ADDR_UNKNOWN);
    assert_non_null(strstr(error.text, "192.0.2.1"));
}

static void source_follows_the_route(void **state)
{
    struct net_addr source, remote = at("127.0.0.9", 5);
    (void)state;
    assert_true(udp_source_for(&remote, &source));
    net_addr_set_port(&source, 0);
    struct net_addr loopback = at("127.0.0.1", 0);
    assert_true(net_addr_equal(&source, &loopback));
}

/* ---- Buffers ---- */

/* Takes a capability from the calling thread, or gives back what it may have. */
static void set_net_admin(bool on)
{
    struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct data[2];
    uint32_t bit = 1u << CAP_NET_ADMIN;
    assert_int_equal(syscall(SYS_capget, &head, data), 0);
    data[0].effective = on ? data[0].effective | (data[0].permitted & bit) : data[0].effective & ~bit;
    assert_int_equal(syscall(SYS_capset, &head, data), 0);
}

static unsigned limit_of(const char *path)
{
    unsigned limit = 0;
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%u", &limit), 1);
    fclose(f);
    return limit < UDP_BUFFER_WANTED ? limit : UDP_BUFFER_WANTED;
}

/* Root of a user namespace of its own may not, though it has the capability there. */
static bool may_force(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM, 0), bytes = 65536;
    bool may = setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof bytes) == 0;
    close(fd);
    return may;
}

static void granted_buffers_are_told(void **state)
{
    unsigned receiving, sending;
    (void)state;
    set_net_admin(false);
    assert_true(udp_granted(&receiving, &sending));
    set_net_admin(true);
    assert_int_equal(receiving, limit_of("/proc/sys/net/core/rmem_max"));
    assert_int_equal(sending, limit_of("/proc/sys/net/core/wmem_max"));
    if (!may_force())
        return;
    assert_true(udp_granted(&receiving, &sending));
    assert_int_equal(receiving, UDP_BUFFER_WANTED);
    assert_int_equal(sending, UDP_BUFFER_WANTED);
}

#define LINK_TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LINK_TEST(a_run_of_equal_length_is_one_message),
        LINK_TEST(order_holds_for_any_lengths),
        LINK_TEST(destinations_that_alternate_need_one_call_each),
        LINK_TEST(runs_go_only_where_they_may),
        LINK_TEST(works_where_the_kernel_cannot_segment),
        LINK_TEST(a_refused_run_goes_packet_by_packet),
        LINK_TEST(too_long_a_packet_is_counted),
        LINK_TEST(a_closed_socket_is_forgotten),
        LINK_TEST(answers_come_from_the_address_that_was_written_to),
        LINK_TEST(type_of_service_goes_along),
        LINK_TEST(errors_say_what_is_wrong),
        cmocka_unit_test(source_follows_the_route),
        cmocka_unit_test(granted_buffers_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
