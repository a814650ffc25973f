/* Two programs that were measured in turn, as a table: for every benchmark the ratio of the two with its
 * interval. The two values of a round form a pair; what the machine did meanwhile affects both (stats.h). */
#ifndef JUNCTOR_BENCH_TUNE_RATIOS_H
#define JUNCTOR_BENCH_TUNE_RATIOS_H

#include <stdbool.h>
#include <stdio.h>

#define BENCH_RATIOS_LEVEL 0.95

/* Reads lines "NAME MEASURE BASE THIS" with one tab between each, one for every round; a value that is not
 * there is "-". The rounds of a row (a name with a measure) need not follow each other. Writes the rows in
 * the order in which they come first: medians of both, and the geometric mean of the ratios with its
 * interval; of a row that only one of the two has, that it is so. `base` is the other program's name. False,
 * with the reason in `out`: a line is not of that form, or memory ran out. */
bool bench_ratios(FILE *in, const char *base, FILE *out);

#endif
