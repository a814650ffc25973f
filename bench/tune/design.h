/* Which settings are measured, and in what order.
 *
 * Screening: with many factors only a few matter. A two-level fractional factorial finds them: each of 6 … 16
 * factors is at its low level in one half of the runs and at its high one in the other, in every combination
 * with each of the others equally often. Its regular fractions are built from generators (G. Box, J. Hunter
 * and W. Hunter, Statistics for Experimenters, chapter 6; NIST/SEMATECH e-Handbook of Statistical
 * Methods, 5.3.3.4):
 *
 *     resolution IV   8 runs for up to 4 factors, 16 for 8, 32 for 16, 64 for 32: main effects are mixed
 * neither with each other nor with the interaction of any two factors. The one to take: parameters of a
 *                     transport do interact, such as the send buffer with the delay of the link
 *     resolution III  8 runs for up to 7 factors, 16 for 15, 32 for 31: main effects are mixed with
 * interactions of two factors. For little time
 *
 * Plackett and Burman's designs are not among them. They need fewer runs only for 8 … 11 and 16 … 23 factors,
 * and spread each interaction over all main effects of other factors, where nobody can see it.
 *
 * Two levels see nothing of a value that is best in between: what matters is measured on a grid afterwards.
 *
 * Pure, no memory; any thread. */
#ifndef JUNCTOR_BENCH_TUNE_DESIGN_H
#define JUNCTOR_BENCH_TUNE_DESIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "bench/tune/stats.h"

#define BENCH_DESIGN_FACTORS_MAX 32
#define BENCH_DESIGN_RUNS_MAX    64

/* ---- screening ---------------------------------------------------------------------------------- */

struct bench_design {
    unsigned factors, runs;
    uint8_t word[BENCH_DESIGN_FACTORS_MAX]; /* a factor is high in the runs whose number has an odd number of
                                               ones in common with its word */
};

/* The smallest design of that resolution (3 or 4); false if there are no factors or more than
 * BENCH_DESIGN_FACTORS_MAX. */
bool bench_design_make(unsigned factors, unsigned resolution, struct bench_design *out);

/* -1 for the low level of the factor in this run, 1 for the high one. In run 0 all are low. */
int bench_design_level(const struct bench_design *d, unsigned run, unsigned factor);

/* What a factor changes: effects[f] is the mean response of the runs with the factor high less that of the
 * runs with it low, with its interval. response[block × runs + run] is the result of a run in one block, such
 * as the log ratio to the block's base. Blocks with a response that is not finite are left out. Returns how
 * many are used; if 0, the effects are not set.
 *
 * The error comes from the differences between the blocks, after their means are taken off, with (blocks − 1)
 * × (runs − 1) degrees of freedom. With a single block there are none; then it comes from the assumption that
 * most contrasts of the runs measure nothing (R. Lenth, Quick and Easy Analysis of Unreplicated Factorials,
 * 1989), which is safe but sees less, the more factors matter. The level is that of each single interval. To
 * select those that matter, adjust their p with bench_stats_holm. */
unsigned bench_design_effects(const struct bench_design *d, const double *response, unsigned blocks,
                              double level, struct bench_interval *effects);

/* ---- grid --------------------------------------------------------------------------------------- */

/* How many points all combinations of values make, where factor f has values[f] (≥ 1) of them; UINT64_MAX if
 * they are more than that. */
uint64_t bench_design_grid(const unsigned *values, unsigned factors);

/* The values of a point, and the point with these values: value[f] < values[f]. The last factor changes
 * fastest. */
void bench_design_point(const unsigned *values, unsigned factors, uint64_t point, unsigned *value);
uint64_t bench_design_point_of(const unsigned *values, unsigned factors, const unsigned *value);

/* ---- order -------------------------------------------------------------------------------------- */

/* The order of the runs of a block: the base first and last, between them the `count` points that are left,
 * each order equally likely. `order` has room for count + 2. Depends on seed, block and the points only, not
 * on the blocks before: an experiment that was interrupted goes on as it would have. */
void bench_design_order(const unsigned *left, unsigned count, unsigned base, uint64_t seed, unsigned block,
                        unsigned *order);

#endif
