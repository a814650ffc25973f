/* Which stream of an association carries which stream of which client. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "routing/stream_map.h"

enum { MANY = 2000, MODEL = 40, ROUNDS = 20000 };

static struct rt_stream_map *map;

static int begin(void **state)
{
    (void)state;
    map = rt_stream_map_new();
    return map ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    rt_stream_map_free(map);
    return 0;
}

static uint16_t take(uint64_t origin, uint16_t stream, uint16_t usable)
{
    return rt_stream_map_take(map, origin, stream, usable, usable);
}

static uint32_t reclaim(uint64_t number, uint64_t before_ms)
{
    return rt_stream_map_reclaim(map, (struct rt_stream_past){number, before_ms}, UINT32_MAX);
}

static void each_stream_of_each_client_has_one_of_its_own(void **state)
{
    struct rt_stream_user user;
    bool seen[MANY] = {false};
    (void)state;
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(rt_stream_map_find(map, i / 4, i % 4), RT_NO_STREAM);
        uint16_t out = take(i / 4, i % 4, MANY);
        assert_true(out < MANY && !seen[out]);
        seen[out] = true;
    }
    assert_int_equal(take(MANY, 0, MANY), RT_NO_STREAM);
    assert_int_equal(rt_stream_map_taken(map), MANY);
    for (unsigned i = 0; i < MANY; i++) {
        uint16_t out = rt_stream_map_find(map, i / 4, i % 4);
        assert_true(rt_stream_map_user(map, out, &user));
        assert_int_equal(user.origin, i / 4);
        assert_int_equal(user.stream, i % 4);
        assert_false(user.left);
    }
}

static void a_stream_that_nobody_has_belongs_to_nobody(void **state)
{
    struct rt_stream_user user;
    (void)state;
    assert_false(rt_stream_map_user(map, 0, &user));
    uint16_t out = take(7, 3, 10);
    rt_stream_map_leave(map, out);
    assert_true(rt_stream_map_user(map, out, &user));
    assert_true(user.left);
    reclaim(0, 1);
    assert_false(rt_stream_map_user(map, out, &user));
    assert_false(rt_stream_map_user(map, 9, &user));
    assert_int_equal(rt_stream_map_find(map, 7, 3), RT_NO_STREAM);
}

static void one_is_free_again_when_nothing_of_it_is_on_the_way(void **state)
{
    (void)state;
    uint16_t out = take(1, 0, 1);
    rt_stream_map_sent(map, out, 5, 100);
    rt_stream_map_leave(map, out);
    rt_stream_map_leave(map, out);
    assert_int_equal(rt_stream_map_left(map), 1);
    assert_int_equal(reclaim(4, 200), 1); /* not acknowledged */
    assert_int_equal(reclaim(5, 100), 0); /* acknowledged, not long enough ago */
    assert_int_equal(take(2, 0, 1), RT_NO_STREAM);
    rt_stream_map_used(map, out, 150); /* a late answer */
    assert_int_equal(reclaim(5, 150), 0);
    assert_int_equal(take(2, 0, 1), RT_NO_STREAM);
    assert_int_equal(reclaim(5, 151), 0);
    assert_int_equal(rt_stream_map_left(map), 0);
    assert_int_equal(take(2, 0, 1), out);
}

static void one_whose_client_is_there_after_all_stays(void **state)
{
    (void)state;
    uint16_t out = take(1, 0, 4);
    rt_stream_map_leave(map, out);
    rt_stream_map_stay(map, out);
    reclaim(9, 9);
    assert_int_equal(rt_stream_map_find(map, 1, 0), out);
    rt_stream_map_leave(map, out);
    rt_stream_map_stay(map, out);
    rt_stream_map_leave(map, out); /* and is in the queue once */
    reclaim(9, 9);
    assert_int_equal(rt_stream_map_find(map, 1, 0), RT_NO_STREAM);
    assert_int_equal(take(2, 0, 1), out);
    assert_int_equal(take(3, 0, 1), RT_NO_STREAM);
}

static void new_ones_come_first_then_those_free_for_longest(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 3; i++)
        assert_int_equal(take(i, 0, 4), i);
    rt_stream_map_leave(map, 2);
    reclaim(0, 1);
    rt_stream_map_leave(map, 0);
    reclaim(0, 1);
    assert_int_equal(take(5, 0, 4), 3);
    assert_int_equal(take(6, 0, 4), 2);
    assert_int_equal(take(7, 0, 4), 0);
}

static void numbers_above_wait_for_streams_and_go_when_none_come(void **state)
{
    struct rt_stream_user user;
    (void)state;
    assert_int_equal(take(1, 0, 1), 0);
    assert_int_equal(rt_stream_map_take(map, 2, 0, 1, 3), 1);
    assert_int_equal(rt_stream_map_take(map, 3, 0, 1, 3), 2);
    assert_int_equal(rt_stream_map_take(map, 4, 0, 1, 3), RT_NO_STREAM);
    rt_stream_map_leave(map, 0);
    rt_stream_map_leave(map, 2);
    rt_stream_map_cut(map, 1);
    assert_int_equal(rt_stream_map_taken(map), 1);
    assert_int_equal(rt_stream_map_left(map), 1);
    assert_int_equal(rt_stream_map_find(map, 2, 0), RT_NO_STREAM);
    assert_false(rt_stream_map_user(map, 2, &user));
    reclaim(0, 1);
    assert_int_equal(rt_stream_map_take(map, 5, 0, 1, 3), 0);
    assert_int_equal(rt_stream_map_take(map, 6, 0, 1, 3), 1);
}

/* What waited for a stream has expired when it is added: its client may go like any other. */
static void one_on_which_nothing_was_sent_in_the_end_is_free_again(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 3; i++) {
        assert_int_equal(rt_stream_map_take(map, i, 0, 0, 3), i);
        rt_stream_map_sent(map, i, RT_TO_BE_SENT, 0);
        rt_stream_map_leave(map, i);
    }
    rt_stream_map_sent(map, 0, 8, 0);
    rt_stream_map_exist(map, 2, 7);
    assert_int_equal(reclaim(7, 1), 2);
    assert_int_equal(rt_stream_map_find(map, 1, 0), RT_NO_STREAM);
    assert_int_equal(reclaim(8, 1), 1);
    assert_int_equal(rt_stream_map_find(map, 0, 0), RT_NO_STREAM);
    assert_int_equal(rt_stream_map_find(map, 2, 0), 2); /* is still to come */
}

static void fewer_streams_than_before(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 6; i++)
        take(i, 0, 6);
    rt_stream_map_leave(map, 1);
    rt_stream_map_leave(map, 4);
    reclaim(0, 1);
    rt_stream_map_leave(map, 5);
    rt_stream_map_cut(map, 3);
    assert_int_equal(rt_stream_map_taken(map), 2);
    assert_int_equal(rt_stream_map_left(map), 0);
    assert_int_equal(take(9, 0, 3), 1);
    assert_int_equal(take(8, 0, 3), RT_NO_STREAM);
    assert_int_equal(take(8, 0, 4), 3);
}

static void all_the_streams_there_can_be(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < RT_STREAMS_MAX; i++)
        assert_int_equal(take(i, 1, RT_STREAMS_MAX), i);
    assert_int_equal(take(RT_STREAMS_MAX, 1, RT_STREAMS_MAX), RT_NO_STREAM);
    assert_int_equal(rt_stream_map_find(map, RT_STREAMS_MAX - 1, 1), RT_STREAMS_MAX - 1);
}

static void a_few_are_looked_at_each_time(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < 5; i++)
        rt_stream_map_leave(map, take(i, 0, 5));
    rt_stream_map_reclaim(map, (struct rt_stream_past){0, 1}, 2);
    assert_int_equal(rt_stream_map_left(map), 3);
    rt_stream_map_reclaim(map, (struct rt_stream_past){0, 1}, 2);
    assert_int_equal(rt_stream_map_left(map), 1);
}

/* Compared with a plain list, over random operations. */
static void like_a_list(void **state)
{
    struct {
        uint64_t origin;
        bool taken, left;
    } list[MODEL] = {{0}};
    (void)state;
    srand(5);
    for (unsigned round = 0; round < ROUNDS; round++) {
        uint64_t origin = (uint64_t)rand() % 60;
        uint16_t out = rt_stream_map_find(map, origin, 2);
        unsigned at = 0, taken = 0;
        while (at < MODEL && !(list[at].taken && list[at].origin == origin))
            at++;
        for (unsigned i = 0; i < MODEL; i++)
            taken += list[i].taken;
        assert_int_equal(out, at < MODEL ? at : RT_NO_STREAM);
        switch (rand() % 4) {
        case 0:
            if (out == RT_NO_STREAM) {
                out = take(origin, 2, MODEL);
                assert_true((out == RT_NO_STREAM) == (taken == MODEL));
                if (out != RT_NO_STREAM) {
                    assert_false(list[out].taken);
                    list[out].origin = origin;
                    list[out].taken = true;
                    list[out].left = false;
                }
            } else {
                rt_stream_map_stay(map, out);
                list[out].left = false;
            }
            break;
        case 1:
            if (out != RT_NO_STREAM) {
                rt_stream_map_leave(map, out);
                list[out].left = true;
            }
            break;
        case 2:
            if (rand() % 8 == 0) {
                reclaim(0, 1);
                for (unsigned i = 0; i < MODEL; i++)
                    list[i].taken &= !list[i].left;
            }
            break;
        default:
            assert_int_equal(rt_stream_map_taken(map), taken);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_stream_of_each_client_has_one_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(a_stream_that_nobody_has_belongs_to_nobody, begin, end),
        cmocka_unit_test_setup_teardown(one_is_free_again_when_nothing_of_it_is_on_the_way, begin, end),
        cmocka_unit_test_setup_teardown(one_whose_client_is_there_after_all_stays, begin, end),
        cmocka_unit_test_setup_teardown(new_ones_come_first_then_those_free_for_longest, begin, end),
        cmocka_unit_test_setup_teardown(numbers_above_wait_for_streams_and_go_when_none_come, begin, end),
        cmocka_unit_test_setup_teardown(one_on_which_nothing_was_sent_in_the_end_is_free_again, begin, end),
        cmocka_unit_test_setup_teardown(fewer_streams_than_before, begin, end),
        cmocka_unit_test_setup_teardown(all_the_streams_there_can_be, begin, end),
        cmocka_unit_test_setup_teardown(a_few_are_looked_at_each_time, begin, end),
        cmocka_unit_test_setup_teardown(like_a_list, begin, end),
    };
    return cmocka_run_group_tests_name("routing/stream_map", tests, NULL, NULL);
}
