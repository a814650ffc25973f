/* Parsing the values of the command line; private to arguments.c and its parts. All return false with the
 * reason in `why`. */
#ifndef JUNCTOR_BENCH_ARGUMENTS_PRIV_H
#define JUNCTOR_BENCH_ARGUMENTS_PRIV_H

#include <stddef.h>

#include "bench/plan.h"

/* Writes the reason; always false, so that a check can return it. */
bool bench_say(char *why, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

bool bench_parse_unsigned(const char *text, int64_t min, int64_t max, unsigned *out, char *why, size_t size);
bool bench_parse_port(const char *text, uint16_t *out, char *why, size_t size);

/* 1 and more; "10k" and "2M" are decimal. */
bool bench_parse_count(const char *text, uint64_t *out, char *why, size_t size);
bool bench_parse_rate(const char *text, double *out, char *why, size_t size);

/* "10" is in seconds; any unit may be given. */
bool bench_parse_time(const char *text, uint32_t *ms, char *why, size_t size);

/* The bounds of a size. */
bool bench_parse_bytes(const char *text, uint32_t *out, char *why, size_t size);

/* Distributions: of sizes; of a rate, as its mean and the shape of the intervals. (flow.c) */
bool bench_parse_sizes(const char *text, struct bench_distribution *out, char *why, size_t size);
bool bench_parse_arrivals(const char *text, double *rate, struct bench_distribution *arrivals, char *why,
                          size_t size);

/* "RATE[,associations=N|A-B][,by=close|abort]". (flow.c) */
bool bench_parse_churn(const char *text, struct bench_churn *churn, char *why, size_t size);

/* Up to BENCH_PPIDS_MAX numbers or names, with "," or "+" between them. (flow.c) */
bool bench_parse_ppids(const char *text, uint32_t *ppids, unsigned *count, char *why, size_t size);

/* One of the comma-separated `names`; `out` is an enum that counts from 0. */
bool bench_parse_word(const char *text, const char *names, unsigned *out, char *why, size_t size);

/* A host name and a port, or addresses. */
bool bench_parse_target(const char *text, struct bench_end *end, char *why, size_t size);

#endif
