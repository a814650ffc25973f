/* Who may have an association with a listener, and that limits hold exactly for many threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdatomic.h>

#include "broker/access.h"

enum { MANY = 64, BEGIN = 5000 };

static struct cfg_listener listeners[2];
static struct cfg_config config;
static struct brk_access *access_;
static uint64_t now_ms;

static int begin(void **state)
{
    (void)state;
    memset(listeners, 0, sizeof listeners);
    config = (struct cfg_config){.listeners = listeners, .listener_count = 2};
    now_ms = BEGIN;
    access_ = brk_access_new();
    return !access_;
}

/* Whatever the test has not given back goes with it. */
static int end(void **state)
{
    (void)state;
    brk_access_free(access_);
    return 0;
}

static struct net_addr address(const char *text)
{
    struct net_addr a;
    assert_true(net_addr_parse(text, 4000, &a));
    return a;
}

static struct brk_admission *last;

static enum brk_refusal enter(unsigned listener, const char *from)
{
    struct net_addr a;
    if (from)
        a = address(from);
    return brk_access_enter(access_, &config, listener, &a, from ? 1 : 0, now_ms, &last);
}

static void leave(struct brk_admission *place)
{
    assert_non_null(place);
    brk_access_leave(access_, place);
}

static bool permits(const char *allow, const char *deny, const char *one, const char *two)
{
    struct net_prefix allowed, denied;
    struct net_addr list[2];
    struct cfg_access rules = {.allow = &allowed, .deny = &denied};
    unsigned count = 0;
    if (allow)
        assert_true(net_prefix_parse(allow, &allowed));
    if (deny)
        assert_true(net_prefix_parse(deny, &denied));
    rules.allow_count = allow != NULL;
    rules.deny_count = deny != NULL;
    if (one)
        list[count++] = address(one);
    if (two)
        list[count++] = address(two);
    return brk_access_permits(&rules, list, count);
}

static void by_address(void **state)
{
    (void)state;
    assert_true(permits(NULL, NULL, "10.0.0.1", "192.0.2.1"));
    assert_true(permits("10.0.0.0/8", NULL, "10.0.0.1", NULL));
    assert_false(permits("10.0.0.0/8", NULL, "11.0.0.1", NULL));
    assert_false(permits(NULL, "10.0.0.0/8", "10.0.0.1", NULL));
    assert_true(permits(NULL, "10.0.0.0/8", "11.0.0.1", NULL));
    assert_false(permits("10.0.0.0/8", "10.1.0.0/16", "10.1.0.1", NULL));
    assert_true(permits("10.0.0.0/8", "10.1.0.0/16", "10.2.0.1", NULL));
    assert_true(permits("2001:db8::/32", NULL, "2001:db8::7", NULL));
    assert_false(permits("2001:db8::/32", NULL, "10.0.0.1", NULL));
    assert_true(permits("10.0.0.0/8", NULL, "::ffff:10.0.0.1", NULL));
}

/* Every address of a peer counts. */
static void by_each_address(void **state)
{
    struct net_addr many[BRK_ACCESS_ADDRESSES];
    const struct cfg_access none = {0};
    struct net_prefix all;
    (void)state;
    assert_false(permits("10.0.0.0/8", NULL, "10.0.0.1", "192.0.2.1"));
    assert_false(permits("10.0.0.0/8", NULL, "192.0.2.1", "10.0.0.1"));
    assert_false(permits(NULL, "192.0.2.0/24", "10.0.0.1", "192.0.2.1"));
    assert_true(permits("10.0.0.0/8", "192.0.2.0/24", "10.0.0.1", "10.0.0.2"));
    assert_false(permits("10.0.0.0/8", NULL, NULL, NULL)); /* not known */
    assert_false(permits(NULL, "10.0.0.0/8", NULL, NULL));
    assert_true(permits(NULL, NULL, NULL, NULL));
    assert_true(net_prefix_parse("0.0.0.0/0", &all));
    const struct cfg_access anybody = {.allow = &all, .allow_count = 1};
    for (unsigned i = 0; i < BRK_ACCESS_ADDRESSES; i++)
        many[i] = address("10.0.0.1");
    assert_true(brk_access_permits(&anybody, many, BRK_ACCESS_ADDRESSES));
    assert_false(brk_access_permits(&anybody, many, BRK_ACCESS_ADDRESSES + 1)); /* nobody looks at the last */
    assert_true(brk_access_permits(&none, many, BRK_ACCESS_ADDRESSES + 1));
}

static void at_most_so_many(void **state)
{
    struct brk_admission *one, *two, *other;
    (void)state;
    listeners[0].access.max_associations = 2;
    assert_int_equal(enter(0, "10.0.0.1"), BRK_ADMITTED);
    one = last;
    assert_int_equal(enter(0, "10.0.0.2"), BRK_ADMITTED);
    two = last;
    assert_int_equal(enter(0, "10.0.0.3"), BRK_REFUSED_LISTENER_FULL);
    assert_null(last);
    assert_int_equal(enter(1, "10.0.0.3"), BRK_ADMITTED);
    other = last;
    config.max_associations = 3;
    assert_int_equal(enter(1, "10.0.0.3"), BRK_REFUSED_BROKER_FULL);
    leave(one);
    assert_int_equal(enter(0, "10.0.0.3"), BRK_ADMITTED);
    leave(last);
    listeners[0].access.max_associations = 1; /* a reload: what is there stays */
    assert_int_equal(enter(0, "10.0.0.3"), BRK_REFUSED_LISTENER_FULL);
    leave(two);
    assert_int_equal(enter(0, "10.0.0.3"), BRK_ADMITTED);
    leave(last);
    leave(other);
}

static void at_most_so_many_of_an_address(void **state)
{
    struct brk_admission *one;
    (void)state;
    assert_int_equal(enter(0, "10.0.0.1"), BRK_ADMITTED); /* counted before there is a limit */
    one = last;
    listeners[0].access.max_per_address = 1;
    listeners[1].access.max_per_address = 1;
    assert_int_equal(enter(0, "10.0.0.1"), BRK_REFUSED_ADDRESS_FULL);
    assert_int_equal(enter(0, "::ffff:10.0.0.1"), BRK_REFUSED_ADDRESS_FULL); /* the same */
    assert_int_equal(enter(0, "10.0.0.2"), BRK_ADMITTED);
    assert_int_equal(enter(1, "10.0.0.1"), BRK_ADMITTED);
    assert_int_equal(enter(0, "2001:db8::1"), BRK_ADMITTED);
    assert_int_equal(enter(0, "2001:db8::1"), BRK_REFUSED_ADDRESS_FULL);
    assert_int_equal(enter(0, NULL), BRK_ADMITTED); /* those that are not known are no address */
    assert_int_equal(enter(0, NULL), BRK_ADMITTED);
    leave(one);
    assert_int_equal(enter(0, "10.0.0.1"), BRK_ADMITTED);
}

static unsigned admitted(unsigned tries)
{
    unsigned n = 0;
    for (unsigned i = 0; i < tries; i++)
        n += enter(0, "10.0.0.1") == BRK_ADMITTED;
    return n;
}

static void at_most_so_many_a_second(void **state)
{
    (void)state;
    listeners[0].access.new_per_second = 10;
    assert_int_equal(admitted(20), 10);
    assert_int_equal(enter(0, "10.0.0.1"), BRK_REFUSED_TOO_FAST);
    now_ms += 99;
    assert_int_equal(admitted(2), 0);
    now_ms += 1;
    assert_int_equal(admitted(2), 1);
    now_ms -= 50; /* a worker whose clock is behind */
    assert_int_equal(admitted(2), 0);
    now_ms += 550;
    assert_int_equal(admitted(20), 5);
    now_ms += 3600000;
    assert_int_equal(admitted(20), 10);
    now_ms += 100;
    listeners[0].access.max_associations = 1;
    assert_int_equal(enter(0, "10.0.0.1"), BRK_REFUSED_LISTENER_FULL); /* takes no token */
    listeners[0].access.max_associations = 0;
    assert_int_equal(admitted(20), 1);
    listeners[0].access.new_per_second = 2; /* a reload */
    now_ms += 3600000;
    assert_int_equal(admitted(20), 2);
}

static _Atomic unsigned inside, most;

static void *come_and_go(void *arg)
{
    const struct net_addr from = address(arg);
    struct brk_admission *places[MANY];
    for (unsigned round = 0; round < 2000; round++) {
        unsigned count = 0;
        while (count < 7 &&
               brk_access_enter(access_, &config, 0, &from, 1, 0, &places[count]) == BRK_ADMITTED) {
            unsigned now = atomic_fetch_add(&inside, 1) + 1, before = atomic_load(&most);
            while (now > before && !atomic_compare_exchange_weak(&most, &before, now))
                ;
            count++;
        }
        while (count > 0) {
            atomic_fetch_sub(&inside, 1);
            brk_access_leave(access_, places[--count]);
        }
    }
    return NULL;
}

/* As workers do. */
static void exactly_for_many_threads(void **state)
{
    static char from[][9] = {"10.0.0.1", "10.0.0.2", "10.0.0.1", "::1"};
    pthread_t threads[4];
    (void)state;
    listeners[0].access.max_associations = 10;
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, from[i]), 0);
    for (unsigned i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_in_range(most, 7, 10);
    assert_int_equal(admitted(20), 10); /* all places are free again */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(by_address, begin, end),
        cmocka_unit_test_setup_teardown(by_each_address, begin, end),
        cmocka_unit_test_setup_teardown(at_most_so_many, begin, end),
        cmocka_unit_test_setup_teardown(at_most_so_many_of_an_address, begin, end),
        cmocka_unit_test_setup_teardown(at_most_so_many_a_second, begin, end),
        cmocka_unit_test_setup_teardown(exactly_for_many_threads, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
