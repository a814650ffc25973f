/* What the parts of decide.h have in common: blocks.c, decide.c (race and winner), screening.c, findings.c.
 */
#ifndef JUNCTOR_BENCH_TUNE_DECIDE_PRIV_H
#define JUNCTOR_BENCH_TUNE_DECIDE_PRIV_H

#include "bench/tune/decide.h"

#define BENCH_LEVEL 0.95 /* of all intervals */

/* ---- blocks.c: series of ratios ------------------------------------------------------------------------ */

/* One number for each block of the grid and each of a list of things. */
struct bench_blocks {
    unsigned blocks, count;
    double *x;   /* count × blocks */
    unsigned *n; /* how many of each row are finite */
};

/* Zeros. False: out of memory; it can be freed all the same. */
bool bench_blocks_new(struct bench_blocks *t, unsigned count, unsigned blocks);
void bench_blocks_free(struct bench_blocks *t);

double *bench_blocks_row(const struct bench_blocks *t, unsigned i);

/* The intervals of the rows' means, which hold together; a row that was not measured at all gets one that
 * says nothing. */
void bench_blocks_compare(struct bench_blocks *t, uint64_t seed, struct bench_interval *out);

/* The mean of those that are finite; NAN: none is. */
double bench_blocks_mean(const double *x, unsigned n);

/* For the resampling of a comparison: `what` tells them apart. */
uint64_t bench_blocks_seed(const struct bench_sweep *s, unsigned what);

/* ---- decide.c ------------------------------------------------------------------------------------------ */

/* The responses in the order in which they count. */
void bench_response_order(const struct bench_tune *t, enum bench_response_of order[BENCH_RESPONSES]);

/* ---- screening.c --------------------------------------------------------------------------------------- */

/* effects[f] of one response; false: it was not measured. */
bool bench_screening_effects(const struct bench_sweep *s, enum bench_response_of response,
                             struct bench_interval *effects);

#endif
