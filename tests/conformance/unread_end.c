/* An endpoint that is not read is told all the same when an association of it has ended. */
#include "tests/conformance/suite.h"

static bool told(void *arg)
{
    const struct ct_end *e = arg;
    return e->ended > 0;
}

static void wait_until_told(struct ct_end *e)
{
    if (!ct_pump(e->world, told, e, CT_DEADLINE_MS))
        fail_msg("the end of an association was not told");
}

/* A sender whose messages stand unread at the paused server, which is left with `watched`. */
struct unread {
    struct ct_pair p;
    struct ct_flow f;
};

static void begin(struct unread *u, struct ct_world *w, unsigned watched)
{
    struct opt_set small = ct_tight(65536, 65536);
    u->p = ct_pair(w, &small, &small);
    u->f = (struct ct_flow){.from = u->p.client, .assoc = u->p.near, .size = 1000};
    ct_pause(u->p.server);
    assert_int_equal(tr_watch(u->p.server->ep, watched), TR_OK);
    ct_flow_fill(&u->f, 8000000);
    ct_spend(w, 50);
    assert_int_equal(u->p.server->ended, 0);
}

static void abort_behind_unread_data_is_told(void **state)
{
    struct unread u;
    struct tr_error error;
    begin(&u, *state, 0);
    assert_int_equal(tr_abort(u.p.client->ep, u.p.near, &error), TR_OK);
    wait_until_told(u.p.server);
    assert_int_equal(u.p.server->messages, 0);
    ct_resume(u.p.server);
    ct_change(u.p.server, TR_COMM_LOST);
}

static void abort_is_told_where_only_room_is_watched(void **state)
{
    struct unread u;
    struct tr_error error;
    begin(&u, *state, TR_WRITABLE);
    assert_int_equal(tr_abort(u.p.client->ep, u.p.near, &error), TR_OK);
    wait_until_told(u.p.server);
}

/* Everything fits into the receive buffer, so that the shutdown completes while it stands there. */
static void shutdown_behind_unread_data_is_told(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 500};
    struct tr_error error;
    ct_pause(p.server);
    ct_flow_send(&f, 10);
    ct_acknowledged(p.client, p.near);
    assert_int_equal(p.server->ended, 0);
    assert_int_equal(tr_eof(p.client->ep, p.near, &error), TR_OK);
    wait_until_told(p.server);
    ct_resume(p.server);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    ct_flow_scan(&f, p.server, p.far);
    assert_int_equal(f.arrived, 10);
}

static void abort_behind_unread_data_is_told_when_peeled_off(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_pair p = ct_pair(*state, &small, &small);
    struct ct_end *own = ct_peel(p.server, &p.far);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .size = 1000};
    struct tr_error error;
    ct_pause(own);
    ct_flow_fill(&f, 8000000);
    assert_int_equal(own->ended, 0);
    assert_int_equal(tr_abort(p.client->ep, p.near, &error), TR_OK);
    wait_until_told(own);
    /* Of an endpoint with one association the stack may have an error to tell first: not for tr_recv. */
    const struct tr_item *items;
    unsigned count;
    assert_int_equal(tr_recv(own->ep, 1, &items, &count), TR_OK);
    assert_int_equal(items[0].kind, TR_MESSAGE);
    ct_resume(own);
    ct_change(own, TR_COMM_LOST);
}

static void our_own_abort_is_told(void **state)
{
    struct unread u;
    struct tr_error error;
    begin(&u, *state, 0);
    assert_int_equal(tr_abort(u.p.server->ep, u.p.far, &error), TR_OK);
    wait_until_told(u.p.server);
    ct_resume(u.p.server);
    ct_change(u.p.server, TR_COMM_LOST);
}

/* One of several on one socket, and others that come meanwhile do not hide it. */
static void end_of_one_of_several_is_told(void **state)
{
    struct opt_set small = ct_tight(65536, 65536);
    struct ct_world *w = *state;
    struct ct_end *hub = ct_server(w, &small), *one = ct_client(w, &small), *two = ct_client(w, &small),
                  *late = ct_client(w, &small);
    uint32_t at_one = ct_connect(one, hub, NULL), far_two, at_two = ct_connect(two, hub, &far_two), at_late;
    struct ct_flow f = {.from = one, .assoc = at_one, .size = 1000};
    struct tr_target target = ct_target(hub);
    struct tr_error error;
    ct_pause(hub);
    ct_flow_fill(&f, 8000000);
    assert_int_equal(tr_connect_init(late->ep, &target, &at_late, &error), TR_OK);
    ct_change(late, TR_COMM_UP);
    ct_spend(w, 50);
    assert_int_equal(hub->ended, 0);
    assert_int_equal(tr_abort(two->ep, at_two, &error), TR_OK);
    wait_until_told(hub);
    ct_resume(hub);
    const struct tr_event *e = ct_change(hub, TR_COMM_LOST);
    assert_int_equal(e->assoc, far_two);
}

static void end_before_the_pause_is_told(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error;
    p.server->reading = false;
    ct_send(p.client, p.near, 0, 1, "x", 1);
    assert_int_equal(tr_abort(p.client->ep, p.near, &error), TR_OK);
    ct_spend(*state, 50);
    ct_pause(p.server);
    wait_until_told(p.server);
}

/* Nothing ends, and a program that pauses sleeps. */
static void nothing_is_told_without_an_end(void **state)
{
    struct unread u;
    begin(&u, *state, 0);
    ct_spend(*state, 200);
    assert_int_equal(u.p.server->ended, 0);
    ct_resume(u.p.server);
    ct_flow_finish(&u.f, u.p.server, u.p.far);
    assert_int_equal(u.p.server->ended, 0);
}

/* One association alone: while it can take nothing, nobody is called. */
static void full_one_to_many_endpoint_sleeps(void **state)
{
    struct tr_loop_stats before, after;
    struct unread u;
    begin(&u, *state, 0);
    assert_int_equal(tr_watch(u.p.client->ep, TR_READABLE | TR_WRITABLE), TR_OK);
    ct_spend(*state, 50);
    u.p.client->writable = 0;
    tr_loop_get_stats(ct_main(*state), &before);
    for (unsigned i = 0; i < 20; i++) /* 20 ticks of the kernel backend's timer, where it runs */
        ct_turn(*state, 10);
    tr_loop_get_stats(ct_main(*state), &after);
    if (!ct_has(TR_CAP_ENCAPS))
        assert_in_range(after.syscalls - before.syscalls, 0, 30);
    assert_in_range(u.p.client->writable, 0, 3);
    ct_resume(u.p.server);
    ct_flow_finish(&u.f, u.p.server, u.p.far);
}

CT_TOPIC(unread_end, CT_CASE(abort_behind_unread_data_is_told),
         CT_CASE(abort_is_told_where_only_room_is_watched), CT_CASE(shutdown_behind_unread_data_is_told),
         CT_CASE(abort_behind_unread_data_is_told_when_peeled_off), CT_CASE(our_own_abort_is_told),
         CT_CASE(end_of_one_of_several_is_told), CT_CASE(end_before_the_pause_is_told),
         CT_CASE(nothing_is_told_without_an_end), CT_CASE(full_one_to_many_endpoint_sleeps));
