/* The report page: makes one self-contained HTML file from saved results of `junctor load --json`. Plots are
 * inline SVG, in the reader's light or dark colour scheme; several results are overlaid. */
#ifndef JUNCTOR_BENCH_PAGE_H
#define JUNCTOR_BENCH_PAGE_H

#include <stdbool.h>
#include <stdio.h>

struct bench_saved; /* one result */

/* Parses a saved result; `name` is its name on the page. NULL with the reason in `why`, and its place if it
 * has one. */
struct bench_saved *bench_saved_read(const char *file, const char *name, char *why, size_t size);
struct bench_saved *bench_saved_parse(const char *text, size_t len, const char *name, char *why, size_t size);
void bench_saved_free(struct bench_saved *saved);

/* The begin of a page with this title and heading, and its end: what all report pages have in common. */
void bench_page_begin(FILE *out, const char *title);
void bench_page_end(FILE *out);

/* Writes the page of `count` results. */
void bench_page_write(FILE *out, struct bench_saved *const *saved, unsigned count);

#endif
