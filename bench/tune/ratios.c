/* See ratios.h. */
#include "bench/tune/ratios.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/tune/stats.h"
#include "config/sctp/hash.h"

#define SEED 1

struct row {
    char *key; /* name, tab, measure */
    double *base, *this;
    unsigned count, room;
    UT_hash_handle hh;
};

static struct row *row_of(struct row **rows, const char *key)
{
    struct row *row;

    HASH_FIND_STR(*rows, key, row);
    if (row)
        return row;
    row = calloc(1, sizeof *row);
    if (row && !(row->key = strdup(key))) {
        free(row);
        row = NULL;
    }
    if (row)
        HASH_ADD_KEYPTR(hh, *rows, row->key, strlen(row->key), row);
    return row;
}

static bool add(struct row *row, double base, double this)
{
    if (row->count == row->room) {
        unsigned room = row->room ? 2 * row->room : 16;
        double *more = realloc(row->base, room * sizeof *more);
        row->base = more ? more : row->base;
        double *too = more ? realloc(row->this, room * sizeof *too) : NULL;
        row->this = too ? too : row->this;
        if (!too)
            return false;
        row->room = room;
    }
    row->base[row->count] = base;
    row->this[row->count++] = this;
    return true;
}

/* NAN: there is none. */
static bool parse_value(const char *text, double *out)
{
    char *end;

    *out = NAN;
    if (strcmp(text, "-") == 0)
        return true;
    errno = 0;
    *out = strtod(text, &end);
    return end != text && !*end && errno == 0 && isfinite(*out);
}

static bool take(struct row **rows, char *line, const char **why)
{
    char *rest = line, *name = strsep(&rest, "\t"), *measure = strsep(&rest, "\t");
    char *base_text = strsep(&rest, "\t"), *this_text = strsep(&rest, "\n");
    double base, this;

    *why = "is not NAME MEASURE BASE THIS";
    if (!this_text || !*name || !*measure || !parse_value(base_text, &base) || !parse_value(this_text, &this))
        return false;
    measure[-1] = '\t';
    *why = "is one too many: out of memory";
    struct row *row = row_of(rows, name);
    return row && add(row, base, this);
}

/* Sorts out what is there; returns how many. */
static unsigned keep(const double *x, unsigned n, double *out)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n; i++)
        if (!isnan(x[i]))
            out[kept++] = x[i];
    return kept;
}

static const char *median_text(const double *x, unsigned n, char *text, size_t size)
{
    double median = n ? bench_stats_median(x, n) : NAN;

    if (n == 0)
        snprintf(text, size, "-");
    else
        snprintf(text, size, "%.*f", median >= 100 ? 0 : median >= 1 ? 2 : 4, median);
    return text;
}

static void write_ratio(const struct row *row, double *ratios, FILE *out)
{
    unsigned n = bench_stats_log_ratios(row->this, row->base, row->count, ratios);

    if (n == 0) {
        fputs("no round with both", out); /* or zeros, which have no ratio */
        return;
    }
    struct bench_interval i = bench_stats_interval(ratios, n, BENCH_RATIOS_LEVEL, SEED);
    fprintf(out, "%.3f ", exp(i.estimate));
    if (n == 1)
        fputs("(one round: no interval)", out);
    else
        fprintf(out, "(%.3f to %.3f)%s", exp(i.low), exp(i.high),
                bench_interval_spans(&i) ? " no difference" : "");
}

static bool write_row(struct row *row, const char *base, FILE *out)
{
    double *values = calloc(row->count, sizeof *values);
    char was[32], is[32], *measure = strchr(row->key, '\t');

    if (!values)
        return false;
    unsigned of_base = keep(row->base, row->count, values);
    median_text(values, of_base, was, sizeof was);
    unsigned of_this = keep(row->this, row->count, values);
    median_text(values, of_this, is, sizeof is);
    fprintf(out, "  %-52.*s %-10s %12s %12s   ", (int)(measure - row->key), row->key, measure + 1, was, is);
    if (of_base == 0 && of_this == 0)
        fputs("failed in both", out);
    else if (of_base == 0)
        fprintf(out, "%s has none", base);
    else if (of_this == 0)
        fputs("this tree has none", out);
    else
        write_ratio(row, values, out);
    fputc('\n', out);
    free(values);
    return true;
}

bool bench_ratios(FILE *in, const char *base, FILE *out)
{
    struct row *rows = NULL, *row, *next;
    char *line = NULL;
    const char *why;
    size_t size = 0;
    unsigned number = 1;
    bool good = true;

    for (; good && getline(&line, &size, in) > 0; number++)
        if (!(good = take(&rows, line, &why)))
            fprintf(out, "line %u %s\n", number, why);
    if (good)
        fprintf(out, "  %-52s %-10s %12s %12s   this / %s (95 %% interval)\n", "", "", base, "this tree",
                base);
    HASH_ITER(hh, rows, row, next)
    {
        if (good && !(good = write_row(row, base, out)))
            fprintf(out, "out of memory\n");
        HASH_DEL(rows, row);
        free(row->base);
        free(row->this);
        free(row->key);
        free(row);
    }
    free(line);
    return good;
}
