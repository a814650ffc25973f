/* Distributions that sizes and intervals are drawn from. Each lies within bounds:
 *
 *     constant     always the same
 *     uniform      uniform between two values
 *     exponential  a least value and, above it, exponential
 *     normal       truncated: values outside the bounds are drawn again
 *     Pareto       from a least value on, with a shape; the bounds cut off its tail
 *     list         some values, each with a weight
 *
 * Pure; any thread. */
#ifndef JUNCTOR_BENCH_DISTRIBUTION_H
#define JUNCTOR_BENCH_DISTRIBUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bench/random.h"

#define BENCH_LIST_MAX 16

enum bench_shape { BENCH_CONSTANT, BENCH_UNIFORM, BENCH_EXPONENTIAL, BENCH_NORMAL, BENCH_PARETO, BENCH_LIST };

struct bench_distribution {
    enum bench_shape shape;
    double min, max; /* bounds of what is drawn */
    double a;        /* exponential: mean above min; normal: mean; Pareto: shape */
    double b;        /* normal: standard deviation */
    unsigned count;  /* of a list: */
    double value[BENCH_LIST_MAX];
    double upto[BENCH_LIST_MAX]; /* share of this value and those before it; the last is 1 */
};

/* Parses one number of a distribution; false with the reason in `why`. */
typedef bool bench_number_fn(const char *text, double *out, char *why, size_t size);

/* Parses
 *     VALUE   MIN-MAX   uniform:MIN:MAX   exponential:MEAN[:MIN[:MAX]]   normal:MEAN:SD[:MIN:MAX]
 *     pareto:MIN:SHAPE[:MAX]   list:VALUE@WEIGHT:VALUE@WEIGHT…
 * where values are parsed by `number` and lie between `min` and `max`. These are also the default bounds,
 * unless the tail ends earlier: exponential 20 means above MIN, normal 6 SD from MEAN, Pareto at 1000 times
 * MIN. False with the reason in `why`. */
bool bench_distribution_parse(const char *text, bench_number_fn *number, double min, double max,
                              struct bench_distribution *out, char *why, size_t size);

double bench_distribution_draw(const struct bench_distribution *d, struct bench_random *r);

/* Draws a whole number; a uniform distribution gives each one from min to max with equal probability. */
uint64_t bench_distribution_draw_whole(const struct bench_distribution *d, struct bench_random *r);

/* The mean of what is drawn, with the bounds taken into account. */
double bench_distribution_mean(const struct bench_distribution *d);

#endif
