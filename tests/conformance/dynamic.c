/* Adding and deleting addresses of open endpoints, and how associations are told (RFC 5061). */
#include "tests/conformance/suite.h"

#include <string.h>

static struct opt_set asconf(void)
{
    return CT_OPTIONS({OPTF_AUTH_SUPPORTED, 1}, {OPTF_ASCONF_SUPPORTED, 1}, {OPTF_EV_ADDRESS, 1},
                      {OPTF_RTO_INITIAL, 200}, {OPTF_RTO_MIN, 100});
}

static unsigned addresses_of(struct ct_end *e, uint32_t assoc, bool remote)
{
    struct net_addr list[8];
    return tr_addresses(e->ep, assoc, remote, list, 8);
}

static void both_ways(const struct ct_pair *p)
{
    struct ct_flow there = {.from = p->client, .assoc = p->near, .size = 900},
                   back = {.from = p->server, .assoc = p->far, .size = 900};
    ct_flow_send(&there, 20);
    ct_flow_send(&back, 20);
    ct_flow_finish(&there, p->server, p->far);
    ct_flow_finish(&back, p->client, p->near);
}

/* The next path event of this kind, about this address. */
static void told(struct ct_end *e, uint32_t assoc, enum tr_path_state state, const char *address)
{
    struct net_addr wanted = ct_addr(address, 0);
    for (;;) {
        const struct tr_event *event = ct_event(e, TR_EV_PATH_CHANGE);
        struct net_addr got = event->path.address;
        net_addr_set_port(&got, 0);
        if (event->assoc == assoc && event->path.state == state && net_addr_equal(&got, &wanted))
            return;
    }
}

static enum tr_code change(struct ct_end *e, bool add, const char *text, struct tr_error *error)
{
    struct net_addr a = ct_addr(text, 1); /* the port does not count */
    return add ? tr_add_addresses(e->ep, &a, 1, error) : tr_remove_addresses(e->ep, &a, 1, error);
}

static bool two_known(void *arg)
{
    const struct ct_pair *p = arg;
    return addresses_of(p->server, p->far, true) == 2;
}

static bool one_known(void *arg)
{
    const struct ct_pair *p = arg;
    return addresses_of(p->server, p->far, true) == 1;
}

static void a_peer_learns_of_addresses(void **state)
{
    if (!ct_has(TR_CAP_ADDRESSES))
        skip();
    struct opt_set able = asconf();
    struct ct_pair p = ct_pair(*state, &able, &able);
    struct tr_error error = {0};
    both_ways(&p);
    ct_ok(change(p.client, true, "127.0.0.2", &error), &error);
    told(p.server, p.far, TR_PATH_ADDED, "127.0.0.2");
    assert_true(ct_pump(*state, two_known, &p, CT_DEADLINE_MS));
    assert_int_equal(addresses_of(p.client, p.near, false), 2);
    told(p.server, p.far, TR_PATH_CONFIRMED, "127.0.0.2");
    both_ways(&p);
    ct_ok(change(p.client, false, "127.0.0.1", &error), &error);
    told(p.server, p.far, TR_PATH_REMOVED, "127.0.0.1");
    assert_true(ct_pump(*state, one_known, &p, CT_DEADLINE_MS));
    both_ways(&p);
    ct_failed_as(change(p.client, false, "127.0.0.2", &error), TR_INVALID, &error);
    both_ways(&p);
}

static void a_peer_is_asked_for_its_primary(void **state)
{
    if (!ct_has(TR_CAP_ADDRESSES))
        skip();
    struct opt_set able = asconf(), ask = {0}, got = {0};
    struct ct_pair p = ct_pair(*state, &able, &able);
    struct tr_error error = {0};
    ct_ok(change(p.client, true, "127.0.0.2", &error), &error);
    told(p.server, p.far, TR_PATH_CONFIRMED, "127.0.0.2");
    opt_put_text(&ask, OPTF_SET_PEER_PRIMARY_ADDR, "127.0.0.2");
    ct_ok(tr_set_options(p.client->ep, p.near, &ask, NULL, &error), &error);
    told(p.server, p.far, TR_PATH_MADE_PRIM, "127.0.0.2");
    ct_ok(tr_get_option(p.server->ep, p.far, OPT_PRIMARY_ADDR, &got, &error), &error);
    assert_string_equal(opt_text(&got, OPTF_PRIMARY_ADDR), "127.0.0.2");
    both_ways(&p);
}

/* Without the extension on both sides an association keeps the addresses that it has; the next one has all.
 */
static void without_the_extension_the_next_association_has_them(void **state)
{
    if (!ct_has(TR_CAP_ADDRESSES))
        skip();
    struct opt_set able = asconf();
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, &able, NULL);
    struct tr_error error = {0};
    ct_ok(change(p.client, true, "127.0.0.2", &error), &error);
    ct_spend(w, 100);
    assert_int_equal(addresses_of(p.server, p.far, true), 1);
    assert_int_equal(addresses_of(p.client, 0, false), 2);
    both_ways(&p);
    struct ct_end *second = ct_server(w, NULL);
    uint32_t far;
    ct_connect(p.client, second, &far);
    assert_int_equal(addresses_of(second, far, true), 2);
}

static void changes_that_cannot_be(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_ADDRESSES)) {
        ct_failed_as(change(p.client, true, "127.0.0.2", &error), TR_UNSUPPORTED, &error);
        return;
    }
    ct_failed_as(tr_add_addresses(p.client->ep, NULL, 0, &error), TR_INVALID, &error);
    ct_failed_as(change(p.client, true, "192.0.2.1", &error), TR_ADDR_UNKNOWN, &error);
    assert_non_null(strstr(error.text, "192.0.2.1"));
    ct_failed_as(change(p.client, true, "127.0.0.1", &error), TR_INVALID, &error);
    ct_failed_as(change(p.client, false, "127.0.0.1", &error), TR_INVALID, &error);
    ct_ok(change(p.client, true, "127.0.0.3", &error), &error);
    ct_failed_as(change(p.client, false, "127.0.0.4", &error), TR_INVALID, &error);
    assert_int_equal(addresses_of(p.client, 0, false), 2);
    struct net_addr two[2] = {ct_addr("127.0.0.5", 0), ct_addr("192.0.2.1", 0)}; /* all or none */
    ct_failed_as(tr_add_addresses(p.client->ep, two, 2, &error), TR_ADDR_UNKNOWN, &error);
    assert_int_equal(addresses_of(p.client, 0, false), 2);
    both_ways(&p);
}

static void a_peeled_off_association_has_its_own(void **state)
{
    if (!ct_has(TR_CAP_ADDRESSES))
        skip();
    struct opt_set able = asconf();
    struct ct_pair p = ct_pair(*state, &able, &able);
    struct tr_error error = {0};
    uint32_t assoc = p.near;
    struct ct_end *origin = p.client;
    p.client = ct_peel(origin, &assoc);
    p.near = assoc;
    ct_ok(change(p.client, true, "127.0.0.2", &error), &error);
    told(p.server, p.far, TR_PATH_CONFIRMED, "127.0.0.2");
    assert_int_equal(addresses_of(origin, 0, false), 1);
    both_ways(&p);
}

static int64_t automatic(struct ct_end *e)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    ct_ok(tr_get_option(e->ep, 0, OPT_AUTO_ASCONF, &got, &error), &error);
    return opt_num(&got, OPTF_AUTO_ASCONF, -1);
}

/* At open it is given before the endpoint is bound, which Linux would refuse. */
static void automatic_for_any_address(void **state)
{
    if (!ct_can_set(OPT_AUTO_ASCONF))
        skip();
    struct opt_set on = CT_OPTIONS({OPTF_AUTO_ASCONF, 1}), off = CT_OPTIONS({OPTF_AUTO_ASCONF, 0});
    struct tr_error error = {0};
    struct tr_open_params any = {.options = &on};
    struct ct_end *e = ct_open(*state, NULL, &any);
    assert_int_equal(automatic(e), 1);
    ct_ok(tr_set_options(e->ep, 0, &off, NULL, &error), &error);
    assert_int_equal(automatic(e), 0);
    ct_ok(tr_set_options(e->ep, 0, &on, NULL, &error), &error);
    assert_int_equal(automatic(e), 1);

    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params one = {.addresses = &local, .address_count = 1, .options = &on};
    struct tr_endpoint *ep = NULL;
    one.options = &on;
    ct_failed_as(tr_open(ct_main(*state), &one, &ep, &error), TR_INVALID, &error);
    one.options = &off;
    e = ct_open(*state, NULL, &one);
    ct_failed_as(tr_set_options(e->ep, 0, &on, NULL, &error), TR_INVALID, &error);
    assert_int_equal(automatic(e), 0);
}

/* A peeled-off association goes on by itself. */
static void automatic_after_peeling_off(void **state)
{
    if (!ct_can_set(OPT_AUTO_ASCONF))
        skip();
    struct opt_set on = CT_OPTIONS({OPTF_AUTO_ASCONF, 1});
    struct tr_error error = {0};
    struct tr_open_params any = {.options = &on, .port = ct_port()};
    struct ct_end *server = ct_open(*state, NULL, &any), *client = ct_client(*state, NULL);
    ct_ok(tr_listen(server->ep, 5, &error), &error);
    server->address = ct_addr("127.0.0.1", any.port);
    uint32_t far;
    ct_connect(client, server, &far);
    assert_int_equal(automatic(ct_peel(server, &far)), 1);
}

CT_TOPIC(dynamic, CT_CASE(a_peer_learns_of_addresses), CT_CASE(a_peer_is_asked_for_its_primary),
         CT_CASE(without_the_extension_the_next_association_has_them), CT_CASE(changes_that_cannot_be),
         CT_CASE(a_peeled_off_association_has_its_own), CT_CASE(automatic_for_any_address),
         CT_CASE(automatic_after_peeling_off));
