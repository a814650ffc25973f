/* Which processor a worker is pinned to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>

#include "broker/pin.h"

static cpu_set_t all;

static int begin(void **state)
{
    (void)state;
    return sched_getaffinity(0, sizeof all, &all);
}

static int end(void **state)
{
    (void)state;
    return sched_setaffinity(0, sizeof all, &all);
}

/* The n-th of those that there are; -1: there are fewer. */
static int processor(int n)
{
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all) && n-- == 0)
            return cpu;
    return -1;
}

static void assert_only(int cpu)
{
    cpu_set_t now;
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_int_equal(CPU_COUNT(&now), 1);
    assert_true(CPU_ISSET(cpu, &now));
}

static void each_worker_has_its_own(void **state)
{
    int count = CPU_COUNT(&all);
    for (int n = 0; n < count + 1; n++) {
        assert_int_equal(brk_pin((unsigned)n), 0);
        assert_only(processor(n % count));
        end(state);
    }
}

/* What an operator has left to the broker it does not leave. */
static void only_those_that_it_may_use(void **state)
{
    cpu_set_t last;
    int cpu = processor(CPU_COUNT(&all) - 1);
    (void)state;
    CPU_ZERO(&last);
    CPU_SET(cpu, &last);
    assert_int_equal(sched_setaffinity(0, sizeof last, &last), 0);
    for (unsigned n = 0; n < 3; n++) {
        assert_int_equal(brk_pin(n), 0);
        assert_only(cpu);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_worker_has_its_own, begin, end),
        cmocka_unit_test_setup_teardown(only_those_that_it_may_use, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
