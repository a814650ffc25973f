/* Messages, parcels and credit: who owns what, when it goes back to its owner, and when a source is paused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "routing/message.h"

enum { OWNER = 1, OTHER = 2 };

static struct rt_credit credit_of(uint32_t messages_max, uint64_t bytes_max)
{
    return (struct rt_credit){.messages_max = messages_max, .bytes_max = bytes_max};
}

static void test_new_copies_and_charges(void **state)
{
    (void)state;
    struct rt_credit credit = credit_of(10, 1000);
    char text[] = "routing label";
    struct rt_message *m = rt_message_new(OWNER, &credit, text, sizeof text);
    memset(text, 0, sizeof text);
    assert_string_equal((const char *)m->data, "routing label");
    assert_int_equal(m->len, sizeof text);
    assert_int_equal(m->owner, OWNER);
    assert_int_equal(m->refs, 1);
    assert_int_equal(credit.messages, 1);
    assert_int_equal(credit.bytes, sizeof text);
    assert_false(rt_message_unref(m, OWNER));
    assert_int_equal(credit.messages, 0);
    assert_int_equal(credit.bytes, 0);
}

static void test_without_credit_or_data(void **state)
{
    (void)state;
    struct rt_message *m = rt_message_new(OWNER, NULL, NULL, 0);
    assert_int_equal(m->len, 0);
    assert_false(rt_message_unref(m, OWNER));
}

static void test_first_parcel_is_embedded(void **state)
{
    (void)state;
    int there;
    struct rt_message *m = rt_message_new(OWNER, NULL, "x", 1), *gone = m;
    struct rt_parcel *p = rt_parcel_new(m, RT_DELIVER, &there);
    assert_ptr_equal(p, &m->first);
    assert_true(p->embedded);
    assert_ptr_equal(p->message, m);
    assert_ptr_equal(p->to, &there);
    assert_int_equal(p->kind, RT_DELIVER);
    assert_int_equal(m->refs, 2);
    assert_false(rt_message_unref(m, OWNER)); /* the creator's: the parcel keeps the message */
    assert_int_equal(m->data[0], 'x');
    assert_false(rt_parcel_done(p, OWNER, &gone));
    assert_null(gone);
}

static void test_fan_out_shares_one_copy(void **state)
{
    (void)state;
    enum { N = 5 };
    struct rt_credit credit = credit_of(10, 1000);
    struct rt_message *m = rt_message_new(OWNER, &credit, "abc", 3), *gone;
    struct rt_parcel *p[N];
    for (int i = 0; i < N; i++) {
        p[i] = rt_parcel_new(m, RT_DELIVER, &p[i]);
        assert_ptr_equal(p[i]->message, m);
        assert_int_equal(p[i]->embedded, i == 0);
    }
    assert_int_equal(credit.messages, 1);
    assert_false(rt_message_unref(m, OWNER));
    /* The embedded one goes first: the message stays for the others. */
    for (int i = 0; i < N - 1; i++) {
        assert_false(rt_parcel_done(p[i], OWNER, &gone));
        assert_int_equal(credit.messages, 1);
        assert_int_equal(m->data[2], 'c');
    }
    assert_false(rt_parcel_done(p[N - 1], OWNER, &gone));
    assert_int_equal(credit.messages, 0);
}

static void test_last_reference_elsewhere_travels_home(void **state)
{
    (void)state;
    struct rt_credit credit = credit_of(10, 1000);
    struct rt_message *m = rt_message_new(OWNER, &credit, "abc", 3), *gone;
    struct rt_parcel *embedded = rt_parcel_new(m, RT_DELIVER, NULL);
    struct rt_parcel *second = rt_parcel_new(m, RT_DELIVER, NULL);
    assert_false(rt_message_unref(m, OWNER));
    assert_false(rt_parcel_done(embedded, OTHER, &gone));
    assert_null(gone);
    assert_true(rt_parcel_done(second, OTHER, &gone));
    assert_ptr_equal(gone, m);
    assert_int_equal(credit.messages, 1); /* not yet: the credit is its owner's */
    assert_int_equal(m->owner, OWNER);
    assert_int_equal(m->first.kind, RT_RELEASE);
    assert_ptr_equal(m->first.message, m);
    rt_message_release(m);
    assert_int_equal(credit.messages, 0);
    assert_int_equal(credit.bytes, 0);
}

static void test_unused_message_travels_home_too(void **state)
{
    (void)state;
    struct rt_credit credit = credit_of(10, 1000);
    struct rt_message *m = rt_message_new(OWNER, &credit, "abc", 3);
    assert_true(rt_message_unref(m, OTHER));
    assert_int_equal(m->first.kind, RT_RELEASE);
    assert_ptr_equal(m->first.message, m);
    rt_message_release(m);
    assert_int_equal(credit.messages, 0);
}

static void test_credit_hysteresis_in_messages(void **state)
{
    (void)state;
    struct rt_credit c = credit_of(10, 1000);
    for (c.messages = 0; c.messages <= 20; c.messages++) {
        assert_int_equal(rt_credit_full(&c), c.messages >= 10);
        assert_int_equal(rt_credit_free(&c), c.messages <= 5);
    }
}

static void test_credit_hysteresis_in_bytes(void **state)
{
    (void)state;
    struct rt_credit c = credit_of(10, 1001);
    for (c.bytes = 0; c.bytes <= 2000; c.bytes++) {
        assert_int_equal(rt_credit_full(&c), c.bytes >= 1001);
        assert_int_equal(rt_credit_free(&c), c.bytes <= 500);
    }
}

/* With a limit of one the source still goes on when its message is gone; never both full and free. */
static void test_smallest_credit(void **state)
{
    (void)state;
    struct rt_credit c = credit_of(1, 1);
    assert_false(rt_credit_full(&c));
    assert_true(rt_credit_free(&c));
    struct rt_message *m = rt_message_new(OWNER, &c, "more than a byte", 16);
    assert_true(rt_credit_full(&c));
    assert_false(rt_credit_free(&c));
    rt_message_unref(m, OWNER);
    assert_false(rt_credit_full(&c));
    assert_true(rt_credit_free(&c));
}

/* A message may stop its source whatever the credit, and does so once. */
static void test_message_stops_its_source(void **state)
{
    (void)state;
    struct rt_credit c = credit_of(10, 1000);
    struct rt_message *m = rt_message_new(OWNER, &c, "x", 1), *n = rt_message_new(OWNER, &c, "y", 1);
    rt_message_stop_source(m);
    rt_message_stop_source(m);
    rt_message_stop_source(n);
    assert_true(rt_credit_full(&c));
    rt_message_unref(m, OWNER);
    assert_true(rt_credit_full(&c));
    assert_false(rt_credit_free(&c));
    rt_message_unref(n, OWNER);
    assert_false(rt_credit_full(&c));
    assert_true(rt_credit_free(&c));
    m = rt_message_new(OWNER, NULL, "x", 1);
    rt_message_stop_source(m);
    rt_message_unref(m, OWNER);
}

/* One that is charged elsewhere does not stop the source that it stopped. */
static void test_message_is_charged_elsewhere(void **state)
{
    (void)state;
    uint64_t memory = 0;
    struct rt_credit c = credit_of(10, 1000), other = credit_of(10, 1000);
    c.memory = other.memory = &memory;
    struct rt_message *m = rt_message_new(OWNER, &c, "xyz", 3);
    uint64_t takes = memory;
    rt_message_stop_source(m);
    rt_message_charge(m, &other);
    assert_true(rt_credit_free(&c));
    assert_int_equal(c.messages + c.bytes, 0);
    assert_true(rt_credit_free(&other));
    assert_int_equal(other.messages, 1);
    assert_int_equal(other.bytes, 3);
    assert_int_equal(memory, takes);
    rt_message_charge(m, NULL);
    assert_int_equal(other.messages + memory, 0);
    rt_message_unref(m, OWNER);
}

/* What was charged before does not count, and its release gives back nothing twice. */
static void test_credit_is_forgiven(void **state)
{
    (void)state;
    uint64_t memory = 0;
    struct rt_credit c = credit_of(2, 1000);
    c.memory = &memory;
    struct rt_message *m = rt_message_new(OWNER, &c, "xyz", 3), *n = rt_message_new(OWNER, &c, "y", 1);
    rt_message_stop_source(m);
    assert_true(rt_credit_full(&c));
    rt_credit_forgive(&c);
    assert_true(rt_credit_free(&c));
    assert_false(rt_credit_is_back(&c));
    assert_true(memory > 4);
    struct rt_message *later = rt_message_new(OWNER, &c, "z", 1);
    rt_message_stop_source(later);
    rt_message_stop_source(m); /* again, under the rules that hold now */
    assert_int_equal(c.messages, 2);
    rt_credit_forgive(&c);
    rt_message_unref(m, OWNER);
    rt_message_unref(n, OWNER);
    assert_int_equal(c.messages + c.stopping, 0);
    assert_false(rt_credit_is_back(&c));
    rt_message_unref(later, OWNER);
    assert_true(rt_credit_is_back(&c));
    assert_int_equal(c.bytes + memory, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_new_copies_and_charges),
        cmocka_unit_test(test_without_credit_or_data),
        cmocka_unit_test(test_first_parcel_is_embedded),
        cmocka_unit_test(test_fan_out_shares_one_copy),
        cmocka_unit_test(test_last_reference_elsewhere_travels_home),
        cmocka_unit_test(test_unused_message_travels_home_too),
        cmocka_unit_test(test_credit_hysteresis_in_messages),
        cmocka_unit_test(test_credit_hysteresis_in_bytes),
        cmocka_unit_test(test_smallest_credit),
        cmocka_unit_test(test_message_stops_its_source),
        cmocka_unit_test(test_message_is_charged_elsewhere),
        cmocka_unit_test(test_credit_is_forgiven),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
