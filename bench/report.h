/* Results of runs, as a table for people and as JSON for programs. */
#ifndef JUNCTOR_BENCH_REPORT_H
#define JUNCTOR_BENCH_REPORT_H

#include <stdio.h>

#include "bench/result.h"

/* At least one result. */
void bench_report_table(FILE *out, const struct bench_outcome *outcome);

/* Always one object. */
void bench_report_json(FILE *out, const struct bench_outcome *outcome);

/* "1,234,567" and "12.3 us". Return `out`. */
const char *bench_format_count(uint64_t n, char *out, size_t size);
const char *bench_format_time(uint64_t ns, char *out, size_t size);

#endif
