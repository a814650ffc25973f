/* Runs the scenarios, each with many seeds.
 *
 *     build/tests/middle/test_middle                           as in make test
 *     SEED=17 build/tests/middle/test_middle                   one seed, all scenarios
 *     SEED=17 SCENARIO=broadcast VERBOSE=1 …                   one run, with the broker's log
 *     RUNS=100000 STEPS=5000 build/tests/middle/test_middle    a long one */
#include <inttypes.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/middle/world.h"

static uint64_t setting(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void one(const struct scenario *s, uint64_t seed, uint64_t steps)
{
    world_begin(s, seed);
    unsigned epochs = 1 + (unsigned)pick(3);
    for (unsigned e = 0; e < epochs; e++) {
        for (uint64_t i = 0; i < steps / epochs; i++)
            world_step();
        if (e + 1 < epochs || chance(50))
            world_settle();
    }
    world_end(chance(70));
}

/* An assertion or a bad access in the broker: which seed was it? */
static void die(int number)
{
    signal(number, SIG_DFL);
    print_notes();
    raise(number);
}

static void run(void **state)
{
    const struct scenario *s = *state;
    uint64_t seed = setting("SEED", 0), steps = setting("STEPS", 600);
    signal(SIGSEGV, die); /* before cmocka's */
    signal(SIGABRT, die);
    if (seed) {
        one(s, seed, steps);
        return;
    }
    totals = (struct totals){0};
    for (seed = 1; seed <= setting("RUNS", 400); seed++)
        one(s, seed, steps);
    print_message("# %s: %" PRIu64 " runs, %" PRIu64 " steps, %" PRIu64 " associations, %" PRIu64
                  " messages read, %" PRIu64 " sent, %" PRIu64 " given back, %" PRIu64 " hand-overs, %" PRIu64
                  " peeled off\n",
                  s->name, totals.runs, totals.steps, totals.associations, totals.read, totals.taken,
                  totals.returned, totals.handed, totals.peeled);
}

int main(void)
{
    struct CMUnitTest tests[64];
    const char *only = getenv("SCENARIO");
    unsigned count = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    rt_reader_register();
    for (unsigned i = 0; i < scenario_count; i++)
        if (!only || strcmp(only, scenarios[i].name) == 0)
            tests[count++] = (struct CMUnitTest){.name = scenarios[i].name,
                                                 .test_func = run,
                                                 .initial_state = (void *)(uintptr_t)&scenarios[i]};
    int failed = _cmocka_run_group_tests("middle", tests, count, NULL, NULL);
    rt_reader_unregister();
    return failed;
}
