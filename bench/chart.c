/* Plots as inline SVG; see chart.h. */
#include "bench/chart.h"

#include <math.h>

#include "bench/report.h"

#define WIDTH  760
#define HEIGHT 280
#define LEFT   74
#define RIGHT  14
#define TOP    14
#define BOTTOM 34
#define TICKS  6
#define DOTS   400 /* a curve with more points is drawn without dots */
#define Q_MAX  0.9999

/* The range that a chart shows, in its own units (on log axes: of the logarithm). */
struct frame {
    const struct bench_chart *chart;
    double x0, x1, y0, y1;
};

void bench_html_text(FILE *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            fputs("&amp;", out);
            break;
        case '<':
            fputs("&lt;", out);
            break;
        case '>':
            fputs("&gt;", out);
            break;
        case '"':
            fputs("&quot;", out);
            break;
        default:
            fputc(*text, out);
        }
}

static const char *scaled(double value, double step, const char *units, char *out, size_t size)
{
    unsigned unit = 0;

    while (fabs(value) >= step && units[unit + 1]) {
        value /= step;
        unit++;
    }
    int digits = value >= 100 || value == floor(value) ? 0 : value >= 10 ? 1 : 2;
    snprintf(out, size, "%.*f%s%c", digits, value, units[unit] == ' ' ? "" : " ", units[unit]);
    if (units[unit] == ' ')
        snprintf(out, size, "%.*f", digits, value);
    return out;
}

const char *bench_unit_format(enum bench_unit unit, double value, char *out, size_t size)
{
    switch (unit) {
    case BENCH_UNIT_NS:
        return bench_format_time(value > 0 ? (uint64_t)(value + 0.5) : 0, out, size);
    case BENCH_UNIT_MS:
        return bench_format_time(value > 0 ? (uint64_t)(value * 1e6 + 0.5) : 0, out, size);
    case BENCH_UNIT_BYTES:
        return scaled(value, 1024, " KMGT", out, size);
    case BENCH_UNIT_SHARE:
        snprintf(out, size, "%.0f %%", 100 * value);
        return out;
    case BENCH_UNIT_COUNT:
        break;
    }
    return scaled(value, 1000, " kMGT", out, size);
}

/* ---- the plane ---------------------------------------------------------------------------------------- */

static double x_of(const struct bench_chart *c, double x)
{
    return c->quantiles ? -log10(1 - fmin(x, Q_MAX)) : x;
}

static double y_of(const struct bench_chart *c, double y)
{
    return c->log ? (y > 0 ? log10(y) : NAN) : y;
}

static double px(const struct frame *f, double x)
{
    return LEFT + (x - f->x0) / (f->x1 - f->x0) * (WIDTH - LEFT - RIGHT);
}

static double py(const struct frame *f, double y)
{
    return HEIGHT - BOTTOM - (y - f->y0) / (f->y1 - f->y0) * (HEIGHT - TOP - BOTTOM);
}

/* False if there is nothing to show. */
static bool frame_of(const struct bench_chart *c, struct frame *f)
{
    *f = (struct frame){c, INFINITY, -INFINITY, INFINITY, -INFINITY};
    for (unsigned i = 0; i < c->count; i++)
        for (unsigned n = 0; n < c->curves[i].count; n++) {
            double x = x_of(c, c->curves[i].x[n]), y = y_of(c, c->curves[i].y[n]);
            if (!isfinite(x) || !isfinite(y))
                continue;
            f->x0 = fmin(f->x0, x);
            f->x1 = fmax(f->x1, x);
            f->y0 = fmin(f->y0, y);
            f->y1 = fmax(f->y1, y);
        }
    if (!isfinite(f->x0))
        return false;
    if (c->log) {
        f->y0 = floor(f->y0);
        f->y1 = ceil(f->y1);
    } else {
        f->y0 = 0;
        f->y1 *= 1.05;
    }
    f->x0 = 0;
    if (f->x1 <= f->x0)
        f->x1 = f->x0 + 1;
    if (f->y1 <= f->y0)
        f->y1 = f->y0 + 1;
    return true;
}

/* ---- axes --------------------------------------------------------------------------------------------- */

/* The distance of ticks: 1, 2 or 5 times a power of ten, so that there are about TICKS of them. */
static double step_of(double range)
{
    double rough = range / TICKS, power = pow(10, floor(log10(rough))), part = rough / power;

    return power * (part < 1.5 ? 1 : part < 3.5 ? 2 : part < 7.5 ? 5 : 10);
}

static void y_tick(FILE *out, const struct frame *f, double at, double value)
{
    char text[48];

    fprintf(out, "<line class=\"grid\" x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>", LEFT, WIDTH - RIGHT,
            py(f, at), py(f, at));
    fprintf(out, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT - 6, py(f, at) + 4,
            bench_unit_format(f->chart->unit, value, text, sizeof text));
}

static void x_tick(FILE *out, const struct frame *f, double at, const char *text)
{
    fprintf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>", px(f, at), px(f, at),
            TOP, HEIGHT - BOTTOM);
    fprintf(out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", px(f, at),
            HEIGHT - BOTTOM + 18, text);
}

static void axes(FILE *out, const struct frame *f)
{
    static const double quantiles[] = {0, 0.5, 0.9, 0.99, 0.999, 0.9999};
    const struct bench_chart *c = f->chart;
    char text[48];

    if (c->log) {
        for (double y = f->y0; y <= f->y1 + 1e-9; y++)
            y_tick(out, f, y, pow(10, y));
    } else {
        double step = step_of(f->y1 - f->y0);
        for (double y = 0; y <= f->y1 + 1e-9; y += step)
            y_tick(out, f, y, y);
    }
    if (c->quantiles) {
        for (unsigned i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
            if (x_of(c, quantiles[i]) <= f->x1 + 1e-9) {
                snprintf(text, sizeof text, "p%.4g", 100 * quantiles[i]);
                x_tick(out, f, x_of(c, quantiles[i]), text);
            }
        return;
    }
    double step = step_of(f->x1 - f->x0);
    for (double x = 0; x <= f->x1 + step * 1e-9; x += step) {
        if (c->x_title)
            bench_unit_format(c->x_unit, x, text, sizeof text);
        else
            snprintf(text, sizeof text, "%.6g s", x);
        x_tick(out, f, x, text);
    }
    if (!c->x_title)
        return;
    fprintf(out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">", WIDTH - RIGHT, HEIGHT - BOTTOM - 6);
    bench_html_text(out, c->x_title);
    fputs("</text>\n", out);
}

/* ---- curves ------------------------------------------------------------------------------------------- */

static void curve_line(FILE *out, const struct frame *f, const struct bench_curve *curve)
{
    bool drawing = false;

    if (curve->dots_only)
        return;
    fprintf(out, "<path class=\"curve%s\" style=\"stroke:var(--c%u)\" d=\"", curve->dashed ? " dashed" : "",
            curve->colour % BENCH_COLOURS);
    for (unsigned n = 0; n < curve->count; n++) {
        double x = x_of(f->chart, curve->x[n]), y = y_of(f->chart, curve->y[n]);
        if (isfinite(x) && isfinite(y))
            fprintf(out, "%c%.1f %.1f", drawing ? 'L' : 'M', px(f, x), py(f, y));
        drawing = isfinite(x) && isfinite(y);
    }
    fputs("\"/>\n", out);
}

/* Each point with its value, as a tooltip and for programs. */
static void curve_dots(FILE *out, const struct frame *f, const struct bench_curve *curve)
{
    char value[48], other[48];

    for (unsigned n = 0; n < curve->count; n++) {
        double x = x_of(f->chart, curve->x[n]), y = y_of(f->chart, curve->y[n]);
        if (!isfinite(x) || !isfinite(y))
            continue;
        const char *name = curve->names ? curve->names[n] : curve->name;
        fprintf(out,
                "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%s\" style=\"fill:var(--c%u)\" data-x=\"%.6g\" "
                "data-y=\"%.9g\"><title>",
                px(f, x), py(f, y), curve->dots_only ? "4.5" : "2.5", curve->colour % BENCH_COLOURS,
                curve->x[n], curve->y[n]);
        bench_html_text(out, name);
        bench_unit_format(f->chart->unit, curve->y[n], value, sizeof value);
        if (f->chart->x_title)
            fprintf(out, ", %s, %s</title></circle>\n", value,
                    bench_unit_format(f->chart->x_unit, curve->x[n], other, sizeof other));
        else if (f->chart->quantiles)
            fprintf(out, ", p%.4g: %s</title></circle>\n", 100 * curve->x[n], value);
        else
            fprintf(out, ", %.3g s: %s</title></circle>\n", curve->x[n], value);
    }
}

void bench_chart_write(FILE *out, const struct bench_chart *chart)
{
    struct frame f;

    if (!frame_of(chart, &f))
        return;
    fprintf(out, "<figure id=\"%s\"><figcaption>", chart->id);
    bench_html_text(out, chart->title);
    fprintf(out, "</figcaption>\n<svg viewBox=\"0 0 %d %d\" role=\"img\" aria-label=\"", WIDTH, HEIGHT);
    bench_html_text(out, chart->title);
    fputs("\">\n", out);
    axes(out, &f);
    for (unsigned i = 0; i < chart->count; i++) {
        fputs("<g data-curve=\"", out);
        bench_html_text(out, chart->curves[i].name);
        fputs("\">\n", out);
        curve_line(out, &f, &chart->curves[i]);
        if (chart->curves[i].count <= DOTS)
            curve_dots(out, &f, &chart->curves[i]);
        fputs("</g>\n", out);
    }
    fputs("</svg>\n<ul class=\"legend\">\n", out);
    for (unsigned i = 0; i < chart->count; i++) {
        fprintf(out, "<li><span class=\"key%s\" style=\"border-color:var(--c%u)\"></span>",
                chart->curves[i].dashed ? " dashed" : "", chart->curves[i].colour % BENCH_COLOURS);
        bench_html_text(out, chart->curves[i].name);
        fputs("</li>\n", out);
    }
    fputs("</ul></figure>\n", out);
}
