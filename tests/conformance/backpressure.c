/* Back-pressure: a receiver that pauses stops its sender, nothing is lost, and wake-ups come when they should
 * and not otherwise. */
#include "tests/conformance/suite.h"

static void paused_receiver_stops_the_sender(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000); /* ends, so it has stopped */
    p.server->readable = 0;
    ct_spend(*state, 100);
    assert_int_equal(p.server->readable, 0);
    assert_int_equal(p.server->messages, 0);
    ct_resume(p.server);
    ct_flow_finish(&f, p.server, p.far);
    ct_flow_send(&f, 500);
    ct_flow_finish(&f, p.server, p.far);
}

static void pausing_over_and_over_loses_nothing(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 3, .size = 1400};
    for (unsigned round = 0; round < 30; round++) {
        ct_pause(p.server);
        for (unsigned i = 0; i < 5; i++) {
            ct_flow_offer(&f, 20, NULL);
            ct_turn(*state, 0);
        }
        ct_resume(p.server);
        ct_spend(*state, 2);
    }
    ct_flow_finish(&f, p.server, p.far);
}

static bool is_writable(void *arg)
{
    const struct ct_end *e = arg;
    return e->writable > 0;
}

/* While nothing can be taken a loop that waits for TR_WRITABLE must sleep, not spin. */
static void stalled_sender_sleeps(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    p.client->writable = 0;
    assert_int_equal(tr_watch(p.client->ep, TR_READABLE | TR_WRITABLE), TR_OK);
    ct_spend(*state, 300);
    assert_in_range(p.client->writable, 0, 40);
    p.client->writable = 0;
    ct_resume(p.server);
    ct_flow_finish(&f, p.server, p.far);
    assert_true(ct_pump(*state, is_writable, p.client, CT_DEADLINE_MS)); /* once that is acknowledged */
}

static void writable_is_level_triggered_and_off_at_first(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    ct_spend(*state, 30);
    assert_int_equal(p.client->writable, 0);
    assert_int_equal(tr_watch(p.client->ep, TR_READABLE | TR_WRITABLE), TR_OK);
    for (unsigned i = 0; i < 20; i++)
        ct_turn(*state, 20);
    assert_in_range(p.client->writable, 5, 20);
    assert_int_equal(tr_watch(p.client->ep, TR_READABLE), TR_OK);
    p.client->writable = 0;
    ct_spend(*state, 30);
    assert_int_equal(p.client->writable, 0);
}

static void watching_the_same_costs_nothing(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_loop_stats before, after;
    for (unsigned flags = 0; flags <= (TR_READABLE | TR_WRITABLE); flags++) {
        assert_int_equal(tr_watch(p.client->ep, flags), TR_OK);
        tr_loop_get_stats(ct_main(*state), &before);
        for (unsigned i = 0; i < 10; i++)
            assert_int_equal(tr_watch(p.client->ep, flags), TR_OK);
        tr_loop_get_stats(ct_main(*state), &after);
        assert_int_equal(after.syscalls, before.syscalls);
    }
}

static void paused_endpoint_still_sends(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    ct_pause(p.client);
    ct_flow_send(&f, 1500);
    ct_flow_finish(&f, p.server, p.far);
}

static void both_sides_flood(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow there = {.from = p.client, .assoc = p.near, .size = 1200},
                   back = {.from = p.server, .assoc = p.far, .size = 1200};
    for (unsigned round = 0; round < 40; round++) {
        ct_flow_send(&there, 50);
        ct_flow_send(&back, 50);
    }
    ct_flow_finish(&there, p.server, p.far);
    ct_flow_finish(&back, p.client, p.near);
}

static void stalled_peer_of_another_endpoint_does_not_matter(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair stuck = ct_pair(*state, &small, &small), free = ct_pair(*state, &small, &small);
    struct ct_flow blocked = {.from = stuck.client, .assoc = stuck.near, .size = 1000},
                   f = {.from = free.client, .assoc = free.near, .size = 1000};
    ct_pause(stuck.server);
    ct_flow_fill(&blocked, 8000000);
    ct_flow_send(&f, 1000);
    ct_flow_finish(&f, free.server, free.far);
    ct_resume(stuck.server);
    ct_flow_finish(&blocked, stuck.server, stuck.far);
}

/* A stalled association of a one-to-many endpoint harms its siblings no more once it is peeled off. */
static void stalled_association_is_harmless_when_peeled_off(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_world *w = *state;
    struct ct_end *hub = ct_server(w, &small), *lazy = ct_client(w, &small), *eager = ct_client(w, &small);
    uint32_t to_lazy, to_eager, at_lazy = ct_connect(lazy, hub, &to_lazy);
    uint32_t at_eager = ct_connect(eager, hub, &to_eager);
    struct ct_end *own = ct_peel(hub, &to_lazy);
    struct ct_flow blocked = {.from = own, .assoc = to_lazy, .size = 1000},
                   f = {.from = hub, .assoc = to_eager, .size = 1000};
    ct_pause(lazy);
    ct_flow_fill(&blocked, 8000000);
    ct_flow_send(&f, 1000);
    ct_flow_finish(&f, eager, at_eager);
    ct_resume(lazy);
    ct_flow_finish(&blocked, lazy, at_lazy);
}

/* The association dies while its sender waits for room: it has to wake up and be told. */
static void abort_wakes_a_stalled_sender(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    struct tr_error error = {0};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    assert_int_equal(tr_watch(p.client->ep, TR_READABLE | TR_WRITABLE), TR_OK);
    ct_ok(tr_abort(p.server->ep, p.far, &error), &error);
    ct_change(p.client, TR_COMM_LOST);
    assert_int_equal(ct_flow_offer(&f, 1, NULL), TR_NO_ASSOC);
}

/* A full association that is lost returns what the stack held, so never more than the limit that it reports:
 * with the smallest possible messages, and with larger ones. */
static void send_capacity_is_an_upper_bound(void **state)
{
    static const uint32_t sizes[] = {1, 100, 1000};
    struct tr_error error = {0};
    for (unsigned i = 0; i < 3; i++) {
        struct opt_set small = ct_tight(16384 << i, 16384);
        struct ct_pair p = ct_pair(*state, &small, &small);
        struct ct_flow f = {.from = p.client, .assoc = p.near, .size = sizes[i]};
        uint32_t capacity = tr_send_capacity(p.client->ep);
        ct_pause(p.server);
        while (ct_flow_offer(&f, 32, NULL) == TR_OK)
            ;
        ct_ok(tr_abort(p.server->ep, p.far, &error), &error);
        ct_change(p.client, TR_COMM_LOST);
        ct_spend(*state, 50);
        ct_flow_scan(&f, p.server, p.far);
        assert_in_range(ct_flow_fate(&f).returned, 1, capacity);
    }
}

CT_TOPIC(backpressure, CT_CASE(paused_receiver_stops_the_sender),
         CT_CASE(pausing_over_and_over_loses_nothing), CT_CASE(stalled_sender_sleeps),
         CT_CASE(writable_is_level_triggered_and_off_at_first), CT_CASE(watching_the_same_costs_nothing),
         CT_CASE(paused_endpoint_still_sends), CT_CASE(both_sides_flood),
         CT_CASE(stalled_peer_of_another_endpoint_does_not_matter),
         CT_CASE(stalled_association_is_harmless_when_peeled_off), CT_CASE(abort_wakes_a_stalled_sender),
         CT_CASE(send_capacity_is_an_upper_bound));
