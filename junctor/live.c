/* What `junctor load` shows while it runs; see live.h. */
#include "junctor/live.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench/report.h"

#define WIDTH_UNKNOWN 80
#define NAME_WIDTH    14
#define CELL_WIDTH    11
#define FLOWS_SHOWN   20

static unsigned drawn; /* lines of the table now on the terminal */

/* ---- the table ---------------------------------------------------------------------------------------- */

enum kind { COUNT, RATE, TIME };

static const struct {
    const char *name;
    enum kind kind;
    size_t offset; /* of a uint64_t in struct bench_point; RATE: it is divided by the seconds */
} columns[] = {
    {"msg/s", RATE, offsetof(struct bench_point, delivered)},
    {"p50", TIME, offsetof(struct bench_point, p50)},
    {"p99", TIME, offsetof(struct bench_point, p99)},
    {"lost", COUNT, offsetof(struct bench_point, lost)},
    {"queue", COUNT, offsetof(struct bench_point, queue)},
    {"retrans.", COUNT, offsetof(struct bench_point, retransmitted)},
    {"sent/s", RATE, offsetof(struct bench_point, sent)},
    {"max", TIME, offsetof(struct bench_point, max)},
};
#define COLUMNS (sizeof columns / sizeof columns[0])

static const char *cell(const struct bench_point *p, unsigned column, char *text, size_t size)
{
    uint64_t value;

    memcpy(&value, (const char *)p + columns[column].offset, sizeof value);
    switch (columns[column].kind) {
    case RATE:
        return bench_format_count(p->seconds > 0 ? (uint64_t)((double)value / p->seconds + 0.5) : 0, text,
                                  size);
    case TIME:
        return p->timed ? bench_format_time(value, text, size) : "-";
    case COUNT:
        break;
    }
    return bench_format_count(value, text, size);
}

unsigned live_table(FILE *out, const struct bench_plan *plan, const struct bench_series *series,
                    unsigned width)
{
    unsigned shown = width > NAME_WIDTH ? (width - NAME_WIDTH) / CELL_WIDTH : 0, lines = 1;
    unsigned rows = plan->flow_count < series->point_count ? plan->flow_count : series->point_count;
    const struct bench_point *first = series->points + (series->point_count - rows);
    char text[48], name[48];

    shown = shown < COLUMNS ? shown : COLUMNS;
    snprintf(name, sizeof name, "%.0f s", rows ? first->at : 0.0);
    fprintf(out, "%-*s", NAME_WIDTH, name);
    for (unsigned c = 0; c < shown; c++)
        fprintf(out, "%*s", CELL_WIDTH, columns[c].name);
    fputc('\n', out);
    for (unsigned i = 0; i < rows && i < FLOWS_SHOWN; i++, lines++) {
        fprintf(out, "%-*.*s", NAME_WIDTH, NAME_WIDTH - 1, plan->flows[first[i].flow].name);
        for (unsigned c = 0; c < shown; c++)
            fprintf(out, "%*.*s", CELL_WIDTH, CELL_WIDTH - 1, cell(&first[i], c, text, sizeof text));
        fputc('\n', out);
    }
    if (rows > FLOWS_SHOWN) {
        fprintf(out, "and %u more\n", rows - FLOWS_SHOWN);
        lines++;
    }
    return lines;
}

static unsigned terminal_width(void)
{
    struct winsize size;

    return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : WIDTH_UNKNOWN;
}

static void draw(const struct bench_plan *plan, const struct bench_series *series, void *arg)
{
    (void)arg;
    if (drawn)
        fprintf(stderr, "\033[%uA\033[J", drawn); /* move up and clear everything below */
    drawn = live_table(stderr, plan, series, terminal_width());
}

/* ---- lines -------------------------------------------------------------------------------------------- */

static void tell_note(const char *text, void *arg)
{
    (void)arg;
    fprintf(stderr, "junctor load: %s\n", text);
}

static void tell_begin(const char *run, const char *transport, const struct bench_end *where, void *arg)
{
    char text[NET_ADDR_TEXT];

    drawn = 0;
    net_addr_format(&where->addresses[0], text, sizeof text);
    if (bench_plan_sends(arg))
        fprintf(stderr, "junctor load: %s, to %s over %s SCTP\n", run, text, transport);
    else
        fprintf(stderr, "junctor load: listening on %s over %s SCTP\n", text, transport);
}

static void tell_progress(const struct bench_progress *p, void *arg)
{
    static const char *const names[] = {"set-up", "warm-up", "", "drain", ""};
    const struct bench_plan *plan = arg;
    double seconds = (double)p->elapsed_ns / 1e9;
    char text[32];

    if (p->phase == BENCH_SETTING_UP) {
        fprintf(stderr, "%5.0f s  %-8s %12u associations up\n", seconds, names[p->phase], p->up);
        return;
    }
    bench_format_count((uint64_t)p->rate, text, sizeof text);
    fprintf(stderr, "%5.0f s  %-8s %12s msg/s", seconds, names[p->phase], text);
    if (plan->role == BENCH_BOTH && !plan->fanout)
        fprintf(stderr, "  %12s in flight", bench_format_count(p->sent - p->delivered, text, sizeof text));
    fputc('\n', stderr);
}

struct bench_observer live_observer(const struct bench_plan *plan)
{
    struct bench_observer o = {.begin = tell_begin, .note = tell_note, .arg = (void *)(uintptr_t)plan};

    if (isatty(STDERR_FILENO) && plan->interval_ms)
        o.sampled = draw;
    else
        o.progress = tell_progress;
    return o;
}
