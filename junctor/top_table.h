/* What `junctor top` shows as tables: lists of the admin interface, with the rates that two readings of a
 * counter give. Knows neither the terminal nor the broker. */
#ifndef JUNCTOR_JUNCTOR_TOP_TABLE_H
#define JUNCTOR_JUNCTOR_TOP_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "junctor/table.h"

/* A counter whose increase is shown: `path` in a row; the increase a second, divided by `divisor`, is added
 * to the row as "rate.NAME". */
struct top_rate {
    const char *path, *name;
    unsigned divisor; /* 0: 1 */
};

/* A kind of table. */
struct top_view {
    const char *name; /* the document and its list: "peers" */
    const char *id;   /* the member of a row that names it */
    const struct table_column *columns;
    unsigned column_count;
    unsigned sort; /* the column to sort by at first */
    const struct top_rate *rates;
    unsigned rate_count;
};

/* The tables that one can choose, in order; NULL: there are no more. */
const struct top_view *top_view_at(unsigned index);
/* The same by name, or NULL. */
const struct top_view *top_view_find(const char *name);

extern const struct top_view top_members; /* of a group */
extern const struct top_view top_one;     /* an association, for its rates */
extern const struct top_view top_whole;   /* the broker, for its rates */

/* A table: what was read last. Zero-initialised but for `view` and `sort` it is empty. */
struct top_table {
    const struct top_view *view;
    unsigned sort; /* column */
    bool reverse;
    json_t *rows;       /* array; NULL: nothing has been read */
    uint64_t uptime_ms; /* of the broker, when they were read */
};

void top_table_begin(struct top_table *t, const struct top_view *view);

/* Takes a reading: an array, which is taken over, and the broker's uptime. Adds the rates to its rows, where
 * the reading before had them, too; a broker that has been started again begins anew. */
void top_table_take(struct top_table *t, json_t *rows, uint64_t uptime_ms);

/* The rows in which a column has the text `match` (in any case; "": all), sorted: numbers largest first,
 * texts by alphabet, or the reverse. The caller owns the array. */
json_t *top_table_choose(const struct top_table *t, const char *match);

/* What names a row. Returns `out`. */
const char *top_row_id(const struct top_view *view, const json_t *row, char *out, size_t size);

void top_table_end(struct top_table *t);

#endif
