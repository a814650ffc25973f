/* Results of runs as tables for R, pandas and gnuplot, one file each. */
#ifndef JUNCTOR_BENCH_REPORT_CSV_H
#define JUNCTOR_BENCH_REPORT_CSV_H

#include "bench/result.h"

/* Writes flows.csv, series.csv, paths.csv, cpu.csv and latency.csv (RFC 4180, with a header line) into the
 * directory `dir`, which is created if missing. False with the reason in `why`. */
bool bench_report_csv(const char *dir, const struct bench_outcome *outcome, char *why, size_t size);

#endif
