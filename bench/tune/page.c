/* The findings as a page; see report.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/chart.h"
#include "bench/page.h"
#include "bench/tune/report.h"
#include "bench/tune/text.h"

static void cell(FILE *out, const char *text)
{
    fputs("<td>", out);
    bench_html_text(out, text);
    fputs("</td>", out);
}

/* ---- the front -------------------------------------------------------------------------------------------
 */

/* Points of one kind. */
struct dots {
    double *x, *y;
    const char **names;
    unsigned count;
};

static void add(struct dots *d, const struct bench_estimate *e, const char *name)
{
    d->x[d->count] = e->value[BENCH_P99];
    d->y[d->count] = e->value[BENCH_RATE];
    d->names[d->count++] = name;
}

static void front(FILE *out, const struct bench_tune_report *r)
{
    static const char *const names[] = {"other points", "front: no point is better in both", "base", "winner",
                                        "knee"};
    const struct bench_findings *f = r->findings;
    unsigned n = f->estimate_count;
    struct dots d[5];
    struct bench_curve curves[5];
    double *memory = calloc(10 * (n + 1), sizeof *memory);
    const char **labels = calloc(5 * (n + 1), sizeof *labels);
    char(*points)[BENCH_POINT_TEXT] = calloc(n + 1, sizeof *points);

    if (memory && labels && points) {
        for (unsigned k = 0; k < 5; k++)
            d[k] = (struct dots){memory + 2 * k * (n + 1), memory + (2 * k + 1) * (n + 1),
                                 labels + k * (n + 1), 0};
        for (unsigned i = 0; i < n; i++) {
            bench_text_point(r->sweep, f->estimates[i].point, points[i], sizeof points[i]);
            if (!r->sweep->points[f->estimates[i].point].out)
                add(&d[0], &f->estimates[i], points[i]);
        }
        for (unsigned i = 0; i < f->front_count; i++)
            add(&d[1], &f->estimates[f->front[i]], points[f->front[i]]);
        add(&d[2], &f->estimates[0], points[0]);
        if (f->winner != 0)
            add(&d[3], &f->estimates[f->winner], points[f->winner]);
        if (f->front_count > 0)
            add(&d[4], &f->estimates[f->knee], points[f->knee]);
        for (unsigned k = 0; k < 5; k++)
            curves[k] = (struct bench_curve){.name = names[k],
                                             .x = d[k].x,
                                             .y = d[k].y,
                                             .count = d[k].count,
                                             .colour = k == 0 ? 7 : k - 1,
                                             .dots_only = k != 1,
                                             .names = d[k].names};
        bench_chart_write(out, &(struct bench_chart){.id = "front",
                                                     .title = "Rate and p99 of all points",
                                                     .unit = BENCH_UNIT_COUNT,
                                                     .x_title = "p99",
                                                     .x_unit = BENCH_UNIT_NS,
                                                     .curves = curves,
                                                     .count = 5});
    }
    free(memory);
    free(labels);
    free(points);
}

/* ---- tables ----------------------------------------------------------------------------------------------
 */

static void point_row(FILE *out, const struct bench_tune_report *r, unsigned index)
{
    const struct bench_estimate *e = &r->findings->estimates[index];
    const struct bench_tune_point *p = &r->sweep->points[e->point];
    char text[BENCH_POINT_TEXT];

    fputs("<tr>", out);
    cell(out, bench_text_point(r->sweep, e->point, text, sizeof text));
    for (unsigned k = 0; k < BENCH_RESPONSES && !p->out; k++) {
        cell(out, bench_text_value((enum bench_response_of)k, e->value[k], text, sizeof text));
        cell(out, index == 0 ? "" : bench_text_ratio(&e->ratio[k], text, sizeof text));
    }
    if (p->out) {
        fputs("<td class=\"bad\" colspan=\"6\">disqualified: ", out);
        bench_html_text(out, p->why);
        fputs("</td>", out);
    }
    snprintf(text, sizeof text, "%u%s", e->blocks, p->dropped ? ", dropped" : "");
    cell(out, text);
    fputs("</tr>\n", out);
}

static void points(FILE *out, const struct bench_tune_report *r)
{
    fputs("<h2>Points</h2>\n<table id=\"points\"><tr><th>point</th><th>rate</th><th>to "
          "base</th><th>p99</th><th>to "
          "base</th><th>CPU a message</th><th>to base</th><th>blocks</th></tr>\n",
          out);
    for (unsigned i = 0; i < r->findings->estimate_count; i++)
        point_row(out, r, i);
    fputs("</table>\n<p>Intervals hold together with 95 %.</p>\n", out);
}

static void confirmation(FILE *out, const struct bench_tune_report *r)
{
    const struct bench_findings *f = r->findings;
    char text[128];

    if (f->pairs == 0)
        return;
    fprintf(out,
            "<h2>Confirmation</h2>\n<p>The winner against the base in %u fresh pairs:</p>\n<table "
            "id=\"confirmation\">",
            f->pairs);
    for (unsigned k = 0; k < BENCH_RESPONSES; k++) {
        fputs("<tr>", out);
        cell(out, bench_response_names[k]);
        cell(out, bench_text_ratio(&f->confirmed[k], text, sizeof text));
        fputs("</tr>\n", out);
    }
    fputs("</table>\n", out);
}

/* ---- the rest
 * ---------------------------------------------------------------------------------------------- */

struct advising {
    FILE *out;
    bool next, begun;
};

static void advise(bool next, const char *text, void *arg)
{
    struct advising *a = arg;

    if (next != a->next)
        return;
    if (!a->begun)
        fputs(next ? "<h2>What to try next</h2>\n<ul id=\"next\">\n"
                   : "<h2>What limits the result</h2>\n<ul id=\"limits\">\n",
              a->out);
    a->begun = true;
    fputs("<li>", a->out);
    bench_html_text(a->out, text);
    fputs("</li>\n", a->out);
}

static void configuration(FILE *out, const struct bench_tune_report *r)
{
    char *text = NULL;
    size_t len = 0;
    FILE *memory = open_memstream(&text, &len);

    if (!memory)
        return;
    bench_tune_yaml(memory, r);
    fclose(memory);
    fputs("<h2>Configuration</h2>\n<pre id=\"configuration\">", out);
    bench_html_text(out, text);
    fputs("</pre>\n", out);
    free(text);
}

static void fact(FILE *out, const char *name, const char *text)
{
    fprintf(out, "<dt>%s</dt><dd><code>", name);
    bench_html_text(out, text);
    fputs("</code></dd>\n", out);
}

static void about(FILE *out, const struct bench_tune_report *r)
{
    const struct bench_sweep *s = r->sweep;
    char text[600], spent[48];
    struct tm tm;

    fputs("<h2>How it was made</h2>\n<dl>\n", out);
    if (r->command)
        fact(out, "Command", r->command);
    if (gmtime_r(&r->begun, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        fact(out, "Begun", text);
    if (r->host->name[0])
        fact(out, "Host", r->host->name);
    if (r->host->kernel[0])
        fact(out, "Kernel", r->host->kernel);
    if (r->host->transport[0])
        fact(out, "SCTP", r->host->transport);
    snprintf(text, sizeof text, "%u blocks in %s, seed %llu, ended: %s",
             s->blocks[BENCH_SCREENING] + s->blocks[BENCH_GRID],
             bench_text_seconds(s->spent, spent, sizeof spent), (unsigned long long)s->tune->seed,
             bench_ending_names[s->ended]);
    fact(out, "Sweep", text);
    fputs("</dl>\n", out);
}

void bench_tune_page(FILE *out, const struct bench_tune_report *r)
{
    char text[BENCH_CONCLUSION_MAX];

    bench_page_begin(out, "junctor tune");
    fputs("<p id=\"conclusion\">", out);
    bench_html_text(out, bench_tune_conclusion(r, text, sizeof text));
    fputs(".</p>\n", out);
    if (r->findings->estimate_count > 0)
        front(out, r);
    for (unsigned k = 0; k < BENCH_RESPONSES; k++)
        bench_tune_effects_plot(out, r, (enum bench_response_of)k);
    bench_tune_heat_map(out, r);
    points(out, r);
    confirmation(out, r);
    configuration(out, r);
    for (unsigned next = 0; next < 2; next++) {
        struct advising a = {.out = out, .next = next};
        bench_tune_advise(r, advise, &a);
        if (a.begun)
            fputs("</ul>\n", out);
    }
    about(out, r);
    bench_page_end(out);
}
