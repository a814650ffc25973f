/* The time limit of a drain also holds for its end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/drain.h"

static void test_the_end_has_its_share(void **state)
{
    (void)state;
    assert_int_equal(brk_abort_time_ms(5000, 0), 0);
    assert_int_equal(brk_abort_time_ms(5000, 1000), 500);
    assert_int_equal(brk_abort_time_ms(5000, 4000), 1250); /* but never more than a quarter */
    assert_int_equal(brk_abort_time_ms(0, 4000), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_the_end_has_its_share)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
