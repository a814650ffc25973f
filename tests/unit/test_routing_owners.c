/* The numbers of associations, and which worker has one that was handed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "routing/origin.h"
#include "routing/owners.h"

static void test_numbers(void **state)
{
    static const char *const wrong[] = {
        "", "17", "0-0", "0-", "-1", "0-17x", "x-17", "65536-1", "0-17-1", "0-281474976710656", "99999-1"};
    char text[RT_ORIGIN_TEXT];
    (void)state;
    assert_int_equal(rt_origin_worker(rt_origin(3, 17)), 3);
    assert_string_equal(rt_origin_format(rt_origin(3, 17), text), "3-17");
    assert_int_equal(rt_origin_parse("3-17"), rt_origin(3, 17));
    assert_string_equal(rt_origin_format(UINT64_MAX, text), "65535-281474976710655");
    assert_int_equal(rt_origin_parse("65535-281474976710655"), UINT64_MAX);
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_int_equal(rt_origin_parse(wrong[i]), 0);
}

static void test_who_is_not_listed_is_where_it_began(void **state)
{
    (void)state;
    assert_int_equal(rt_owners_find(NULL, rt_origin(3, 7)), 3);
    struct rt_owners *o = rt_owners_new(0);
    assert_non_null(o);
    rt_owners_sort(o);
    assert_int_equal(rt_owners_find(o, rt_origin(3, 7)), 3);
    free(o);
}

static void test_each_is_found_whatever_the_order(void **state)
{
    enum { N = 100, BEGAN = 999 };
    (void)state;
    struct rt_owners *o = rt_owners_new(N);
    assert_non_null(o);
    for (uint32_t i = 0; i < N; i++)
        o->list[i] = (struct rt_owner){.origin = rt_origin(BEGAN, 2 * (i * 37 % N) + 2), .worker = i};
    rt_owners_sort(o);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(rt_owners_find(o, rt_origin(BEGAN, 2 * (i * 37 % N) + 2)), i);
        assert_int_equal(rt_owners_find(o, rt_origin(BEGAN, 2 * i + 1)), BEGAN);
    }
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers),
                                       cmocka_unit_test(test_who_is_not_listed_is_where_it_began),
                                       cmocka_unit_test(test_each_is_found_whatever_the_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
