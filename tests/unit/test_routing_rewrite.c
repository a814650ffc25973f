/* What a route changes in a message: PPID and stream. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "routing/explain.h"
#include "routing/rewrite.h"

static struct cfg_route rule(enum cfg_stream_rule rule, uint16_t number)
{
    return (struct cfg_route){.set_ppid = CFG_ABSENT, .set_stream = {rule, number}};
}

static void the_ppid(void **state)
{
    struct cfg_route r = rule(CFG_SAME_STREAM, 0);
    (void)state;
    assert_int_equal(rt_rewrite_ppid(&r, UINT32_MAX), UINT32_MAX);
    r.set_ppid = 0;
    assert_int_equal(rt_rewrite_ppid(&r, 3), 0);
    r.set_ppid = UINT32_MAX;
    assert_int_equal(rt_rewrite_ppid(&r, 3), UINT32_MAX);
}

/* Neither depends on the number of streams. */
static void the_same_and_a_fixed_stream(void **state)
{
    struct cfg_route same = rule(CFG_SAME_STREAM, 7), fixed = rule(CFG_FIXED_STREAM, 7);
    uint16_t turn = 0;
    (void)state;
    for (unsigned s = 0; s < 65535; s += 13) {
        assert_int_equal(rt_rewrite_stream(&same, s, (uint16_t)s, 2, &turn), s);
        assert_int_equal(rt_rewrite_stream(&fixed, s, (uint16_t)s, 2, &turn), 7);
    }
    assert_int_equal(turn, 0);
}

/* One stream of one source always has the same one, and all that there are are used about alike. */
static void by_hash(void **state)
{
    enum { SOURCES = 40, STREAMS = 50, MOST = 300 };
    static const uint16_t granted[] = {1, 2, 7, 64};
    struct cfg_route r = rule(CFG_HASHED_STREAM, 0);
    uint16_t turn = 0;
    (void)state;
    for (unsigned g = 0; g < sizeof granted / sizeof *granted; g++) {
        unsigned used[MOST] = {0};
        for (uint64_t origin = 0; origin < SOURCES; origin++)
            for (unsigned s = 0; s < STREAMS; s++) {
                uint16_t out = rt_rewrite_stream(&r, origin << 20, (uint16_t)s, granted[g], &turn);
                assert_true(out < granted[g]);
                assert_int_equal(rt_rewrite_stream(&r, origin << 20, (uint16_t)s, granted[g], &turn), out);
                used[out]++;
            }
        for (unsigned s = 0; s < granted[g]; s++)
            assert_in_range(used[s], SOURCES * STREAMS / granted[g] / 2, SOURCES * STREAMS / granted[g] * 2);
    }
    assert_int_equal(turn, 0);
}

static void in_turn(void **state)
{
    struct cfg_route r = rule(CFG_SPREAD_STREAM, 0);
    uint16_t turn = 0;
    (void)state;
    for (unsigned i = 0; i < 20; i++)
        assert_int_equal(rt_rewrite_stream(&r, i, 3, 5, &turn), i % 5);
    rt_rewrite_stream(&r, 0, 3, 5, &turn);
    rt_rewrite_stream(&r, 0, 3, 5, &turn);
    rt_rewrite_stream(&r, 0, 3, 5, &turn);
    assert_int_equal(rt_rewrite_stream(&r, 0, 3, 2, &turn), 0); /* there are fewer now */
    assert_int_equal(rt_rewrite_stream(&r, 0, 3, 2, &turn), 1);
    turn = 65534;
    assert_int_equal(rt_rewrite_stream(&r, 0, 3, 65535, &turn), 65534);
    assert_int_equal(rt_rewrite_stream(&r, 0, 3, 65535, &turn), 0);
}

static void in_words(void **state)
{
    char text[RT_EXPLAIN_TEXT];
    struct cfg_route r = rule(CFG_SAME_STREAM, 0);
    (void)state;
    assert_string_equal(rt_explain_rewrite(&r, text), "");
    r.set_ppid = 3;
    assert_string_equal(rt_explain_rewrite(&r, text), "PPID m3ua");
    r = rule(CFG_FIXED_STREAM, 65534);
    r.set_ppid = UINT32_MAX;
    assert_string_equal(rt_explain_rewrite(&r, text), "PPID 4294967295, stream 65534");
    r = rule(CFG_HASHED_STREAM, 0);
    assert_string_equal(rt_explain_rewrite(&r, text), "stream by hash");
    r = rule(CFG_SPREAD_STREAM, 0);
    assert_string_equal(rt_explain_rewrite(&r, text), "streams in turn");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_ppid), cmocka_unit_test(the_same_and_a_fixed_stream),
        cmocka_unit_test(by_hash),  cmocka_unit_test(in_turn),
        cmocka_unit_test(in_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
