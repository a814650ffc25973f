/* A peer restarts an association (RFC 9260 5.2.4): everything that belonged to the old one ends and is
 * accounted for, and the same id is a new association from then on. And what happens if the other end of a
 * session ends at the same time, and which association is ended because it takes nothing. */
#include "tests/unit/paper_backend.h"

#include <utlist.h>

#include "broker/access.h"
#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/dest.h"
#include "broker/dry.h"
#include "broker/health.h"
#include "broker/life.h"
#include "broker/sending.h"
#include "broker/parcel.h"
#include "broker/reading.h"
#include "broker/sent.h"
#include "broker/session/paired.h"
#include "broker/socket.h"
#include "broker/stall.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "broker/stats/segments.h"
#include "broker/timeouts.h"

enum { CLIENT = 3, PARTNER = 4, CONTROL = 1 };

static const struct cfg_listener listeners[] = {
    {.name = "access", .peeloff = CFG_PEELOFF_NEVER, .stall = {.after_ms = 1000}}};
static const struct cfg_peer peers[] = {{.name = "core"}};
static const struct cfg_group groups[] = {{.name = "subscribers"}};
static const struct cfg_route routes[] = {{.group = 0, .session = CFG_SHARED}};
static const struct cfg_config config = {.listeners = listeners,
                                         .listener_count = 1,
                                         .peers = peers,
                                         .peer_count = 1,
                                         .groups = groups,
                                         .group_count = 1,
                                         .routes = routes,
                                         .route_count = 1,
                                         .queue_messages = 100,
                                         .queue_bytes = 100000,
                                         .max_message = 10000};

static struct brk_broker broker;
static struct brk_worker worker;
static struct brk_socket client_socket, partner_socket;
static struct brk_queue parked, returned;
static struct rt_batch out[CONTROL + 1];
static struct rt_role roles[2];
static const struct rt_snapshot snapshot; /* nobody was handed over */
static struct rt_plan plan = {.config = &config, .roles = roles};

static unsigned no_addresses(struct tr_endpoint *ep, uint32_t assoc, bool remote, struct net_addr *to,
                             unsigned max)
{
    (void)ep, (void)assoc, (void)remote, (void)to, (void)max;
    return 0;
}

static uint32_t capacity(struct tr_endpoint *ep)
{
    (void)ep;
    return 100;
}

static void open_socket(struct brk_socket *s, enum brk_socket_kind kind, struct cfg_member m)
{
    *s = (struct brk_socket){
        .magic = BRK_SOCKET_MAGIC,
        .worker = &worker,
        .ep = open_one(),
        .kind = kind,
        .member = m,
        .source = rt_source(m),
        .traffic = brk_traffic_of(&worker.counts, m.kind == CFG_MEMBER_PEER ? BRK_PEERS : BRK_LISTENERS, 0),
        .credit = {.messages_max = 100, .bytes_max = 100000, .source = s}};
}

static struct tr_item event_of(uint32_t assoc, enum tr_assoc_state state)
{
    struct tr_item i = change(assoc, state);
    i.event.change.outbound_streams = i.event.change.inbound_streams = 5;
    return i;
}

static void reads(struct brk_socket *s, struct tr_item item)
{
    queue_item(s->ep, item);
    brk_socket_read(&worker, s);
}

static int begin(void **state)
{
    if (set_up(state) != 0)
        return -1;
    backend.addresses = no_addresses;
    backend.send_capacity = capacity;
    roles[0] = roles[1] = (struct rt_role){.paired_route = RT_NO_ROUTE};
    plan.table = rt_table_build(&config);
    broker = (struct brk_broker){
        .plan = &plan, .backend = &backend, .worker_count = CONTROL, .access = brk_access_new()};
    brk_segments_init(&broker.health, sizeof(struct brk_peer_health));
    if (!plan.table || !broker.access || !brk_segments_fit(&broker.health, 1))
        return -1;
    worker = (struct brk_worker){.broker = &broker,
                                 .plan = &plan,
                                 .snapshot = &snapshot,
                                 .config = &config,
                                 .loop = loop,
                                 .parked = &parked,
                                 .returned = &returned,
                                 .out = out};
    for (unsigned i = 0; i <= CONTROL; i++)
        rt_batch_init(&out[i]);
    if (!brk_counts_init(&worker.counts, &config))
        return -1;
    open_socket(&client_socket, BRK_LISTENING, (struct cfg_member){CFG_MEMBER_LISTENER, 0});
    open_socket(&partner_socket, BRK_OUTBOUND, (struct cfg_member){CFG_MEMBER_PEER, 0});
    return 0;
}

static void free_all(struct brk_socket *s)
{
    struct brk_assoc *a, *tmp;
    HASH_ITER(hh, s->assocs, a, tmp)
    {
        brk_drop_queue(&worker, &a->outbox.pending, BRK_STOPPED);
        brk_assoc_detach(a);
        free(a->dest);
        if (a->stage) /* drying */
            brk_assoc_leave(a, a->stage);
        brk_assoc_close(&worker, a);
    }
    tr_close(s->ep);
}

static int end(void **state)
{
    brk_drop_queue(&worker, &returned, BRK_STOPPED);
    free_all(&client_socket);
    free_all(&partner_socket);
    brk_assoc_free_closed(&worker);
    assert_int_equal(brk_counted(&worker.counts.waiting), 0);
    brk_counts_free(&worker.counts);
    rt_table_free(plan.table);
    brk_segments_free(&broker.health);
    brk_access_free(broker.access);
    return tear_down(state);
}

/* A message that waits for `a`; its one byte is its number. */
static void waits(struct brk_assoc *a, uint8_t number, uint32_t route)
{
    struct rt_message *m = rt_message_new(0, NULL, &number, 1);
    brk_queue_add(&a->outbox.pending, brk_parcel_new(&worker, m, route));
    rt_message_unref(m, 0);
}

static struct tr_item comes_back(struct brk_assoc *a, const uint8_t *number)
{
    struct brk_sent s = {.route = 0, .asked = BRK_SAME_STREAM};
    struct tr_item i = {.kind = TR_EVENT, .event = {.type = TR_EV_SEND_FAILED, .assoc = a->id}};
    i.event.failed.msg =
        (struct tr_msg){.data = number, .len = 1, .context = brk_sent_add(&a->outbox.sent, &s)};
    i.event.failed.error = 1;
    return i;
}

/* A destination of shared sessions: everything that it had not got, sent or waiting, is sent again in order;
 * the new one is another destination, and gets none of it by being the same in the stack. */
static void a_destination_restarts(void **state)
{
    static const uint8_t sent[] = {1, 2};
    (void)state;
    roles[rt_source(client_socket.member)].destination = true;
    reads(&client_socket, event_of(CLIENT, TR_COMM_UP));
    struct brk_assoc *old = brk_assoc_find(&client_socket, CLIENT);
    struct brk_dest *gone = old->dest;
    old->outbox.blocked = true;
    waits(old, 3, 0);
    queue_item(client_socket.ep, comes_back(old, &sent[0]));
    queue_item(client_socket.ep, comes_back(old, &sent[1]));
    reads(&client_socket, event_of(CLIENT, TR_RESTART));

    struct brk_assoc *now = brk_assoc_find(&client_socket, CLIENT);
    assert_ptr_not_equal(now, old);
    assert_int_equal(now->state, BRK_UP);
    assert_int_not_equal(now->origin, old->origin);
    assert_int_equal(brk_queue_count(&now->outbox.pending), 0);
    assert_int_equal(old->state, BRK_LEAVING);
    assert_int_equal(paper.aborts, 0);
    assert_ptr_equal(rt_batch_take(&out[CONTROL]), &gone->up);
    assert_ptr_equal(rt_batch_take(&out[CONTROL]), &gone->down);
    assert_ptr_equal(rt_batch_take(&out[CONTROL]), &now->dest->up);
    assert_int_equal(brk_counted(&worker.counts.opened), 2);
    assert_int_equal(brk_counted(&worker.counts.lost), 1);

    waits(old, 4, 0); /* posted by a worker that did not know yet */
    brk_assoc_retire(&worker, gone);
    assert_ptr_equal(rt_batch_take(&out[CONTROL]), &gone->retired);
    free(gone);
    assert_int_equal(returned.parcels.count, 4);
    uint8_t number = 1;
    for (struct rt_parcel *p = rt_batch_peek(&returned.parcels); p; p = rt_batch_next(&returned.parcels, p))
        assert_int_equal(p->message->data[0], number++);
}

/* A client with its partner. */
static struct brk_assoc *paired(void)
{
    reads(&client_socket, event_of(CLIENT, TR_COMM_UP));
    struct brk_assoc *client = brk_assoc_find(&client_socket, CLIENT);
    struct brk_assoc *partner = brk_assoc_new(&worker, BRK_UP);
    partner->session = &brk_paired;
    partner->was_up = true;
    partner->pair.client = client;
    client->pair.partner = partner;
    brk_assoc_attach(partner, &partner_socket, PARTNER);
    return client;
}

/* Gathered in the turn in which the end is read: not for the new one, whom the stack has by the same id. */
static void what_was_gathered_waits(void **state)
{
    (void)state;
    struct brk_assoc *client = paired();
    reads(&partner_socket, message(PARTNER, "an answer"));
    assert_int_equal(client->outbox.burst_count, 1);
    reads(&client_socket, event_of(CLIENT, TR_RESTART));
    brk_flush(&worker);
    assert_int_equal(paper.sent_count, 0);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_PEER_LOST]), 1);
    assert_int_equal(paper.aborts, 1);
    assert_int_equal(paper.aborted, PARTNER);
    assert_null(brk_assoc_find(&client_socket, CLIENT)->pair.partner);
    assert_non_null(client_socket.ep);
}

/* A server that restarts has forgotten the session, so its client has to restart as well. */
static void a_partner_restarts(void **state)
{
    (void)state;
    struct brk_assoc *client = paired();
    brk_socket_enter(&partner_socket, &worker.sockets); /* closed with its association */
    reads(&partner_socket, event_of(PARTNER, TR_RESTART));
    assert_int_equal(paper.aborts, 2);
    assert_null(client->pair.partner);
    assert_null(partner_socket.ep);
}

/* One at a time, as if each were a batch. */
static enum tr_code recv_one(struct tr_endpoint *ep, unsigned max, const struct tr_item **items,
                             unsigned *count)
{
    (void)max;
    return paper_recv(ep, 1, items, count);
}

/* The end is in the last batch that may be read in a row: the transport has nothing more to report, and yet
 * the association must leave. */
static void an_end_in_the_last_batch(void **state)
{
    (void)state;
    backend.recv = recv_one;
    paired();
    brk_socket_enter(&partner_socket, &worker.sockets);
    for (unsigned i = 1; i < BRK_ROUNDS_MAX; i++)
        queue_item(partner_socket.ep, message(PARTNER, "an answer"));
    queue_item(partner_socket.ep, event_of(PARTNER, TR_SHUTDOWN_COMP));
    brk_socket_ended(&worker, &partner_socket);
    assert_int_equal(brk_assoc_find(&partner_socket, PARTNER)->state, BRK_LOST);
    brk_sockets_read_on(&worker);
    assert_null(partner_socket.ep);
    assert_false(worker.unread);
    backend.recv = paper_recv;
}

/* ---- other ends of a session ------------------------------------------------------------------------- */

static void a_reason_crosses_the_session(void **state)
{
    (void)state;
    paired();
    struct tr_item lost = event_of(CLIENT, TR_COMM_LOST);
    lost.event.change.error = 12; /* User-Initiated Abort */
    lost.event.change.reason = "congestion";
    lost.event.change.reason_len = 10;
    reads(&client_socket, lost);
    assert_int_equal(paper.aborts, 1);
    assert_int_equal(paper.aborted, PARTNER);
    assert_string_equal(paper.reason, "congestion");
}

static void what_another_cause_says_does_not(void **state)
{
    (void)state;
    paired();
    struct tr_item lost = event_of(CLIENT, TR_COMM_LOST);
    lost.event.change.error = 13; /* Protocol Violation */
    lost.event.change.reason = "of this association";
    lost.event.change.reason_len = 19;
    reads(&client_socket, lost);
    assert_int_equal(paper.aborts, 1);
    assert_string_equal(paper.reason, "");
}

/* Everything that it was given has been acknowledged. */
static struct tr_item dry(uint32_t assoc)
{
    return (struct tr_item){.kind = TR_EVENT, .event = {.type = TR_EV_SENDER_DRY, .assoc = assoc}};
}

static void ended(unsigned eofs, unsigned aborts)
{
    assert_int_equal(paper.eofs, eofs);
    assert_int_equal(paper.aborts, aborts);
}

/* The client lives on alone. */
static struct brk_assoc *server_shuts_down(void)
{
    brk_socket_enter(&partner_socket, &worker.sockets); /* closed with its association */
    reads(&partner_socket, event_of(PARTNER, TR_SHUTDOWN_COMP));
    return brk_assoc_find(&client_socket, CLIENT);
}

static void client_shuts_down(void)
{
    reads(&client_socket, event_of(CLIENT, TR_SHUTDOWN_COMP));
}

/* A message of a client whose session has ended. */
static void too_late(struct brk_assoc *client)
{
    struct tr_item late = message(CLIENT, "too late");
    uint64_t dropped = brk_counted(&worker.counts.dropped[BRK_UNREACHABLE]);
    brk_paired.route_in(&worker, client, &late.msg, 0);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_UNREACHABLE]), dropped + 1);
}

static void a_shutdown_crosses_where_nothing_waits(void **state)
{
    (void)state;
    paired();
    struct brk_assoc *client = server_shuts_down();
    ended(0, 0);
    reads(&client_socket, dry(CLIENT));
    ended(1, 0);
    /* A message that comes all the same has been acknowledged, and is dropped. */
    too_late(client);
    too_late(client);
    ended(1, 1);
    assert_int_equal(paper.aborted, CLIENT);
}

/* It was said before the last messages were sent, and is read after that. */
static void a_stale_event_acknowledges_nothing(void **state)
{
    int64_t *number = paper_of(client_socket.ep)->number;
    (void)state;
    paired();
    struct brk_assoc *client = server_shuts_down();
    number[OPTF_STATUS_UNACKDATA] = 2;
    reads(&client_socket, dry(CLIENT));
    ended(0, 0);
    assert_true(client->dry.asked);
    number[OPTF_STATUS_UNACKDATA] = 0;
    reads(&client_socket, dry(CLIENT));
    ended(1, 0);
}

/* What the client sent is acknowledged and will not arrive: it must not be told that all is well. But first
 * it gets what the server had sent. */
static void a_shutdown_is_an_abort_where_messages_wait(void **state)
{
    (void)state;
    struct brk_assoc *client = paired();
    client->pair.partner->outbox.blocked = true;
    waits(client->pair.partner, 1, RT_NO_ROUTE);
    waits(client, 2, RT_NO_ROUTE);
    client->outbox.blocked = true;
    server_shuts_down();
    reads(&client_socket, dry(CLIENT)); /* of what came before: the answer is not with the stack yet */
    ended(0, 0);
    brk_socket_writable(&worker, &client_socket);
    assert_int_equal(paper.sent_count, 1);
    ended(0, 0);
    reads(&client_socket, dry(CLIENT));
    ended(0, 1);
    assert_int_equal(paper.aborted, CLIENT);
}

static void a_message_before_all_is_acknowledged_makes_it_an_abort_then(void **state)
{
    (void)state;
    paired();
    struct brk_assoc *client = server_shuts_down();
    too_late(client);
    ended(0, 0);
    reads(&client_socket, dry(CLIENT));
    ended(0, 1);
}

/* The broker stops: the client is being shut down already. */
static void a_shutdown_under_way_becomes_an_abort(void **state)
{
    (void)state;
    struct brk_assoc *client = paired();
    brk_assoc_eof(&worker, client);
    ended(1, 0);
    client->pair.partner->outbox.blocked = true;
    waits(client->pair.partner, 1, RT_NO_ROUTE);
    server_shuts_down();
    ended(1, 1);
    assert_int_equal(paper.aborted, CLIENT);
}

/* Gathered in the turn in which the end is read: it does not go any more. */
static void what_was_gathered_is_left_over(void **state)
{
    (void)state;
    struct brk_assoc *client = paired();
    reads(&partner_socket, message(PARTNER, "an answer"));
    assert_int_equal(client->outbox.burst_count, 1);
    client_shuts_down();
    reads(&partner_socket, dry(PARTNER));
    ended(0, 1);
    assert_int_equal(paper.aborted, PARTNER);
}

/* The same the other way: answers for a client that has shut down. */
static void a_client_leaves_and_nothing_is_left(void **state)
{
    (void)state;
    paired();
    client_shuts_down();
    reads(&partner_socket, dry(PARTNER));
    ended(1, 0);
}

static void answers_that_waited_for_a_client_end_its_server_by_an_abort(void **state)
{
    (void)state;
    struct brk_assoc *client = paired();
    client->outbox.blocked = true;
    waits(client, 1, RT_NO_ROUTE);
    client_shuts_down();
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_PEER_LOST]), 1);
    ended(0, 0);
    reads(&partner_socket, dry(PARTNER));
    ended(0, 1);
    assert_int_equal(paper.aborted, PARTNER);
}

static void so_do_answers_that_come_later(void **state)
{
    (void)state;
    paired();
    client_shuts_down();
    reads(&partner_socket, message(PARTNER, "an answer"));
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_PEER_LOST]), 1);
    ended(0, 0); /* its client's last messages are still under way to it */
    reads(&partner_socket, dry(PARTNER));
    ended(0, 1);
}

static void and_those_that_cross_the_shutdown(void **state)
{
    (void)state;
    paired();
    client_shuts_down();
    reads(&partner_socket, dry(PARTNER));
    ended(1, 0);
    reads(&partner_socket, message(PARTNER, "an answer"));
    ended(1, 1);
}

/* An association that acknowledges nothing for five seconds is not waited for. */
static void who_does_not_go_on_is_shut_down_all_the_same(void **state)
{
    (void)state;
    paired();
    worker.now_ms = 10000;
    client_shuts_down();
    brk_dry_tick(&worker);
    worker.now_ms += 4999;
    brk_dry_tick(&worker);
    ended(0, 0);
    worker.now_ms += 1;
    brk_dry_tick(&worker);
    ended(1, 0);
    brk_dry_tick(&worker);
    ended(1, 0);
}

/* ---- a destination that takes nothing (stall.c) -------------------------------------------------------- */

static void ticks_after(unsigned ms, unsigned aborts)
{
    for (const uint64_t end = worker.now_ms + ms; worker.now_ms < end;) {
        worker.now_ms = worker.now_ms + BRK_TICK_MS < end ? worker.now_ms + BRK_TICK_MS : end;
        brk_stall_tick(&worker);
    }
    assert_int_equal(paper.aborts, aborts);
}

static struct brk_assoc *one_that_takes_nothing(void)
{
    roles[rt_source(client_socket.member)].destination = true;
    worker.now_ms = 5000;
    reads(&client_socket, event_of(CLIENT, TR_COMM_UP));
    rt_batch_take(&out[CONTROL]);
    paper.send_code = TR_AGAIN;
    paper.send_takes = 0;
    return brk_assoc_find(&client_socket, CLIENT);
}

static void who_takes_nothing_is_aborted(void **state)
{
    (void)state;
    struct brk_assoc *a = one_that_takes_nothing();
    waits(a, 1, 0);
    waits(a, 2, 0);
    brk_send_pending(&worker, a);
    ticks_after(999, 0);
    paper.send_takes = 1; /* it takes one of the two */
    a->outbox.blocked = false;
    brk_send_pending(&worker, a);
    assert_int_equal(brk_queue_count(&a->outbox.pending), 1);
    ticks_after(999, 0);
    ticks_after(1, 1);
    assert_int_equal(paper.aborted, CLIENT);
    assert_int_equal(brk_counted(&worker.counts.blocked), 1);
    ticks_after(1000, 1);
}

/* The host was suspended for an hour; everybody's time goes on where it was. */
static void time_that_stood_still_does_not_count(void **state)
{
    (void)state;
    struct brk_assoc *a = one_that_takes_nothing();
    waits(a, 1, 0);
    brk_send_pending(&worker, a);
    ticks_after(500, 0);
    worker.now_ms += 3600000;
    ticks_after(250, 0);
    ticks_after(50, 1);
}

static void who_has_nothing_to_take_is_left_alone(void **state)
{
    (void)state;
    struct brk_assoc *a = one_that_takes_nothing();
    waits(a, 1, 0);
    brk_send_pending(&worker, a);
    brk_drop_queue(&worker, &a->outbox.pending, BRK_EXPIRED);
    ticks_after(1000, 0);
    waits(a, 2, 0);
    ticks_after(999, 0);
    ticks_after(1, 1);
}

/* Nothing waits here, and the stack has not refused anything; but the peer acknowledges nothing. A client is
 * no member of a group, so that is told, once, and no more. */
static void what_is_not_acknowledged_is_told(void **state)
{
    int64_t *number = paper_of(client_socket.ep)->number;
    (void)state;
    worker.now_ms = 5000;
    reads(&client_socket, event_of(CLIENT, TR_COMM_UP));
    struct brk_assoc *a = brk_assoc_find(&client_socket, CLIENT);
    number[OPTF_STATUS_UNACKDATA] = 3;
    number[OPTF_STATS_OODCHUNKS] = 10;
    brk_stall_begin(&worker, a);
    assert_ptr_equal(worker.stalling, a);
    ticks_after(250, 0); /* the first look, from which on it counts */
    ticks_after(500, 0);
    number[OPTF_STATS_OODCHUNKS]++; /* the window had room for one more */
    ticks_after(250, 0);
    ticks_after(999, 0);
    assert_int_equal(brk_counted(&worker.counts.stuck), 0);
    ticks_after(1, 0);
    assert_int_equal(brk_counted(&worker.counts.stuck), 1);
    ticks_after(5000, 0);
    assert_int_equal(brk_counted(&worker.counts.stuck), 1);
    assert_true(a->stall.told);
    number[OPTF_STATUS_UNACKDATA] = 2;
    ticks_after(250, 0);
    assert_false(a->stall.told);
    ticks_after(1000, 0);
    assert_int_equal(brk_counted(&worker.counts.stuck), 2);
    number[OPTF_STATUS_UNACKDATA] = 0;
    ticks_after(250, 0);
    assert_null(worker.stalling);
    assert_int_equal(brk_counted(&worker.counts.blocked), 0);
}

/* Where the stack does not count what it sends: what it takes while the window is closed is no progress. */
static void a_closed_window_is_no_progress(void **state)
{
    int64_t *number = paper_of(client_socket.ep)->number;
    (void)state;
    worker.now_ms = 5000;
    reads(&client_socket, event_of(CLIENT, TR_COMM_UP));
    struct brk_assoc *a = brk_assoc_find(&client_socket, CLIENT);
    struct tr_option_ops counted = paper_options[OPT_ASSOC_STATS];
    paper_options[OPT_ASSOC_STATS].get = NULL;
    number[OPTF_STATUS_UNACKDATA] = 3;
    number[OPTF_STATUS_RWND] = 100000;
    brk_stall_begin(&worker, a);
    for (unsigned i = 0; i < 20; i++, a->delivered++)
        ticks_after(250, 0);
    assert_int_equal(brk_counted(&worker.counts.stuck), 0);
    number[OPTF_STATUS_RWND] = 100;
    for (unsigned i = 0; i < 6; i++, a->delivered++)
        ticks_after(250, 0);
    assert_int_equal(brk_counted(&worker.counts.stuck), 1);
    paper_options[OPT_ASSOC_STATS] = counted;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_takes_nothing_is_aborted, begin, end),
        cmocka_unit_test_setup_teardown(time_that_stood_still_does_not_count, begin, end),
        cmocka_unit_test_setup_teardown(who_has_nothing_to_take_is_left_alone, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_acknowledged_is_told, begin, end),
        cmocka_unit_test_setup_teardown(a_closed_window_is_no_progress, begin, end),
        cmocka_unit_test_setup_teardown(a_reason_crosses_the_session, begin, end),
        cmocka_unit_test_setup_teardown(what_another_cause_says_does_not, begin, end),
        cmocka_unit_test_setup_teardown(a_shutdown_crosses_where_nothing_waits, begin, end),
        cmocka_unit_test_setup_teardown(a_stale_event_acknowledges_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_shutdown_is_an_abort_where_messages_wait, begin, end),
        cmocka_unit_test_setup_teardown(a_message_before_all_is_acknowledged_makes_it_an_abort_then, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_shutdown_under_way_becomes_an_abort, begin, end),
        cmocka_unit_test_setup_teardown(what_was_gathered_is_left_over, begin, end),
        cmocka_unit_test_setup_teardown(a_client_leaves_and_nothing_is_left, begin, end),
        cmocka_unit_test_setup_teardown(answers_that_waited_for_a_client_end_its_server_by_an_abort, begin,
                                        end),
        cmocka_unit_test_setup_teardown(so_do_answers_that_come_later, begin, end),
        cmocka_unit_test_setup_teardown(and_those_that_cross_the_shutdown, begin, end),
        cmocka_unit_test_setup_teardown(who_does_not_go_on_is_shut_down_all_the_same, begin, end),
        cmocka_unit_test_setup_teardown(a_destination_restarts, begin, end),
        cmocka_unit_test_setup_teardown(what_was_gathered_waits, begin, end),
        cmocka_unit_test_setup_teardown(a_partner_restarts, begin, end),
        cmocka_unit_test_setup_teardown(an_end_in_the_last_batch, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
