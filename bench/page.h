/* The report page: saved results of `junctor load --json` in, one HTML file out that needs nothing else:
 * plots are inline SVG, light or dark as the reader's screen is. Several results are laid over each other. */
#ifndef JUNCTOR_BENCH_PAGE_H
#define JUNCTOR_BENCH_PAGE_H

#include <stdbool.h>
#include <stdio.h>

struct bench_saved; /* one result */

/* Reads a saved result; `name` stands for it on the page. NULL with the reason in `why`, with its place where
 * it has one. */
struct bench_saved *bench_saved_read(const char *file, const char *name, char *why, size_t size);
struct bench_saved *bench_saved_parse(const char *text, size_t len, const char *name, char *why, size_t size);
void bench_saved_free(struct bench_saved *saved);

/* Writes the page of `count` results. */
void bench_page_write(FILE *out, struct bench_saved *const *saved, unsigned count);

#endif
