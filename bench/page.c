/* The report page; see page.h. */
#include "bench/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/chart.h"
#include "bench/report.h"
#include "bench/saved_priv.h"

#define CURVES_MAX 64

/* One plot while its curves are collected from all results. */
struct plot {
    struct bench_curve curves[CURVES_MAX];
    char names[CURVES_MAX][160];
    unsigned count;
};

static const char style[] =
    ":root{color-scheme:light "
    "dark;--ink:#1c1e21;--page:#fff;--soft:#666;--grid:#e2e4e8;--c0:#1f6fb4;--c1:#c8501e;"
    "--c2:#2b8a3e;--c3:#8a4baf;--c4:#b8860b;--c5:#c2255c;--c6:#0b7285;--c7:#5c5f66}\n"
    "@media (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--page:#16181c;--soft:#9aa0a6;--grid:#31353c;"
    "--c0:#6db3f2;--c1:#ff9466;--c2:#69db7c;--c3:#cc9cf0;--c4:#ffd43b;--c5:#faa2c1;--c6:#66d9e8;--c7:#ced4da}"
    "}\n"
    "body{margin:2em auto;max-width:60em;padding:0 1em;font:15px/1.5 system-ui,sans-serif;color:var(--ink);"
    "background:var(--page)}\n"
    "h1{font-size:1.5em;margin-bottom:.2em}h2{font-size:1.15em;margin-top:2em}\n"
    "table{border-collapse:collapse;margin:.6em "
    "0;font-variant-numeric:tabular-nums;display:block;overflow-x:auto}\n"
    "th,td{padding:.25em .45em;text-align:right;border-bottom:1px solid var(--grid);white-space:nowrap}\n"
    "th:first-child,td:first-child{text-align:left}\n"
    "figure{margin:1.5em 0}figcaption{font-weight:600}svg{width:100%;height:auto}\n"
    "svg text{font-size:12px;fill:var(--soft)}.grid{stroke:var(--grid)}\n"
    ".curve{fill:none;stroke-width:1.8}.curve.dashed{stroke-dasharray:5 4}\n"
    ".legend{list-style:none;padding:0;margin:.2em 0;display:flex;flex-wrap:wrap;gap:.2em "
    "1.2em;font-size:.9em}\n"
    ".key{display:inline-block;width:1.6em;border-top:3px solid;vertical-align:middle;margin-right:.5em}\n"
    ".key.dashed{border-top-style:dashed}\n"
    ".bad{color:var(--c5);font-weight:600}.good{color:var(--c2);font-weight:600}\n"
    "code,pre{font:13px/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}\n"
    "dt{color:var(--soft)}dd{margin:0 0 .4em 0}\n";

/* ---- walking ------------------------------------------------------------------------------------------ */

/* The position of a run: which result, which of its runs. */
struct place {
    const struct bench_saved *saved;
    const struct cfg_node *run;
    char label[96]; /* "" if there is only one */
};

typedef void run_fn(const struct place *at, void *arg);

static void each_run(struct bench_saved *const *saved, unsigned count, run_fn *fn, void *arg)
{
    for (unsigned i = 0; i < count; i++) {
        const struct cfg_node *first = bench_saved_items(saved[i], saved[i]->root, "runs");
        bool several = first && cfg_node_next(first);
        for (const struct cfg_node *run = first; run; run = cfg_node_next(run)) {
            struct place at = {.saved = saved[i], .run = run};
            const char *name = bench_saved_text(saved[i], run, "name");
            snprintf(at.label, sizeof at.label, "%s%s%s", count > 1 ? saved[i]->name : "",
                     count > 1 && several ? " " : "", several ? name : "");
            fn(&at, arg);
        }
    }
}

/* ---- plots ------------------------------------------------------------------------------------------- */

/* Takes ownership of x and y. A dashed curve has the colour of the one before it. */
static void plot_add(struct plot *p, const struct place *at, const char *what, double *x, unsigned nx,
                     double *y, unsigned ny, bool dashed)
{
    unsigned colour = p->count == 0 ? 0 : p->curves[p->count - 1].colour + !dashed;

    if (p->count == CURVES_MAX || !x || !y) {
        free(x);
        free(y);
        return;
    }
    snprintf(p->names[p->count], sizeof p->names[0], "%s%s%s", at->label, *at->label && *what ? " " : "",
             what);
    p->curves[p->count] = (struct bench_curve){.name = p->names[p->count],
                                               .x = x,
                                               .y = y,
                                               .count = nx < ny ? nx : ny,
                                               .colour = colour,
                                               .dashed = dashed};
    p->count++;
}

/* Curves of a table of the series: a curve for each of its items that has the column. */
struct wanted {
    struct plot plot;
    const char *table, *column,
        *label;       /* the table's member that names an item; NULL: flow and what follows */
    const char *more; /* a second column, dashed; NULL: none */
};

static void item_name(const struct place *at, const struct cfg_node *item, const struct wanted *w, char *out,
                      size_t size)
{
    if (strcmp(w->table, "paths") == 0)
        snprintf(out, size, "association %s, %s", bench_saved_text(at->saved, item, "association"),
                 bench_saved_text(at->saved, item, "address"));
    else
        snprintf(out, size, "%s %s", w->label,
                 bench_saved_text(at->saved, item, w->label[0] == 'f' ? "name" : "cpu"));
}

static void add_column(const struct place *at, const struct cfg_node *item, struct wanted *w,
                       const char *column, bool dashed)
{
    char name[128];
    unsigned nx, ny;
    double *x = bench_saved_numbers(at->saved, item, "at", &nx);
    double *y = bench_saved_numbers(at->saved, item, column, &ny);

    item_name(at, item, w, name, sizeof name);
    if (w->more)
        snprintf(name + strlen(name), sizeof name - strlen(name), " %.3s", column);
    plot_add(&w->plot, at, name, x, nx, y, ny, dashed);
}

static void gather(const struct place *at, void *arg)
{
    struct wanted *w = arg;
    const struct cfg_node *series = bench_saved_get(at->saved, at->run, "series");

    for (const struct cfg_node *item = bench_saved_items(at->saved, series, w->table); item;
         item = cfg_node_next(item)) {
        add_column(at, item, w, w->column, false);
        if (w->more)
            add_column(at, item, w, w->more, true);
    }
}

static void plot_free(struct plot *p)
{
    for (unsigned i = 0; i < p->count; i++) {
        free((void *)(uintptr_t)p->curves[i].x);
        free((void *)(uintptr_t)p->curves[i].y);
    }
}

static void gather_distribution(const struct place *at, void *arg)
{
    struct plot *p = arg;

    for (const struct cfg_node *flow = bench_saved_items(at->saved, at->run, "flows"); flow;
         flow = cfg_node_next(flow)) {
        const struct cfg_node *d = bench_saved_get(at->saved, flow, "latency_distribution");
        char name[64];
        unsigned nx, ny;
        double *x = bench_saved_numbers(at->saved, d, "quantile", &nx),
               *y = bench_saved_numbers(at->saved, d, "ns", &ny);
        snprintf(name, sizeof name, "flow %s", bench_saved_text(at->saved, flow, "name"));
        plot_add(p, at, name, x, nx, y, ny, false);
    }
}

static void plots(FILE *out, struct bench_saved *const *saved, unsigned count)
{
    static const struct {
        const char *id, *title, *table, *column, *more, *label;
        enum bench_unit unit;
        bool log;
    } all[] = {
        {"rate", "Delivered messages a second", "flows", "messages_per_second", NULL, "flow",
         BENCH_UNIT_COUNT, false},
        {"latency", "Latency over time: p50, and p99 dashed", "flows", "p50_ns", "p99_ns", "flow",
         BENCH_UNIT_NS, true},
        {"retransmissions", "DATA chunks retransmitted in each interval", "flows", "retransmitted", NULL,
         "flow", BENCH_UNIT_COUNT, false},
        {"queue", "Messages in flight", "flows", "queue", NULL, "flow", BENCH_UNIT_COUNT, false},
        {"srtt", "Smoothed round trip time of each path", "paths", "srtt_ms", NULL, "path", BENCH_UNIT_MS,
         false},
        {"cwnd", "Congestion window of each path", "paths", "cwnd", NULL, "path", BENCH_UNIT_BYTES, false},
        {"cpu", "Processors of the host", "cpu", "busy", NULL, "cpu", BENCH_UNIT_SHARE, false},
    };

    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++) {
        struct wanted w = {
            .table = all[i].table, .column = all[i].column, .more = all[i].more, .label = all[i].label};
        each_run(saved, count, gather, &w);
        bench_chart_write(out, &(struct bench_chart){.id = all[i].id,
                                                     .title = all[i].title,
                                                     .unit = all[i].unit,
                                                     .log = all[i].log,
                                                     .curves = w.plot.curves,
                                                     .count = w.plot.count});
        plot_free(&w.plot);
    }
    struct plot p = {.count = 0};
    each_run(saved, count, gather_distribution, &p);
    bench_chart_write(out, &(struct bench_chart){.id = "distribution",
                                                 .title = "Latency distribution",
                                                 .unit = BENCH_UNIT_NS,
                                                 .log = true,
                                                 .quantiles = true,
                                                 .curves = p.curves,
                                                 .count = p.count});
    plot_free(&p);
}

/* ---- tables ------------------------------------------------------------------------------------------ */

static void cell_count(FILE *out, double value)
{
    char text[40];

    if (isfinite(value))
        fprintf(out, "<td>%s</td>", bench_format_count((uint64_t)(value + 0.5), text, sizeof text));
    else
        fputs("<td>–</td>", out);
}

static void cell_time(FILE *out, double ns)
{
    char text[40];

    if (isfinite(ns))
        fprintf(out, "<td>%s</td>", bench_format_time((uint64_t)(ns + 0.5), text, sizeof text));
    else
        fputs("<td>–</td>", out);
}

static void cell_text(FILE *out, const char *text)
{
    fputs("<td>", out);
    bench_html_text(out, text);
    fputs("</td>", out);
}

static void run_row(const struct place *at, void *arg)
{
    FILE *out = arg;
    const struct bench_saved *s = at->saved;
    const struct cfg_node *cpu = bench_saved_get(s, at->run, "cpu_seconds");
    bool ok = strcmp(bench_saved_text(s, at->run, "ok"), "true") == 0;
    static const char *const counts[] = {"sent",
                                         "delivered",
                                         "lost",
                                         "duplicated",
                                         "misordered",
                                         "corrupt",
                                         "chunks_retransmitted",
                                         "messages_per_second"};

    fputs("<tr>", out);
    cell_text(out, *at->label ? at->label : bench_saved_text(s, at->run, "name"));
    fprintf(out, "<td class=\"%s\">%s</td>", ok ? "good" : "bad", ok ? "OK" : "not OK");
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        cell_count(out, bench_saved_number(s, at->run, counts[i]));
    fprintf(out, "<td>%.2f s</td></tr>\n",
            bench_saved_number(s, cpu, "user") + bench_saved_number(s, cpu, "system"));
}

static void flow_rows(const struct place *at, void *arg)
{
    FILE *out = arg;
    const struct bench_saved *s = at->saved;

    for (const struct cfg_node *f = bench_saved_items(s, at->run, "flows"); f; f = cfg_node_next(f)) {
        const struct cfg_node *l = bench_saved_get(s, f, "latency_ns"),
                              *g = bench_saved_get(s, f, "longest_gap");
        char name[160], at_text[40] = "";
        snprintf(name, sizeof name, "%s%s%s", at->label, *at->label ? " " : "",
                 bench_saved_text(s, f, "name"));
        fputs("<tr>", out);
        cell_text(out, name);
        cell_text(out, bench_saved_text(s, f, "direction"));
        cell_count(out, bench_saved_number(s, f, "sent"));
        cell_count(out, bench_saved_number(s, f, "delivered"));
        cell_count(out, bench_saved_number(s, f, "lost"));
        cell_count(out, bench_saved_number(s, f, "messages_per_second"));
        cell_time(out, bench_saved_number(s, l, "p50"));
        cell_time(out, bench_saved_number(s, l, "p99"));
        cell_time(out, bench_saved_number(s, l, "p9999"));
        cell_time(out, bench_saved_number(s, l, "max"));
        cell_time(out, 1e9 * bench_saved_number(s, g, "seconds"));
        if (isfinite(bench_saved_number(s, g, "at")))
            snprintf(at_text, sizeof at_text, "%.1f s", bench_saved_number(s, g, "at"));
        cell_text(out, at_text);
        fputs("</tr>\n", out);
    }
}

static void tables(FILE *out, struct bench_saved *const *saved, unsigned count)
{
    fputs("<h2>Runs</h2>\n<table "
          "id=\"runs\"><tr><th>run</th><th></th><th>sent</th><th>delivered</th><th>lost</th>"
          "<th>duplicated</th><th>out of "
          "order</th><th>corrupt</th><th>retransmitted</th><th>msg/s</th><th>CPU</th></tr>\n",
          out);
    each_run(saved, count, run_row, out);
    fputs("</table>\n<h2>Flows</h2>\n<table "
          "id=\"flows\"><tr><th>flow</th><th>way</th><th>sent</th><th>delivered</th>"
          "<th>lost</th><th>msg/s</th><th>p50</th><th>p99</th><th>p99.99</th><th>max</th><th>longest gap</th>"
          "<th>at</th></tr>\n",
          out);
    each_run(saved, count, flow_rows, out);
    fputs("</table>\n", out);
}

/* ---- the rest ------------------------------------------------------------------------------------------ */

static void fact(FILE *out, const struct bench_saved *s, const struct cfg_node *object, const char *key,
                 const char *name)
{
    const char *text = bench_saved_text(s, object, key);

    if (!*text)
        return;
    fprintf(out, "<dt>%s</dt><dd><code>", name);
    bench_html_text(out, text);
    fputs("</code></dd>\n", out);
}

/* A list of texts, one per line. */
static void facts(FILE *out, const struct bench_saved *s, const char *key, const char *name)
{
    const struct cfg_node *item = bench_saved_items(s, s->root, key);

    if (!item)
        return;
    fprintf(out, "<dt>%s</dt><dd><pre>", name);
    for (; item; item = cfg_node_next(item)) {
        bench_html_text(out, cfg_node_text(item));
        fputc('\n', out);
    }
    fputs("</pre></dd>\n", out);
}

static void remarks(const struct place *at, void *arg)
{
    FILE *out = arg;
    const struct cfg_node *generator = bench_saved_get(at->saved, at->run, "generator");
    const char *why = bench_saved_text(at->saved, generator, "why");
    const char *trouble = bench_saved_text(at->saved, at->run, "trouble");

    if (*why) {
        fputs("<p class=\"bad\">", out);
        bench_html_text(out, at->label);
        fputs(" The generator could not keep the schedule: ", out);
        bench_html_text(out, why);
        fputs("</p>\n", out);
    }
    if (*trouble) {
        fputs("<p class=\"bad\">", out);
        bench_html_text(out, at->label);
        fputc(' ', out);
        bench_html_text(out, trouble);
        fputs("</p>\n", out);
    }
}

static void about(FILE *out, const struct bench_saved *s, bool named)
{
    fputs("<section class=\"about\">\n<h2>", out);
    bench_html_text(out, named ? s->name : "How it was made");
    fputs("</h2>\n<dl>\n", out);
    fact(out, s, s->root, "command", "Command");
    fact(out, s, s->root, "time", "Begun");
    fact(out, s, s->root, "host", "Host");
    fact(out, s, s->root, "kernel", "Kernel");
    fact(out, s, s->root, "transport", "SCTP");
    fact(out, s, s->root, "error", "Error");
    facts(out, s, "options", "SCTP options");
    facts(out, s, "far_side_granted", "Granted by the far side");
    facts(out, s, "granted", "Granted other values than requested");
    fputs("</dl>\n</section>\n", out);
}

void bench_page_begin(FILE *out, const char *title)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>",
          out);
    bench_html_text(out, title);
    fputs("</title>\n<style>\n", out);
    fputs(style, out);
    fputs("</style>\n</head>\n<body>\n<h1>", out);
    bench_html_text(out, title);
    fputs("</h1>\n", out);
}

void bench_page_end(FILE *out)
{
    fputs("</body>\n</html>\n", out);
}

void bench_page_write(FILE *out, struct bench_saved *const *saved, unsigned count)
{
    bench_page_begin(out, "junctor load");
    each_run(saved, count, remarks, out);
    tables(out, saved, count);
    fputs("<h2>Over time</h2>\n", out);
    plots(out, saved, count);
    for (unsigned i = 0; i < count; i++)
        about(out, saved[i], count > 1);
    bench_page_end(out);
}
