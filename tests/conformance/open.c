/* Opening, listening, closing: addresses, ports, and every way it can be refused. */
#include "tests/conformance/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static enum tr_code try_open(struct ct_world *w, const struct tr_open_params *p, struct tr_error *error)
{
    struct tr_endpoint *ep = NULL;
    enum tr_code code = tr_open(ct_main(w), p, &ep, error);
    if (code == TR_OK)
        tr_close(ep);
    return code;
}

static void open_with_nothing_said(void **state)
{
    struct ct_world *w = *state;
    int cookie;
    struct tr_open_params p = {.cookie = &cookie};
    struct tr_error error = {0};
    struct tr_endpoint *ep = NULL;
    ct_ok(tr_open(ct_main(w), &p, &ep, &error), &error);
    assert_ptr_equal(tr_endpoint_cookie(ep), &cookie);
    assert_ptr_equal(tr_endpoint_loop(ep), ct_main(w));
    assert_int_not_equal(tr_endpoint_port(ep), 0);
    assert_int_equal(tr_endpoint_encaps_port(ep) != 0, ct_has(TR_CAP_ENCAPS));
    tr_endpoint_set_cookie(ep, w);
    assert_ptr_equal(tr_endpoint_cookie(ep), w);
    tr_close(ep);
}

static void open_takes_the_given_address_and_ports(void **state)
{
    struct net_addr local = ct_addr("127.0.0.1", 9), got = {0};
    uint16_t port = ct_port(), udp = ct_port();
    struct tr_open_params p = {.addresses = &local, .address_count = 1, .port = port, .encaps_port = udp};
    struct ct_end *e = ct_open(*state, NULL, &p);
    assert_int_equal(tr_endpoint_port(e->ep), port);
    assert_int_equal(tr_endpoint_encaps_port(e->ep), ct_has(TR_CAP_ENCAPS) ? udp : 0);
    assert_int_equal(tr_addresses(e->ep, 0, false, &got, 1), 1);
    net_addr_set_port(&local, port); /* the port in the address was ignored */
    assert_true(net_addr_equal(&got, &local));
    assert_int_equal(tr_addresses(e->ep, 0, true, &got, 1), 0);
}

static void open_one_to_one(void **state)
{
    struct ct_end *server = ct_server(*state, NULL);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1};
    struct ct_end *client = ct_open(*state, NULL, &p);
    uint32_t far;
    ct_connect(client, server, &far);
    ct_send(client, 12345, 0, 1, "any id will do", 14);
    assert_int_equal(ct_message(server)->len, 14);
    ct_send(server, far, 0, 2, "back", 4);
    assert_int_equal(ct_message(client)->len, 4);
}

static void open_refuses_a_port_in_use(void **state)
{
    struct ct_end *server = ct_server(*state, NULL);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local,
                               .address_count = 1,
                               .port = net_addr_port(&server->address),
                               .encaps_port = server->udp};
    struct tr_error error = {0};
    ct_failed_as(try_open(*state, &p, &error), TR_ADDR_IN_USE, &error);
    ct_close(server);
    ct_spend(*state, 20);
    ct_ok(try_open(*state, &p, &error), &error); /* free again */
}

static void open_refuses_an_address_of_another_host(void **state)
{
    struct net_addr local = ct_addr("198.51.100.7", 0);
    struct tr_open_params p = {
        .addresses = &local, .address_count = 1, .port = ct_port(), .encaps_port = ct_port()};
    struct tr_error error = {0};
    ct_failed_as(try_open(*state, &p, &error), TR_ADDR_UNKNOWN, &error);
    assert_non_null(strstr(error.text, "198.51.100.7"));
}

static void open_refuses_nonsense(void **state)
{
    struct tr_error error = {0};
    struct net_addr odd = {.sa = {.sa_family = AF_UNIX}};
    struct tr_open_params no_list = {.address_count = 1}, no_ip = {.addresses = &odd, .address_count = 1},
                          no_style = {.style = (enum tr_style)7};
    ct_failed_as(try_open(*state, &no_list, &error), TR_INVALID, &error);
    ct_failed_as(try_open(*state, &no_ip, &error), TR_INVALID, &error);
    ct_failed_as(try_open(*state, &no_style, &error), TR_INVALID, &error);
}

static void open_checks_its_options(void **state)
{
    struct opt_set too_far = CT_OPTIONS({OPTF_AUTOCLOSE, 65536}),
                   read_only = CT_OPTIONS({OPTF_STATUS_RWND, 1}), not_now = {0};
    struct tr_open_params p = {.options = &too_far};
    struct tr_error error = {0};
    ct_failed_as(try_open(*state, &p, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, "autoclose"));
    p.options = &read_only;
    ct_failed_as(try_open(*state, &p, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, "status"));
    opt_put_text(&not_now, OPTF_PRIMARY_ADDR, "127.0.0.1");
    p.options = &not_now;
    ct_failed_as(try_open(*state, &p, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, "primary_addr"));
}

/* Somebody without privileges asks for a port below 1024; as SCTP or as UDP port, whichever the host guards.
 */
static int ask_for_low_port(void)
{
    static const struct tr_loop_params plain;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.addresses = &local, .address_count = 1, .port = 1019, .encaps_port = 1019};
    struct tr_error error = {0};
    struct tr_loop *loop = NULL;
    struct tr_endpoint *ep = NULL;
    if (setgid(65534) != 0 || setuid(65534) != 0)
        return 100;
    if (tr_loop_open(ct_backend, &plain, &loop, &error) != TR_OK)
        return 101;
    enum tr_code code = tr_open(loop, &p, &ep, &error);
    tr_loop_close(loop);
    return code == TR_PERMISSION && !error.text[0] ? 102 : (int)code;
}

static void open_says_permission_for_a_low_port(void **state)
{
    int lowest = 1024, status = 0;
    FILE *f = fopen("/proc/sys/net/ipv4/ip_unprivileged_port_start", "r");
    (void)state;
    if (f) {
        if (fscanf(f, "%d", &lowest) != 1)
            lowest = 1024;
        fclose(f);
    }
    if (lowest <= 1019)
        skip(); /* this host lets anybody have any port */
    pid_t child = fork();
    if (child == 0)
        _exit(ask_for_low_port());
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 100)
        skip(); /* not allowed to become somebody else, and perhaps too privileged ourselves */
    assert_int_equal(WEXITSTATUS(status), TR_PERMISSION);
}

static void open_names_what_the_backend_lacks(void **state)
{
    struct net_addr two[2] = {ct_addr("127.0.0.1", 0), ct_addr("127.0.0.2", 0)};
    struct tr_open_params several = {.addresses = two, .address_count = 2, .port = ct_port()},
                          shared = {.addresses = two, .address_count = 1, .share_port = true},
                          space = {.netns = "/proc/self/ns/net"}, device = {.device = "lo"};
    const struct {
        struct tr_open_params *p;
        unsigned cap;
    } rows[] = {{&several, TR_CAP_MULTIHOMING},
                {&shared, TR_CAP_SHARE_PORT},
                {&space, TR_CAP_NETNS},
                {&device, TR_CAP_NETNS}};
    for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct tr_error error = {0};
        enum tr_code code = try_open(*state, rows[i].p, &error);
        if (ct_has(rows[i].cap) && rows[i].cap == TR_CAP_NETNS && geteuid() != 0 && code == TR_PERMISSION)
            ct_failed_as(code, TR_PERMISSION, &error); /* it could, we may not */
        else if (ct_has(rows[i].cap))
            ct_ok(code, &error);
        else
            ct_failed_as(code, TR_UNSUPPORTED, &error);
        if (!ct_has(rows[i].cap)) /* all of these the other one has */
            assert_non_null(strstr(error.text, "the kernel transport can"));
    }
}

static void open_names_a_missing_namespace_or_device(void **state)
{
    struct tr_open_params space = {.netns = "no-such-namespace"}, device = {.device = "no-such-dev"};
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_NETNS))
        skip();
    ct_failed_as(try_open(*state, &space, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, "no-such-namespace"));
    ct_failed_as(try_open(*state, &device, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, "no-such-dev"));
}

/* All addresses are bound or none, and all with the port that was picked. */
static void open_of_several_addresses_is_all_or_nothing(void **state)
{
    struct net_addr two[2] = {ct_addr("127.0.0.1", 0), ct_addr("127.0.0.2", 0)},
                    twice[2] = {ct_addr("127.0.0.1", 0), ct_addr("127.0.0.1", 0)},
                    far[2] = {ct_addr("127.0.0.1", 0), ct_addr("198.51.100.7", 0)}, got[4];
    struct tr_open_params second = {.addresses = two + 1, .address_count = 1, .port = ct_port()},
                          both = {.addresses = two, .address_count = 2, .port = second.port},
                          first = {.addresses = two, .address_count = 1, .port = second.port},
                          doubled = {.addresses = twice, .address_count = 2, .port = ct_port()},
                          elsewhere = {.addresses = far, .address_count = 2, .port = second.port},
                          any_port = {.addresses = two, .address_count = 2};
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_MULTIHOMING))
        skip();
    struct ct_end *holder = ct_open(*state, NULL, &second);
    ct_failed_as(try_open(*state, &both, &error), TR_ADDR_IN_USE, &error);
    ct_failed_as(try_open(*state, &elsewhere, &error), TR_ADDR_UNKNOWN, &error);
    ct_failed_as(try_open(*state, &doubled, &error), TR_INVALID, &error);
    assert_non_null(strstr(error.text, "twice"));
    ct_ok(try_open(*state, &first, &error), &error);
    ct_close(holder);
    ct_ok(try_open(*state, &both, &error), &error);
    struct ct_end *picked = ct_open(*state, NULL, &any_port);
    assert_int_equal(tr_addresses(picked->ep, 0, false, got, 4), 2);
    assert_int_not_equal(tr_endpoint_port(picked->ep), 0);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(net_addr_port(&got[i]), tr_endpoint_port(picked->ep));
}

static void listen_again_and_stop(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct ct_end *late = ct_client(w, NULL);
    struct tr_target to = ct_target(p.server);
    struct tr_error error = {0};
    struct tr_event change;
    ct_ok(tr_listen(p.server->ep, 5, &error), &error); /* twice is fine */
    ct_ok(tr_listen(p.server->ep, 0, &error), &error);
    ct_failed_as(tr_connect(late->ep, &to, 5000, &change, &error), TR_REFUSED, &error);
    ct_send(p.client, p.near, 0, 1, "still there", 11);
    assert_int_equal(ct_message(p.server)->len, 11);
    ct_ok(tr_listen(p.server->ep, 5, &error), &error);
    ct_connect(late, p.server, NULL);
}

/* A backlog other than 0 lets a one-to-one endpoint accept, as far as its peer can see. */
static void listen_one_to_one(void **state)
{
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.style = TR_ONE_TO_ONE,
                               .addresses = &local,
                               .address_count = 1,
                               .port = ct_port(),
                               .encaps_port = ct_port()};
    struct ct_end *server = ct_open(*state, NULL, &p), *client = ct_client(*state, NULL);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    struct tr_event change;
    ct_ok(tr_listen(server->ep, 5, &error), &error);
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
}

/* A program may close an endpoint while another entry of the same turn's list still names it. */
static void close_clears_the_ready_list(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *ends[4];
    struct ct_pair p[4];
    struct tr_ready ready[8];
    unsigned n = 0;
    for (unsigned i = 0; i < 4; i++) {
        p[i] = ct_pair(w, NULL, NULL);
        ends[i] = p[i].server;
        ends[i]->reading = false;
        ct_send(p[i].client, p[i].near, 0, 0, "x", 1);
    }
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS; n < 4 && ct_now_ms() < end;)
        n = tr_loop_wait(ct_main(w), 20, ready, 8);
    assert_int_equal(n, 4);
    for (unsigned i = 0; i < 4; i++)
        assert_ptr_equal(ready[i].cookie, tr_endpoint_cookie(ready[i].endpoint));
    struct ct_end *second = ready[1].cookie, *fourth = ready[3].cookie;
    ct_close(fourth);
    ct_close(second);
    assert_non_null(ready[0].endpoint);
    assert_non_null(ready[2].endpoint);
    for (unsigned i = 1; i < 4; i += 2) {
        assert_null(ready[i].endpoint);
        assert_int_equal(ready[i].flags, 0);
    }
    tr_loop_turn(ct_main(w));
}

static void nothing_leaks_over_a_thousand_rounds(void **state)
{
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {
        .addresses = &local, .address_count = 1, .port = ct_port(), .encaps_port = ct_port()};
    struct opt_set bad = CT_OPTIONS({OPTF_AUTOCLOSE, 65536});
    struct tr_open_params fails = {.options = &bad};
    struct tr_error error = {0};
    ct_ok(try_open(w, &p, &error), &error);
    unsigned before = ct_descriptors();
    for (unsigned i = 0; i < 1000; i++) {
        struct tr_endpoint *ep = NULL;
        ct_ok(tr_open(ct_main(w), &p, &ep, &error), &error);
        ct_ok(tr_listen(ep, 5, &error), &error);
        tr_close(ep);
        assert_int_equal(try_open(w, &fails, &error), TR_INVALID);
        if (i % 50 == 0)
            ct_turn(w, 0);
    }
    assert_int_equal(ct_descriptors(), before);
}

static bool no_more_than_before(void *arg)
{
    const unsigned *before = arg;
    return ct_descriptors() <= *before;
}

static void associations_leak_nothing(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL);
    unsigned before = 0;
    for (unsigned i = 0; i < 60; i++) {
        struct ct_end *client = ct_client(w, NULL);
        uint32_t far, near = ct_connect(client, server, &far);
        struct ct_end *peeled = ct_peel(server, &far);
        ct_send(client, near, 0, 0, "x", 1);
        assert_int_equal(ct_message(peeled)->len, 1);
        ct_close(client);
        ct_spend(w, 1);
        ct_close(peeled);
        if (i == 0) {
            ct_spend(w, 50);
            before = ct_descriptors();
        }
    }
    if (!ct_pump(w, no_more_than_before, &before, CT_DEADLINE_MS))
        fail_msg("%u descriptors are open, %u were before", ct_descriptors(), before);
}

CT_TOPIC(open, CT_CASE(open_with_nothing_said), CT_CASE(open_takes_the_given_address_and_ports),
         CT_CASE(open_one_to_one), CT_CASE(open_refuses_a_port_in_use),
         CT_CASE(open_refuses_an_address_of_another_host), CT_CASE(open_refuses_nonsense),
         CT_CASE(open_checks_its_options), CT_CASE(open_says_permission_for_a_low_port),
         CT_CASE(open_names_what_the_backend_lacks), CT_CASE(open_names_a_missing_namespace_or_device),
         CT_CASE(open_of_several_addresses_is_all_or_nothing), CT_CASE(listen_again_and_stop),
         CT_CASE(listen_one_to_one), CT_CASE(close_clears_the_ready_list),
         CT_CASE(nothing_leaks_over_a_thousand_rounds), CT_CASE(associations_leak_nothing));
