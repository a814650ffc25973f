/* When an association is moved to an idler worker, on simulated workers and a simulated clock
 * (broker/balance.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "broker/balance.h"

enum { WORKERS = 4, ASSOCS = 64, BEGIN = 1000000 };

static const struct cfg_balance rules = {.threshold = 60, .interval_ms = 1000, .pause_ms = 10000};
static const struct cfg_balance off = {.threshold = 0, .interval_ms = 1000, .pause_ms = 10000};

static struct brk_balance balance;
static uint64_t now_ms, random_state;
static unsigned workers;

/* The simulated load: association i makes `load[i]` thousandths of the worker that has it. */
static uint32_t load[ASSOCS];
static unsigned owner[ASSOCS], assocs, moves;
static uint64_t moved_ms[ASSOCS];

static int begin(void **state)
{
    (void)state;
    balance = (struct brk_balance){0};
    memset(moved_ms, 0, sizeof moved_ms);
    now_ms = BEGIN;
    random_state = 1;
    assocs = moves = 0;
    workers = 2;
    return 0;
}

static uint32_t pick(uint32_t n)
{
    random_state = random_state * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static void add(unsigned worker, uint32_t its_load)
{
    owner[assocs] = worker;
    load[assocs++] = its_load;
}

/* `noise`: how much a load is found wrong, in thousandths of itself. */
static void loads(uint32_t *busy, uint32_t noise)
{
    memset(busy, 0, WORKERS * sizeof *busy);
    for (unsigned i = 0; i < assocs; i++)
        busy[owner[i]] += load[i];
    for (unsigned w = 0; w < workers; w++) {
        busy[w] += noise ? busy[w] * pick(2 * noise) / 1000 - busy[w] * noise / 1000 : 0;
        busy[w] = busy[w] < 1000 ? busy[w] : 1000;
    }
}

static uint32_t highest(void)
{
    uint32_t busy[WORKERS], most = 0;
    loads(busy, 0);
    for (unsigned w = 0; w < workers; w++)
        most = busy[w] > most ? busy[w] : most;
    return most;
}

/* The worker's part, with associations as they really are. */
static void give(const uint32_t *busy)
{
    uint32_t best = 0;
    unsigned found = ASSOCS;
    for (unsigned i = 0; i < assocs; i++) {
        uint32_t gain = brk_balance_gain(busy[balance.from], busy[balance.to], load[i]);
        bool rests = moved_ms[i] && now_ms - moved_ms[i] < BRK_BALANCE_REST_MS;
        if (owner[i] != balance.from || rests || gain <= best)
            continue;
        best = gain;
        found = i;
    }
    if (found == ASSOCS)
        return;
    owner[found] = balance.to;
    moved_ms[found] = now_ms;
    moves++;
}

static enum brk_balance_act interval(const struct cfg_balance *r, uint32_t noise)
{
    uint32_t busy[WORKERS];
    now_ms += r->interval_ms;
    loads(busy, noise);
    enum brk_balance_act act = brk_balance_step(&balance, r, busy, workers, now_ms);
    if (act == BRK_BALANCE_GIVE)
        give(busy);
    return act;
}

static void pass(unsigned seconds, uint32_t noise)
{
    for (unsigned i = 0; i < seconds; i++)
        interval(&rules, noise);
}

/* ---- what a move gains ----------------------------------------------------------------------------- */

static void gains(void **state)
{
    (void)state;
    assert_int_equal(brk_balance_gain(900, 100, 400), 400); /* even afterwards: the best there is */
    assert_int_equal(brk_balance_gain(900, 100, 300), 300);
    assert_int_equal(brk_balance_gain(900, 100, 500), 300); /* the other one is then the higher one */
    assert_int_equal(brk_balance_gain(900, 100, 601), 0);   /* and too much so */
    assert_int_equal(brk_balance_gain(900, 100, 800), 0);
    assert_int_equal(brk_balance_gain(900, 100, 900), 0);
    assert_int_equal(brk_balance_gain(900, 100, 1000), 0);
    assert_int_equal(brk_balance_gain(900, 100, 50), 50);
    assert_int_equal(brk_balance_gain(900, 100, 27), 0); /* too little to be worth it */
    assert_int_equal(brk_balance_gain(900, 900, 10), 0);
    assert_int_equal(brk_balance_gain(0, 0, 0), 0);
    for (unsigned i = 0; i < 100000; i++) {
        uint32_t from = pick(1001), to = pick(1001), share = pick(1001);
        uint32_t gain = brk_balance_gain(from, to, share);
        if (gain)
            assert_true(share <= from && from - share <= from - gain && to + share <= from - gain);
    }
}

/* ---- when ------------------------------------------------------------------------------------------ */

static void only_a_steady_load_counts(void **state)
{
    (void)state;
    add(0, 400);
    add(0, 400);
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_MEASURE);
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_MEASURE);
    load[0] = 100; /* a moment of rest */
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_NOTHING);
    load[0] = 400;
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_MEASURE);
    owner[0] = owner[1] = 1; /* another worker is the busiest */
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_MEASURE);
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_MEASURE);
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_GIVE);
    assert_true(balance.from == 1 && balance.to == 0);
    assert_int_equal(moves, 1);
    assert_int_equal(interval(&rules, 0), BRK_BALANCE_NOTHING); /* they are even */
}

static void below_the_threshold_and_off_nothing_is_done(void **state)
{
    (void)state;
    add(0, 300);
    add(0, 299);
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(interval(&rules, 0), BRK_BALANCE_NOTHING);
    load[1] = 500;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(interval(&off, 0), BRK_BALANCE_NOTHING);
    workers = 1;
    for (unsigned i = 0; i < 100; i++)
        assert_int_equal(interval(&rules, 0), BRK_BALANCE_NOTHING);
    assert_int_equal(moves, 0);
}

/* One move in a pause at most, whatever happens. */
static void moves_are_rare(void **state)
{
    uint64_t last = 0;
    (void)state;
    workers = WORKERS;
    for (unsigned i = 0; i < ASSOCS; i++)
        add(i % 2, 35);
    for (unsigned i = 0; i < 20000; i++) {
        unsigned before = moves;
        if (pick(10) == 0)
            owner[pick(ASSOCS)] = pick(2) ? pick(WORKERS) : 0; /* clients go and come */
        interval(&rules, 100);
        if (moves == before)
            continue;
        assert_true(!last || now_ms - last >= rules.pause_ms);
        last = now_ms;
    }
    assert_true(moves > 10);
}

/* ---- what comes of it ------------------------------------------------------------------------------- */

static void many_small_ones_get_even(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++)
        add(0, 120);
    assert_int_equal(highest(), 960);
    pass(600, 0);
    assert_true(highest() <= 600);
    assert_true(moves >= 3 && moves <= 4);
    unsigned before = moves;
    pass(10000, 50); /* found somewhat wrong each time, it stays as it is */
    assert_int_equal(moves, before);
}

/* The one that is nearly all of the load stays: it would only make the other one the busiest. */
static void a_single_heavy_one_stays(void **state)
{
    (void)state;
    add(0, 900);
    add(0, 10);
    add(1, 20);
    pass(10000, 50);
    assert_int_equal(moves, 0);
}

/* Loads that do not change, at random: each move lowers the highest load, and there is an end of moves. */
static void there_is_an_end(void **state)
{
    (void)state;
    for (unsigned run = 0; run < 300; run++) {
        begin(NULL);
        random_state = run + 1;
        workers = 2 + pick(WORKERS - 1);
        for (unsigned i = pick(ASSOCS - 2) + 2; i; i--)
            add(pick(2) ? 0 : pick(workers), 1 + pick(60));
        for (unsigned i = 0; i < 1000; i++) {
            uint32_t before = highest();
            unsigned had = moves;
            pass(1, 0);
            if (moves > had && before < 1000)
                assert_true(highest() <= before);
        }
        unsigned had = moves;
        pass(1000, 0);
        assert_int_equal(moves, had);
        assert_true(had < 4 * assocs);
    }
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup(f, begin)
    static const struct CMUnitTest tests[] = {
        CASE(gains),
        CASE(only_a_steady_load_counts),
        CASE(below_the_threshold_and_off_nothing_is_done),
        CASE(moves_are_rare),
        CASE(many_small_ones_get_even),
        CASE(a_single_heavy_one_stays),
        CASE(there_is_an_end),
    };
    return cmocka_run_group_tests_name("broker: balance", tests, NULL, NULL);
}
