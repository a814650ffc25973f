/* What runs came to as tables for R, pandas and gnuplot: a file each. */
#ifndef JUNCTOR_BENCH_REPORT_CSV_H
#define JUNCTOR_BENCH_REPORT_CSV_H

#include "bench/result.h"

/* Writes flows.csv, series.csv, paths.csv, cpu.csv and latency.csv (RFC 4180; a head line with names) into
 * the folder `dir`, which is made where it is not there. False with the reason in `why`. */
bool bench_report_csv(const char *dir, const struct bench_outcome *outcome, char *why, size_t size);

#endif
