/* The limits of an outbox (broker/room.c): which messages may be added to a full one, which are dropped, and
 * what other workers see. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/dest.h"
#include "broker/room.h"
#include "broker/parcel.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "routing/table.h"

enum { BLOCK, NEWEST, OLDEST, REROUTE }; /* routes */

static struct cfg_listener listeners[] = {{.name = "access"}};
static struct cfg_peer peers[1];
static const struct cfg_group groups[] = {{.name = "core"}};
static struct cfg_route routes[] = {{.when_full = CFG_BLOCK},
                                    {.when_full = CFG_DROP_NEWEST},
                                    {.when_full = CFG_DROP_OLDEST},
                                    {.when_full = CFG_REROUTE}};
static struct cfg_config config = {.queue_messages = 8,
                                   .queue_bytes = 1000,
                                   .listeners = listeners,
                                   .listener_count = 1,
                                   .peers = peers,
                                   .peer_count = 1,
                                   .groups = groups,
                                   .group_count = 1,
                                   .routes = routes,
                                   .route_count = sizeof routes / sizeof routes[0]};

static struct brk_broker broker = {.worker_count = 1};
static struct brk_worker worker;
static struct brk_socket out_socket = {.magic = BRK_SOCKET_MAGIC, .member = {CFG_MEMBER_PEER, 0}};
static struct brk_assoc assoc;
static struct brk_dest dest;
static uint64_t number;

static int begin(void **state)
{
    (void)state;
    peers[0].queue = (struct cfg_queue){0};
    worker = (struct brk_worker){.broker = &broker, .config = &config};
    dest = (struct brk_dest){.magic = BRK_DEST_MAGIC};
    assoc = (struct brk_assoc){
        .magic = BRK_ASSOC_MAGIC, .worker = &worker, .state = BRK_UP, .socket = &out_socket, .dest = &dest};
    number = 0;
    return brk_counts_init(&worker.counts, &config) ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    brk_drop_queue(&worker, &assoc.outbox.pending, BRK_STOPPED);
    assert_int_equal(brk_counted(&worker.counts.waiting), 0);
    brk_counts_free(&worker.counts);
    return 0;
}

/* Adds a message of `len` bytes, whose first is its number from 1, as sending.c does. False: not admitted. */
static bool add(uint32_t route, uint32_t len, enum brk_drop *reason)
{
    char data[1000] = {(char)++number};
    if (!brk_room_admit(&worker, &assoc, route, reason))
        return false;
    struct rt_message *m = rt_message_new(0, NULL, data, len);
    struct rt_parcel *p = brk_parcel_new(&worker, m, route);
    rt_message_unref(m, 0);
    brk_queue_add(&assoc.outbox.pending, p);
    brk_room_update(&worker, &assoc);
    return true;
}

static void fill(uint32_t route, unsigned count)
{
    enum brk_drop reason;
    while (count--)
        assert_true(add(route, 1, &reason));
}

static void sent(unsigned count)
{
    while (count--) {
        brk_uncount(&worker.counts.waiting, 1);
        brk_parcel_done(&worker, brk_queue_take(&assoc.outbox.pending));
    }
    brk_room_update(&worker, &assoc);
}

/* The numbers of what waits, oldest first. */
static void waits(const char *numbers)
{
    char found[100] = "";
    struct rt_batch *b = &assoc.outbox.pending.parcels;
    uint64_t bytes = 0;
    for (struct rt_parcel *p = rt_batch_peek(b); p; p = rt_batch_next(b, p)) {
        snprintf(found + strlen(found), sizeof found - strlen(found), "%d ", p->message->data[0]);
        bytes += p->message->len;
    }
    assert_string_equal(found, numbers);
    assert_int_equal(assoc.outbox.pending.bytes, bytes);
}

static uint64_t dropped(enum brk_drop reason)
{
    return brk_counted(&worker.counts.dropped[reason]);
}

static void newest_is_dropped(void **state)
{
    enum brk_drop reason = BRK_STOPPED;
    (void)state;
    fill(NEWEST, 8);
    assert_false(add(NEWEST, 1, &reason));
    assert_int_equal(reason, BRK_FULL_NEWEST);
    waits("1 2 3 4 5 6 7 8 ");
    sent(1);
    fill(NEWEST, 1); /* at once: half empty is only for those that wait */
    waits("2 3 4 5 6 7 8 10 ");
    assert_int_equal(dropped(BRK_FULL_NEWEST), 0); /* the caller's */
}

/* Of the messages of such routes, wherever they stand; never one of another route. */
static void oldest_is_dropped(void **state)
{
    enum brk_drop reason;
    (void)state;
    fill(BLOCK, 2);
    fill(OLDEST, 2);
    fill(NEWEST, 1);
    fill(OLDEST, 3);
    fill(OLDEST, 1);
    waits("1 2 4 5 6 7 8 9 ");
    fill(OLDEST, 2);
    waits("1 2 5 7 8 9 10 11 ");
    sent(4);
    fill(OLDEST, 5); /* what was passed has been sent meanwhile */
    waits("9 10 11 12 13 14 15 16 ");
    assert_int_equal(dropped(BRK_FULL_OLDEST), 4);
    sent(8);
    fill(BLOCK, 8);
    assert_false(add(OLDEST, 1, &reason)); /* there is none but the new one */
    assert_int_equal(reason, BRK_FULL_OLDEST);
    assert_int_equal(dropped(BRK_FULL_OLDEST), 4);
}

/* What was passed over as not to be dropped may be dropped under another plan. */
static void oldest_after_a_reload(void **state)
{
    (void)state;
    fill(BLOCK, 4);
    fill(OLDEST, 5);
    waits("1 2 3 4 6 7 8 9 ");
    routes[BLOCK].when_full = CFG_DROP_OLDEST;
    brk_room_adopt(&worker, &assoc);
    fill(OLDEST, 1);
    routes[BLOCK].when_full = CFG_BLOCK;
    waits("2 3 4 6 7 8 9 10 ");
}

static void bytes_are_limited(void **state)
{
    enum brk_drop reason;
    (void)state;
    assert_true(add(NEWEST, 999, &reason));
    assert_true(add(NEWEST, 500, &reason)); /* the last one goes beyond */
    assert_false(add(NEWEST, 1, &reason));
    assert_true(add(OLDEST, 300, &reason) == false);
    sent(1);
    assert_true(add(OLDEST, 300, &reason));
    assert_true(add(OLDEST, 300, &reason));
    assert_true(add(OLDEST, 10, &reason));
    assert_int_equal(dropped(BRK_FULL_OLDEST), 1);
    waits("2 6 7 ");
}

static void tells(unsigned room)
{
    assert_int_equal(assoc.outbox.room, room);
    assert_int_equal(rt_dest_room(&dest.dest), room);
}

/* Without limits of its own: messages go elsewhere, but no source is stopped. */
static void room_by_the_brokers_limits(void **state)
{
    (void)state;
    fill(BLOCK, 7);
    tells(0);
    fill(BLOCK, 1);
    tells(RT_FULL);
    assert_int_equal(brk_room_charge(&config, BLOCK, RT_FULL), BRK_CHARGED);
    assert_int_equal(brk_room_charge(&config, REROUTE, RT_FULL), BRK_NOT_CHARGED);
    fill(BLOCK, 2);
    sent(3);
    tells(0);
    assert_int_equal(brk_room_charge(&config, REROUTE, 0), BRK_NOT_CHARGED);
}

/* With them sources are stopped at the limit, and go on at half of it. */
static void room_by_its_own_limits(void **state)
{
    enum brk_drop reason;
    (void)state;
    peers[0].queue.messages = 4;
    fill(BLOCK, 3);
    tells(0);
    fill(BLOCK, 1);
    tells(RT_FULL | RT_STOP);
    assert_true(add(BLOCK, 1, &reason)); /* who has been read is not dropped */
    sent(2);
    tells(RT_STOP);
    assert_int_equal(brk_room_charge(&config, BLOCK, RT_STOP), BRK_STOPS);
    assert_int_equal(brk_room_charge(&config, RT_NO_ROUTE, RT_STOP), BRK_STOPS);
    assert_int_equal(brk_room_charge(&config, NEWEST, RT_STOP | RT_FULL), BRK_NOT_CHARGED);
    sent(1);
    tells(0);
    peers[0].queue.messages = 2;
    brk_room_adopt(&worker, &assoc);
    tells(RT_FULL | RT_STOP);
    peers[0].queue = (struct cfg_queue){.bytes = 100};
    brk_room_adopt(&worker, &assoc);
    tells(0);
}

static void room_there(void **state)
{
    enum brk_drop reason;
    (void)state;
    assert_true(brk_room_admit_there(&config, &dest.dest, NEWEST, &reason));
    fill(BLOCK, 8);
    assert_false(brk_room_admit_there(&config, &dest.dest, NEWEST, &reason));
    assert_int_equal(reason, BRK_FULL_NEWEST);
    assert_true(brk_room_admit_there(&config, &dest.dest, OLDEST, &reason)); /* its owner knows what waits */
    assert_true(brk_room_admit_there(&config, &dest.dest, BLOCK, &reason));
}

/* What is on its way elsewhere is not dropped for want of room. */
static void ended_has_no_limits(void **state)
{
    enum brk_drop reason;
    (void)state;
    fill(BLOCK, 9);
    tells(RT_FULL);
    assoc.state = BRK_LOST;
    assert_true(add(NEWEST, 1, &reason));
    tells(0);
    assoc.state = BRK_UP;
    assert_false(add(NEWEST, 1, &reason));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(newest_is_dropped, begin, end),
        cmocka_unit_test_setup_teardown(oldest_is_dropped, begin, end),
        cmocka_unit_test_setup_teardown(oldest_after_a_reload, begin, end),
        cmocka_unit_test_setup_teardown(bytes_are_limited, begin, end),
        cmocka_unit_test_setup_teardown(room_by_the_brokers_limits, begin, end),
        cmocka_unit_test_setup_teardown(room_by_its_own_limits, begin, end),
        cmocka_unit_test_setup_teardown(room_there, begin, end),
        cmocka_unit_test_setup_teardown(ended_has_no_limits, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
