/* The course of a sweep; see sweep.h. */
#include "bench/tune/sweep.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "bench/random.h"
#include "bench/tune/decide.h"

#define SCREEN_BLOCKS     3
#define SCREEN_BLOCKS_MAX 12  /* as long as nothing has been found */
#define SCREEN_SHARE      0.4 /* of the budget, for screening */
#define CONFIRM_SHARE     0.4 /* of the budget, at most, is kept for the confirmation */
#define BASE_CHANCES      4
#define BLOCKS_MAX        400
#define RUNS_AVERAGED     20

/* ---- points and trials -------------------------------------------------------------------------------- */

unsigned bench_sweep_point(struct bench_sweep *s, const uint8_t *level)
{
    for (unsigned i = 0; i < s->point_count; i++)
        if (memcmp(s->points[i].level, level, s->tune->factor_count) == 0)
            return i;
    if (s->point_count == s->point_room) {
        unsigned room = s->point_room ? 2 * s->point_room : 64;
        struct bench_tune_point *more = reallocarray(s->points, room, sizeof *more);
        if (!more)
            return UINT_MAX;
        s->points = more;
        s->point_room = room;
    }
    struct bench_tune_point *p = &s->points[s->point_count];
    memset(p, 0, sizeof *p);
    memcpy(p->level, level, s->tune->factor_count);
    return s->point_count++;
}

bool bench_sweep_add(struct bench_sweep *s, const struct bench_trial *trial)
{
    if (s->trial_count == s->trial_room) {
        unsigned room = s->trial_room ? 2 * s->trial_room : 256;
        struct bench_trial *more = reallocarray(s->trials, room, sizeof *more);
        if (!more)
            return false;
        s->trials = more;
        s->trial_room = room;
    }
    s->trials[s->trial_count++] = *trial;
    return true;
}

bool bench_sweep_make_grid(struct bench_sweep *s, char *why, size_t size)
{
    const struct bench_tune *t = s->tune;
    unsigned values[BENCH_FACTORS_MAX], value[BENCH_FACTORS_MAX];

    for (unsigned f = 0; f < t->factor_count; f++)
        values[f] = s->kept[f] ? t->factors[f].count : 1;
    uint64_t count = bench_design_grid(values, t->factor_count);
    if (count > BENCH_GRID_MAX)
        return bench_say(why, size,
                         "all combinations of the values are %llu points, more than %d: give fewer values",
                         (unsigned long long)count, BENCH_GRID_MAX);
    for (uint64_t i = 0; i < count; i++) {
        uint8_t level[BENCH_FACTORS_MAX] = {0};
        bench_design_point(values, t->factor_count, i, value);
        for (unsigned f = 0; f < t->factor_count; f++)
            level[f] = (uint8_t)(s->kept[f] ? value[f] : t->factors[f].base);
        unsigned point = bench_sweep_point(s, level);
        if (point == UINT_MAX)
            return bench_say(why, size, "out of memory");
        s->points[point].in_grid = true;
    }
    return true;
}

/* The point of a run of the screening: low is the first value of a factor, high the last one. */
static unsigned screening_point(struct bench_sweep *s, unsigned run)
{
    uint8_t level[BENCH_FACTORS_MAX] = {0};

    for (unsigned f = 0; f < s->tune->factor_count; f++)
        level[f] = bench_design_level(&s->design, run, f) > 0 ? (uint8_t)(s->tune->factors[f].count - 1) : 0;
    return bench_sweep_point(s, level);
}

static bool screens(const struct bench_tune *tune)
{
    return tune->factor_count > BENCH_SCREEN_ABOVE;
}

static bool make_screening(struct bench_sweep *s, char *why, size_t size)
{
    if (!bench_design_make(s->tune->factor_count, 4, &s->design))
        return bench_say(why, size, "too many factors");
    for (unsigned run = 0; run < s->design.runs; run++)
        if (screening_point(s, run) == UINT_MAX)
            return bench_say(why, size, "out of memory");
    return true;
}

bool bench_sweep_init(struct bench_sweep *s, const struct bench_tune *tune, char *why, size_t size)
{
    uint8_t level[BENCH_FACTORS_MAX] = {0};

    memset(s, 0, sizeof *s);
    s->tune = tune;
    for (unsigned f = 0; f < tune->factor_count; f++)
        level[f] = (uint8_t)tune->factors[f].base;
    bool good = bench_sweep_point(s, level) == 0 || bench_say(why, size, "out of memory");
    if (good && screens(tune)) {
        s->stage = BENCH_SCREENING;
        good = make_screening(s, why, size);
    } else if (good) {
        s->stage = BENCH_GRID;
        for (unsigned f = 0; f < tune->factor_count; f++)
            s->kept[f] = true;
        good = bench_sweep_make_grid(s, why, size);
    }
    if (!good)
        bench_sweep_free(s);
    return good;
}

void bench_sweep_free(struct bench_sweep *s)
{
    free(s->points);
    free(s->trials);
    s->points = NULL;
    s->trials = NULL;
}

/* ---- order -------------------------------------------------------------------------------------------- */

static unsigned points_left(const struct bench_sweep *s, enum bench_stage stage, unsigned *left)
{
    unsigned count = 0;

    if (stage == BENCH_SCREENING) {
        struct bench_sweep *all = (struct bench_sweep *)(uintptr_t)s; /* every point of it exists */
        for (unsigned run = 0; run < s->design.runs; run++)
            left[count++] = screening_point(all, run);
        return count;
    }
    for (unsigned i = 1; i < s->point_count; i++)
        if (s->points[i].in_grid && !s->points[i].out && !s->points[i].dropped)
            left[count++] = i;
    return count;
}

unsigned bench_sweep_order(const struct bench_sweep *s, enum bench_stage stage, unsigned block,
                           unsigned *order)
{
    struct bench_random random = {s->tune->seed + (uint64_t)stage * UINT64_C(0x9e3779b97f4a7c15) + block};
    unsigned left[BENCH_POINTS_MAX];

    if (stage == BENCH_CONFIRMING) {
        bool first = bench_random_next(&random) & 1;
        order[0] = first ? 0 : s->winner;
        order[1] = first ? s->winner : 0;
        return 2;
    }
    unsigned count = points_left(s, stage, left);
    bench_design_order(left, count, 0, s->tune->seed + (uint64_t)stage, block, order);
    return count + 2;
}

/* ---- the course -----------------------------------------------------------------------------------------
 */

struct course {
    struct bench_sweep *s;
    const struct bench_sweep_ops *ops;
    double start;    /* by ops->now, so that s->spent is its difference to now */
    double shortest; /* of the runs, seconds */
    unsigned runs;
};

double bench_sweep_least(const struct bench_tune *tune)
{
    return (tune->no_latency ? 1 : 2) * (3e-3 * tune->window_ms + 1e-3 * tune->measure_ms);
}

static bool end(struct bench_sweep *s, enum bench_ending how)
{
    if (s->ended == BENCH_END_NONE)
        s->ended = how;
    return false;
}

static bool fail(struct bench_sweep *s, const char *what, const char *why)
{
    snprintf(s->why, sizeof s->why, "%s%s", what, why);
    return end(s, BENCH_END_FAILED);
}

static void progress(struct course *c, unsigned block, unsigned place, unsigned places, unsigned point,
                     bool rehearsal)
{
    const struct bench_sweep *s = c->s;
    double left = s->tune->budget - s->spent;

    if (!c->ops->progress)
        return;
    if (s->stage == BENCH_CONFIRMING && (2.0 * (BENCH_CONFIRM - block) - place) * s->cost < left)
        left = (2.0 * (BENCH_CONFIRM - block) - place) * s->cost;
    struct bench_sweep_progress p = {.stage = s->stage,
                                     .block = block,
                                     .place = place,
                                     .places = places,
                                     .point = point,
                                     .rehearsal = rehearsal,
                                     .spent = s->spent,
                                     .left = left > 0 ? left : 0};
    c->ops->progress(s, &p, c->ops->arg);
}

/* Whether another run fits into the budget, as runs have taken so far: their mean; of the first block,
 * without which all was in vain, the shortest. */
static bool fits(const struct course *c)
{
    const struct bench_sweep *s = c->s;
    bool first = s->blocks[BENCH_SCREENING] + s->blocks[BENCH_GRID] == 0;

    return s->spent + (first ? c->shortest : s->cost) <= s->tune->budget;
}

/* Measures once, and again if the generator was too slow: without the base there is nothing, so it gets more
 * chances. */
static bool run(struct course *c, unsigned point, struct bench_response *r)
{
    struct bench_sweep *s = c->s;

    for (unsigned attempt = 0; attempt < (point == 0 ? BASE_CHANCES : 2); attempt++) {
        double before = c->ops->now(c->ops->arg);
        memset(r, 0, sizeof *r);
        enum bench_ran ran = c->ops->run(s, point, r, c->ops->arg);
        double now = c->ops->now(c->ops->arg);
        s->spent = now - c->start;
        if (ran == BENCH_RAN_STOPPED)
            return end(s, BENCH_END_STOPPED);
        s->cost = (s->cost * c->runs + now - before) / (c->runs + 1);
        if (c->runs == 0 || now - before < c->shortest)
            c->shortest = now - before;
        c->runs += c->runs < RUNS_AVERAGED;
        if (r->fault != BENCH_FAULT_GENERATOR)
            break;
        if (!fits(c))
            return end(s, BENCH_END_BUDGET);
    }
    if (r->fault == BENCH_FAULTLESS)
        return true;
    if (point == 0)
        return fail(s, "the base configuration cannot be measured: ", r->why);
    s->points[point].out = true;
    snprintf(s->points[point].why, sizeof s->points[point].why, "%s", r->why);
    return true;
}

/* Finds out the rate of the latency runs. */
static bool rehearse(struct course *c)
{
    struct bench_sweep *s = c->s;
    struct bench_response r;

    if (s->tune->no_latency || s->rate > 0)
        return true;
    progress(c, 0, 0, 0, 0, true);
    if (!run(c, 0, &r))
        return false;
    s->rate = s->tune->load.rate > 0 ? s->tune->load.rate : r.value[BENCH_RATE] / 2;
    s->cost *= 2;
    return s->rate > 0 || fail(s, "the base configuration delivers nothing", "");
}

/* A block that was not completed leaves nothing behind: it is repeated, with the same points. */
static bool forget(struct bench_sweep *s, unsigned trials, const bool *was_out)
{
    s->trial_count = trials;
    for (unsigned i = 0; i < s->point_count; i++)
        s->points[i].out = was_out[i];
    return false;
}

/* One block of the stage. False: the sweep has ended, and the block is not complete. */
static bool block(struct course *c)
{
    struct bench_sweep *s = c->s;
    unsigned order[BENCH_POINTS_MAX + 1], number = s->blocks[s->stage];
    unsigned places = bench_sweep_order(s, s->stage, number, order), before = s->trial_count;
    bool was_out[BENCH_POINTS_MAX] = {false};

    for (unsigned i = 0; i < s->point_count; i++)
        was_out[i] = s->points[i].out;
    for (unsigned place = 0; place < places; place++) {
        struct bench_trial trial = {
            .stage = s->stage, .block = number, .place = place, .point = order[place]};
        struct bench_response r;
        if (!fits(c))
            end(s, BENCH_END_BUDGET);
        else
            progress(c, number, place, places, order[place], false);
        if (s->ended != BENCH_END_NONE || !run(c, order[place], &r))
            return forget(s, before, was_out);
        if (r.fault != BENCH_FAULTLESS)
            continue;
        memcpy(trial.value, r.value, sizeof trial.value);
        if (!bench_sweep_add(s, &trial))
            return fail(s, "out of memory", "");
    }
    s->blocks[s->stage]++;
    return true;
}

static void save(struct course *c)
{
    if (c->ops->save)
        c->ops->save(c->s, c->ops->arg);
}

/* Whether the screening takes another block: while there is time for it and, if something has been found,
 * only up to its share of the budget. */
static bool screens_on(struct course *c)
{
    struct bench_sweep *s = c->s;
    double next = s->spent + (s->design.runs + 2) * s->cost;
    unsigned blocks = s->blocks[BENCH_SCREENING];

    if (blocks == 0)
        return true;
    if (bench_decide_screening(s) > 0)
        return blocks < SCREEN_BLOCKS && next <= SCREEN_SHARE * s->tune->budget;
    return blocks < SCREEN_BLOCKS_MAX && next <= s->tune->budget;
}

static bool screen(struct course *c)
{
    struct bench_sweep *s = c->s;
    char why[BENCH_WHY_POINT];

    while (screens_on(c)) {
        if (!block(c))
            return false;
        save(c);
    }
    if (bench_decide_screening(s) == 0)
        return end(s, BENCH_END_NOTHING);
    if (!bench_sweep_make_grid(s, why, sizeof why))
        return fail(s, why, "");
    s->stage = BENCH_GRID;
    save(c);
    return true;
}

/* Seconds to be kept for the confirmation. */
static double reserve(const struct course *c)
{
    double all = 2 * BENCH_CONFIRM * c->s->cost, most = CONFIRM_SHARE * c->s->tune->budget;

    return all < most ? all : most;
}

/* Whether there is time for another block, which would be over at `next`. As long as the base itself is the
 * winner, less is kept for a confirmation. */
static bool has_time(const struct course *c, double next)
{
    unsigned winner;

    if (next + reserve(c) <= c->s->tune->budget)
        return true;
    return next + reserve(c) / 2 <= c->s->tune->budget && bench_decide_winner(c->s, &winner) && winner == 0;
}

static bool race(struct course *c)
{
    struct bench_sweep *s = c->s;
    unsigned left[BENCH_POINTS_MAX];
    bool precise = false;

    s->racing_ended = BENCH_END_NONE;
    while (s->racing_ended == BENCH_END_NONE) {
        unsigned count = points_left(s, BENCH_GRID, left);
        double next = s->spent + (count + 2) * s->cost;
        if (count == 0 || precise || s->blocks[BENCH_GRID] == BLOCKS_MAX)
            s->racing_ended = BENCH_END_PRECISE;
        else if (s->blocks[BENCH_GRID] > 0 && !has_time(c, next))
            s->racing_ended = BENCH_END_BUDGET;
        else if (!block(c))
            return false;
        else if (!bench_decide_race(s, &precise))
            return fail(s, "out of memory", "");
        else
            save(c);
    }
    if (!bench_decide_winner(s, &s->winner))
        return fail(s, "out of memory", "");
    s->stage = s->winner == 0 ? BENCH_SWEEP_OVER : BENCH_CONFIRMING;
    save(c);
    return true;
}

static bool confirm(struct course *c)
{
    struct bench_sweep *s = c->s;

    while (s->blocks[BENCH_CONFIRMING] < BENCH_CONFIRM) {
        if (!block(c))
            return false;
        if (s->points[s->winner].out)
            break;
        save(c);
    }
    s->stage = BENCH_SWEEP_OVER;
    return true;
}

/* More time was given to a sweep that had ended for want of it: the race goes on, and what was a confirmation
 * of its result is none any more. */
static void reopen(struct bench_sweep *s)
{
    unsigned kept = 0;

    if (s->racing_ended != BENCH_END_BUDGET || s->stage < BENCH_CONFIRMING || s->tune->budget <= s->budget ||
        s->spent > (1 - CONFIRM_SHARE) * s->tune->budget)
        return;
    for (unsigned i = 0; i < s->trial_count; i++)
        if (s->trials[i].stage != BENCH_CONFIRMING)
            s->trials[kept++] = s->trials[i];
    s->trial_count = kept;
    s->blocks[BENCH_CONFIRMING] = 0;
    s->stage = BENCH_GRID;
}

void bench_sweep_run(struct bench_sweep *s, const struct bench_sweep_ops *ops)
{
    struct course c = {
        .s = s, .ops = ops, .start = ops->now(ops->arg) - s->spent, .shortest = bench_sweep_least(s->tune)};

    s->cost = s->trial_count ? s->spent / s->trial_count : bench_sweep_least(s->tune);
    c.runs = s->trial_count < RUNS_AVERAGED ? s->trial_count : RUNS_AVERAGED;
    s->ended = BENCH_END_NONE;
    reopen(s);
    bool on = rehearse(&c);
    if (on && s->stage == BENCH_SCREENING)
        on = screen(&c);
    if (on && s->stage == BENCH_GRID)
        on = race(&c);
    if (on && s->stage == BENCH_CONFIRMING)
        on = confirm(&c);
    if (on && s->racing_ended != BENCH_END_NONE)
        end(s, s->racing_ended);
    s->budget = s->tune->budget;
    save(&c);
}
