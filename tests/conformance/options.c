/* Options one by one, where they need more than the walk over all rows (option_walk.c): what they do, records
 * about an association or a path, and how failures are reported. */
#include "tests/conformance/suite.h"

#include <string.h>

static void status_tells_the_truth(void **state)
{
    struct opt_set client = CT_OPTIONS({OPTF_INIT_OSTREAMS, 7}), server = CT_OPTIONS({OPTF_INIT_OSTREAMS, 9});
    struct ct_pair p = ct_pair(*state, &client, &server);
    struct opt_set s = {0};
    struct tr_error error = {0};
    char wanted[64];
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_STATUS, &s, &error), &error);
    for (unsigned i = 0; i < opt_rows[OPT_STATUS].fields; i++)
        assert_true(opt_given(&s, opt_rows[OPT_STATUS].first + i));
    assert_int_equal(opt_num(&s, OPTF_STATUS_STATE, -1), 6); /* established */
    assert_int_equal(opt_num(&s, OPTF_STATUS_OUTSTRMS, -1), 7);
    assert_int_equal(opt_num(&s, OPTF_STATUS_INSTRMS, -1), 9);
    assert_int_equal(opt_num(&s, OPTF_STATUS_UNACKDATA, -1), 0);
    assert_int_equal(opt_num(&s, OPTF_STATUS_PENDDATA, -1), 0);
    assert_in_range(opt_num(&s, OPTF_STATUS_RWND, -1), 1000, UINT32_MAX);
    assert_in_range(opt_num(&s, OPTF_STATUS_FRAG_POINT, -1), 500, 65535);
    assert_string_equal(
        opt_text(&s, OPTF_STATUS_PRIMARY),
        net_addr_format(
            &(struct net_addr){.in4 = {.sin_family = AF_INET, .sin_addr = p.server->address.in4.sin_addr}},
            wanted, sizeof wanted));
    ct_failed_as(tr_get_option(p.client->ep, p.near + 500, OPT_STATUS, &s, &error), TR_NO_ASSOC, &error);
}

static void status_shows_the_closing_window(void **state)
{
    struct opt_set small = CT_OPTIONS({OPTF_SNDBUF, 100000}, {OPTF_RECBUF, 65536}, {OPTF_NODELAY, 1});
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    struct opt_set s = {0};
    struct tr_error error = {0};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_STATUS, &s, &error), &error);
    assert_in_range(opt_num(&s, OPTF_STATUS_RWND, UINT32_MAX), 0, 65536);
    assert_in_range(opt_num(&s, OPTF_STATUS_UNACKDATA, UINT32_MAX), 0, f.next);
}

static void path_info_needs_its_path(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct opt_set s = {0};
    struct tr_error error = {0};
    if (!ct_can_get(OPT_PEER_ADDR_INFO)) {
        opt_put_text(&s, OPTF_PAI_ADDRESS, "127.0.0.1");
        ct_failed_as(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_INFO, &s, &error), TR_UNSUPPORTED,
                     &error);
        return;
    }
    ct_failed_as(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_INFO, &s, &error), TR_INVALID, &error);
    opt_put_text(&s, OPTF_PAI_ADDRESS, "127.0.0.99");
    assert_int_not_equal(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_INFO, &s, &error), TR_OK);
    opt_put_text(&s, OPTF_PAI_ADDRESS, "127.0.0.1");
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_INFO, &s, &error), &error);
    assert_string_equal(opt_text(&s, OPTF_PAI_ADDRESS), "127.0.0.1");
    assert_int_equal(opt_num(&s, OPTF_PAI_STATE, -1), 1); /* active */
    assert_in_range(opt_num(&s, OPTF_PAI_MTU, 0), 500, 65536);
    assert_in_range(opt_num(&s, OPTF_PAI_CWND, 0), 500, UINT32_MAX);
    assert_in_range(opt_num(&s, OPTF_PAI_RTO, 0), 1, 3600000);
    assert_in_range(opt_num(&s, OPTF_PAI_SRTT, -1), 0, 60000);
}

static void one_path_has_parameters_of_its_own(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct opt_set one = {0}, got = {0};
    struct tr_error error = {0};
    opt_put_text(&one, OPTF_PAP_ADDRESS, "127.0.0.1");
    opt_put(&one, OPTF_PAP_PATHMAXRXT, 9);
    ct_ok(tr_set_options(p.client->ep, p.near, &one, NULL, &error), &error);
    opt_put_text(&got, OPTF_PAP_ADDRESS, "127.0.0.1");
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_PEER_ADDR_PARAMS, &got, &error), &error);
    assert_string_equal(opt_text(&got, OPTF_PAP_ADDRESS), "127.0.0.1");
    assert_int_equal(opt_num(&got, OPTF_PAP_PATHMAXRXT, -1), 9);
    opt_put_text(&one, OPTF_PAP_ADDRESS, "127.0.0.99"); /* no path of this association */
    assert_int_not_equal(tr_set_options(p.client->ep, p.near, &one, NULL, &error), TR_OK);
    assert_in_range(strlen(error.text), 1, 255);
}

static void primary_addr_takes_a_path_of_the_peer(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct opt_set s = {0}, got = {0};
    struct tr_error error = {0};
    enum opt_id failed = OPT_ID_COUNT;
    opt_put_text(&s, OPTF_PRIMARY_ADDR, "127.0.0.1");
    ct_ok(tr_set_options(p.client->ep, p.near, &s, NULL, &error), &error);
    ct_ok(tr_get_option(p.client->ep, p.near, OPT_PRIMARY_ADDR, &got, &error), &error);
    assert_string_equal(opt_text(&got, OPTF_PRIMARY_ADDR), "127.0.0.1");
    opt_put_text(&s, OPTF_PRIMARY_ADDR, "::ffff:127.0.0.1"); /* the same */
    ct_ok(tr_set_options(p.client->ep, p.near, &s, NULL, &error), &error);
    opt_put_text(&s, OPTF_PRIMARY_ADDR, "127.0.0.99");
    ct_failed_as(tr_set_options(p.client->ep, p.near, &s, &failed, &error), TR_INVALID, &error);
    assert_int_equal(failed, OPT_PRIMARY_ADDR);
    opt_put_text(&s, OPTF_PRIMARY_ADDR, "not an address");
    ct_failed_as(tr_set_options(p.client->ep, p.near, &s, &failed, &error), TR_INVALID, &error);
}

/* Dynamic addresses may be off on the host: then the error has to say so. */
static void peer_primary_is_asked_or_refused_in_words(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct opt_set s = {0};
    struct tr_error error = {0};
    opt_put_text(&s, OPTF_SET_PEER_PRIMARY_ADDR, "127.0.0.1");
    enum tr_code code = tr_set_options(p.client->ep, p.near, &s, NULL, &error);
    if (!ct_can_set(OPT_SET_PEER_PRIMARY_ADDR))
        ct_failed_as(code, TR_UNSUPPORTED, &error);
    if (code != TR_OK) {
        ct_failed_as(code, code, &error);
        assert_non_null(strstr(error.text, "set_peer_primary_addr"));
    }
    ct_failed_as(tr_get_option(p.client->ep, p.near, OPT_SET_PEER_PRIMARY_ADDR, &s, &error), TR_INVALID,
                 &error);
}

/* All values are checked before the first is set. */
static void bad_value_leaves_everything_as_it_was(void **state)
{
    struct ct_end *e = ct_client(*state, NULL);
    struct opt_set both = CT_OPTIONS({OPTF_NODELAY, 1}, {OPTF_AUTOCLOSE, 70000}), got = {0};
    struct tr_error error = {0};
    enum opt_id failed = OPT_ID_COUNT;
    ct_failed_as(tr_set_options(e->ep, 0, &both, &failed, &error), TR_INVALID, &error);
    assert_int_equal(failed, OPT_AUTOCLOSE);
    assert_non_null(strstr(error.text, "autoclose"));
    ct_ok(tr_get_option(e->ep, 0, OPT_NODELAY, &got, &error), &error);
    assert_int_equal(opt_num(&got, OPTF_NODELAY, -1), 0);
}

/* What no table can know: bounds that contradict each other. */
static void contradictions_are_invalid(void **state)
{
    static const struct ct_option pairs[][2] = {
        {{OPTF_RTO_MIN, 5000}, {OPTF_RTO_MAX, 1000}},
        {{OPTF_RTO_INITIAL, 9000}, {OPTF_RTO_MAX, 1000}},
    };
    struct ct_end *e = ct_client(*state, NULL);
    struct tr_error error = {0};
    for (unsigned i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        struct opt_set before = {0}, after = {0}, s = CT_OPTIONS(pairs[i][0], pairs[i][1]);
        enum opt_id failed = OPT_ID_COUNT;
        ct_ok(tr_get_option(e->ep, 0, OPT_RTOINFO, &before, &error), &error);
        ct_failed_as(tr_set_options(e->ep, 0, &s, &failed, &error), TR_INVALID, &error);
        assert_int_equal(failed, OPT_RTOINFO);
        assert_non_null(strstr(error.text, "rtoinfo"));
        ct_ok(tr_get_option(e->ep, 0, OPT_RTOINFO, &after, &error), &error);
        assert_memory_equal(&before, &after, sizeof before);
    }
    for (unsigned bit = 0; bit < 7; bit += bit == 0 ? 3 : 2) { /* enable and disable at once: 0|1, 3|4, 5|6 */
        struct opt_set s = CT_OPTIONS({OPTF_PAP_FLAGS, 3 << bit});
        ct_failed_as(tr_set_options(e->ep, 0, &s, NULL, &error), TR_INVALID, &error);
        assert_non_null(strstr(error.text, "peer_addr_params"));
    }
}

static void heartbeat_on_demand(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct opt_set s = CT_OPTIONS({OPTF_PAP_FLAGS, 1 << 2});
    struct tr_error error = {0};
    opt_put_text(&s, OPTF_PAP_ADDRESS, "127.0.0.1");
    ct_ok(tr_set_options(p.client->ep, p.near, &s, NULL, &error), &error);
    ct_send(p.client, p.near, 0, 1, "alive", 5);
    ct_message(p.server);
}

struct differences {
    unsigned count, right;
    enum opt_id wanted;
};

static void differs(enum opt_id id, const char *text, void *arg)
{
    struct differences *d = arg;
    d->count++;
    d->right += id == d->wanted && strstr(text, opt_rows[id].name) != NULL && !strchr(text, '\n');
}

static void compare_lists_what_differs(void **state)
{
    struct opt_set wanted = CT_OPTIONS({OPTF_NODELAY, 1}, {OPTF_RTO_MIN, 300}, {OPTF_INIT_OSTREAMS, 12});
    struct ct_end *e = ct_client(*state, &wanted);
    struct differences d = {.wanted = OPT_RTOINFO};
    tr_compare_options(e->ep, 0, &wanted, differs, &d);
    assert_int_equal(d.count, 0);
    opt_put(&wanted, OPTF_RTO_MIN, 301);
    tr_compare_options(e->ep, 0, &wanted, differs, &d);
    assert_int_equal(d.count, 1);
    assert_int_equal(d.right, 1);
}

static void autoclose_shuts_idle_associations_down(void **state)
{
    struct opt_set idle = CT_OPTIONS({OPTF_AUTOCLOSE, 1});
    struct tr_error error = {0};
    struct ct_end *server, *client;
    if (!ct_can_set(OPT_AUTOCLOSE)) {
        client = ct_client(*state, NULL);
        ct_failed_as(tr_set_options(client->ep, 0, &idle, NULL, &error), TR_UNSUPPORTED, &error);
        return;
    }
    server = ct_server(*state, &idle);
    client = ct_client(*state, NULL);
    ct_connect(client, server, NULL);
    ct_change(client, TR_SHUTDOWN_COMP);
    ct_change(server, TR_SHUTDOWN_COMP);
}

/* A listener comes back while an association of its earlier life cannot finish closing: at once, or as soon
 * as it has where the stack is part of this process and holds the port itself. */
static void reuseaddr_lets_a_listener_come_back(void **state)
{
    struct opt_set reuse = ct_tight(300000, 65536), small = ct_tight(65536, 65536);
    struct ct_world *w = *state;
    struct tr_error error = {0};
    if (!ct_can_set(OPT_REUSEADDR))
        skip(); /* the walk over all rows shows that it is refused by name */
    opt_put(&reuse, OPTF_REUSEADDR, 1);
    struct ct_pair p = ct_pair(w, &small, &reuse);
    struct ct_flow f = {.from = p.server, .assoc = p.far, .size = 1000};
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params again = {.addresses = &local,
                                   .address_count = 1,
                                   .port = net_addr_port(&p.server->address),
                                   .encaps_port = p.server->udp,
                                   .options = &reuse};
    struct tr_endpoint *ep = NULL;
    ct_pause(p.client);
    ct_flow_fill(&f, 8000000);
    ct_close(p.server);
    enum tr_code code = tr_open(ct_main(w), &again, &ep, &error);
    if (code != TR_OK)
        ct_failed_as(code, TR_ADDR_IN_USE, &error);
    struct ct_end *back = ep ? ct_wrap(w, ep) : NULL, *late = ct_client(w, NULL);
    if (back) {
        ct_ok(tr_listen(back->ep, 5, &error), &error);
        ct_connect(late, back, NULL);
    }
    ct_resume(p.client);
    ct_flow_finish(&f, p.client, p.near); /* the old one still delivers */
    ct_change(p.client, TR_SHUTDOWN_COMP);
    ct_spend(w, 20);
    if (!back) {
        back = ct_open(w, NULL, &again);
        ct_ok(tr_listen(back->ep, 5, &error), &error);
        ct_connect(late, back, NULL);
    }
}

/* Two associations of one endpoint, set apart from each other. */
static void associations_have_options_of_their_own(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *client = ct_client(w, NULL), *a = ct_server(w, NULL), *b = ct_server(w, NULL);
    uint32_t first = ct_connect(client, a, NULL), second = ct_connect(client, b, NULL);
    struct opt_set s = CT_OPTIONS({OPTF_DSP_PPID, 3}), t = CT_OPTIONS({OPTF_DSP_PPID, 60});
    struct tr_error error = {0};
    ct_ok(tr_set_options(client->ep, first, &s, NULL, &error), &error);
    ct_ok(tr_set_options(client->ep, second, &t, NULL, &error), &error);
    assert_int_equal(tr_send_simple(client->ep, first, 0, "x", 1), TR_OK);
    assert_int_equal(tr_send_simple(client->ep, second, 0, "x", 1), TR_OK);
    assert_int_equal(ct_message(a)->ppid, 3);
    assert_int_equal(ct_message(b)->ppid, 60);
}

static int64_t of_path(struct ct_end *e, uint32_t assoc, enum opt_field path, const char *address,
                       enum opt_field f)
{
    struct opt_set got = {0};
    struct tr_error error = {0};
    opt_put_text(&got, path, address);
    ct_ok(tr_get_option(e->ep, assoc, opt_field_rows[f].option, &got, &error), &error);
    return opt_num(&got, f, -1);
}

/* Records about paths other than peer_addr_params: set for one, read for one, the others stay. */
static void thresholds_and_udp_ports_of_one_path(void **state)
{
    static const struct {
        enum opt_field path, field;
    } rows[] = {{OPTF_PAT_ADDRESS, OPTF_PAT_PATHPFTHLD}, {OPTF_RUE_ADDRESS, OPTF_RUE_PORT}};
    struct net_addr theirs[2] = {ct_addr("127.0.0.1", 0), ct_addr("127.0.0.2", 0)};
    struct tr_open_params params = {.addresses = theirs, .address_count = 2};
    struct tr_error error = {0};
    if (!ct_has(TR_CAP_MULTIHOMING))
        skip();
    struct ct_end *server = ct_open(*state, NULL, &params), *client = ct_client(*state, NULL);
    ct_ok(tr_listen(server->ep, 5, &error), &error);
    server->address = ct_addr("127.0.0.1", tr_endpoint_port(server->ep));
    uint32_t near = ct_connect(client, server, NULL);
    for (unsigned i = 0; i < 2; i++) {
        struct opt_set s = CT_OPTIONS({rows[i].field, 3});
        if (!ct_can_set(opt_field_rows[rows[i].field].option))
            continue;
        int64_t before = of_path(client, near, rows[i].path, "127.0.0.1", rows[i].field);
        opt_put_text(&s, rows[i].path, "127.0.0.2");
        ct_ok(tr_set_options(client->ep, near, &s, NULL, &error), &error);
        assert_int_equal(of_path(client, near, rows[i].path, "127.0.0.2", rows[i].field), 3);
        assert_int_equal(of_path(client, near, rows[i].path, "127.0.0.1", rows[i].field), before);
        opt_put_text(&s, rows[i].path, "127.0.0.9");
        ct_failed_as(tr_set_options(client->ep, near, &s, NULL, &error), TR_INVALID, &error);
        opt_put_text(&s, rows[i].path, "127.0.0.2");
        ct_failed_as(tr_set_options(client->ep, near + 500, &s, NULL, &error), TR_NO_ASSOC, &error);
    }
    struct opt_set crossed = CT_OPTIONS({OPTF_PAT_PATHPFTHLD, 9}, {OPTF_PAT_PATHCPTHLD, 8});
    ct_failed_as(tr_set_options(client->ep, near, &crossed, NULL, &error), TR_INVALID, &error);
}

/* An endpoint's is for the associations that it sets up without a port of their own; theirs is what is in
 * use.
 */
static void udp_port_of_associations_to_come(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL), *client = ct_client(w, NULL);
    struct tr_target target = ct_target(server);
    struct tr_error error = {0};
    struct tr_event up;
    if (!ct_has(TR_CAP_ENCAPS))
        skip(); /* the kernel's is a path's, see above */
    struct opt_set s = CT_OPTIONS({OPTF_RUE_PORT, server->udp}), got = {0};
    ct_ok(tr_set_options(client->ep, 0, &s, NULL, &error), &error);
    target.encaps_port = 0;
    ct_ok(tr_connect(client->ep, &target, CT_DEADLINE_MS, &up, &error), &error);
    opt_put(&s, OPTF_RUE_PORT, 9);
    ct_ok(tr_set_options(client->ep, 0, &s, NULL, &error), &error);
    ct_ok(tr_get_option(client->ep, up.assoc, OPT_REMOTE_UDP_ENCAPS_PORT, &got, &error), &error);
    assert_int_equal(opt_num(&got, OPTF_RUE_PORT, -1), server->udp);
    ct_failed_as(tr_set_options(client->ep, up.assoc, &s, NULL, &error), TR_UNSUPPORTED, &error);
    ct_send(client, up.assoc, 0, 1, "there", 5);
    ct_message(server);
}

/* How long a SACK may wait and for how many packets are two things; none may change the other. */
static void sack_delay_and_frequency_stay_apart(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct opt_set often = CT_OPTIONS({OPTF_DELAYED_ACK_FREQUENCY, 5}),
                   long_time = CT_OPTIONS({OPTF_DELAYED_ACK_TIME, 90}),
                   record = CT_OPTIONS({OPTF_PAP_SACKDELAY, 70}, {OPTF_PAP_FLAGS, OPT_SACKDELAY_ENABLE});
    struct tr_error error = {0};
    const struct {
        const struct opt_set *set;
        int64_t time;
    } steps[] = {{&often, 0}, {&long_time, 90}, {&record, 70}, {&often, 70}};
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
        struct opt_set got = {0};
        ct_ok(tr_set_options(p.client->ep, p.near, steps[i].set, NULL, &error), &error);
        ct_ok(tr_get_option(p.client->ep, p.near, OPT_DELAYED_ACK_FREQUENCY, &got, &error), &error);
        ct_ok(tr_get_option(p.client->ep, p.near, OPT_DELAYED_ACK_TIME, &got, &error), &error);
        assert_int_equal(opt_num(&got, OPTF_DELAYED_ACK_FREQUENCY, -1), 5);
        if (steps[i].time != 0)
            assert_in_range(opt_num(&got, OPTF_DELAYED_ACK_TIME, -1), steps[i].time, steps[i].time + 10);
    }
}

CT_TOPIC(options, CT_CASE(thresholds_and_udp_ports_of_one_path), CT_CASE(status_tells_the_truth),
         CT_CASE(status_shows_the_closing_window), CT_CASE(path_info_needs_its_path),
         CT_CASE(one_path_has_parameters_of_its_own), CT_CASE(primary_addr_takes_a_path_of_the_peer),
         CT_CASE(peer_primary_is_asked_or_refused_in_words), CT_CASE(bad_value_leaves_everything_as_it_was),
         CT_CASE(contradictions_are_invalid), CT_CASE(heartbeat_on_demand),
         CT_CASE(compare_lists_what_differs), CT_CASE(autoclose_shuts_idle_associations_down),
         CT_CASE(reuseaddr_lets_a_listener_come_back), CT_CASE(associations_have_options_of_their_own),
         CT_CASE(udp_port_of_associations_to_come), CT_CASE(sack_delay_and_frequency_stay_apart));
