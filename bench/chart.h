/* Plots as inline SVG: curves over a linear axis of time or of any value, or over the quantiles of a
 * distribution. Colours are CSS variables --c0 … --c7, text and lines --ink and --grid, so that the page
 * decides on light and dark.
 */
#ifndef JUNCTOR_BENCH_CHART_H
#define JUNCTOR_BENCH_CHART_H

#include <stdbool.h>
#include <stdio.h>

#define BENCH_COLOURS 8

struct bench_curve {
    const char *name;
    const double *x, *y; /* a y that is not a finite number leaves a gap */
    unsigned count;
    unsigned colour; /* any number; it repeats after BENCH_COLOURS */
    bool dashed;
    bool dots_only;           /* no line between the points */
    const char *const *names; /* of each point, for its tooltip; NULL: the curve's name */
};

enum bench_unit { BENCH_UNIT_COUNT, BENCH_UNIT_NS, BENCH_UNIT_MS, BENCH_UNIT_BYTES, BENCH_UNIT_SHARE };

struct bench_chart {
    const char *id, *title;
    enum bench_unit unit; /* of y */
    bool quantiles;       /* x is a quantile 0 … 1, drawn as 1 / (1 - x) on a log axis up to 0.9999 */
    bool log;             /* y on a log axis; values not above 0 leave a gap */
    const char *x_title;  /* x is a value of `x_unit`, not a time; NULL: a time */
    enum bench_unit x_unit;
    const struct bench_curve *curves;
    unsigned count;
};

/* Writes a <figure> with the plot and its legend; nothing if no curve has a point. */
void bench_chart_write(FILE *out, const struct bench_chart *chart);

/* Writes text with &, <, > and quotes escaped. */
void bench_html_text(FILE *out, const char *text);

/* Formats a value with its unit, as on the axes: "12.3 ms", "4.0 k". Returns `out`. */
const char *bench_unit_format(enum bench_unit unit, double value, char *out, size_t size);

#endif
