/* Endpoints that are bound to a device: where their packets go, and which addresses they tell. */
#include "tests/conformance/net.h"
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <string.h>

/* What is bound to a device uses that one only, whatever the routes say: here to an address of the peer that
 * is, by the routes, behind the cable that is broken. */
static void net_bound_to_a_device(void **state)
{
    if (!ct_has(TR_CAP_NETNS))
        skip();
    struct net n = net_make(*state);
    struct opt_set hasty = net_hasty(255);
    struct net_addr any = {0}, there = net_address(NET_FAR, 0);
    any.sa.sa_family = AF_INET;
    struct tr_open_params params = {
        .style = TR_ONE_TO_MANY, .addresses = &any, .address_count = 1, .options = &hasty};
    struct ct_end *server = net_end(&n, NET_FAR, &hasty, true), *unbound = net_open(&n, NET_NEAR, &params);
    params.device = "c1";
    struct ct_end *bound = net_open(&n, NET_NEAR, &params);
    struct tr_target to = {&there, 1, server->udp};
    struct tr_error error = {0};
    struct tr_event change;
    net_addr_set_port(&there, tr_endpoint_port(server->ep));
    net_break(&n, 0);
    ct_failed_as(tr_connect(unbound->ep, &to, 500, &change, &error), TR_TIMEOUT, &error);
    ct_ok(tr_connect(bound->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
}

/* An endpoint of a device that names no address of its own tells its peer those of that device, and listens
 * on them: it has no path by the other cable. `family` 0: names none at all. */
static void device_alone(const struct net *n, sa_family_t family)
{
    struct net_addr any = {0}, here = net_address(NET_NEAR, 1), there = net_address(NET_FAR, 1), found[8];
    struct opt_set hasty = net_hasty(255);
    any.sa.sa_family = family;
    struct tr_open_params params = {.style = TR_ONE_TO_MANY,
                                    .addresses = &any,
                                    .address_count = family != 0,
                                    .device = "c1",
                                    .options = &hasty};
    struct ct_end *bound = net_open(n, NET_NEAR, &params), *server = net_end(n, NET_FAR, &hasty, true);
    uint32_t far;
    server->address = there;
    net_addr_set_port(&server->address, tr_endpoint_port(server->ep));
    ct_connect(bound, server, &far);
    assert_int_equal(tr_addresses(server->ep, far, true, found, 8), 1);
    net_addr_set_port(&here, tr_endpoint_port(bound->ep));
    assert_true(net_addr_equal(&found[0], &here));
}

static void net_device_tells_its_own_addresses(void **state)
{
    if (!ct_has(TR_CAP_NETNS))
        skip();
    struct net n = net_make(*state);
    device_alone(&n, 0);
    device_alone(&n, AF_INET);
    device_alone(&n, AF_INET6);
}

static void net_ipv6_device_tells_its_own_addresses(void **state)
{
    if (!ct_has(TR_CAP_NETNS))
        skip();
    struct net n = net_make_ipv6(*state);
    device_alone(&n, 0);
    device_alone(&n, AF_INET6);
}

static void net_device_without_addresses(void **state)
{
    if (!ct_has(TR_CAP_NETNS))
        skip();
    struct net n = net_make_ipv6(*state);
    struct net_addr any = {0};
    char space[40];
    snprintf(space, sizeof space, "/proc/self/fd/%d", n.hosts[NET_NEAR]);
    any.sa.sa_family = AF_INET;
    struct tr_open_params params = {
        .style = TR_ONE_TO_MANY, .addresses = &any, .address_count = 1, .netns = space, .device = "c1"};
    struct tr_endpoint *ep = NULL;
    struct tr_error error = {0};
    ct_failed_as(tr_open(ct_main(*state), &params, &ep, &error), TR_ADDR_UNKNOWN, &error);
    assert_non_null(strstr(error.text, "c1 has no IPv4 address"));
}

CT_TOPIC(network_devices, CT_CASE(net_bound_to_a_device), CT_CASE(net_device_tells_its_own_addresses),
         CT_CASE(net_ipv6_device_tells_its_own_addresses), CT_CASE(net_device_without_addresses));
