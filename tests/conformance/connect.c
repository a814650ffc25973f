/* Setting up associations: both forms of connect, what is negotiated, and every way it fails. */
#include "tests/conformance/suite.h"
#include "transport/resolve.h"

#include <string.h>
#include <sys/socket.h>

static void connect_init_reports_both_ends(void **state)
{
    struct opt_set asks = CT_OPTIONS({OPTF_INIT_OSTREAMS, 7}, {OPTF_INIT_INSTREAMS, 20});
    struct opt_set grants = CT_OPTIONS({OPTF_INIT_OSTREAMS, 12}, {OPTF_INIT_INSTREAMS, 5});
    struct ct_end *server = ct_server(*state, &grants), *client = ct_client(*state, &asks);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    uint32_t assoc = 0;
    ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
    assert_int_not_equal(assoc, 0);
    const struct tr_event *here = ct_change(client, TR_COMM_UP), *there = ct_change(server, TR_COMM_UP);
    assert_int_equal(here->assoc, assoc);
    assert_int_equal(here->change.outbound_streams, 5);
    assert_int_equal(here->change.inbound_streams, 12);
    assert_int_equal(there->change.outbound_streams, 12);
    assert_int_equal(there->change.inbound_streams, 5);
}

static void connect_waits_for_the_outcome(void **state)
{
    struct ct_end *server = ct_server(*state, NULL), *client = ct_client(*state, NULL);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    struct tr_event change;
    memset(&change, 0xff, sizeof change);
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    assert_int_equal(change.type, TR_EV_ASSOC_CHANGE);
    assert_int_equal(change.change.state, TR_COMM_UP);
    assert_in_range(change.change.outbound_streams, 1, 65535);
    assert_in_range(change.change.inbound_streams, 1, 65535);
    assert_int_equal(ct_change(server, TR_COMM_UP)->change.state, TR_COMM_UP); /* was kept for tr_recv */
    ct_send(client, change.assoc, 0, 1, "up", 2);
    assert_int_equal(ct_message(server)->len, 2);
    assert_int_equal(ct_changes(client, TR_COMM_UP, 0), 0); /* returned once, by tr_connect */
}

static void connect_without_limit(void **state)
{
    struct ct_end *server = ct_server(*state, NULL), *client = ct_client(*state, NULL);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    struct tr_event change;
    ct_ok(tr_connect(client->ep, &to, -1, &change, &error), &error);
    assert_int_equal(change.change.state, TR_COMM_UP);
}

/* What other associations of the endpoint send while it connects is there afterwards, in order. */
static void connect_keeps_what_comes_meanwhile(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct ct_end *second = ct_server(w, NULL);
    struct tr_target to = ct_target(second);
    struct tr_error error = {0};
    struct tr_event change;
    struct ct_flow f = {.from = p.server, .assoc = p.far, .size = 500};
    p.client->reading = false;
    assert_int_equal(ct_flow_offer(&f, 20, NULL), TR_OK);
    ct_ok(tr_connect(p.client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    assert_int_not_equal(change.assoc, p.near);
    assert_int_equal(ct_flow_offer(&f, 20, NULL), TR_OK);
    p.client->reading = true;
    ct_flow_finish(&f, p.client, p.near);
}

static void connect_is_refused_where_nobody_listens(void **state)
{
    struct ct_end *deaf = ct_client(*state, NULL), *client = ct_client(*state, NULL);
    struct tr_target to = ct_target(deaf);
    struct tr_error error = {0};
    struct tr_event change;
    for (int i = 0; i < 3; i++)
        ct_failed_as(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), TR_REFUSED, &error);
    ct_spend(*state, 30);
    assert_int_equal(client->count, 0); /* tr_connect told; no event is left over */

    uint32_t assoc = 0;
    ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
    assert_int_equal(ct_change(client, TR_CANT_ASSOC)->assoc, assoc);
    struct tr_msg m = {.data = "x", .len = 1, .assoc = assoc};
    unsigned sent = 9;
    assert_int_equal(tr_send(client->ep, &m, 1, &sent), TR_NO_ASSOC);
}

static void connect_times_out_and_leaves_nothing(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *client = ct_client(w, NULL);
    uint16_t port = ct_port(), udp = ct_port();
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target to = {&there, 1, udp};
    struct tr_error error = {0};
    struct tr_event change;
    int hole = ct_black_hole(w, port, udp);
    for (int i = 0; i < 2; i++) {
        int64_t start = ct_now_ms();
        ct_failed_as(tr_connect(client->ep, &to, 150, &change, &error), TR_TIMEOUT, &error);
        assert_in_range(ct_now_ms() - start, 140, CT_DEADLINE_MS);
    }
    ct_spend(w, 30);
    assert_int_equal(client->count, 0);

    ct_close_fd(w, hole);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local, .address_count = 1, .port = port, .encaps_port = udp};
    struct ct_end *server = ct_open(w, NULL, &p);
    ct_ok(tr_listen(server->ep, 5, &error), &error);
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    assert_int_equal(ct_change(server, TR_COMM_UP)->change.state, TR_COMM_UP);
    ct_spend(w, 50);
    assert_int_equal(ct_changes(server, TR_COMM_UP, 0), 1); /* none of the abandoned attempts */
}

/* The answer of a resolver wakes the loop and goes into a target as it is. */
static void connect_by_host_name(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL), *client = ct_client(w, NULL);
    struct tr_loop *loop = tr_endpoint_loop(client->ep);
    struct tr_resolver *names = NULL;
    struct tr_error error = {0};
    struct tr_answer answer;
    struct tr_ready ready[4];
    struct tr_event change;
    int64_t end = ct_now_ms() + CT_DEADLINE_MS;
    bool woken = false;
    ct_ok(tr_resolver_open(&names, &error), &error);
    ct_ok(tr_loop_add_fd(loop, tr_resolver_fd(names), names, &error), &error);
    ct_ok(tr_resolver_ask(names, "localhost", tr_endpoint_port(server->ep), server, &error), &error);
    while (!woken && ct_now_ms() < end)
        for (unsigned i = tr_loop_wait(loop, 1000, ready, 4); i > 0; i--)
            woken |= ready[i - 1].endpoint == NULL && ready[i - 1].cookie == names;
    assert_true(woken && tr_resolver_next(names, &answer));
    tr_loop_remove_fd(loop, tr_resolver_fd(names));
    tr_resolver_close(names);
    ct_ok(answer.code, &answer.error);
    assert_ptr_equal(answer.cookie, server);

    struct tr_target to = {.addresses = answer.addresses, .encaps_port = server->udp};
    to.address_count =
        tr_choose_addresses(ct_backend, &client->address, 1, 0, answer.addresses, answer.count);
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    assert_int_equal(ct_change(server, TR_COMM_UP)->change.state, TR_COMM_UP);
}

static void connect_gives_up_after_its_attempts(void **state)
{
    struct opt_set hasty = CT_OPTIONS({OPTF_INIT_ATTEMPTS, 2}, {OPTF_INIT_TIMEO, 100}, {OPTF_RTO_INITIAL, 50},
                                      {OPTF_RTO_MIN, 50}, {OPTF_RTO_MAX, 100});
    struct ct_end *client = ct_client(*state, &hasty);
    uint16_t port = ct_port(), udp = ct_port();
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target to = {&there, 1, udp};
    struct tr_error error = {0};
    struct tr_event change;
    uint32_t assoc = 0;
    ct_black_hole(*state, port, udp);
    ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
    assert_int_equal(ct_change(client, TR_CANT_ASSOC)->assoc, assoc);
    ct_failed_as(tr_connect(client->ep, &to, -1, &change, &error), TR_TIMEOUT, &error);
}

static void second_association_to_a_peer_exists(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct tr_target to = ct_target(p.server);
    struct tr_error error = {0};
    struct tr_event change;
    uint32_t assoc = 0;
    ct_failed_as(tr_connect_init(p.client->ep, &to, &assoc, &error), TR_EXISTS, &error);
    ct_failed_as(tr_connect(p.client->ep, &to, 1000, &change, &error), TR_EXISTS, &error);

    uint16_t port = ct_port(), udp = ct_port(); /* and while the first is still under way */
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target hole = {&there, 1, udp};
    ct_black_hole(w, port, udp);
    ct_ok(tr_connect_init(p.client->ep, &hole, &assoc, &error), &error);
    ct_failed_as(tr_connect_init(p.client->ep, &hole, &assoc, &error), TR_EXISTS, &error);

    ct_send(p.client, p.near, 0, 1, "fine", 4); /* the first one never noticed */
    assert_int_equal(ct_message(p.server)->len, 4);
}

static void one_to_one_connects_once(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *a = ct_server(w, NULL), *b = ct_server(w, NULL);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1};
    struct ct_end *client = ct_open(w, NULL, &p);
    struct tr_target to = ct_target(b);
    struct tr_error error = {0};
    uint32_t assoc = 0;
    ct_connect(client, a, NULL);
    ct_failed_as(tr_connect_init(client->ep, &to, &assoc, &error), TR_EXISTS, &error);
}

static void one_to_one_is_refused_and_tries_again(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *deaf = ct_client(w, NULL);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1};
    struct ct_end *client = ct_open(w, NULL, &p);
    struct tr_target to = ct_target(deaf);
    struct tr_error error = {0};
    struct tr_event change;
    ct_failed_as(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), TR_REFUSED, &error);
    ct_ok(tr_listen(deaf->ep, 5, &error), &error);
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
}

static void connect_refuses_nonsense(void **state)
{
    struct ct_end *client = ct_client(*state, NULL);
    struct net_addr no_port = ct_addr("127.0.0.1", 0), odd = {.sa = {.sa_family = AF_UNIX}};
    struct tr_target none = {0}, zero = {&no_port, 1, 0}, unix_path = {&odd, 1, 0};
    const struct tr_target *targets[] = {&none, &zero, &unix_path};
    for (unsigned i = 0; i < 3; i++) {
        struct tr_error error = {0};
        struct tr_event change;
        uint32_t assoc = 0;
        ct_failed_as(tr_connect_init(client->ep, targets[i], &assoc, &error), TR_INVALID, &error);
        ct_failed_as(tr_connect(client->ep, targets[i], 100, &change, &error), TR_INVALID, &error);
    }
}

static void several_target_addresses_need_multihoming(void **state)
{
    struct ct_end *server = ct_server(*state, NULL), *client = ct_client(*state, NULL);
    struct net_addr two[2] = {server->address, ct_addr("127.0.0.2", net_addr_port(&server->address))};
    struct tr_target to = {two, 2, server->udp};
    struct tr_error error = {0};
    struct tr_event change;
    enum tr_code code = tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error);
    if (ct_has(TR_CAP_MULTIHOMING))
        ct_ok(code, &error);
    else
        ct_failed_as(code, TR_UNSUPPORTED, &error);
}

static void one_endpoint_connects_to_many(void **state)
{
    enum { MANY = 20 };
    struct ct_world *w = *state;
    struct ct_end *client = ct_client(w, NULL), *servers[MANY];
    uint32_t ids[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        servers[i] = ct_server(w, NULL);
        ids[i] = ct_connect(client, servers[i], NULL);
        for (unsigned k = 0; k < i; k++)
            assert_int_not_equal(ids[i], ids[k]);
    }
    for (unsigned i = 0; i < MANY; i++)
        ct_send(client, ids[i], 0, i, "hi", 2);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(ct_message(servers[i])->ppid, i);
}

/* Both sides call at once (RFC 9260 5.2.1): one association comes of it. */
static void simultaneous_connects_meet(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *a = ct_server(w, NULL), *b = ct_server(w, NULL);
    struct tr_target to_a = ct_target(a), to_b = ct_target(b);
    struct tr_error error = {0};
    uint32_t at_a = 0, at_b = 0;
    ct_ok(tr_connect_init(a->ep, &to_b, &at_a, &error), &error);
    enum tr_code code = tr_connect_init(b->ep, &to_a, &at_b, &error);
    assert_true(code == TR_OK || code == TR_EXISTS); /* loopback may have been faster */
    at_a = ct_change(a, TR_COMM_UP)->assoc;
    at_b = ct_change(b, TR_COMM_UP)->assoc;
    ct_spend(w, 50);
    assert_int_equal(ct_changes(a, TR_COMM_UP, 0), 1);
    assert_int_equal(ct_changes(b, TR_COMM_UP, 0), 1);
    ct_send(a, at_a, 0, 1, "to b", 4);
    ct_send(b, at_b, 0, 2, "to a", 4);
    assert_int_equal(ct_message(b)->ppid, 1);
    assert_int_equal(ct_message(a)->ppid, 2);
}

/* Listener and caller on one UDP port, that of the loop; and two listeners on one UDP port of their own. */
static void endpoints_share_a_udp_port(void **state)
{
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local, .address_count = 1};
    struct tr_error error = {0};
    uint16_t udp = ct_port();
    struct ct_end *servers[3];
    if (!ct_has(TR_CAP_ENCAPS))
        skip();
    for (unsigned i = 0; i < 3; i++) {
        p.port = ct_port();
        p.encaps_port = i ? udp : 0;
        servers[i] = ct_open(w, NULL, &p);
        ct_ok(tr_listen(servers[i]->ep, 5, &error), &error);
    }
    struct ct_end *client = ct_client(w, NULL);
    assert_int_equal(client->udp, servers[0]->udp);
    assert_int_equal(servers[1]->udp, udp);
    assert_int_equal(servers[2]->udp, udp);
    for (unsigned i = 0; i < 3; i++) {
        uint32_t near = ct_connect(client, servers[i], NULL);
        ct_send(client, near, 0, i, "hi", 2);
        assert_int_equal(ct_message(servers[i])->ppid, i);
    }
}

/* Anybody can send anything to a UDP port: noise, nothing, and pieces of real packets. */
static void garbage_on_the_udp_port_is_ignored(void **state)
{
    struct ct_world *w = *state;
    if (!ct_has(TR_CAP_ENCAPS))
        skip();
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct net_addr to = ct_addr("127.0.0.1", p.server->udp);
    unsigned char packet[1500] = {0};
    unsigned random = 12345;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_int_not_equal(fd, -1);
    w->fds[w->fd_count++] = fd;
    for (unsigned i = 0; i < 2000; i++) {
        size_t len = i % 3 == 0 ? i % 40 : i % sizeof packet;
        for (size_t k = 0; k < len; k++)
            packet[k] = (unsigned char)((random = random * 1103515245 + 12345) >> 16);
        if (i % 2) { /* our ports, then a chunk type of RFC 9260 and a length that may lie */
            uint16_t ports[2] = {htons(tr_endpoint_port(p.client->ep)),
                                 htons(tr_endpoint_port(p.server->ep))};
            memcpy(packet, ports, sizeof ports);
            packet[12] = (unsigned char)(i / 2 % 16);
        }
        assert_int_not_equal(sendto(fd, packet, len, 0, &to.sa, sizeof to.in4), -1);
        if (i % 50 == 0)
            ct_turn(w, 0);
    }
    ct_spend(w, 20);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 500};
    ct_flow_send(&f, 50);
    ct_flow_finish(&f, p.server, p.far);
    assert_int_equal(p.server->events[TR_EV_ASSOC_CHANGE], 1);
}

CT_TOPIC(connect, CT_CASE(connect_init_reports_both_ends), CT_CASE(connect_waits_for_the_outcome),
         CT_CASE(connect_without_limit), CT_CASE(connect_keeps_what_comes_meanwhile),
         CT_CASE(connect_is_refused_where_nobody_listens), CT_CASE(connect_times_out_and_leaves_nothing),
         CT_CASE(connect_by_host_name), CT_CASE(connect_gives_up_after_its_attempts),
         CT_CASE(second_association_to_a_peer_exists), CT_CASE(one_to_one_connects_once),
         CT_CASE(one_to_one_is_refused_and_tries_again), CT_CASE(connect_refuses_nonsense),
         CT_CASE(several_target_addresses_need_multihoming), CT_CASE(one_endpoint_connects_to_many),
         CT_CASE(simultaneous_connects_meet), CT_CASE(endpoints_share_a_udp_port),
         CT_CASE(garbage_on_the_udp_port_is_ignored));
