/* What `junctor load` shows while it runs, on standard error: on a terminal a table of the flows that is
 * redrawn every interval and fits the width; elsewhere plain lines. */
#ifndef JUNCTOR_JUNCTOR_LIVE_H
#define JUNCTOR_JUNCTOR_LIVE_H

#include <stdio.h>

#include "bench/engine.h"

/* An observer that shows a run of `plan`, which must outlive it. Main thread. */
struct bench_observer live_observer(const struct bench_plan *plan);

/* Prints the most recent rows as a table with lines of at most `width` columns; columns that do not fit are
 * left out, from the right. Returns the number of lines. */
unsigned live_table(FILE *out, const struct bench_plan *plan, const struct bench_series *series,
                    unsigned width);

#endif
