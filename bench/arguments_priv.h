/* Reading values of the command line; private to arguments.c and what it is made of. All return false with
 * the reason in `why`. */
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

/* "10" counts in seconds, as everybody types it; with a unit anything goes. */
bool bench_parse_time(const char *text, uint32_t *ms, char *why, size_t size);

/* One size or "MIN-MAX". */
bool bench_parse_size(const char *text, struct bench_plan *plan, char *why, size_t size);
bool bench_parse_ppids(const char *text, struct bench_plan *plan, char *why, size_t size);

/* One of the comma-separated `names`; `out` is an enum that counts from 0. */
bool bench_parse_word(const char *text, const char *names, unsigned *out, char *why, size_t size);

/* A host name and a port, or addresses. */
bool bench_parse_target(const char *text, struct bench_end *end, char *why, size_t size);

#endif
