/* Plots of the page that chart.h does not have: effects with their intervals, and a heat map. See report.h.
 */
#include <math.h>
#include <string.h>

#include "bench/chart.h"
#include "bench/tune/report.h"
#include "bench/tune/text.h"

#define WIDTH  760
#define LEFT   230
#define RIGHT  150
#define ROW    26
#define TOP    10
#define CELL_H 34

static void begin(FILE *out, const char *id, const char *title, unsigned height)
{
    fprintf(out, "<figure id=\"%s\"><figcaption>", id);
    bench_html_text(out, title);
    fprintf(out, "</figcaption>\n<svg viewBox=\"0 0 %d %u\" role=\"img\" aria-label=\"", WIDTH, height);
    bench_html_text(out, title);
    fputs("\">\n", out);
}

static void end(FILE *out)
{
    fputs("</svg></figure>\n", out);
}

static void text_at(FILE *out, double x, double y, const char *anchor, const char *text)
{
    fprintf(out, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
    bench_html_text(out, text);
    fputs("</text>\n", out);
}

/* ---- effects ------------------------------------------------------------------------------------------- */

static void effect_name(const struct bench_sweep *s, const struct bench_effect *e, char *out, size_t size)
{
    const struct bench_factor *f = &s->tune->factors[e->factor];
    char from[VAL_TEXT_MAX], to[VAL_TEXT_MAX];

    snprintf(out, size, "%s: %.60s → %.60s", f->name,
             bench_factor_text(f, e->screened ? 0 : f->base, from, sizeof from),
             bench_factor_text(f, e->value, to, sizeof to));
}

/* The largest value of the axis, of both signs. */
static double reach(const struct bench_findings *f, enum bench_response_of response)
{
    double most = 0;

    for (unsigned i = 0; i < f->effect_count; i++) {
        const struct bench_interval *e = &f->effects[i].ratio[response];
        if (isfinite(e->estimate))
            most = fmax(most, fabs(e->estimate));
        if (isfinite(e->low) && isfinite(e->high) &&
            fmax(fabs(e->low), fabs(e->high)) < 3 * fabs(e->estimate) + 0.1)
            most = fmax(most, fmax(fabs(e->low), fabs(e->high)));
    }
    return most > 0 ? 1.1 * most : 0;
}

static double x_of(double value, double most)
{
    double middle = (LEFT + WIDTH - RIGHT) / 2.0, half = (WIDTH - RIGHT - LEFT) / 2.0;

    return middle + half * fmax(-1, fmin(1, value / most));
}

static void effect_row(FILE *out, const struct bench_sweep *s, const struct bench_effect *e,
                       enum bench_response_of response, double most, unsigned row)
{
    const struct bench_interval *i = &e->ratio[response];
    double y = TOP + ROW * (row + 0.5);
    char name[256], ratio[128];
    bool better = i->estimate * bench_response_sign(response) > 0, certain = !bench_interval_spans(i);

    effect_name(s, e, name, sizeof name);
    bench_text_ratio(i, ratio, sizeof ratio);
    text_at(out, LEFT - 8, y + 4, "end", name);
    fprintf(
        out,
        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" style=\"stroke:var(--c%u);stroke-width:3\"/>",
        x_of(i->low, most), x_of(i->high, most), y, y,
        !certain ? 7u
        : better ? 0u
                 : 1u);
    fprintf(out,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4.5\" style=\"fill:var(--c%u)\" data-x=\"%.6g\"><title>",
            x_of(i->estimate, most), y,
            !certain ? 7u
            : better ? 0u
                     : 1u,
            i->estimate);
    bench_html_text(out, name);
    fputs(": ", out);
    bench_html_text(out, ratio);
    fputs("</title></circle>\n", out);
    if (certain)
        snprintf(ratio, sizeof ratio, "%+.1f %%", 100 * expm1(i->estimate));
    text_at(out, WIDTH - RIGHT + 8, y + 4, "start", certain ? ratio : "no difference");
}

void bench_tune_effects_plot(FILE *out, const struct bench_tune_report *r, enum bench_response_of response)
{
    static const char *const ids[] = {"effects-rate", "effects-p99", "effects-cpu"};
    static const char *const titles[] = {"Effects on the rate", "Effects on p99",
                                         "Effects on the processor time"};
    const struct bench_findings *f = r->findings;
    double most = reach(f, response);
    unsigned rows = 0;

    for (unsigned i = 0; i < f->effect_count; i++)
        rows += isfinite(f->effects[i].ratio[response].estimate);
    if (most <= 0 || rows == 0)
        return;
    begin(out, ids[response], titles[response], 2 * TOP + ROW * rows);
    fprintf(out, "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%u\"/>\n", x_of(0, most),
            x_of(0, most), TOP, TOP + ROW * rows);
    rows = 0;
    for (unsigned i = 0; i < f->effect_count; i++)
        if (isfinite(f->effects[i].ratio[response].estimate))
            effect_row(out, r->sweep, &f->effects[i], response, most, rows++);
    end(out);
}

/* ---- the heat map ---------------------------------------------------------------------------------------
 */

/* The mean over all points with these two values. */
static double cell_of(const struct bench_tune_report *r, const unsigned *factor, const unsigned *value)
{
    const struct bench_sweep *s = r->sweep;
    double sum = 0;
    unsigned count = 0;

    for (unsigned i = 0; i < r->findings->estimate_count; i++) {
        const struct bench_estimate *e = &r->findings->estimates[i];
        const uint8_t *level = s->points[e->point].level;
        double one = e->point == 0 && e->blocks > 0 ? 0 : e->ratio[s->tune->goal].estimate;
        if (level[factor[0]] == value[0] && level[factor[1]] == value[1] && isfinite(one)) {
            sum += one;
            count++;
        }
    }
    return count ? sum / count : NAN;
}

static void cell(FILE *out, const struct bench_tune_report *r, const unsigned *factor, const unsigned *value,
                 double most, double width)
{
    double mean = cell_of(r, factor, value), x = LEFT + width * value[0], y = TOP + CELL_H * (value[1] + 1.0);
    bool better = mean * bench_response_sign(r->sweep->tune->goal) > 0;
    char text[64];

    if (!isfinite(mean))
        snprintf(text, sizeof text, "–");
    else
        snprintf(text, sizeof text, "%+.1f %%", 100 * expm1(mean));
    fprintf(out,
            "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%d\" "
            "style=\"fill:var(--c%u);fill-opacity:%.2f\" "
            "data-x=\"%u\" data-y=\"%u\" data-value=\"%.6g\"/>\n",
            x + 1, y + 1, width - 2, CELL_H - 2, better ? 0u : 1u,
            isfinite(mean) && most > 0 ? 0.05 + 0.6 * fabs(mean) / most : 0, value[0], value[1],
            isfinite(mean) ? mean : 0);
    text_at(out, x + width / 2, y + CELL_H / 2.0 + 4, "middle", text);
}

static double strongest_cell(const struct bench_tune_report *r, const unsigned *factor)
{
    const struct bench_factor *f = r->sweep->tune->factors;
    double most = 0;

    for (unsigned a = 0; a < f[factor[0]].count; a++)
        for (unsigned b = 0; b < f[factor[1]].count; b++) {
            double one = cell_of(r, factor, (unsigned[]){a, b});
            most = isfinite(one) ? fmax(most, fabs(one)) : most;
        }
    return most;
}

void bench_tune_heat_map(FILE *out, const struct bench_tune_report *r)
{
    const unsigned *factor = r->findings->strongest;
    const struct bench_factor *across = &r->sweep->tune->factors[factor[0]];
    const struct bench_factor *down = &r->sweep->tune->factors[factor[1]];
    double width = (double)(WIDTH - LEFT - 10) / across->count, most;
    char title[300], text[VAL_TEXT_MAX], label[VAL_TEXT_MAX + 70];

    if (factor[0] == factor[1] || r->findings->estimate_count < 2)
        return;
    most = strongest_cell(r, factor);
    snprintf(title, sizeof title, "%s against the base, by %s and %s, over all other values",
             bench_response_names[r->sweep->tune->goal], across->name, down->name);
    begin(out, "heat", title, 2 * TOP + CELL_H * (down->count + 1));
    for (unsigned a = 0; a < across->count; a++) {
        snprintf(label, sizeof label, "%s=%s", across->name, bench_factor_text(across, a, text, sizeof text));
        text_at(out, LEFT + width * (a + 0.5), TOP + CELL_H / 2.0 + 4, "middle", label);
    }
    for (unsigned b = 0; b < down->count; b++) {
        snprintf(label, sizeof label, "%s=%s", down->name, bench_factor_text(down, b, text, sizeof text));
        text_at(out, LEFT - 8, TOP + CELL_H * (b + 1.5) + 4, "end", label);
        for (unsigned a = 0; a < across->count; a++)
            cell(out, r, factor, (unsigned[]){a, b}, most, width);
    }
    end(out);
}
