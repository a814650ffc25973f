/* How fast an association is read: buckets, which socket is paused, and for how long. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/assoc.h"
#include "broker/limit.h"
#include "broker/socket.h"
#include "broker/state.h"

enum { A, B, ASSOCS, BEGIN = 100000 };

static struct cfg_listener listener;
static struct cfg_config config;
static struct brk_broker broker;
static struct brk_worker worker;
static struct brk_traffic traffic;
static struct brk_socket own, shared; /* A has one of its own; B and another share the listener's */
static struct brk_assoc assocs[ASSOCS], another;

static int begin(void **state)
{
    (void)state;
    listener = (struct cfg_listener){.name = "access", .rate_limit = {.burst_ms = 1000}};
    config = (struct cfg_config){.listeners = &listener, .listener_count = 1};
    broker = (struct brk_broker){.worker_count = 1};
    memset(&worker, 0, sizeof worker);
    worker.broker = &broker;
    worker.config = &config;
    worker.now_ms = BEGIN;
    traffic = (struct brk_traffic){0};
    own = (struct brk_socket){.worker = &worker, .kind = BRK_PEELED, .traffic = &traffic};
    shared = (struct brk_socket){.worker = &worker, .kind = BRK_LISTENING, .traffic = &traffic};
    own.member.kind = shared.member.kind = CFG_MEMBER_LISTENER;
    for (unsigned i = 0; i < ASSOCS; i++) {
        assocs[i] = (struct brk_assoc){.worker = &worker, .state = BRK_UP};
        brk_assoc_attach(&assocs[i], i == A ? &own : &shared, i + 1);
    }
    another = (struct brk_assoc){.worker = &worker, .state = BRK_UP};
    brk_assoc_attach(&another, &shared, 77);
    return 0;
}

static int end(void **state)
{
    (void)state;
    HASH_CLEAR(hh, own.assocs);
    HASH_CLEAR(hh, shared.assocs);
    return 0;
}

static void limit_to(uint64_t messages, uint64_t bytes, unsigned burst_ms)
{
    listener.rate_limit = (struct cfg_rate){messages, bytes, burst_ms};
    brk_limit_adopt(&own);
    brk_limit_adopt(&shared);
}

/* How many messages of `len` bytes are read from A until it is paused; at most `most`. */
static unsigned brings(uint32_t len, unsigned most)
{
    unsigned n = 0;
    for (; n < most && !own.limited; n++)
        brk_limit_take(&worker, &assocs[A], len);
    return n;
}

static void pass(unsigned ms)
{
    worker.now_ms += ms;
    brk_limit_tick(&worker);
}

static void none_is_none(void **state)
{
    (void)state;
    limit_to(0, 0, 1000);
    assert_false(own.limits);
    assert_int_equal(brk_limit_room(&own), 0);
}

static void so_many_messages_a_second(void **state)
{
    (void)state;
    limit_to(100, 0, 500);
    assert_true(own.limits);
    assert_int_equal(brk_limit_room(&own), 50);
    assert_int_equal(brings(1000000, 1000), 50); /* the burst */
    assert_true(assocs[A].limit.out);
    assert_int_equal(assocs[A].limit.times, 1);
    assert_int_equal(brk_counted(&traffic.limited), 1);
    pass(9);
    assert_int_equal(own.limited, 1);
    pass(1);
    assert_int_equal(own.limited, 0);
    assert_int_equal(brings(1, 1000), 1);
    unsigned sum = 0;
    for (unsigned i = 0; i < 200; i++) { /* ten seconds */
        pass(50);
        sum += brings(1, 1000);
    }
    assert_int_equal(sum, 1000);
    pass(100000); /* no more than the burst, however long it was silent */
    assert_int_equal(brings(1, 1000), 50);
}

/* A message that is longer than the bucket passes, and is paid for afterwards. */
static void so_many_bytes_a_second(void **state)
{
    (void)state;
    limit_to(0, 10000, 100);
    assert_int_equal(brk_limit_room(&own), 0);
    assert_int_equal(brings(400, 1000), 3); /* the third takes more than there is */
    pass(20);
    assert_int_equal(own.limited, 1);
    pass(1);
    assert_int_equal(own.limited, 0);
    assert_int_equal(brings(50000, 10), 1);
    pass(4998);
    assert_int_equal(own.limited, 1);
    pass(2);
    assert_int_equal(own.limited, 0);
}

static void the_tighter_of_the_two_counts(void **state)
{
    (void)state;
    limit_to(10, 1000, 1000);
    assert_int_equal(brings(50, 1000), 10);
    pass(1000);
    assert_int_equal(brings(500, 1000), 2);
}

/* One message at least, however slow and short. */
static void a_slow_one_goes_on(void **state)
{
    (void)state;
    limit_to(1, 0, 100);
    assert_int_equal(brings(1, 10), 1);
    pass(999);
    assert_int_equal(own.limited, 1);
    pass(1);
    assert_int_equal(brings(1, 10), 1);
    limit_to(0, 1, 100);
    pass(1);
    assert_int_equal(brings(3, 10), 1);
    pass(2998);
    assert_int_equal(own.limited, 1);
    pass(2);
    assert_int_equal(own.limited, 0);
}

/* An association that shares a socket gets its own, which is then paused. */
static void a_shared_socket_is_left(void **state)
{
    (void)state;
    struct brk_socket peeled = {.worker = &worker, .kind = BRK_PEELED, .traffic = &traffic};
    peeled.member = shared.member;
    peeled.shared = &shared;
    assocs[B].own = &peeled;
    limit_to(1, 0, 1000);
    brk_limit_take(&worker, &assocs[B], 1);
    assert_true(worker.peels == &peeled && !peeled.next);
    assocs[B].own = NULL;
    brk_socket_unshare(&peeled);
    assert_null(worker.peels);
    assert_int_equal(shared.limited, 1); /* until then, and where it cannot be */
    brk_limit_move(&assocs[B], &peeled);
    brk_assoc_detach(&assocs[B]);
    brk_assoc_attach(&assocs[B], &peeled, 9);
    assert_int_equal(shared.limited, 0);
    assert_int_equal(peeled.limited, 1);
    brk_limit_adopt(&peeled);
    pass(1000);
    assert_int_equal(peeled.limited, 0);
    HASH_CLEAR(hh, peeled.assocs);
}

/* Remaining messages are read without a limit: at the end of the association, the broker, or the limit. */
static void what_ends_is_read(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        begin(NULL);
        limit_to(1, 0, 1000);
        assert_int_equal(brings(1, 10), 1);
        if (i == 0)
            worker.phase = BRK_DRAIN_SOURCES;
        else if (i == 1)
            assocs[A].end_by_ms = worker.now_ms + 10;
        else if (i == 2)
            assocs[A].outbox.eof_sent = true;
        else if (i == 3)
            limit_to(0, 0, 1000);
        else
            brk_limit_forget(&worker, &assocs[A]);
        pass(1);
        assert_int_equal(own.limited, 0);
        assert_null(worker.limited);
        if (i < 3) {
            assert_int_equal(brings(1, 10), 10);
            assert_int_equal(brk_limit_room(&own), 0);
        }
        brk_limit_forget(&worker, &assocs[A]);
        assert_int_equal(own.limited, 0);
        end(NULL);
    }
    begin(NULL);
}

/* Messages that came while there was no limit of messages are not owed when there is one. */
static void another_limit_begins_anew(void **state)
{
    (void)state;
    limit_to(0, 1000000, 1000);
    assert_int_equal(brings(1, 5000), 5000);
    pass(1);
    limit_to(10, 1000000, 1000);
    pass(100);
    assert_in_range(brings(1, 100), 1, 10);
}

/* The worker that it was handed over from had begun a later turn. */
static void a_clock_that_is_behind_adds_nothing(void **state)
{
    (void)state;
    limit_to(10, 0, 1000);
    assert_int_equal(brings(1, 100), 10);
    assert_int_equal(own.limited, 1);
    worker.now_ms--;
    brk_limit_tick(&worker);
    assert_int_equal(own.limited, 1);
    pass(101);
    assert_int_equal(own.limited, 0);
    assert_int_equal(brings(1, 100), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(none_is_none, begin, end),
        cmocka_unit_test_setup_teardown(so_many_messages_a_second, begin, end),
        cmocka_unit_test_setup_teardown(so_many_bytes_a_second, begin, end),
        cmocka_unit_test_setup_teardown(the_tighter_of_the_two_counts, begin, end),
        cmocka_unit_test_setup_teardown(a_slow_one_goes_on, begin, end),
        cmocka_unit_test_setup_teardown(a_shared_socket_is_left, begin, end),
        cmocka_unit_test_setup_teardown(what_ends_is_read, begin, end),
        cmocka_unit_test_setup_teardown(another_limit_begins_anew, begin, end),
        cmocka_unit_test_setup_teardown(a_clock_that_is_behind_adds_nothing, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
