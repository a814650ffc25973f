/* The size of a send buffer that adapts to its destination's throughput. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "broker/sndbuf.h"

static void test_a_slow_destination(void **state)
{
    (void)state;
    /* 2,500 bytes a millisecond: what goes in 100 ms, and in two round trips. */
    assert_int_equal(brk_sndbuf_fit(250000, 100, 0), 250000);
    assert_int_equal(brk_sndbuf_fit(1000000, 400, 0), 250000);
    assert_int_equal(brk_sndbuf_fit(250000, 100, 50), 500000);
    assert_int_equal(brk_sndbuf_fit(0, 1000, 0), 0);
    assert_true(brk_sndbuf_fit(-5000000, 1000, 10) < 0);
}

/* Where a buffer limits what is under way, it has more room at the next look, whatever the round trip. */
static void test_it_grows_with_the_round_trip(void **state)
{
    (void)state;
    const int64_t size = 64 << 10;
    for (int64_t rtt = 1; rtt < 2000; rtt *= 2)
        assert_true(brk_sndbuf_fit(size * 1000 / rtt, 1000, rtt) > size * 19 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_slow_destination),
        cmocka_unit_test(test_it_grows_with_the_round_trip),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
