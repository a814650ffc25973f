/* Which association of a shared socket brings too much for it, against a clock that the test controls. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/busy.h"

enum { ASSOCS = 64, BEGIN = 1000000, BUFFER = 256 * 1024 };

static struct brk_carried all, one[ASSOCS];
static uint64_t now_ms;

static int begin(void **state)
{
    (void)state;
    memset(&all, 0, sizeof all);
    memset(one, 0, sizeof one);
    now_ms = BEGIN;
    return 0;
}

static bool brings(unsigned i, uint32_t len)
{
    return brk_busy_takes(&one[i], &all, now_ms, len, BUFFER);
}

/* How many messages of `len` bytes it may bring at once. */
static unsigned may_bring(unsigned i, uint32_t len)
{
    unsigned n = 0;
    while (!brings(i, len))
        n++;
    return n;
}

static void one_brings_a_sixteenth(void **state)
{
    (void)state;
    assert_int_equal(may_bring(0, 64), BUFFER / 16 / (64 + BRK_BUSY_CHARGE));
    assert_int_equal(may_bring(1, 1400), BUFFER / 16 / (1400 + BRK_BUSY_CHARGE));
    assert_true(brings(2, BUFFER / 16));
    assert_true(brings(0, 1)); /* in this interval it stays so */
    now_ms += BRK_BUSY_MS;
    assert_false(brings(0, 1));
}

/* Little by many is much together: then whoever brings something leaves, and who is silent stays. */
static void all_bring_a_half(void **state)
{
    unsigned n = 0, found = 0;
    (void)state;
    for (; !found; n++)
        found = brings(n % ASSOCS, 64);
    assert_int_equal(n - 1, BUFFER / 2 / (64 + BRK_BUSY_CHARGE));
    assert_true(brings((n + 1) % ASSOCS, 1));
    now_ms += BRK_BUSY_MS;
    assert_false(brings(n % ASSOCS, 64));
}

/* Who goes on slowly is never busy, however long; who goes on at more than a sixteenth in an interval is. */
static void steady_ones(void **state)
{
    const unsigned in_an_interval = BUFFER / 16 / (64 + BRK_BUSY_CHARGE);
    (void)state;
    for (unsigned step = 0; step < 10000 * in_an_interval; step++) {
        now_ms = BEGIN + step * BRK_BUSY_MS / in_an_interval;
        assert_false(brings(0, 64));
    }
    unsigned step = 0;
    begin(NULL);
    for (bool busy = false; !busy; step++) {
        assert_true(step < 4 * in_an_interval);
        now_ms = BEGIN + step * BRK_BUSY_MS / (2 * in_an_interval);
        busy = brings(0, 64);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, begin)
    static const struct CMUnitTest tests[] = {CASE(one_brings_a_sixteenth), CASE(all_bring_a_half),
                                              CASE(steady_ones)};
    return cmocka_run_group_tests_name("broker: busy", tests, NULL, NULL);
}
