/* Prints JSON objects as a table, one row each, that fits the terminal. */
#ifndef JUNCTOR_JUNCTOR_TABLE_H
#define JUNCTOR_JUNCTOR_TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

enum table_kind {
    TABLE_TEXT,   /* strings as they are, lists with commas, `true` as the column's title */
    TABLE_NUMBER, /* right-aligned; above 9,999,999 with k, M, G, T (powers of 1000) */
    TABLE_TIME,   /* milliseconds, as "3d04h", "1h02m", "5.2s" */
    TABLE_MEMBERS /* of a group: name:state */
};

struct table_column {
    const char *title;
    const char *path; /* "traffic.received" */
    enum table_kind kind;
};

/* Prints a title line and the rows. Columns are in order of importance: to fit into `width` (0: no limit)
 * first the longest texts are cut, then columns left out, from the right. */
void table_print(FILE *out, const json_t *rows, const struct table_column *columns, unsigned count,
                 unsigned width);

/* The terminal's width, or 0 if standard output is not a terminal. */
unsigned table_width(void);

/* The value at a path such as "traffic.received"; NULL: there is none. */
const json_t *table_find(const json_t *row, const char *path);

/* Formats one value as a table shows it. Returns `out`. */
const char *table_value(const json_t *row, const struct table_column *column, char *out, size_t size);

#endif
