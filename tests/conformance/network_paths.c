/* Paths that fail, come back, are confirmed, made primary, added and taken away. */
#include "tests/conformance/net.h"
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <string.h>

static struct net_addr peer_address(enum net_host host, unsigned cable, const struct ct_end *peer)
{
    struct net_addr a = net_address(host, cable);
    net_addr_set_port(&a, tr_endpoint_port(peer->ep));
    return a;
}

/* The event is about the address of `host` on a cable. */
static void is_about(const struct tr_event *e, uint32_t assoc, enum net_host host, unsigned cable,
                     const struct ct_end *peer)
{
    struct net_addr wanted = peer_address(host, cable, peer);
    char text[NET_ADDR_TEXT];
    assert_int_equal(e->assoc, assoc);
    if (!net_addr_equal(&e->path.address, &wanted))
        fail_msg("a path change of %s", net_addr_format(&e->path.address, text, sizeof text));
}

static void both_ways(struct ct_pair *p)
{
    struct ct_flow there = {.from = p->client, .assoc = p->near, .streams = 3, .size = 1000},
                   back = {.from = p->server, .assoc = p->far, .streams = 3, .size = 1000};
    p->client->scan = p->client->count;
    p->server->scan = p->server->count;
    ct_flow_send(&there, 60);
    ct_flow_send(&back, 60);
    ct_flow_finish(&there, p->server, p->far);
    ct_flow_finish(&back, p->client, p->near);
}

static void fails_and_comes_back(struct net n)
{
    struct opt_set hasty = net_hasty(255);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    for (unsigned round = 0; round < 2; round++) {
        net_break(&n, 0);
        is_about(net_path(p.client, TR_PATH_UNREACHABLE), p.near, NET_FAR, 0, p.server);
        is_about(net_path(p.server, TR_PATH_UNREACHABLE), p.far, NET_NEAR, 0, p.client);
        if (net_paths() > 1)
            both_ways(&p); /* over the other one */
        net_mend(&n, 0);
        is_about(net_path(p.client, TR_PATH_AVAILABLE), p.near, NET_FAR, 0, p.server);
        is_about(net_path(p.server, TR_PATH_AVAILABLE), p.far, NET_NEAR, 0, p.client);
        both_ways(&p);
    }
    assert_int_equal(ct_changes(p.client, TR_COMM_LOST, 0) + ct_changes(p.server, TR_COMM_LOST, 0), 0);
}

static void net_path_fails_and_comes_back(void **state)
{
    fails_and_comes_back(net_make(*state));
}

static void net_ipv6_path_fails_and_comes_back(void **state)
{
    fails_and_comes_back(net_make_ipv6(*state));
}

/* Each change is told once, and what the options read agrees with it. */
static void net_path_state_reads_as_told(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255), path = {0};
    struct tr_error error = {0};
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    opt_put_text(&path, OPTF_PAI_ADDRESS, "10.98.0.2");
    net_break(&n, 0);
    net_path(p.client, TR_PATH_UNREACHABLE);
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_INFO, &path, &error), &error);
    assert_int_equal(opt_num(&path, OPTF_PAI_STATE, -1), 0); /* inactive */
    ct_spend(*state, 400);
    net_mend(&n, 0);
    net_path(p.client, TR_PATH_AVAILABLE);
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_INFO, &path, &error), &error);
    assert_int_equal(opt_num(&path, OPTF_PAI_STATE, -1), 1);
    ct_spend(*state, 300);
    unsigned told[TR_PATH_POTENTIALLY_FAILED + 1] = {0};
    for (size_t i = 0; i < p.client->count; i++) {
        const struct tr_item *t = &p.client->items[i]->tr;
        if (t->kind == TR_EVENT && t->event.type == TR_EV_PATH_CHANGE)
            told[t->event.path.state]++;
    }
    assert_int_equal(told[TR_PATH_UNREACHABLE], 1);
    assert_int_equal(told[TR_PATH_AVAILABLE], 1);
}

/* The peer's second address counts only when it has answered a heartbeat; then data can be sent there. */
static void second_is_confirmed_and_made_primary(struct net n)
{
    struct opt_set hasty = net_hasty(255), primary = {0}, got = {0};
    struct tr_error error = {0};
    net_break(&n, 1);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    ct_spend(n.world, 300);
    assert_int_equal(p.client->events[TR_EV_PATH_CHANGE], 0); /* it is there, but not confirmed */
    net_mend(&n, 1);
    is_about(net_path(p.client, TR_PATH_CONFIRMED), p.near, NET_FAR, 1, p.server);
    is_about(net_path(p.server, TR_PATH_CONFIRMED), p.far, NET_NEAR, 1, p.client);
    struct net_count before = net_counted(&n, NET_NEAR, 1);
    opt_put_text(&primary, OPTF_PRIMARY_ADDR, net_address_text(NET_FAR, 1));
    ct_ok(tr_set_options(p.client->ep, p.near, &primary, NULL, &error), &error);
    is_about(net_path(p.client, TR_PATH_MADE_PRIM), p.near, NET_FAR, 1, p.server);
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_PRIMARY_ADDR, &got, &error), &error);
    struct net_addr now, wanted = net_address(NET_FAR, 1);
    assert_true(net_addr_parse(opt_text(&got, OPTF_PRIMARY_ADDR), 0, &now) && net_addr_equal(&now, &wanted));
    both_ways(&p);
    assert_in_range(net_counted(&n, NET_NEAR, 1).sent - before.sent, 60, UINT32_MAX);
}

static void net_second_path_is_confirmed_and_made_primary(void **state)
{
    if (net_paths() < 2)
        skip();
    second_is_confirmed_and_made_primary(net_make(*state));
}

static void net_ipv6_second_path_is_confirmed_and_made_primary(void **state)
{
    if (net_paths() < 2)
        skip();
    second_is_confirmed_and_made_primary(net_make_ipv6(*state));
}

/* The primary path comes and goes while both sides send: nothing is lost, doubled or out of order. */
static void net_failover_under_load(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    struct ct_flow there = {.from = p.client, .assoc = p.near, .streams = 5, .size = 700},
                   back = {.from = p.server, .assoc = p.far, .streams = 2, .size = 3000};
    if (net_paths() > 1)
        net_path(p.client, TR_PATH_CONFIRMED);
    for (unsigned round = 0; round < 6; round++) {
        if (round % 2)
            net_mend(&n, 0);
        else
            net_break(&n, 0);
        for (int64_t end = ct_now_ms() + 400; ct_now_ms() < end;) {
            ct_flow_offer(&there, 5, NULL);
            ct_flow_offer(&back, 2, NULL);
            ct_turn(*state, 10);
        }
    }
    ct_flow_finish(&there, p.server, p.far);
    ct_flow_finish(&back, p.client, p.near);
    assert_in_range(net_counted(&n, NET_NEAR, 0).lost, 1, UINT32_MAX);
    assert_int_equal(p.client->events[TR_EV_SEND_FAILED] + p.server->events[TR_EV_SEND_FAILED], 0);
}

/* For every path, in any order. */
static void all_paths(struct ct_pair *p, enum tr_path_state state)
{
    bool seen[NET_CABLES] = {false};
    for (unsigned i = 0; i < net_paths(); i++) {
        const struct tr_event *e = net_path(p->client, state);
        struct net_addr first = peer_address(NET_FAR, 0, p->server);
        unsigned cable = !net_addr_equal(&e->path.address, &first);
        is_about(e, p->near, NET_FAR, cable, p->server);
        assert_false(seen[cable]);
        seen[cable] = true;
    }
}

/* Our own interfaces go down, so that the host refuses each packet: the association waits, and goes on. */
static void net_own_interface_goes_down(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    struct ct_pair p = net_pair(&n, &hasty, &hasty);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 2, .size = 1200};
    if (net_paths() > 1)
        net_path(p.client, TR_PATH_CONFIRMED);
    for (unsigned cable = 0; cable < NET_CABLES; cable++)
        net_unplug(&n, NET_NEAR, cable);
    assert_int_equal(ct_flow_offer(&f, 20, NULL), TR_OK);
    all_paths(&p, TR_PATH_UNREACHABLE);
    for (unsigned cable = 0; cable < NET_CABLES; cable++)
        net_plug(&n, NET_NEAR, cable);
    all_paths(&p, TR_PATH_AVAILABLE);
    ct_flow_finish(&f, p.server, p.far);
}

/* ---- Many associations of one endpoint ------------------------------------------------------------- */

enum { MANY = 24 };

/* One on cable 0, the next on cable 1, and so on; each has but one path. */
struct many {
    struct ct_end *server, *clients[MANY];
    uint32_t far[MANY];
};

static void connect_many(const struct net *n, struct many *m, const struct opt_set *options)
{
    struct net_addr both[NET_CABLES] = {net_address(NET_NEAR, 0), net_address(NET_NEAR, 1)};
    struct tr_open_params all = {
        .addresses = both, .address_count = ct_has(TR_CAP_MULTIHOMING) ? NET_CABLES : 0, .options = options};
    struct tr_error error = {0};
    m->server = net_open(n, NET_NEAR, &all);
    ct_ok(tr_listen(m->server->ep, 128, &error), &error);
    for (unsigned i = 0; i < MANY; i++) {
        struct net_addr local = net_address(NET_FAR, i % 2);
        struct tr_open_params p = {.addresses = &local, .address_count = 1, .options = options};
        m->server->address = net_address(NET_NEAR, i % 2);
        net_addr_set_port(&m->server->address, tr_endpoint_port(m->server->ep));
        m->clients[i] = net_open(n, NET_FAR, &p);
        ct_connect(m->clients[i], m->server, &m->far[i]);
    }
}

static unsigned told(const struct many *m, unsigned i, enum tr_path_state state)
{
    struct net_addr wanted = peer_address(NET_FAR, i % 2, m->clients[i]);
    unsigned count = 0;
    for (size_t k = 0; k < m->server->count; k++) {
        const struct tr_item *t = &m->server->items[k]->tr;
        if (t->kind == TR_EVENT && t->event.type == TR_EV_PATH_CHANGE && t->event.assoc == m->far[i] &&
            t->event.path.state == state) {
            assert_true(net_addr_equal(&t->event.path.address, &wanted));
            count++;
        }
    }
    return count;
}

struct telling {
    const struct many *many;
    enum tr_path_state state;
};

static bool all_on_cable_1(void *arg)
{
    struct telling *t = arg;
    for (unsigned i = 1; i < MANY; i += 2)
        if (!told(t->many, i, t->state))
            return false;
    return true;
}

static void net_each_association_tells_its_own_path(void **state)
{
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    struct many m;
    connect_many(&n, &m, &hasty);
    static const enum tr_path_state states[] = {TR_PATH_UNREACHABLE, TR_PATH_AVAILABLE};
    for (unsigned round = 0; round < 2; round++) {
        struct telling wait = {&m, states[round]};
        net_set(&n, 1, &(struct net_cable){.loss = round == 0 ? 100 : 0});
        if (!ct_pump(*state, all_on_cable_1, &wait, CT_DEADLINE_MS))
            fail_msg("not every association told that its path was %s", round ? "available" : "unreachable");
    }
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(told(&m, i, TR_PATH_UNREACHABLE), i % 2);
        assert_int_equal(told(&m, i, TR_PATH_AVAILABLE), i % 2);
    }
}

/* ---- Changing sets of paths ------------------------------------------------------------------------ */

static struct ct_end *open_at_one(const struct net *n, enum net_host host, const struct opt_set *options)
{
    struct net_addr first = net_address(host, 0);
    struct tr_open_params p = {.addresses = &first, .address_count = 1, .options = options};
    return net_open(n, host, &p);
}

/* RFC 5061: the server gains its address on the other cable and loses the first one, under load. */
static void addresses_come_and_go(struct net n)
{
    struct opt_set able = net_hasty(255);
    struct tr_error error = {0};
    struct ct_pair p;
    opt_put(&able, OPTF_ASCONF_SUPPORTED, 1);
    opt_put(&able, OPTF_AUTH_SUPPORTED, 1);
    p.server = open_at_one(&n, NET_FAR, &able);
    p.client = net_end(&n, NET_NEAR, &able, false);
    ct_ok(tr_listen(p.server->ep, 5, &error), &error);
    p.near = ct_connect(p.client, p.server, &p.far);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 500};
    struct net_addr first = net_address(NET_FAR, 0), second = net_address(NET_FAR, 1);
    ct_flow_send(&f, 100);
    ct_ok(tr_add_addresses(p.server->ep, &second, 1, &error), &error);
    is_about(net_path(p.client, TR_PATH_ADDED), p.near, NET_FAR, 1, p.server);
    is_about(net_path(p.client, TR_PATH_CONFIRMED), p.near, NET_FAR, 1, p.server);
    ct_flow_send(&f, 100);
    ct_ok(tr_remove_addresses(p.server->ep, &first, 1, &error), &error);
    is_about(net_path(p.client, TR_PATH_REMOVED), p.near, NET_FAR, 0, p.server);
    net_break(&n, 0);
    ct_flow_send(&f, 100);
    ct_flow_finish(&f, p.server, p.far);
    assert_int_equal(ct_changes(p.client, TR_COMM_LOST, 0), 0);
}

static void net_addresses_come_and_go(void **state)
{
    if (!ct_has(TR_CAP_ADDRESSES))
        skip();
    addresses_come_and_go(net_make(*state));
}

static void net_ipv6_addresses_come_and_go(void **state)
{
    if (!ct_has(TR_CAP_ADDRESSES))
        skip();
    addresses_come_and_go(net_make_ipv6(*state));
}

/* Waits until `assoc` tells this of a path, passing over others. */
static void path_of(struct ct_end *e, enum tr_path_state state, uint32_t assoc,
                    const struct net_addr *address)
{
    const struct tr_event *told;
    do
        told = net_path(e, state);
    while (told->assoc != assoc || !net_addr_equal(&told->path.address, address));
}

/* auto_asconf: the peer is told of what the host itself gains and loses; nobody calls anything. Linux gathers
 * such changes for half a second. An endpoint that is there by then tells of the addresses that the host was
 * made with, of the loopback one too, and of none after that: so it is opened later. */
static void net_host_gains_and_loses_an_address(void **state)
{
    enum { SETTLED_MS = 1500 };
    if (!ct_can_set(OPT_AUTO_ASCONF))
        skip();
    struct net n = net_make(*state);
    struct opt_set able = net_hasty(255), following;
    struct tr_error error = {0};
    struct ct_pair p;
    opt_put(&able, OPTF_ASCONF_SUPPORTED, 1);
    opt_put(&able, OPTF_AUTH_SUPPORTED, 1);
    following = able;
    opt_put(&following, OPTF_AUTO_ASCONF, 1);
    ct_main(*state);
    ct_spend(*state, SETTLED_MS);
    p.server = net_open(&n, NET_FAR, &(struct tr_open_params){.options = &following});
    p.server->address = peer_address(NET_FAR, 0, p.server);
    p.client = net_end(&n, NET_NEAR, &able, false);
    ct_ok(tr_listen(p.server->ep, 5, &error), &error);
    p.near = ct_connect(p.client, p.server, &p.far);

    struct net_addr gained = ct_addr("10.98.1.9", tr_endpoint_port(p.server->ep));
    net_gain(&n, NET_FAR, 1, "10.98.1.9/24");
    path_of(p.client, TR_PATH_ADDED, p.near, &gained);
    both_ways(&p);
    net_lose(&n, NET_FAR, 1, "10.98.1.9/24");
    path_of(p.client, TR_PATH_REMOVED, p.near, &gained);
    both_ways(&p);
}

/* RFC 7829: data leaves a path before it counts as down, and that is told where it is asked for. */
static void net_path_is_potentially_failed_first(void **state)
{
    if (!ct_can_set(OPT_EXPOSE_PF_STATE))
        skip();
    struct net n = net_make(*state);
    struct opt_set exposed = net_hasty(255), fails = {0}, path = {0};
    struct tr_error error = {0};
    opt_put(&exposed, OPTF_EXPOSE_PF_STATE, 1);
    opt_put(&exposed, OPTF_PAP_PATHMAXRXT, 200);
    opt_put(&exposed, OPTF_PAT_PATHPFTHLD, 1);
    struct ct_pair p = net_pair(&n, &exposed, &exposed);
    net_path(p.client, TR_PATH_CONFIRMED);
    net_break(&n, 0);
    is_about(net_path(p.client, TR_PATH_POTENTIALLY_FAILED), p.near, NET_FAR, 0, p.server);
    opt_put_text(&path, OPTF_PAI_ADDRESS, "10.98.0.2");
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_INFO, &path, &error), &error);
    assert_int_equal(opt_num(&path, OPTF_PAI_STATE, -1), 3);
    both_ways(&p);
    opt_put_text(&fails, OPTF_PAP_ADDRESS, "10.98.0.2");
    opt_put(&fails, OPTF_PAP_PATHMAXRXT, 3);
    ct_ok(tr_set_options(p.client->ep, p.near, &fails, NULL, &error), &error);
    is_about(net_path(p.client, TR_PATH_UNREACHABLE), p.near, NET_FAR, 0, p.server);
    net_mend(&n, 0);
    is_about(net_path(p.client, TR_PATH_AVAILABLE), p.near, NET_FAR, 0, p.server);
}

CT_TOPIC(network_paths, CT_CASE(net_path_fails_and_comes_back), CT_CASE(net_ipv6_path_fails_and_comes_back),
         CT_CASE(net_path_state_reads_as_told), CT_CASE(net_second_path_is_confirmed_and_made_primary),
         CT_CASE(net_ipv6_second_path_is_confirmed_and_made_primary), CT_CASE(net_failover_under_load),
         CT_CASE(net_own_interface_goes_down), CT_CASE(net_each_association_tells_its_own_path),
         CT_CASE(net_addresses_come_and_go), CT_CASE(net_ipv6_addresses_come_and_go),
         CT_CASE(net_host_gains_and_loses_an_address), CT_CASE(net_path_is_potentially_failed_first));
