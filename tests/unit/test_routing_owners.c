/* Which worker has an association that was handed over. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "routing/owners.h"

static void test_nothing_is_listed(void **state)
{
    (void)state;
    assert_int_equal(rt_owners_find(NULL, 7, 3), 3);
    struct rt_owners *o = rt_owners_new(0);
    assert_non_null(o);
    rt_owners_sort(o);
    assert_int_equal(rt_owners_find(o, 7, 3), 3);
    free(o);
}

static void test_each_is_found_whatever_the_order(void **state)
{
    enum { N = 100 };
    (void)state;
    struct rt_owners *o = rt_owners_new(N);
    assert_non_null(o);
    for (uint32_t i = 0; i < N; i++)
        o->list[i] = (struct rt_owner){.origin = (UINT64_C(1) << 48 | (i * 37 % N)) * 2, .worker = i};
    rt_owners_sort(o);
    for (uint32_t i = 0; i < N; i++) {
        assert_int_equal(rt_owners_find(o, (UINT64_C(1) << 48 | (i * 37 % N)) * 2, 999), i);
        assert_int_equal(rt_owners_find(o, (UINT64_C(1) << 48 | i) * 2 + 1, 999), 999);
    }
    free(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_is_listed),
                                       cmocka_unit_test(test_each_is_found_whatever_the_order)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
