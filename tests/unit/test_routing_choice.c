/* Which member a client of a paired session is connected to, and which ones are tried after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "routing/choice.h"

enum { MEMBERS = 4, CLIENTS = 4000 };

static const struct cfg_member members[MEMBERS] = {
    {CFG_MEMBER_PEER, 5}, {CFG_MEMBER_PEER, 2}, {CFG_MEMBER_PEER, 7}, {CFG_MEMBER_PEER, 3}};
enum { PEERS = 8 };
static struct cfg_group group = {.members = members, .member_count = MEMBERS};
static uint32_t weights[MEMBERS];
static struct rt_choice choice = {.group = &group};
static struct rt_pick_state turn;
static unsigned down; /* bits, by peer */

static int begin(void **state)
{
    (void)state;
    turn.next = 0;
    down = 0;
    choice.weights = NULL;
    return 0;
}

static bool is_usable(void *arg, unsigned peer)
{
    (void)arg;
    return !(down & 1U << peer);
}

static unsigned first(uint64_t client)
{
    return rt_choice_first(choice, client, &turn, is_usable, NULL);
}

static void like(enum cfg_mode mode, enum cfg_share share)
{
    group.mode = mode;
    group.share = share;
}

/* Associations of one worker are numbered, with those to servers between those of clients. */
static uint64_t origin(unsigned n)
{
    return 2 * n + 1;
}

/* How many clients each peer gets when those that are `dead` refuse them, without being known for it. */
static void spread(unsigned dead, unsigned *got)
{
    memset(got, 0, PEERS * sizeof *got);
    for (unsigned n = 0; n < CLIENTS; n++) {
        unsigned m = first(origin(n));
        while (dead & 1U << m)
            m = rt_choice_next(choice, origin(n), m);
        got[m]++;
    }
}

static void assert_even(const unsigned *got, unsigned dead, unsigned share)
{
    for (unsigned m = 0; m < MEMBERS; m++) {
        unsigned peer = members[m].index;
        if (dead & 1U << peer)
            assert_int_equal(got[peer], 0);
        else
            assert_in_range(got[peer], share - share / 10, share + share / 10);
    }
}

static void clients_spread(void **state)
{
    unsigned got[PEERS];
    (void)state;
    for (unsigned share = CFG_ROUND_ROBIN; share <= CFG_SOURCE_HASH; share++) {
        like(CFG_LOADSHARE, share);
        spread(0, got);
        assert_even(got, 0, CLIENTS / MEMBERS);
    }
}

/* One that refuses: its clients are spread evenly over all others. */
static void those_of_a_dead_member_spread(void **state)
{
    unsigned got[PEERS];
    (void)state;
    for (unsigned share = CFG_ROUND_ROBIN; share <= CFG_SOURCE_HASH; share++)
        for (unsigned m = 0; m < MEMBERS; m++) {
            unsigned dead = 1U << members[m].index;
            like(CFG_LOADSHARE, share);
            spread(dead, got);
            assert_even(got, dead, CLIENTS / 3);
        }
}

/* One that is known to refuse is not even tried. */
static void those_known_to_be_away_are_left_out(void **state)
{
    unsigned got[PEERS];
    (void)state;
    down = 1U << members[2].index;
    like(CFG_LOADSHARE, CFG_ROUND_ROBIN);
    spread(0, got);
    for (unsigned m = 0; m < MEMBERS; m++)
        assert_in_range(got[members[m].index], m == 2 ? 0 : CLIENTS / 3, m == 2 ? 0 : CLIENTS / 3 + 1);
    like(CFG_LOADSHARE, CFG_STREAM_HASH);
    spread(0, got);
    assert_even(got, down, CLIENTS / 3);
    down = ~0U; /* nobody seems to be there: as if all were */
    spread(0, got);
    assert_even(got, 0, CLIENTS / MEMBERS);
    like(CFG_OVERRIDE, CFG_ROUND_ROBIN);
    assert_int_equal(first(1), 5);
}

static void every_member_is_tried_once(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 100; n++)
        for (unsigned mode = CFG_LOADSHARE; mode <= CFG_OVERRIDE; mode++) {
            like(mode, CFG_STREAM_HASH);
            unsigned start = members[n % MEMBERS].index, peer = start, seen = 0;
            for (unsigned i = 0; i < MEMBERS; i++, peer = rt_choice_next(choice, origin(n), peer))
                seen |= 1U << peer;
            assert_int_equal(seen, 1U << 5 | 1U << 2 | 1U << 7 | 1U << 3);
            assert_int_equal(peer, start);
        }
}

/* By hash a client keeps its member whatever happens to others. */
static void a_hash_moves_only_whom_it_must(void **state)
{
    (void)state;
    like(CFG_LOADSHARE, CFG_STREAM_HASH);
    for (unsigned n = 0; n < 100; n++) {
        down = 0;
        unsigned m = first(origin(n));
        for (unsigned other = 0; other < MEMBERS; other++) {
            down = 1U << members[other].index;
            if (members[other].index != m)
                assert_int_equal(first(origin(n)), m);
            else
                assert_int_equal(first(origin(n)), rt_choice_next(choice, origin(n), m));
        }
    }
}

static void override_goes_by_the_file(void **state)
{
    (void)state;
    like(CFG_OVERRIDE, CFG_ROUND_ROBIN);
    assert_int_equal(first(1), 5);
    down = 1U << members[0].index | 1U << members[1].index;
    assert_int_equal(first(1), 7);
    assert_int_equal(rt_choice_next(choice, 1, 7), 3);
    assert_int_equal(rt_choice_next(choice, 1, 3), 5);
    assert_int_equal(rt_choice_next(choice, 1, 6), 5); /* no member any more */
}

/* Clients in proportion to the weights; by hash also those of members that refuse. */
static void assert_shares(unsigned dead)
{
    unsigned got[PEERS], sum = 0;
    spread(dead, got);
    for (unsigned m = 0; m < MEMBERS; m++)
        sum += dead & 1U << members[m].index ? 0 : weights[m];
    for (unsigned m = 0; m < MEMBERS; m++) {
        unsigned due = dead & 1U << members[m].index ? 0 : CLIENTS * weights[m] / sum;
        if (got[members[m].index] < due * 85 / 100 || got[members[m].index] > due * 115 / 100 + 2)
            fail_msg("member %u of weight %u: %u clients, not %u", m, weights[m], got[members[m].index], due);
    }
}

static void clients_spread_by_weight(void **state)
{
    static const uint32_t cases[][MEMBERS] = {{1, 2, 3, 4}, {16, 1, 16, 16}, {0, 1, 1, 1}, {0, 0, 5, 0}};
    (void)state;
    choice.weights = weights;
    for (unsigned share = CFG_ROUND_ROBIN; share <= CFG_SOURCE_HASH; share++)
        for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            memcpy(weights, cases[i], sizeof weights);
            like(CFG_LOADSHARE, share);
            assert_shares(0);
            if (share != CFG_ROUND_ROBIN && i < 3)
                assert_shares(1U << members[3].index);
        }
}

/* Nobody goes to them, not even when all others refuse. */
static void those_of_weight_zero_are_left_out(void **state)
{
    (void)state;
    choice.weights = weights;
    for (unsigned share = CFG_ROUND_ROBIN; share <= CFG_SOURCE_HASH; share++)
        for (unsigned mode = CFG_LOADSHARE; mode <= CFG_OVERRIDE; mode++) {
            memcpy(weights, (const uint32_t[MEMBERS]){1, 0, 0, 1}, sizeof weights);
            like(mode, share);
            down = 1U << members[0].index | 1U << members[3].index;
            assert_int_equal(rt_choice_count(choice), 2);
            for (unsigned n = 0; n < 100; n++) {
                unsigned m = first(origin(n)), other = m == 5 ? 3 : 5;
                assert_true(m == 5 || m == 3);
                assert_int_equal(rt_choice_next(choice, origin(n), m), other);
                assert_int_equal(rt_choice_next(choice, origin(n), other), m);
            }
            memset(weights, 0, sizeof weights);
            assert_int_equal(first(1), RT_NO_PEER);
            assert_int_equal(rt_choice_next(choice, 1, 7), 7);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(clients_spread, begin),
        cmocka_unit_test_setup(those_of_a_dead_member_spread, begin),
        cmocka_unit_test_setup(those_known_to_be_away_are_left_out, begin),
        cmocka_unit_test_setup(every_member_is_tried_once, begin),
        cmocka_unit_test_setup(a_hash_moves_only_whom_it_must, begin),
        cmocka_unit_test_setup(clients_spread_by_weight, begin),
        cmocka_unit_test_setup(those_of_weight_zero_are_left_out, begin),
        cmocka_unit_test_setup(override_goes_by_the_file, begin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
