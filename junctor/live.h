/* What `junctor load` shows while it runs, on standard error: on a terminal a table of the flows that is
 * drawn anew every interval and fits the width; elsewhere plain lines. */
#ifndef JUNCTOR_JUNCTOR_LIVE_H
#define JUNCTOR_JUNCTOR_LIVE_H

#include <stdio.h>

#include "bench/engine.h"

/* An observer that shows a run of `plan` (which must live as long). Main thread. */
struct bench_observer live_observer(const struct bench_plan *plan);

/* The table of the rows that were added last, in lines of at most `width` columns; what does not fit is left
 * out from the right. Returns how many lines. */
unsigned live_table(FILE *out, const struct bench_plan *plan, const struct bench_series *series,
                    unsigned width);

#endif
