/* A series as JSON: a column for each figure. */
#ifndef JUNCTOR_BENCH_SERIES_JSON_H
#define JUNCTOR_BENCH_SERIES_JSON_H

#include "bench/json.h"
#include "bench/series.h"

/* Writes the member "series". */
void bench_series_json(struct bench_json *j, const struct bench_plan *plan,
                       const struct bench_series *series);

/* The columns of a row of a flow, for everything that writes tables of them. `time`: in nanoseconds. */
struct bench_column {
    const char *name;
    double (*value)(const struct bench_point *p); /* NAN: no value */
};
extern const struct bench_column bench_point_columns[];
extern const unsigned bench_point_column_count;

#endif
