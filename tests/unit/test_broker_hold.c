/* What waits for a group with nobody in it (broker/hold.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "broker/expiry.h"
#include "broker/hold.h"
#include "broker/parcel.h"
#include "broker/state.h"
#include "routing/snapshot.h"

enum { HERE, OTHER, WORKERS };

static const struct cfg_listener listeners[] = {{.name = "access"}};
static struct cfg_group groups[] = {{.name = "core"}};
static const struct cfg_route routes[] = {{.session = CFG_SHARED}};
static const struct cfg_config config = {.listeners = listeners,
                                         .listener_count = 1,
                                         .groups = groups,
                                         .group_count = 1,
                                         .routes = routes,
                                         .route_count = 1};
static struct brk_worker workers[WORKERS], *list[WORKERS] = {&workers[HERE], &workers[OTHER]};
static struct brk_worker *const w = &workers[HERE];
static struct brk_broker broker = {.worker_count = WORKERS, .workers = list};
static struct brk_queue parked[WORKERS][1];
static struct rt_group *group; /* nobody in it */
static struct rt_snapshot *snapshot;

static int begin(void **state)
{
    (void)state;
    groups[0].hold = (struct cfg_hold){0};
    group = calloc(1, sizeof *group);
    snapshot = calloc(1, sizeof *snapshot + sizeof snapshot->groups[0]);
    snapshot->groups[0] = group;
    for (unsigned i = 0; i < WORKERS; i++) {
        workers[i] = (struct brk_worker){.index = i,
                                         .broker = &broker,
                                         .config = &config,
                                         .snapshot = snapshot,
                                         .parked = parked[i],
                                         .now_ms = 5000};
        if (!brk_counts_init(&workers[i].counts, &config))
            return -1;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    for (unsigned i = 0; i < WORKERS; i++) {
        brk_drop_queue(&workers[i], &parked[i][0], BRK_STOPPED);
        brk_counts_free(&workers[i].counts);
    }
    free(snapshot);
    free(group);
    return 0;
}

static void park(struct brk_worker *at, unsigned count)
{
    while (count--) {
        struct rt_message *m = rt_message_new(at->index, NULL, "0123456789", 10);
        struct rt_parcel *p = brk_parcel_new(at, m, 0);
        rt_message_unref(m, at->index);
        brk_hold_add(at, at->parked, p);
        at->parked_count++;
        brk_hold_limit(at, 0);
    }
}

static void limits_are_for_all_workers(void **state)
{
    (void)state;
    park(w, 100);
    assert_true(brk_hold_admit(w, 0, 10)); /* there are none */
    assert_int_equal(brk_hold_charge(w, 0), BRK_CHARGED);
    groups[0].hold.messages = 103;
    park(&workers[OTHER], 2);
    assert_true(brk_hold_admit(w, 0, 10));
    assert_int_equal(brk_hold_charge(w, 0), BRK_NOT_CHARGED);
    park(&workers[OTHER], 1);
    assert_false(brk_hold_admit(w, 0, 10));
    assert_false(brk_hold_admit(&workers[OTHER], 0, 10));
    groups[0].hold = (struct cfg_hold){.bytes = 1040};
    assert_true(brk_hold_admit(w, 0, 10));
    assert_false(brk_hold_admit(w, 0, 11));
    group->count = 1; /* somebody is there */
    assert_true(brk_hold_admit(w, 0, 11));
    assert_int_equal(brk_hold_charge(w, 0), BRK_CHARGED);
}

/* What came back is beyond the limits: the newest of it is dropped. */
static void what_is_beyond_is_dropped(void **state)
{
    (void)state;
    park(w, 5);
    parked[HERE][0].parcels.first->message->ppid = 77;
    groups[0].hold.messages = 3;
    brk_hold_limit(w, 0);
    assert_int_equal(brk_queue_count(&parked[HERE][0]), 3);
    assert_int_equal(parked[HERE][0].parcels.first->message->ppid, 77);
    assert_int_equal(w->parked_count, 3);
    assert_int_equal(brk_counted(&w->counts.dropped[BRK_HOLD_FULL]), 2);
    assert_int_equal(brk_counted(&brk_traffic_of(&w->counts, BRK_GROUPS, 0)->held), 3);
}

static void at(uint64_t now_ms, unsigned left)
{
    w->now_ms = now_ms;
    brk_expire(w);
    assert_int_equal(brk_queue_count(&parked[HERE][0]), left);
    assert_int_equal(w->parked_count, left);
    assert_int_equal(brk_counted(&brk_traffic_of(&w->counts, BRK_GROUPS, 0)->held), left);
}

static void time_is_limited(void **state)
{
    (void)state;
    groups[0].hold.time_ms = 200;
    park(w, 2);
    at(5100, 2);
    park(w, 1);
    at(5199, 3);
    at(5200, 1);
    assert_true(brk_expiry_pending(w));
    group->count = 1; /* it waits for another reason now, and time does not matter */
    at(5300, 1);
    group->count = 0;
    brk_hold_settle(w, 0);
    at(5301, 0);
    assert_int_equal(brk_counted(&w->counts.dropped[BRK_HOLD_EXPIRED]), 3);
    assert_false(brk_expiry_pending(w));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(limits_are_for_all_workers, begin, end),
        cmocka_unit_test_setup_teardown(what_is_beyond_is_dropped, begin, end),
        cmocka_unit_test_setup_teardown(time_is_limited, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
