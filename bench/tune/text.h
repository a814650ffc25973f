/* Texts that several reports of a sweep have in common. All return `out`. */
#ifndef JUNCTOR_BENCH_TUNE_TEXT_H
#define JUNCTOR_BENCH_TUNE_TEXT_H

#include "bench/tune/decide.h"

#define BENCH_POINT_TEXT 512

extern const char *const bench_response_names[BENCH_RESPONSES]; /* "rate", "p99", "CPU" */
extern const char *const bench_response_keys[BENCH_RESPONSES];  /* as in the JSON */

/* "sndbuf=1M, nodelay=true": the factors that are kept; of the base "base". */
const char *bench_text_point(const struct bench_sweep *s, unsigned point, char *out, size_t size);

/* "+12.3 % [+10.1, +14.5]", "no difference", "not measured"; from one block "+12 %, one block only". */
const char *bench_text_ratio(const struct bench_interval *i, char *out, size_t size);

/* A value of a response with its unit: "103,000 msg/s", "2.31 ms", "5.20 us". */
const char *bench_text_value(enum bench_response_of r, double value, char *out, size_t size);

/* "12 s", "4 min 30 s" */
const char *bench_text_seconds(double seconds, char *out, size_t size);

#endif
