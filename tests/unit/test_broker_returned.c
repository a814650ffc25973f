/* Messages returned by a lost association go to the worker that had read them, in the order in which they
 * were sent, whatever the order in which they were returned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/parcel.h"
#include "broker/returned.h"
#include "broker/sent.h"
#include "broker/session/paired.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "routing/origin.h"

enum { WORKERS = 3, HERE = 1, TTL = 500 };

static const struct cfg_group groups[] = {{.name = "core"}, {.name = "all", .mode = CFG_BROADCAST}};
static const struct cfg_route routes[] = {
    {.group = 0, .session = CFG_SHARED},
    {.group = 1, .session = CFG_SHARED},
    {.group = 0, .session = CFG_PAIRED},
    {.group = 0, .session = CFG_SHARED, .pr_policy = OPT_PR_TTL, .pr_value = TTL}};
static const struct cfg_listener listeners[] = {{.name = "access"}};
static const struct cfg_peer peers[] = {{.name = "server"}};
/* No route has sources: every message keeps the one it has. */
static const struct cfg_config config = {.listeners = listeners,
                                         .listener_count = 1,
                                         .peers = peers,
                                         .peer_count = 1,
                                         .queue_messages = 100,
                                         .queue_bytes = 100000,
                                         .groups = groups,
                                         .group_count = 2,
                                         .routes = routes,
                                         .route_count = sizeof routes / sizeof routes[0]};

static const struct rt_snapshot snapshot; /* nobody was handed over */
static struct rt_plan plan = {.config = &config};
static struct brk_broker broker;
static struct brk_worker worker;
static struct brk_traffic traffic;
static struct brk_socket socket_;
static struct brk_assoc assoc;
static struct brk_queue parked[2], returned[2];
static struct rt_batch out[WORKERS + 1];

static int begin(void **state)
{
    (void)state;
    plan.table = rt_table_build(&config);
    broker = (struct brk_broker){.worker_count = WORKERS};
    worker = (struct brk_worker){.index = HERE,
                                 .broker = &broker,
                                 .plan = &plan,
                                 .snapshot = &snapshot,
                                 .config = &config,
                                 .now_ms = 100000,
                                 .parked = parked,
                                 .returned = returned,
                                 .out = out};
    for (unsigned i = 0; i <= WORKERS; i++)
        rt_batch_init(&out[i]);
    traffic = (struct brk_traffic){.delivered = {1000000}};
    socket_ = (struct brk_socket){.worker = &worker, .traffic = &traffic};
    assoc = (struct brk_assoc){.worker = &worker, .socket = &socket_, .state = BRK_LOST};
    rt_batch_init(&assoc.outbox.undelivered);
    brk_sent_keep(&assoc.outbox.sent, 1000);
    return plan.table && brk_counts_init(&worker.counts, &config) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 2; i++)
        brk_drop_queue(&worker, &returned[i], BRK_STOPPED);
    for (unsigned i = 0; i < WORKERS; i++)
        brk_drop_batch(&worker, &out[i], BRK_STOPPED);
    brk_sent_free(&assoc.outbox.sent);
    brk_counts_free(&worker.counts);
    rt_table_free(plan.table);
    return 0;
}

static uint64_t origin(unsigned reader, uint64_t number)
{
    return rt_origin(reader, number);
}

/* The message's bytes are its number: what is read back in the end. */
static uint32_t sent(unsigned reader, uint32_t route, uint16_t asked)
{
    struct brk_sent s = {.origin = origin(reader, 5),
                         .entered_ms = worker.now_ms,
                         .route = route,
                         .asked = asked,
                         .fan_out = route == 1};
    return brk_sent_add(&assoc.outbox.sent, &s);
}

static bool was_sent;

static void comes_back(uint32_t context, uint16_t stream, uint32_t error)
{
    struct tr_event e = {
        .type = TR_EV_SEND_FAILED,
        .failed = {.msg = {.data = &context, .len = sizeof context, .stream = stream, .context = context},
                   .error = error,
                   .was_sent = was_sent}};
    brk_give_back(&worker, &assoc, &e);
}

static uint32_t number(const struct rt_parcel *p)
{
    uint32_t n;
    memcpy(&n, p->message->data, sizeof n);
    return n;
}

static void assert_rising(struct rt_batch *b, uint32_t first, uint32_t step, uint32_t count)
{
    assert_int_equal(b->count, count);
    for (struct rt_parcel *p = rt_batch_peek(b); p; p = rt_batch_next(b, p), first += step)
        assert_int_equal(number(p), first);
}

/* Linux's way: the first path's list, the second path's older one, and what was to be retransmitted last. */
static void order_is_restored(void **state)
{
    static const struct {
        uint32_t first, last;
    } lists[] = {{60, 100}, {20, 60}, {101, 140}, {0, 20}};
    (void)state;
    for (uint32_t i = 0; i < 140; i++)
        assert_int_equal(sent(HERE, 0, BRK_SAME_STREAM), i);
    for (unsigned l = 0; l < 4; l++)
        for (uint32_t i = lists[l].first; i < lists[l].last; i++)
            comes_back(i, 2, 1);
    comes_back(100, 2, 1);
    brk_pass_on(&worker, &assoc);
    assert_rising(&returned[0].parcels, 0, 1, 140);
    assert_int_equal(brk_counted(&worker.counts.returned), 140);
    assert_int_equal(brk_counted(&worker.counts.waiting), 140);
}

/* Each to the worker that read it, with its own source and stream, so that it finds the same member as those
 * behind it. */
static void each_goes_home(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 90; i++)
        sent(i % WORKERS, 0, i % WORKERS == 2 ? 17 : BRK_SAME_STREAM);
    for (uint32_t i = 90; i-- > 0;)
        comes_back(i, 4, 1);
    brk_pass_on(&worker, &assoc);
    assert_rising(&out[0], 0, 3, 30);
    assert_rising(&returned[0].parcels, 1, 3, 30);
    assert_rising(&out[2], 2, 3, 30);
    assert_int_equal(rt_batch_peek(&out[0])->control, BRK_RETURNED);
    assert_int_equal(rt_batch_peek(&out[0])->message->origin, origin(0, 5));
    assert_int_equal(rt_batch_peek(&out[0])->message->stream, 4);
    assert_int_equal(rt_batch_peek(&out[0])->stream, 4);
    assert_int_equal(rt_batch_peek(&out[2])->message->stream, 17);
    assert_int_equal(rt_batch_peek(&out[2])->stream, 17);
    assert_int_equal(brk_counted(&worker.counts.handed_out), 60);
    brk_count(&worker.counts.waiting, 60); /* end() drops them here */
}

/* What its route had written anew is undone: another one may take it now. */
static void rewritten_ones_are_as_received(void **state)
{
    struct brk_sent s = {.origin = origin(HERE, 5), .route = 0, .asked = 17, .ppid_bits = 3 ^ 46};
    struct tr_event e = {.type = TR_EV_SEND_FAILED,
                         .failed = {.msg = {.data = &s, .len = 4, .stream = 2, .ppid = 46}, .error = 1}};
    (void)state;
    e.failed.msg.context = brk_sent_add(&assoc.outbox.sent, &s);
    brk_give_back(&worker, &assoc, &e);
    brk_pass_on(&worker, &assoc);
    assert_int_equal(returned[0].parcels.count, 1);
    assert_int_equal(rt_batch_peek(&returned[0].parcels)->message->ppid, 3);
    assert_int_equal(rt_batch_peek(&returned[0].parcels)->message->stream, 17);
}

/* What waited for the association goes after what had been sent on it. */
static void pending_goes_behind(void **state)
{
    (void)state;
    sent(HERE, 0, BRK_SAME_STREAM);
    sent(HERE, 0, BRK_SAME_STREAM);
    for (uint32_t i = 2; i < 5; i++) {
        struct rt_message *m = rt_message_new(HERE, NULL, &i, sizeof i);
        m->origin = origin(HERE, 5);
        m->entered_ms = worker.now_ms;
        brk_queue_add(&assoc.outbox.pending, brk_parcel_new(&worker, m, 0));
        rt_message_unref(m, HERE);
    }
    comes_back(1, 0, 1);
    comes_back(0, 0, 1);
    brk_pass_on(&worker, &assoc);
    assert_rising(&returned[0].parcels, 0, 1, 5);
}

static void some_have_nowhere_to_go(void **state)
{
    (void)state;
    comes_back(sent(HERE, 1, BRK_SAME_STREAM), 0, 1); /* the others have their copies */
    assoc.session = &brk_paired;
    comes_back(sent(HERE, 2, BRK_SAME_STREAM), 0, 1);
    comes_back(sent(HERE, RT_NO_ROUTE, BRK_SAME_STREAM), 0, 1); /* an answer */
    brk_pass_on(&worker, &assoc);
    assoc.session = NULL;
    uint32_t late = sent(HERE, 3, BRK_SAME_STREAM);
    worker.now_ms += TTL - 1;
    uint32_t fresh = sent(HERE, 3, BRK_SAME_STREAM);
    worker.now_ms += 1;
    comes_back(late, 0, 1);
    comes_back(fresh, 0, 1);
    comes_back(fresh + 77, 0, 1); /* cannot be; is counted all the same */
    brk_pass_on(&worker, &assoc);
    assert_int_equal(brk_counted(&worker.counts.returned), 6);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_PEER_LOST]), 3);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_UNACKNOWLEDGED]), 0);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_EXPIRED]), 1);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_NO_MEMORY]), 1);
    assert_rising(&returned[0].parcels, fresh, 1, 1);
    assert_int_equal(rt_batch_peek(&returned[0].parcels)->message->entered_ms, worker.now_ms - 1);
}

/* What a member had goes to its client's partner where the route is one of paired sessions now; what a
 * partner had, to the group where its session was ended because of that. */
static void kinds_of_sessions_change(void **state)
{
    struct brk_assoc client = {.origin = origin(HERE, 5), .state = BRK_UP, .socket = &socket_};
    struct brk_assoc partner = {.session = &brk_paired, .worker = &worker, .socket = &socket_};
    (void)state;
    comes_back(sent(HERE, 2, BRK_SAME_STREAM), 0, 1);
    brk_pass_on(&worker, &assoc);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_CLIENT_GONE]), 1);

    client.pair.partner = &partner;
    brk_assoc_list(&worker, &client);
    uint32_t first = sent(HERE, 2, BRK_SAME_STREAM);
    comes_back(sent(HERE, 2, BRK_SAME_STREAM), 0, 1);
    comes_back(first, 0, 1);
    comes_back(sent(0, 2, BRK_SAME_STREAM), 0, 1); /* read by another worker: its client is there */
    brk_pass_on(&worker, &assoc);
    assert_rising(&partner.outbox.pending.parcels, first, 1, 2);
    assert_int_equal(out[0].count, 1);
    brk_drop_queue(&worker, &partner.outbox.pending, BRK_STOPPED);

    assoc.session = &brk_paired;
    assoc.pair.replaced = true;
    uint32_t left = sent(HERE, 0, BRK_SAME_STREAM);
    comes_back(left, 0, 1);
    brk_pass_on(&worker, &assoc);
    assert_rising(&returned[0].parcels, left, 1, 1);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_PEER_LOST]), 0);
    brk_assoc_unlist(&worker, &client);
}

/* What was on the wire may have arrived: it is not counted as lost. */
static void sent_ones_are_not_called_lost(void **state)
{
    (void)state;
    assoc.session = &brk_paired;
    uint32_t on_the_wire = sent(HERE, 2, BRK_SAME_STREAM), queued = sent(HERE, 2, BRK_SAME_STREAM);
    was_sent = true;
    comes_back(on_the_wire, 0, 1);
    was_sent = false;
    comes_back(queued, 0, 1);
    brk_pass_on(&worker, &assoc);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_UNACKNOWLEDGED]), 1);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_PEER_LOST]), 1);
}

/* A message of which the peer had acknowledged a part comes back without its payload where the stack has not
 * kept that part: of a shared session, too, it goes nowhere, and is counted, once. */
static void what_is_not_whole_any_more_is_counted(void **state)
{
    struct tr_event e = {.type = TR_EV_SEND_FAILED, .failed = {.error = 1, .was_sent = true}};
    (void)state;
    e.failed.msg.context = sent(HERE, 0, BRK_SAME_STREAM);
    brk_give_back(&worker, &assoc, &e);
    e.failed.was_sent = false; /* its last fragment was not on the wire yet */
    e.failed.msg.context = sent(HERE, 0, BRK_SAME_STREAM);
    brk_give_back(&worker, &assoc, &e);
    comes_back(sent(HERE, 0, BRK_SAME_STREAM), 0, 1);
    brk_pass_on(&worker, &assoc);
    assert_rising(&returned[0].parcels, 2, 1, 1);
    assert_int_equal(brk_counted(&worker.counts.returned), 3);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_UNACKNOWLEDGED]), 1);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_PEER_LOST]), 1);
    assert_int_equal(brk_counted(&worker.counts.waiting), 1);
}

/* From an association that lives: without an error it was given up. */
static void given_up_is_dropped(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++)
        sent(HERE, 0, BRK_SAME_STREAM);
    comes_back(3, 0, 1);
    comes_back(2, 0, 0);
    comes_back(1, 0, 1);
    brk_drop_given_up(&worker, &assoc);
    assert_int_equal(brk_counted(&worker.counts.dropped[BRK_EXPIRED]), 1);
    assert_rising(&returned[0].parcels, 1, 2, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(order_is_restored, begin, end),
        cmocka_unit_test_setup_teardown(each_goes_home, begin, end),
        cmocka_unit_test_setup_teardown(rewritten_ones_are_as_received, begin, end),
        cmocka_unit_test_setup_teardown(kinds_of_sessions_change, begin, end),
        cmocka_unit_test_setup_teardown(pending_goes_behind, begin, end),
        cmocka_unit_test_setup_teardown(some_have_nowhere_to_go, begin, end),
        cmocka_unit_test_setup_teardown(sent_ones_are_not_called_lost, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_whole_any_more_is_counted, begin, end),
        cmocka_unit_test_setup_teardown(given_up_is_dropped, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
