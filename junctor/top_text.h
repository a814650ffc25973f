/* The text of `junctor top`: the same on a terminal and with --once. */
#ifndef JUNCTOR_JUNCTOR_TOP_TEXT_H
#define JUNCTOR_JUNCTOR_TOP_TEXT_H

#include <stdio.h>

#include "junctor/top_source.h"

#define TOP_HEAD_LINES 3

/* What was read last. */
struct top_shown {
    struct top_place place;
    struct top_table table, whole; /* of the place; of the broker */
    json_t *history;               /* of an association */
    long long total;               /* rows that there are */
    char match[64];                /* only rows with this text */
};

/* TOP_HEAD_LINES lines: the broker, its rates, and what the table shows. `chosen`: how many rows fit the
 * filter. */
void top_text_head(FILE *out, const struct top_shown *shown, size_t chosen);

/* A title line and `rows`; of an association what is known of it, line by line. */
void top_text_body(FILE *out, const struct top_shown *shown, const json_t *rows, unsigned width);

/* What the keys do. */
void top_text_help(FILE *out);

#endif
