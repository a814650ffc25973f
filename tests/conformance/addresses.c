/* IPv6, mixed families, and several addresses per endpoint. */
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <string.h>

static bool among(const struct net_addr *list, unsigned count, const char *text, uint16_t port)
{
    struct net_addr wanted = ct_addr(text, port);
    for (unsigned i = 0; i < count; i++)
        if (net_addr_equal(&list[i], &wanted))
            return true;
    char line[NET_ADDR_TEXT];
    for (unsigned i = 0; i < count; i++)
        fprintf(stderr, "  %s is not %s port %u\n", net_addr_format(&list[i], line, sizeof line), text, port);
    return false;
}

static struct ct_end *open_at(struct ct_world *w, const struct net_addr *addresses, unsigned count,
                              bool listen, const struct opt_set *options)
{
    struct tr_open_params p = {.addresses = addresses,
                               .address_count = count,
                               .port = listen ? ct_port() : 0,
                               .encaps_port = listen ? ct_port() : 0,
                               .options = options};
    struct tr_error error = {0};
    struct ct_end *e = ct_open(w, NULL, &p);
    if (listen)
        ct_ok(tr_listen(e->ep, 10, &error), &error);
    return e;
}

static void both_ways(struct ct_end *client, uint32_t near, struct ct_end *server, uint32_t far)
{
    struct ct_flow f = {.from = client, .assoc = near, .size = 2000},
                   back = {.from = server, .assoc = far, .size = 2000};
    ct_flow_send(&f, 30);
    ct_flow_send(&back, 30);
    ct_flow_finish(&f, server, far);
    ct_flow_finish(&back, client, near);
}

static void addresses_of_an_association(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    uint16_t server = tr_endpoint_port(p.server->ep), client = tr_endpoint_port(p.client->ep);
    struct net_addr a[4];
    assert_int_equal(tr_addresses(p.client->ep, p.near, false, a, 4), 1);
    assert_true(among(a, 1, "127.0.0.1", client));
    assert_int_equal(tr_addresses(p.client->ep, p.near, true, a, 4), 1);
    assert_true(among(a, 1, "127.0.0.1", server));
    assert_int_equal(tr_addresses(p.server->ep, p.far, true, a, 4), 1);
    assert_true(among(a, 1, "127.0.0.1", client));
    assert_int_equal(tr_addresses(p.server->ep, p.far, false, a, 4), 1);
    assert_true(among(a, 1, "127.0.0.1", server));
    assert_int_equal(tr_addresses(p.client->ep, p.near + 700, true, a, 4), 0);
    memset(a, 0xaa, sizeof a);
    struct net_addr untouched = a[0];
    assert_int_equal(tr_addresses(p.client->ep, p.near, true, a, 0), 1); /* counted, not written */
    assert_memory_equal(&a[0], &untouched, sizeof untouched);
}

/* Who has set an association up is told with it, also if it has ended by the time that is read. */
static void where_an_association_came_from(void **state)
{
    struct ct_world *w = *state;
    struct tr_error error = {0};
    struct ct_end *server = ct_server(w, NULL);
    for (unsigned ended = 0; ended < 2; ended++) {
        struct ct_end *client = ct_client(w, NULL);
        struct tr_target to = ct_target(server);
        uint32_t near;
        if (ended)
            ct_pause(server);
        ct_ok(tr_connect_init(client->ep, &to, &near, &error), &error);
        ct_change(client, TR_COMM_UP);
        if (ended) {
            ct_ok(tr_eof(client->ep, near, &error), &error);
            ct_change(client, TR_SHUTDOWN_COMP);
            ct_resume(server);
        }
        const struct net_addr from = ct_change(server, TR_COMM_UP)->change.from;
        assert_true(among(&from, 1, "127.0.0.1", tr_endpoint_port(client->ep)));
    }
}

static void ipv6_works_like_ipv4(void **state)
{
    struct ct_world *w = *state;
    if (!ct_ipv6())
        skip(); /* the host has no ::1 */
    struct net_addr one = ct_addr("::1", 0), got;
    struct ct_end *server = open_at(w, &one, 1, true, NULL), *client = open_at(w, &one, 1, false, NULL);
    uint32_t far, near = ct_connect(client, server, &far);
    both_ways(client, near, server, far);
    assert_int_equal(tr_addresses(server->ep, far, true, &got, 1), 1);
    assert_true(among(&got, 1, "::1", tr_endpoint_port(client->ep)));
    assert_int_equal(tr_addresses(server->ep, 0, false, &got, 1), 1);
    assert_true(among(&got, 1, "::1", tr_endpoint_port(server->ep)));
    struct ct_end *peeled = ct_peel(server, &far);
    both_ways(client, near, peeled, far);
    assert_int_equal(tr_addresses(peeled->ep, far, true, &got, 1), 1);
    assert_true(among(&got, 1, "::1", tr_endpoint_port(client->ep)));
}

/* IPv4 addresses are to be shown as such, where the backend leaves a choice. */
static struct opt_set mapped(bool on)
{
    struct opt_set s = {0};
    if (ct_can_set(OPT_MAPPED_V4))
        opt_put(&s, OPTF_MAPPED_V4, on);
    return s;
}

/* No address given means any address, of both families. */
static void any_address_means_both_families(void **state)
{
    struct ct_world *w = *state;
    struct net_addr four = ct_addr("127.0.0.1", 0), six = ct_addr("::1", 0);
    struct opt_set plain = mapped(false);
    struct ct_end *server = open_at(w, NULL, 0, true, &plain);
    uint16_t port = tr_endpoint_port(server->ep);
    for (unsigned i = 0; i < (ct_ipv6() ? 2u : 1u); i++) {
        struct ct_end *client = open_at(w, i ? &six : &four, 1, false, NULL);
        uint32_t far;
        server->address = i ? ct_addr("::1", port) : ct_addr("127.0.0.1", port);
        uint32_t near = ct_connect(client, server, &far);
        both_ways(client, near, server, far);
        struct net_addr got;
        assert_in_range(tr_addresses(server->ep, far, true, &got, 1), 1, 8);
        assert_true(among(&got, 1, i ? "::1" : "127.0.0.1", tr_endpoint_port(client->ep)));
    }
}

/* So do wildcards; the peer sees the address that it called. */
static void wildcards_mean_any_address(void **state)
{
    static const struct {
        const char *bound, *called;
    } ways[] = {{"0.0.0.0", "127.0.0.1"},
                {"0.0.0.0", "127.0.0.7"},
                {"::", "127.0.0.1"},
                {"::", "127.0.0.7"},
                {"::", "::1"}};
    struct ct_world *w = *state;
    struct opt_set plain = mapped(false);
    for (unsigned i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        if (ways[i].bound[0] == ':' && !ct_ipv6())
            continue;
        /* Linux's SCTP answers only from addresses that an interface has; UDP from all of 127.0.0.0/8. */
        if (strcmp(ways[i].called, "127.0.0.7") == 0 && !ct_has(TR_CAP_ENCAPS))
            continue;
        struct net_addr bound = ct_addr(ways[i].bound, 0), got[8];
        struct ct_end *server = open_at(w, &bound, 1, true, &plain);
        struct ct_end *client = open_at(w, NULL, 0, false, &plain);
        uint16_t port = tr_endpoint_port(server->ep);
        uint32_t far;
        server->address = ct_addr(ways[i].called, port);
        uint32_t near = ct_connect(client, server, &far);
        both_ways(client, near, server, far);
        unsigned count = tr_addresses(client->ep, near, true, got, 8);
        assert_in_range(count, 1, 8);
        assert_true(among(got, count, ways[i].called, port));
    }
}

/* A program that sets no option sees addresses as it gives them, on an endpoint of both families too. */
static void addresses_are_plain_unless_asked_otherwise(void **state)
{
    struct ct_end *server = ct_server(*state, NULL), *client = open_at(*state, NULL, 0, false, NULL);
    uint32_t near = ct_connect(client, server, NULL);
    struct opt_set got = {0};
    struct tr_error error = {0};
    struct net_addr peer;
    struct tr_msg m = {.data = "here", .len = 4, .assoc = near};
    assert_int_equal(tr_addresses(client->ep, near, true, &peer, 1), 1);
    assert_true(net_addr_equal(&peer, &server->address));
    ct_ok(tr_get_option(client->ep, near, OPT_STATUS, &got, &error), &error);
    assert_string_equal(opt_text(&got, OPTF_STATUS_PRIMARY), "127.0.0.1");
    assert_int_equal(tr_send_to(client->ep, &m, &server->address), TR_OK);
    assert_int_equal(ct_message(server)->len, 4);
}

/* From a wildcard both families can be called. */
static void wildcard_client_reaches_both_families(void **state)
{
    struct ct_world *w = *state;
    struct net_addr both = ct_addr("::", 0), six = ct_addr("::1", 0);
    if (!ct_ipv6())
        skip();
    struct ct_end *client = open_at(w, &both, 1, false, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct ct_end *server = i ? open_at(w, &six, 1, true, NULL) : ct_server(w, NULL);
        uint32_t far, near = ct_connect(client, server, &far);
        both_ways(client, near, server, far);
    }
}

static void unbound_client_reaches_anybody(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL), *client = open_at(w, NULL, 0, false, NULL);
    uint32_t far, near = ct_connect(client, server, &far);
    both_ways(client, near, server, far);
}

static void several_addresses_make_several_paths(void **state)
{
    struct ct_world *w = *state;
    struct net_addr a[4], ours[2] = {ct_addr("127.0.0.3", 0), ct_addr("127.0.0.4", 0)},
                          theirs[2] = {ct_addr("127.0.0.1", 0), ct_addr("127.0.0.2", 0)};
    if (!ct_has(TR_CAP_MULTIHOMING))
        skip();
    struct ct_end *server = open_at(w, theirs, 2, true, NULL), *client = open_at(w, ours, 2, false, NULL);
    uint16_t port = tr_endpoint_port(server->ep), back = tr_endpoint_port(client->ep);
    uint32_t far, near = ct_connect(client, server, &far);
    assert_int_equal(tr_addresses(client->ep, near, true, a, 4), 2);
    assert_true(among(a, 2, "127.0.0.1", port) && among(a, 2, "127.0.0.2", port));
    assert_int_equal(tr_addresses(client->ep, near, false, a, 4), 2);
    assert_true(among(a, 2, "127.0.0.3", back) && among(a, 2, "127.0.0.4", back));
    assert_int_equal(tr_addresses(server->ep, far, true, a, 4), 2);
    assert_true(among(a, 2, "127.0.0.3", back) && among(a, 2, "127.0.0.4", back));
    assert_int_equal(tr_addresses(server->ep, 0, false, a, 4), 2);
    assert_int_equal(tr_addresses(server->ep, far, true, a, 1), 2); /* more than fit */
    both_ways(client, near, server, far);
}

/* connectx: any of the addresses will do to reach the peer, also where the first one answers nobody. */
static void second_target_address_is_tried(void **state)
{
    struct ct_world *w = *state;
    struct opt_set hasty = CT_OPTIONS({OPTF_RTO_INITIAL, 50}, {OPTF_RTO_MIN, 50}, {OPTF_RTO_MAX, 200});
    struct net_addr local = ct_addr("127.0.0.2", 0), any = ct_addr("127.0.0.1", 0);
    struct tr_error error = {0};
    struct tr_event change;
    if (!ct_has(TR_CAP_MULTIHOMING))
        skip();
    struct ct_end *server = open_at(w, &local, 1, true, NULL), *client = open_at(w, &any, 1, false, &hasty);
    uint16_t port = tr_endpoint_port(server->ep);
    struct net_addr two[2] = {ct_addr("127.0.0.1", port), ct_addr("127.0.0.2", port)};
    struct tr_target to = {two, 2, 0};
    ct_black_hole(w, port, 0);
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
}

static void mixed_families_on_one_endpoint(void **state)
{
    struct ct_world *w = *state;
    struct net_addr both[2] = {ct_addr("127.0.0.1", 0), ct_addr("::1", 0)}, a[4];
    struct opt_set plain = mapped(false);
    if (!ct_has(TR_CAP_MULTIHOMING) || !ct_ipv6())
        skip();
    struct ct_end *server = open_at(w, both, 2, true, &plain);
    uint16_t port = tr_endpoint_port(server->ep);
    assert_int_equal(tr_addresses(server->ep, 0, false, a, 4), 2);
    assert_true(among(a, 2, "127.0.0.1", port) && among(a, 2, "::1", port));
    for (unsigned i = 0; i < 2; i++) {
        struct ct_end *client = open_at(w, &both[i], 1, false, NULL);
        uint32_t far;
        server->address = both[i];
        net_addr_set_port(&server->address, port);
        uint32_t near = ct_connect(client, server, &far);
        both_ways(client, near, server, far);
    }
}

/* A path of each family in one association; the port is picked, and the same for both. */
static void mixed_families_in_one_association(void **state)
{
    struct ct_world *w = *state;
    struct net_addr both[2] = {ct_addr("::1", 0), ct_addr("127.0.0.1", 0)}, there[2], a[4];
    struct opt_set plain = mapped(false);
    struct tr_error error = {0};
    struct tr_event change;
    opt_put(&plain, OPTF_EV_ADDRESS, 1);
    if (!ct_has(TR_CAP_MULTIHOMING) || !ct_ipv6())
        skip();
    struct ct_end *server = open_at(w, both, 2, true, &plain), *client = open_at(w, both, 2, false, &plain);
    uint16_t port = tr_endpoint_port(server->ep), back = tr_endpoint_port(client->ep);
    for (unsigned i = 0; i < 2; i++) {
        there[i] = both[1 - i];
        net_addr_set_port(&there[i], port);
    }
    struct tr_target to = {there, 2, 0};
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    uint32_t near = change.assoc, far = ct_change(server, TR_COMM_UP)->assoc;
    assert_int_equal(tr_addresses(client->ep, near, true, a, 4), 2);
    assert_true(among(a, 2, "127.0.0.1", port) && among(a, 2, "::1", port));
    assert_int_equal(tr_addresses(server->ep, far, true, a, 4), 2);
    assert_true(among(a, 2, "127.0.0.1", back) && among(a, 2, "::1", back));
    both_ways(client, near, server, far);
}

static void mapped_addresses_where_wanted(void **state)
{
    struct ct_world *w = *state;
    struct net_addr four = ct_addr("127.0.0.1", 0), got;
    struct opt_set on = mapped(true);
    if (!ct_can_set(OPT_MAPPED_V4) || !ct_ipv6())
        skip();
    struct ct_end *server = open_at(w, NULL, 0, true, &on), *client = open_at(w, &four, 1, false, NULL);
    uint32_t far;
    ct_connect(client, server, &far);
    assert_int_equal(tr_addresses(server->ep, far, true, &got, 1), 1);
    assert_true(among(&got, 1, "::ffff:127.0.0.1", tr_endpoint_port(client->ep)));
    for (unsigned i = 0; i < 2; i++) { /* either form names the path */
        struct net_addr path = ct_addr(i ? "127.0.0.1" : "::ffff:127.0.0.1", tr_endpoint_port(client->ep));
        struct tr_msg m = {.data = "there", .len = 5, .assoc = far};
        assert_int_equal(tr_send_to(server->ep, &m, &path), TR_OK);
        assert_int_equal(ct_message(client)->len, 5);
    }
}

static void primary_path_moves(void **state)
{
    struct ct_world *w = *state;
    struct net_addr theirs[2] = {ct_addr("127.0.0.1", 0), ct_addr("127.0.0.2", 0)},
                    ours[2] = {ct_addr("127.0.0.3", 0), ct_addr("127.0.0.4", 0)};
    struct opt_set watch = CT_OPTIONS({OPTF_EV_ADDRESS, 1}, {OPTF_PAP_HBINTERVAL, 100}, {OPTF_PAP_FLAGS, 1}),
                   primary = {0}, got = {0};
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_MULTIHOMING))
        skip();
    struct ct_end *server = open_at(w, theirs, 2, true, NULL), *client = open_at(w, ours, 2, false, &watch);
    uint32_t far, near = ct_connect(client, server, &far);
    const struct tr_event *e;
    do /* the second path has to answer a heartbeat first */
        e = ct_event(client, TR_EV_PATH_CHANGE);
    while (e->path.state != TR_PATH_CONFIRMED);
    assert_int_equal(e->assoc, near);
    assert_int_equal(net_addr_port(&e->path.address), tr_endpoint_port(server->ep));
    opt_put_text(&primary, OPTF_PRIMARY_ADDR, "127.0.0.2");
    ct_ok(tr_set_options(client->ep, near, &primary, NULL, &error), &error);
    ct_ok(tr_get_option(client->ep, near, OPT_PRIMARY_ADDR, &got, &error), &error);
    assert_string_equal(opt_text(&got, OPTF_PRIMARY_ADDR), "127.0.0.2");
    ct_ok(tr_get_option(client->ep, near, OPT_STATUS, &got, &error), &error);
    assert_string_equal(opt_text(&got, OPTF_STATUS_PRIMARY), "127.0.0.2");
    both_ways(client, near, server, far);
}

CT_TOPIC(addresses, CT_CASE(addresses_of_an_association), CT_CASE(where_an_association_came_from),
         CT_CASE(ipv6_works_like_ipv4), CT_CASE(any_address_means_both_families),
         CT_CASE(wildcards_mean_any_address), CT_CASE(addresses_are_plain_unless_asked_otherwise),
         CT_CASE(wildcard_client_reaches_both_families), CT_CASE(unbound_client_reaches_anybody),
         CT_CASE(several_addresses_make_several_paths), CT_CASE(second_target_address_is_tried),
         CT_CASE(mixed_families_on_one_endpoint), CT_CASE(mixed_families_in_one_association),
         CT_CASE(mapped_addresses_where_wanted), CT_CASE(primary_path_moves));
