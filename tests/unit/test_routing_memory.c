/* Out of memory: every allocation of routing/ fails once, in turn. The call then fails, nothing else has
 * changed, and nothing has leaked. The sources are included here so that they use other allocation functions.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static unsigned until_failure; /* allocations that still succeed; UINT_MAX: all */
static unsigned held;          /* allocations not yet freed */

static bool fails(void)
{
    if (until_failure == 0)
        return true;
    until_failure--;
    return false;
}

static void *counted(void *p)
{
    held += p != NULL;
    return p;
}

static void *test_alloc(size_t size)
{
    return fails() ? NULL : counted(malloc(size));
}

static void *test_zeroed(size_t count, size_t size)
{
    return fails() ? NULL : counted(calloc(count, size));
}

static void *test_again(void *p, size_t count, size_t size)
{
    if (fails())
        return NULL;
    void *q = reallocarray(p, count, size);
    return p ? q : counted(q);
}

static void test_release(void *p)
{
    held -= p != NULL;
    free(p);
}

#define malloc       test_alloc
#define calloc       test_zeroed
#define reallocarray test_again
#define free         test_release
#include "routing/members.c"
#include "routing/message.c"
#include "routing/snapshot_build.c"
#include "routing/table.c"
#include "routing/table_build.c"

static int all_succeed(void **state)
{
    (void)state;
    until_failure = UINT32_MAX;
    held = 0;
    return 0;
}

static void test_message(void **state)
{
    (void)state;
    struct rt_credit credit = {.messages_max = 1, .bytes_max = 1};
    until_failure = 0;
    assert_null(rt_message_new(1, &credit, "x", 1));
    assert_int_equal(credit.messages, 0);
    assert_int_equal(credit.bytes, 0);
    assert_int_equal(held, 0);
}

static void test_parcel(void **state)
{
    (void)state;
    struct rt_message *m = rt_message_new(1, NULL, "x", 1), *gone;
    until_failure = 0;
    struct rt_parcel *p = rt_parcel_new(m, RT_DELIVER, NULL);
    assert_non_null(p); /* embedded: needs none */
    assert_null(rt_parcel_new(m, RT_DELIVER, NULL));
    assert_int_equal(m->refs, 2);
    assert_false(rt_message_unref(m, 1));
    assert_false(rt_parcel_done(p, 1, &gone));
    assert_int_equal(held, 0);
}

/* Enough rules that every array of the builder grows at least twice. */
static void test_table(void **state)
{
    (void)state;
    enum { ROUTES = 400 };
    static const struct cfg_member from = {CFG_MEMBER_LISTENER, 0};
    static struct cfg_range ranges[ROUTES];
    static uint32_t ppids[ROUTES];
    static struct cfg_route routes[ROUTES];
    for (unsigned i = 0; i < ROUTES; i++) {
        ranges[i] = (struct cfg_range){(uint16_t)(3 * i), (uint16_t)(3 * i + 1)};
        ppids[i] = i / 20;
        routes[i] = (struct cfg_route){.from = &from,
                                       .from_count = 1,
                                       .ppids = &ppids[i],
                                       .ppid_count = i % 3 ? 1 : 0,
                                       .streams = &ranges[i],
                                       .stream_count = 1};
    }
    struct cfg_config c = {.listener_count = 1, .routes = routes, .route_count = ROUTES};
    unsigned failures = 0;
    for (;;) {
        until_failure = failures;
        struct rt_table *t = rt_table_build(&c);
        if (t) {
            assert_int_equal(rt_table_find(t, 0, 3, 3 * 62, false), 62);
            rt_table_free(t);
            break;
        }
        assert_int_equal(held, 0);
        failures++;
    }
    assert_int_equal(held, 0);
    assert_in_range(failures, 15, 1000);
}

enum { GROUPS = 3 };
static const struct cfg_member peers[] = {{CFG_MEMBER_PEER, 0}, {CFG_MEMBER_PEER, 1}};
static const struct cfg_group groups[GROUPS] = {{.members = peers, .member_count = 2},
                                                {.members = peers, .member_count = 2, .mode = CFG_OVERRIDE},
                                                {.members = peers, .member_count = 2, .mode = CFG_BROADCAST}};
static const struct cfg_peer both[] = {{.weight = 1}, {.weight = 2}};
static const struct cfg_config config = {
    .peers = both, .peer_count = 2, .groups = groups, .group_count = GROUPS};

static void test_members(void **state)
{
    (void)state;
    unsigned failures = 0;
    struct rt_members *m;
    for (;; failures++) {
        until_failure = failures;
        m = rt_members_new(&config);
        if (m)
            break;
        assert_int_equal(held, 0);
    }
    assert_in_range(failures, 3, 100);
    rt_members_free(m);
    rt_members_free(NULL);
    assert_int_equal(held, 0);
}

/* One that finds no room in the second or third group is in none of them. */
static void test_adding_a_destination(void **state)
{
    (void)state;
    struct rt_members *m = rt_members_new(&config);
    struct rt_dest d[20];
    unsigned failures = 0;
    for (unsigned i = 0; i < 20; i++) {
        d[i] = (struct rt_dest){.member = peers[i % 2]};
        until_failure = 0;
        while (!rt_members_add(m, &d[i])) {
            for (unsigned g = 0; g < GROUPS; g++)
                assert_int_equal(m->groups[g].count, i);
            until_failure = ++failures % 4;
        }
        for (unsigned g = 0; g < GROUPS; g++)
            assert_int_equal(m->groups[g].count, i + 1);
    }
    assert_true(failures >= 6);
    until_failure = 0;
    for (unsigned i = 0; i < 20; i++) { /* going needs no memory */
        rt_members_remove(m, &d[i]);
        rt_members_release(m, &d[i]);
    }
    assert_int_equal(m->groups[0].count, 0);
    rt_members_free(m);
    assert_int_equal(held, 0);
}

static void test_snapshot(void **state)
{
    (void)state;
    struct rt_members *m = rt_members_new(&config);
    until_failure = 0;
    assert_null(rt_snapshot_build(m, NULL, 1));
    until_failure = 1; /* one block is all it takes */
    struct rt_snapshot *s = rt_snapshot_build(m, NULL, 1);
    assert_non_null(s);
    rt_snapshot_free(s);
    rt_members_free(m);
    assert_int_equal(held, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_message, all_succeed),
        cmocka_unit_test_setup(test_parcel, all_succeed),
        cmocka_unit_test_setup(test_table, all_succeed),
        cmocka_unit_test_setup(test_members, all_succeed),
        cmocka_unit_test_setup(test_adding_a_destination, all_succeed),
        cmocka_unit_test_setup(test_snapshot, all_succeed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
