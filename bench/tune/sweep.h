/* The experiment: which points are measured, in what order, which are dropped, and when it ends.
 *
 * A point is a combination of values, one of each factor; point 0 is the base configuration. The course:
 *
 * Screening, with more than BENCH_SCREEN_ABOVE factors: the points of a two-level fractional factorial, in up
 * to three blocks and 40 % of the budget, or more as long as nothing has been found. Factors whose effect on
 * rate and latency cannot be told from none keep the base's value from then on; at most BENCH_SCREEN_ABOVE
 * are kept.
 *
 * Grid: all combinations of the values that are left, in blocks. From block BENCH_RACE_BLOCKS on, a point
 * that is worse than the best one is dropped (an interval of the difference of 95 % in all, Holm), and it
 * ends when all intervals are within BENCH_PRECISION.
 *
 * Confirmation: ten pairs of the base and the winner, each in random order: data that have not been used to
 * choose it. It is left out if the base itself is the winner.
 *
 * A block is the base, all points that are left in random order, and the base again; what counts of a point
 * is the logarithm of its ratio to the base of its block (the geometric mean of the two), so that slow
 * changes of the host cancel out. Only complete blocks count. A point that loses messages, or that cannot be
 * measured because the generator is too slow, twice in a row, is disqualified; if that is the base (four
 * times in a row), it ends.
 *
 * How a point is measured is not known here: bench_sweep_ops. The order follows from the seed and the number
 * of the block alone, so a saved sweep goes on in the same order.
 *
 * A run begins only if it fits into what is left of the budget, by the mean of those before (in the first
 * block by the shortest).
 *
 * One thread. */
#ifndef JUNCTOR_BENCH_TUNE_SWEEP_H
#define JUNCTOR_BENCH_TUNE_SWEEP_H

#include "bench/tune/design.h"
#include "bench/tune/tune.h"

#define BENCH_WHY_POINT  200
#define BENCH_POINTS_MAX (BENCH_GRID_MAX + BENCH_DESIGN_RUNS_MAX + 1) /* of screening, grid, and the base */

enum bench_stage { BENCH_SCREENING, BENCH_GRID, BENCH_CONFIRMING, BENCH_SWEEP_OVER };

enum bench_fault {
    BENCH_FAULTLESS,
    BENCH_FAULT_POINT,    /* it lost messages, or cannot be set up */
    BENCH_FAULT_GENERATOR /* the generator was the bottleneck */
};

/* One measurement of a point; a value that was not measured is NAN. */
struct bench_response {
    double value[BENCH_RESPONSES];
    enum bench_fault fault;
    char why[BENCH_WHY_POINT]; /* with a fault */
};

struct bench_tune_point {
    uint8_t level[BENCH_FACTORS_MAX]; /* which value of each factor */
    bool in_grid;
    bool out;         /* disqualified, with the reason */
    unsigned dropped; /* after so many blocks, because it is worse; 0: not */
    char why[BENCH_WHY_POINT];
};

/* One measurement in its place. */
struct bench_trial {
    enum bench_stage stage;
    unsigned block, place, point; /* place: in the block */
    double value[BENCH_RESPONSES];
};

/* Why it ended. */
enum bench_ending {
    BENCH_END_NONE, /* it has not */
    BENCH_END_PRECISE,
    BENCH_END_BUDGET,
    BENCH_END_STOPPED, /* as the user asked */
    BENCH_END_FAILED,  /* the base cannot be measured, or out of memory: `why` */
    BENCH_END_NOTHING  /* screening: no factor matters */
};

struct bench_sweep {
    const struct bench_tune *tune;
    enum bench_stage stage;
    bool kept[BENCH_FACTORS_MAX]; /* factors in the grid */
    struct bench_design design;   /* of the screening */
    struct bench_tune_point *points;
    unsigned point_count, point_room;
    struct bench_trial *trials; /* in order */
    unsigned trial_count, trial_room;
    unsigned blocks[BENCH_SWEEP_OVER]; /* complete ones of each stage; of the confirmation: pairs */
    double rate;                       /* messages a second of the latency runs; 0: not known yet */
    double spent;                      /* seconds so far */
    double cost;                       /* of a run, seconds: the mean of those before */
    double budget;                     /* what it was given when it last ended; 0: it has not */
    unsigned winner;                   /* the point that is being confirmed, or has been */
    enum bench_ending racing_ended, ended;
    char why[BENCH_WHY_POINT + 100];
};

/* What it is about to do. */
struct bench_sweep_progress {
    enum bench_stage stage;
    unsigned block, place, places, point;
    bool rehearsal; /* finding out the rate of the latency runs */
    double spent, left;
};

enum bench_ran { BENCH_RAN, BENCH_RAN_STOPPED };

struct bench_sweep_ops {
    /* Measures a point; s->rate 0: only as fast as possible. */
    enum bench_ran (*run)(const struct bench_sweep *s, unsigned point, struct bench_response *out, void *arg);
    double (*now)(void *arg); /* seconds, of any clock that only goes forward */
    void (*progress)(const struct bench_sweep *s, const struct bench_sweep_progress *p,
                     void *arg);                          /* or NULL */
    void (*save)(const struct bench_sweep *s, void *arg); /* a block is complete; or NULL */
    void *arg;
};

/* A new sweep. False: out of memory, or the grid has more than BENCH_GRID_MAX points: the reason is in
 * `why`. */
bool bench_sweep_init(struct bench_sweep *s, const struct bench_tune *tune, char *why, size_t size);
void bench_sweep_free(struct bench_sweep *s);

/* Goes on until it ends: s->ended. */
void bench_sweep_run(struct bench_sweep *s, const struct bench_sweep_ops *ops);

/* The point with these values, which is added if need be; UINT_MAX: out of memory. */
unsigned bench_sweep_point(struct bench_sweep *s, const uint8_t *level);

/* Adds a measurement, of a saved sweep. False: out of memory. */
bool bench_sweep_add(struct bench_sweep *s, const struct bench_trial *trial);

/* Makes the points of the grid of the factors that are kept. */
bool bench_sweep_make_grid(struct bench_sweep *s, char *why, size_t size);

/* The order of a block: `order` has room for all points and the base once more. Returns its length. */
unsigned bench_sweep_order(const struct bench_sweep *s, enum bench_stage stage, unsigned block,
                           unsigned *order);

/* How long a run must at least take, in seconds. */
double bench_sweep_least(const struct bench_tune *tune);

#endif
