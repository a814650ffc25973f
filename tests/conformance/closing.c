/* The ends of associations and endpoints: eof, abort, close with every kind of linger, closing a loop. */
#include "tests/conformance/suite.h"

/* More than the peer's window is queued; eof delivers it all first. */
static void eof_delivers_what_is_queued(void **state)
{
    struct opt_set small = ct_tight(300000, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    struct tr_error error = {0};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    ct_ok(tr_eof(p.client->ep, p.near, &error), &error);
    ct_spend(*state, 30);
    enum tr_code code = ct_flow_offer(&f, 1, NULL); /* nothing may follow */
    assert_true(code == TR_NO_ASSOC || code == TR_AGAIN);
    ct_resume(p.server);
    ct_flow_finish(&f, p.server, p.far);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    ct_change(p.client, TR_SHUTDOWN_COMP);
}

static void eof_at_both_ends_at_once(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    ct_ok(tr_eof(p.client->ep, p.near, &error), &error);
    enum tr_code code = tr_eof(p.server->ep, p.far, &error); /* loopback may have been faster */
    assert_true(code == TR_OK || code == TR_NO_ASSOC);
    ct_change(p.client, TR_SHUTDOWN_COMP);
    ct_change(p.server, TR_SHUTDOWN_COMP);
}

static void peer_can_be_called_again_afterwards(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    ct_ok(tr_eof(p.client->ep, p.near, &error), &error);
    ct_change(p.client, TR_SHUTDOWN_COMP);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    uint32_t again = ct_connect(p.client, p.server, NULL);
    ct_ok(tr_abort(p.client->ep, again, &error), &error);
    ct_change(p.client, TR_COMM_LOST);
    ct_change(p.server, TR_COMM_LOST);
    ct_connect(p.client, p.server, NULL);
}

static void ended_association_is_no_more(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    struct tr_msg m = {.data = "x", .len = 1, .assoc = p.near};
    unsigned sent = 9;
    ct_ok(tr_abort(p.client->ep, p.near, &error), &error);
    assert_int_equal(tr_send(p.client->ep, &m, 1, &sent), TR_NO_ASSOC);
    assert_int_equal(sent, 0);
    ct_change(p.server, TR_COMM_LOST);
    ct_failed_as(tr_abort(p.client->ep, p.near, &error), TR_NO_ASSOC, &error);
    ct_failed_as(tr_eof(p.client->ep, p.near, &error), TR_NO_ASSOC, &error);
    ct_failed_as(tr_eof(p.server->ep, p.far, &error), TR_NO_ASSOC, &error);
    ct_failed_as(tr_abort(p.server->ep, p.far + 500, &error), TR_NO_ASSOC, &error);
}

static void peeled_association_ends_like_any(void **state)
{
    struct tr_error error = {0};
    for (unsigned by_abort = 0; by_abort < 2; by_abort++) {
        struct ct_pair p = ct_pair(*state, NULL, NULL);
        uint32_t assoc = p.far;
        struct ct_end *peeled = ct_peel(p.server, &assoc);
        if (by_abort)
            ct_ok(tr_abort(peeled->ep, assoc, &error), &error);
        else
            ct_ok(tr_eof(peeled->ep, assoc, &error), &error);
        ct_change(p.client, by_abort ? TR_COMM_LOST : TR_SHUTDOWN_COMP);
        ct_change(peeled, by_abort ? TR_COMM_LOST : TR_SHUTDOWN_COMP);
        struct tr_msg m = {.data = "x", .len = 1, .assoc = assoc};
        unsigned sent = 9;
        assert_int_equal(tr_send(peeled->ep, &m, 1, &sent), TR_NO_ASSOC);
    }
}

static void one_to_one_ends_like_any(void **state)
{
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params p = {.style = TR_ONE_TO_ONE, .addresses = &local, .address_count = 1};
    struct tr_error error = {0};
    for (unsigned by_abort = 0; by_abort < 2; by_abort++) {
        struct ct_end *server = ct_server(*state, NULL), *client = ct_open(*state, NULL, &p);
        uint32_t near = ct_connect(client, server, NULL);
        ct_ok(by_abort ? tr_abort(client->ep, near, &error) : tr_eof(client->ep, near, &error), &error);
        ct_change(server, by_abort ? TR_COMM_LOST : TR_SHUTDOWN_COMP);
        ct_change(client, by_abort ? TR_COMM_LOST : TR_SHUTDOWN_COMP);
        struct tr_msg m = {.data = "x", .len = 1, .assoc = near};
        unsigned sent = 9;
        assert_int_equal(tr_send(client->ep, &m, 1, &sent), TR_NO_ASSOC);
    }
}

static void accepted_association_ends_like_any(void **state)
{
    struct ct_world *w = *state;
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params one = {.style = TR_ONE_TO_ONE,
                                 .addresses = &local,
                                 .address_count = 1,
                                 .port = ct_port(),
                                 .encaps_port = ct_port()};
    struct tr_error error = {0};
    struct ct_end *listener = ct_open(w, NULL, &one);
    listener->reading = false;
    ct_ok(tr_listen(listener->ep, 5, &error), &error);
    for (unsigned by_abort = 0; by_abort < 2; by_abort++) {
        struct ct_end *client = ct_client(w, NULL);
        struct tr_target to = ct_target(listener);
        struct tr_event change;
        uint32_t assoc = 0;
        ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
        ct_spend(w, 30);
        struct ct_end *accepted = ct_peel(listener, &assoc);
        ct_send(client, change.assoc, 0, 5, "to be read", 10);
        assert_int_equal(ct_message(accepted)->ppid, 5);
        ct_ok(by_abort ? tr_abort(accepted->ep, assoc, &error) : tr_eof(accepted->ep, assoc, &error), &error);
        assert_int_equal(ct_change(accepted, by_abort ? TR_COMM_LOST : TR_SHUTDOWN_COMP)->assoc, assoc);
        ct_change(client, by_abort ? TR_COMM_LOST : TR_SHUTDOWN_COMP);
        struct tr_msg m = {.data = "x", .len = 1, .assoc = assoc};
        unsigned sent = 9;
        assert_int_equal(tr_send(accepted->ep, &m, 1, &sent), TR_NO_ASSOC);
        ct_failed_as(tr_abort(accepted->ep, assoc, &error), TR_NO_ASSOC, &error);
        ct_spend(w, 30);
        assert_int_equal(ct_changes(accepted, TR_COMM_LOST, 0) + ct_changes(accepted, TR_SHUTDOWN_COMP, 0),
                         1);
        ct_close(accepted);
    }
}

/* Linger off: close returns at once, and the loop delivers in the background what was queued. */
static void close_delivers_what_is_queued(void **state)
{
    struct opt_set small = ct_tight(300000, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    int64_t start = ct_now_ms();
    ct_close(p.client);
    assert_in_range(ct_now_ms() - start, 0, CT_DEADLINE_MS / 2); /* the receiver would not read for ever */
    ct_spend(*state, 50);
    ct_resume(p.server);
    ct_flow_finish(&f, p.server, p.far);
    ct_change(p.server, TR_SHUTDOWN_COMP);
}

static void close_of_a_peeled_endpoint_delivers_too(void **state)
{
    struct opt_set small = ct_tight(300000, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    uint32_t assoc = p.far;
    struct ct_end *peeled = ct_peel(p.server, &assoc);
    struct ct_flow f = {.from = peeled, .assoc = assoc, .size = 1000};
    ct_flow_send(&f, 200);
    ct_close(peeled);
    ct_flow_finish(&f, p.client, p.near);
    ct_change(p.client, TR_SHUTDOWN_COMP);
}

static bool all_closed(void *arg)
{
    return ct_descriptors() == *(unsigned *)arg;
}

/* What the program did not read, and what still comes, is discarded; that is no reason to lose what it has
 * sent. */
static void close_past_unread_messages(struct ct_world *w, enum tr_style style, bool peel)
{
    struct opt_set small = ct_tight(300000, 65536);
    struct net_addr local = ct_addr("127.0.0.1", 0);
    struct tr_open_params one = {.style = style, .addresses = &local, .address_count = 1, .options = &small};
    struct ct_end *server = ct_server(w, &small);
    unsigned before = ct_descriptors();
    struct ct_end *origin = ct_open(w, NULL, &one);
    uint32_t far, near = ct_connect(origin, server, &far);
    struct ct_end *client = peel ? ct_peel(origin, &near) : origin;
    struct ct_flow f = {.from = client, .assoc = near, .size = 1000},
                   unread = {.from = server, .assoc = far, .size = 700};
    ct_pause(client);
    assert_int_equal(ct_flow_offer(&unread, 30, NULL), TR_OK);
    ct_spend(w, 300);
    ct_pause(server);
    ct_flow_fill(&f, 8000000);
    ct_close(client);
    if (peel)
        ct_close(origin);
    for (unsigned i = 0; i < 20; i++) {
        ct_flow_offer(&unread, 10, NULL);
        ct_spend(w, 3);
    }
    ct_resume(server);
    ct_flow_finish(&f, server, far);
    ct_change(server, TR_SHUTDOWN_COMP);
    if (!ct_pump(w, all_closed, &before, CT_DEADLINE_MS))
        fail_msg("%u descriptors are open, %u before", ct_descriptors(), before);
}

static void close_delivers_although_messages_are_unread(void **state)
{
    close_past_unread_messages(*state, TR_ONE_TO_MANY, false);
    close_past_unread_messages(*state, TR_ONE_TO_MANY, true);
    close_past_unread_messages(*state, TR_ONE_TO_ONE, false);
}

static void close_with_linger_0_aborts(void **state)
{
    struct opt_set hard = CT_OPTIONS({OPTF_LINGER_ENABLED, 1}, {OPTF_LINGER_TIME, 0});
    struct ct_world *w = *state;
    struct ct_end *hub = ct_server(w, &hard), *clients[5];
    for (unsigned i = 0; i < 5; i++) {
        clients[i] = ct_client(w, NULL);
        ct_connect(clients[i], hub, NULL);
    }
    ct_close(hub);
    for (unsigned i = 0; i < 5; i++)
        ct_change(clients[i], TR_COMM_LOST);
}

/* Linger on: close waits until all is delivered, and no longer. */
static void close_with_linger_waits_for_delivery(void **state)
{
    struct opt_set patient = CT_OPTIONS({OPTF_LINGER_ENABLED, 1}, {OPTF_LINGER_TIME, 20}, {OPTF_NODELAY, 1});
    struct ct_pair p = ct_pair(*state, &patient, NULL);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 500};
    assert_int_equal(ct_flow_offer(&f, 20, NULL), TR_OK);
    int64_t start = ct_now_ms();
    ct_close(p.client);
    assert_in_range(ct_now_ms() - start, 0, 15000); /* of 20 s */
    ct_flow_finish(&f, p.server, p.far);
    ct_change(p.server, TR_SHUTDOWN_COMP);
}

/* Where the peer takes nothing it waits as long as told; the rest goes out in the background. */
static void close_with_linger_waits_no_longer_than_told(void **state)
{
    struct opt_set patient = ct_tight(100000, 65536), small = ct_tight(100000, 65536);
    opt_put(&patient, OPTF_LINGER_ENABLED, 1);
    opt_put(&patient, OPTF_LINGER_TIME, 1);
    struct ct_pair p = ct_pair(*state, &patient, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    int64_t start = ct_now_ms();
    ct_close(p.client);
    assert_in_range(ct_now_ms() - start, 900, CT_DEADLINE_MS / 2);
    ct_resume(p.server);
    ct_flow_finish(&f, p.server, p.far);
    ct_change(p.server, TR_SHUTDOWN_COMP);
}

static void close_ends_all_associations(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *hub = ct_server(w, NULL), *clients[10];
    for (unsigned i = 0; i < 10; i++) {
        clients[i] = ct_client(w, NULL);
        ct_connect(clients[i], hub, NULL);
    }
    ct_close(hub);
    for (unsigned i = 0; i < 10; i++)
        ct_change(clients[i], TR_SHUTDOWN_COMP);
}

static void close_while_connecting(void **state)
{
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL);
    struct tr_target to = ct_target(server);
    struct tr_error error = {0};
    uint32_t assoc = 0;
    for (unsigned i = 0; i < 20; i++) {
        struct ct_end *client = ct_client(w, NULL);
        ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
        for (unsigned k = 0; k < i % 4; k++)
            ct_turn(w, 0);
        ct_close(client);
    }
    ct_spend(w, 100);
    struct ct_end *client = ct_client(w, NULL); /* and the server is none the worse */
    uint32_t near = 0;
    struct tr_event change;
    ct_ok(tr_connect(client->ep, &to, CT_DEADLINE_MS, &change, &error), &error);
    near = change.assoc;
    ct_send(client, near, 0, 77, "alive", 5);
    assert_int_equal(ct_message(server)->ppid, 77);
}

static void server_closes_while_called(void **state)
{
    struct ct_world *w = *state;
    struct opt_set hasty = CT_OPTIONS({OPTF_INIT_ATTEMPTS, 2}, {OPTF_INIT_TIMEO, 100}, {OPTF_RTO_INITIAL, 50},
                                      {OPTF_RTO_MIN, 50}, {OPTF_RTO_MAX, 100}, {OPTF_ASOC_MAXRXT, 2});
    struct tr_error error = {0};
    for (unsigned i = 0; i < 8; i++) {
        struct ct_end *server = ct_server(w, NULL), *client = ct_client(w, &hasty);
        struct tr_target to = ct_target(server);
        uint32_t assoc = 0;
        ct_ok(tr_connect_init(client->ep, &to, &assoc, &error), &error);
        for (unsigned k = 0; k < i % 4; k++)
            ct_turn(w, 0);
        ct_close(server);
        const struct tr_event *e = ct_event(client, TR_EV_ASSOC_CHANGE);
        if (e->change.state == TR_COMM_UP) /* it had made it before */
            e = ct_event(client, TR_EV_ASSOC_CHANGE);
        assert_int_not_equal(e->change.state, TR_COMM_UP);
        assert_int_equal(e->assoc, assoc);
    }
}

/* A loop can be closed with anything left in it, and another be opened. */
static void loop_closes_with_everything_in_it(void **state)
{
    struct ct_world *w = *state;
    for (unsigned round = 0; round < 5; round++) {
        struct tr_loop *loop = ct_loop(w, NULL);
        struct ct_pair p = ct_pair(w, NULL, NULL);
        struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 3000};
        struct tr_error error = {0};
        uint32_t assoc = p.far;
        ct_pause(p.server);
        ct_flow_offer(&f, 100, NULL);
        if (round % 2) {
            struct ct_end *peeled = ct_peel(p.server, &assoc), *lost = ct_client(w, NULL);
            uint16_t port = ct_port(), udp = ct_port();
            struct net_addr there = ct_addr("127.0.0.1", port);
            struct tr_target to = {&there, 1, udp};
            ct_pause(peeled);
            ct_black_hole(w, port, udp);
            ct_ok(tr_connect_init(lost->ep, &to, &assoc, &error), &error);
            ct_turn(w, 5);
        }
        ct_loop_close(w, loop);
    }
}

static void loops_leak_nothing(void **state)
{
    struct ct_world *w = *state;
    unsigned before = 0;
    for (unsigned round = 0; round < 50; round++) {
        struct tr_loop *loop = ct_loop(w, NULL);
        if (round % 10 == 0)
            ct_pair(w, NULL, NULL);
        ct_loop_close(w, loop);
        if (round == 0)
            before = ct_descriptors();
    }
    assert_int_equal(ct_descriptors(), before);
}

CT_TOPIC(closing, CT_CASE(eof_delivers_what_is_queued), CT_CASE(eof_at_both_ends_at_once),
         CT_CASE(peer_can_be_called_again_afterwards), CT_CASE(ended_association_is_no_more),
         CT_CASE(peeled_association_ends_like_any), CT_CASE(one_to_one_ends_like_any),
         CT_CASE(accepted_association_ends_like_any), CT_CASE(close_delivers_what_is_queued),
         CT_CASE(close_of_a_peeled_endpoint_delivers_too),
         CT_CASE(close_delivers_although_messages_are_unread), CT_CASE(close_with_linger_0_aborts),
         CT_CASE(close_with_linger_waits_for_delivery), CT_CASE(close_with_linger_waits_no_longer_than_told),
         CT_CASE(close_ends_all_associations), CT_CASE(close_while_connecting),
         CT_CASE(server_closes_while_called), CT_CASE(loop_closes_with_everything_in_it),
         CT_CASE(loops_leak_nothing));
