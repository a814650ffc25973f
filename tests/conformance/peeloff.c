/* Peeling off: queued messages move along in order, options are kept, the origin continues. */
#include "tests/conformance/suite.h"

#include <stdio.h>

static void peeled_association_talks_both_ways(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    uint32_t assoc = p.far;
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    assert_int_not_equal(assoc, 0);
    assert_int_equal(tr_endpoint_port(peeled->ep), net_addr_port(&p.server->address));
    ct_send(p.client, p.near, 0, 1, "there", 5);
    const struct tr_msg *m = ct_message(peeled);
    assert_int_equal(m->assoc, assoc);
    assert_int_equal(m->ppid, 1);
    ct_send(peeled, assoc, 0, 2, "back", 4);
    assert_int_equal(ct_message(p.client)->ppid, 2);
    ct_send(peeled, 999999, 0, 3, "any id", 6); /* it has but one association */
    assert_int_equal(ct_message(p.client)->ppid, 3);
    assert_int_equal(p.server->messages, 0);
}

static void peeloff_takes_the_queue_along(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct ct_end *other = ct_client(w, NULL);
    uint32_t other_far, other_near = ct_connect(other, p.server, &other_far);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 400},
                   stays = {.from = other, .assoc = other_near, .size = 300};
    uint32_t assoc = p.far;
    ct_pause(p.server);
    for (unsigned i = 0; i < 10; i++) {
        assert_int_equal(ct_flow_offer(&f, 3, NULL), TR_OK);
        assert_int_equal(ct_flow_offer(&stays, 2, NULL), TR_OK);
        ct_turn(w, 0);
    }
    ct_spend(w, 250);
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    ct_flow_send(&f, 30);
    ct_resume(p.server);
    ct_flow_finish(&f, peeled, assoc);
    ct_flow_finish(&stays, p.server, other_far);
    assert_int_equal(p.server->messages, 20);
    assert_int_equal(peeled->messages, 60);
}

/* Peeling off again and again in the middle of a flood, with reads of every length before. */
static void peeloff_under_flood_keeps_order(void **state)
{
    struct opt_set now = CT_OPTIONS({OPTF_NODELAY, 1});
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL);
    for (unsigned round = 0; round < 20; round++) {
        struct ct_end *client = ct_client(w, &now);
        uint32_t far, near = ct_connect(client, server, &far);
        struct ct_flow f = {.from = client, .assoc = near, .streams = 4, .size = 200 + round * 77};
        for (unsigned i = 0; i < round; i++) {
            ct_flow_offer(&f, 7, NULL);
            ct_turn(w, 0);
        }
        ct_flow_scan(&f, server, far);
        ct_flow_offer(&f, 15, NULL);
        struct ct_end *peeled = ct_peel(server, &far);
        ct_flow_scan(&f, server, 0); /* nothing of it may come there any more */
        size_t left = server->messages;
        ct_flow_send(&f, 60);
        ct_flow_finish(&f, peeled, far);
        assert_int_equal(server->messages, left);
        ct_close(client);
        ct_change(peeled, TR_SHUTDOWN_COMP);
        ct_close(peeled);
    }
}

/* The origin still holds items of the association in its slots. */
static void returned_messages_stay_valid(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 500};
    const struct tr_item *items = NULL;
    unsigned count = 0;
    uint32_t assoc = p.far;
    p.server->reading = false;
    assert_int_equal(ct_flow_offer(&f, 5, NULL), TR_OK);
    ct_spend(w, 250);
    assert_int_equal(tr_recv(p.server->ep, 3, &items, &count), TR_OK);
    assert_in_range(count, 1, 3);
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    for (unsigned i = 0; i < count; i++)
        ct_flow_take(&f, &items[i].msg);
    tr_loop_turn(ct_main(w));
    ct_flow_finish(&f, peeled, assoc);
}

/* Its end is told there and not at the origin. */
static void end_is_told_on_the_peeled_endpoint(void **state)
{
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, NULL, NULL);
    struct tr_error error = {0};
    uint32_t assoc = p.far;
    ct_pause(p.server);
    ct_send(p.client, p.near, 0, 1, "last words", 10);
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    ct_ok(tr_eof(p.client->ep, p.near, &error), &error);
    ct_resume(p.server);
    assert_int_equal(ct_message(peeled)->ppid, 1);
    ct_change(peeled, TR_SHUTDOWN_COMP);
    ct_change(p.client, TR_SHUTDOWN_COMP);
    assert_int_equal(ct_changes(p.server, TR_SHUTDOWN_COMP, 0), 0);
}

static void origin_goes_on_and_may_go_first(void **state)
{
    struct opt_set roomy = ct_roomy();
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, &roomy, &roomy);
    uint32_t assoc = p.far;
    struct ct_end *peeled = ct_peel(p.server, &assoc), *late = ct_client(w, &roomy);
    uint32_t late_near = ct_connect(late, p.server, NULL);
    ct_send(late, late_near, 0, 5, "hi", 2);
    assert_int_equal(ct_message(p.server)->ppid, 5);
    ct_close(late);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    ct_close(p.server);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000},
                   back = {.from = peeled, .assoc = assoc, .size = 1000};
    ct_flow_send(&f, 200);
    ct_flow_send(&back, 200);
    ct_flow_finish(&f, peeled, assoc);
    ct_flow_finish(&back, p.client, p.near);
}

static void client_side_peels_too(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    uint32_t assoc = p.near;
    struct ct_end *peeled = ct_peel(p.client, &assoc);
    struct ct_flow f = {.from = peeled, .assoc = assoc, .size = 100};
    ct_flow_send(&f, 100);
    ct_flow_finish(&f, p.server, p.far);
    ct_close(peeled);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    ct_connect(p.client, p.server, NULL); /* and the origin can call again */
}

/* By its bare id, before there is an event: its outcome is told where it is then, and it can be given up
 * there. */
static void peeled_off_while_being_set_up(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL), *client = ct_client(w, NULL);
    uint16_t port = ct_port(), udp = ct_port();
    struct net_addr there = ct_addr("127.0.0.1", port);
    struct tr_target to = ct_target(server), hole = {&there, 1, udp};
    struct tr_error error = {0};
    uint32_t assoc = 0;
    ct_black_hole(w, port, udp);
    ct_ok(tr_connect_init(client->ep, &hole, &assoc, &error), &error);
    struct ct_end *waits = ct_peel(client, &assoc);
    ct_ok(tr_abort(waits->ep, assoc, &error), &error);
    const struct tr_event *e = ct_event(waits, TR_EV_ASSOC_CHANGE);
    assert_int_equal(e->assoc, assoc);
    assert_int_equal(e->change.state, TR_CANT_ASSOC);
    ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
    struct ct_end *peeled = ct_peel(client, &assoc);
    assert_int_equal(ct_change(peeled, TR_COMM_UP)->assoc, assoc);
    ct_change(server, TR_COMM_UP);
    ct_send(peeled, assoc, 0, 9, "from there", 10);
    assert_int_equal(ct_message(server)->ppid, 9);
    assert_int_equal(client->events[TR_EV_ASSOC_CHANGE], 0);
}

static void peeloff_refuses_what_it_cannot(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    struct tr_endpoint *ep = NULL;
    uint32_t unknown = p.far + 1000, assoc = p.far;
    ct_failed_as(tr_peeloff(p.server->ep, &unknown, NULL, &ep, &error), TR_NO_ASSOC, &error);
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    ct_failed_as(tr_peeloff(peeled->ep, &assoc, NULL, &ep, &error), TR_INVALID, &error);
    assoc = p.far;
    ct_failed_as(tr_peeloff(p.server->ep, &assoc, NULL, &ep, &error), TR_NO_ASSOC, &error);

    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params one = {.style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1};
    struct ct_end *single = ct_open(*state, NULL, &one);
    assoc = ct_connect(single, p.server, NULL);
    ct_failed_as(tr_peeloff(single->ep, &assoc, NULL, &ep, &error), TR_INVALID, &error);
}

/* Bits of a field that belong to the stack: the two of the type of service byte that are for ECN (RFC 3168).
 */
static int64_t stacks(enum opt_field f)
{
    return f == OPTF_TOS ? 3 : 0;
}

/* Reports every field of every readable record that reads differently on two endpoints. */
static unsigned differences(struct ct_end *origin, uint32_t at_origin, struct ct_end *kept, uint32_t at_kept)
{
    unsigned n = 0;
    for (int id = 0; id < OPT_ID_COUNT; id++) {
        struct opt_set a = {0}, b = {0};
        struct tr_error error = {0};
        unsigned scope = at_kept ? OPT_PER_ASSOC : OPT_AT_OPEN;
        if (id == OPT_STREAM_SCHEDULER_VALUE) { /* one stream's */
            opt_put(&a, OPTF_SSV_STREAM, 0);
            opt_put(&b, OPTF_SSV_STREAM, 0);
        }
        if (!(opt_rows[id].when & scope) || opt_rows[id].when & OPT_NO_SET || !ct_can_get((enum opt_id)id))
            continue;
        ct_ok(tr_get_option(origin->ep, at_origin, (enum opt_id)id, &a, &error), &error);
        ct_ok(tr_get_option(kept->ep, at_kept, (enum opt_id)id, &b, &error), &error);
        for (unsigned f = opt_rows[id].first; f < opt_rows[id].first + opt_rows[id].fields; f++) {
            enum opt_type type = opt_field_rows[f].type;
            if (f == OPTF_PAP_PATHMTU) /* measured, unless it is fixed by pmtud_disable */
                continue;
            if (!opt_is_number(type) || type == OPT_UINT_RO ||
                ((opt_num(&a, f, -1) ^ opt_num(&b, f, -1)) & ~stacks(f)) == 0)
                continue;
            fprintf(stderr, "  %s %s: %lld on the origin, %lld on the peeled-off endpoint\n",
                    opt_rows[id].name, opt_field_rows[f].name, (long long)opt_num(&a, f, -1),
                    (long long)opt_num(&b, f, -1));
            n++;
        }
    }
    return n;
}

static struct opt_set settable_ones(const struct ct_option *list, size_t count)
{
    struct opt_set options = {0};
    for (size_t i = 0; i < count; i++)
        if (ct_can_set(opt_field_rows[list[i].field].option))
            opt_put(&options, list[i].field, list[i].num);
    return options;
}

/* A value other than the stack's own for every option that can be set at open. */
static const struct ct_option every[] = {{OPTF_SNDBUF, 123456},
                                         {OPTF_RECBUF, 234567},
                                         {OPTF_LINGER_ENABLED, 1},
                                         {OPTF_LINGER_TIME, 0},
                                         {OPTF_TOS, 0x28},
                                         {OPTF_PRIORITY, 3},
                                         {OPTF_RTO_INITIAL, 500},
                                         {OPTF_RTO_MAX, 4000},
                                         {OPTF_RTO_MIN, 200},
                                         {OPTF_ASOC_MAXRXT, 4},
                                         {OPTF_ASOC_COOKIE_LIFE, 30000},
                                         {OPTF_INIT_OSTREAMS, 17},
                                         {OPTF_INIT_INSTREAMS, 18},
                                         {OPTF_NODELAY, 1},
                                         {OPTF_DISABLE_FRAGMENTS, 1},
                                         {OPTF_MAXSEG, 1100},
                                         {OPTF_ADAPTATION_LAYER, 77},
                                         {OPTF_PAP_HBINTERVAL, 7000},
                                         {OPTF_PAP_PATHMAXRXT, 3},
                                         {OPTF_PAP_SACKDELAY, 20},
                                         {OPTF_PAP_FLAGS, 1 | 1 << 5},
                                         {OPTF_DSP_PPID, 46},
                                         {OPTF_DSP_CONTEXT, 5},
                                         {OPTF_EV_ADDRESS, 1},
                                         {OPTF_EV_AUTHENTICATION, 1},
                                         {OPTF_EV_STREAM_RESET, 0},
                                         {OPTF_DELAYED_ACK_FREQUENCY, 3},
                                         {OPTF_MAX_BURST, 7},
                                         {OPTF_CONTEXT, 9},
                                         {OPTF_FRAGMENT_INTERLEAVE, 1},
                                         {OPTF_STREAM_SCHEDULER, OPT_SS_PRIO},
                                         {OPTF_PR_SUPPORTED, 0},
                                         {OPTF_PRINFO_POLICY, OPT_PR_RTX},
                                         {OPTF_PRINFO_VALUE, 4},
                                         {OPTF_AUTH_SUPPORTED, 1},
                                         {OPTF_AUTH_CHUNKS, 1},
                                         {OPTF_HMAC_IDENT, 0},
                                         {OPTF_ASCONF_SUPPORTED, 1},
                                         {OPTF_RECONFIG_SUPPORTED, 1},
                                         {OPTF_ENABLE_STREAM_RESET, 7},
                                         {OPTF_PAT_PATHMAXRXT, 3},
                                         {OPTF_PAT_PATHPFTHLD, 2},
                                         {OPTF_EXPOSE_PF_STATE, 1}};

/* gen_sctp lost some; Linux itself loses the SACK delay. Every readable option of the origin must read the
 * same on the endpoint that has the association now, and what is kept for each association is in force. */
static void keeps_every_option(struct ct_end *origin, struct ct_end *kept, uint32_t assoc,
                               struct ct_end *client)
{
    static const enum opt_field in_force[] = {OPTF_DELAYED_ACK_TIME, OPTF_PAP_SACKDELAY,
                                              OPTF_RTO_MIN,          OPTF_ASOC_MAXRXT,
                                              OPTF_PAP_PATHMAXRXT,   OPTF_PAP_HBINTERVAL};
    struct opt_set options = settable_ones(every, sizeof every / sizeof *every);
    assert_int_equal(differences(origin, 0, kept, 0), 0);
    for (unsigned i = 0; i < sizeof in_force / sizeof *in_force; i++) {
        struct opt_set got = {0};
        struct tr_error error = {0};
        enum opt_field f = in_force[i];
        ct_ok(tr_get_option(kept->ep, assoc, opt_field_rows[f].option, &got, &error), &error);
        assert_int_equal(opt_num(&got, f, -1), opt_num(&options, f, 20));
    }
    assert_int_equal(tr_send_simple(kept->ep, assoc, 0, "x", 1), TR_OK);
    assert_int_equal(ct_message(client)->ppid, 46);
}

static void peeloff_keeps_every_option(void **state)
{
    struct opt_set options = settable_ones(every, sizeof every / sizeof *every);
    struct ct_pair p = ct_pair(*state, NULL, &options);
    uint32_t assoc = p.far;
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    keeps_every_option(p.server, peeled, assoc, p.client);
}

static bool somebody_waits(void *arg)
{
    const struct ct_end *listener = arg;
    return listener->readable != 0;
}

/* A one-to-one endpoint that listens hands its options to those that it accepts. */
static void accepted_association_keeps_every_option(void **state)
{
    struct ct_world *w = *state;
    struct opt_set options = settable_ones(every, sizeof every / sizeof *every);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params one = {.style = TR_ONE_TO_ONE,
                                 .addresses = &local,
                                 .address_count = 1,
                                 .port = ct_port(),
                                 .encaps_port = ct_port(),
                                 .options = &options};
    struct tr_error error = {0};
    struct ct_end *listener = ct_open(w, NULL, &one), *client = ct_client(w, NULL);
    struct tr_target to = ct_target(listener);
    uint32_t near = 0, assoc = 0;
    listener->reading = false; /* it is to be accepted from */
    ct_ok(tr_listen(listener->ep, 5, &error), &error);
    ct_ok(tr_connect_init(client->ep, &to, &near, &error), &error);
    if (!ct_pump(w, somebody_waits, listener, CT_DEADLINE_MS))
        fail_msg("waited in vain for an association to accept");
    struct ct_end *accepted = ct_peel(listener, &assoc);
    ct_change(client, TR_COMM_UP);
    keeps_every_option(listener, accepted, assoc, client);
}

/* And what was set on the association alone: compared with a sibling that was set alike and stays. */
static void peeloff_keeps_what_the_association_had(void **state)
{
    static const struct ct_option wanted[] = {{OPTF_RTO_MIN, 400},
                                              {OPTF_RTO_MAX, 8000},
                                              {OPTF_ASOC_MAXRXT, 6},
                                              {OPTF_MAXSEG, 900},
                                              {OPTF_PAP_HBINTERVAL, 9000},
                                              {OPTF_PAP_PATHMAXRXT, 4},
                                              {OPTF_PAP_SACKDELAY, 30},
                                              {OPTF_PAP_FLAGS, 1 | 1 << 5},
                                              {OPTF_DSP_PPID, 60},
                                              {OPTF_DELAYED_ACK_FREQUENCY, 3},
                                              {OPTF_MAX_BURST, 7},
                                              {OPTF_CONTEXT, 9},
                                              {OPTF_ENABLE_STREAM_RESET, 7},
                                              {OPTF_PAT_PATHPFTHLD, 2},
                                              {OPTF_STREAM_SCHEDULER, OPT_SS_PRIO},
                                              {OPTF_PRINFO_POLICY, OPT_PR_RTX},
                                              {OPTF_PRINFO_VALUE, 4},
                                              {OPTF_EXPOSE_PF_STATE, 1}};
    struct opt_set own = settable_ones(wanted, sizeof wanted / sizeof *wanted);
    struct ct_world *w = *state;
    struct tr_error error = {0};
    struct opt_set able = ct_able();
    struct ct_pair p = ct_pair(w, &able, &able);
    struct ct_end *other = ct_client(w, &able);
    uint32_t sibling, assoc = p.far;
    ct_connect(other, p.server, &sibling);
    ct_ok(tr_set_options(p.server->ep, assoc, &own, NULL, &error), &error);
    ct_ok(tr_set_options(p.server->ep, sibling, &own, NULL, &error), &error);
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    assert_int_equal(differences(p.server, sibling, peeled, assoc), 0);
    assert_int_equal(tr_send_simple(peeled->ep, assoc, 0, "x", 1), TR_OK);
    assert_int_equal(ct_message(p.client)->ppid, 60);
}

static void many_are_peeled_off(void **state)
{
    enum { MANY = 40 };
    struct opt_set roomy = ct_roomy();
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, &roomy), *peeled[MANY];
    struct ct_flow flows[MANY] = {0};
    uint32_t far[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        flows[i].from = ct_client(w, &roomy);
        flows[i].size = 50 + i;
        flows[i].assoc = ct_connect(flows[i].from, server, &far[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        ct_flow_offer(&flows[i], 4, NULL);
        peeled[i] = ct_peel(server, &far[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        ct_flow_send(&flows[i], 20);
        ct_flow_finish(&flows[i], peeled[i], far[i]);
    }
}

CT_TOPIC(peeloff, CT_CASE(peeled_association_talks_both_ways), CT_CASE(peeloff_takes_the_queue_along),
         CT_CASE(peeloff_under_flood_keeps_order), CT_CASE(returned_messages_stay_valid),
         CT_CASE(end_is_told_on_the_peeled_endpoint), CT_CASE(origin_goes_on_and_may_go_first),
         CT_CASE(client_side_peels_too), CT_CASE(peeled_off_while_being_set_up),
         CT_CASE(peeloff_refuses_what_it_cannot), CT_CASE(peeloff_keeps_every_option),
         CT_CASE(accepted_association_keeps_every_option), CT_CASE(peeloff_keeps_what_the_association_had),
         CT_CASE(many_are_peeled_off));
