/* A series as JSON; see series_json.h. */
#include "bench/series_json.h"

#include <math.h>

#define COLUMN(name, expression)                                                                             \
    static double name(const struct bench_point *p)                                                          \
    {                                                                                                        \
        return expression;                                                                                   \
    }
COLUMN(at, p->at)
COLUMN(sent, (double)p->sent)
COLUMN(delivered, (double)p->delivered)
COLUMN(lost, (double)p->lost)
COLUMN(queue, (double)p->queue)
COLUMN(retransmitted, (double)p->retransmitted)
COLUMN(rate, p->seconds > 0 ? (double)p->delivered / p->seconds : NAN)
COLUMN(mbits, p->seconds > 0 ? (double)p->bytes * 8e-6 / p->seconds : NAN)
COLUMN(p50, p->timed ? (double)p->p50 : NAN)
COLUMN(p90, p->timed ? (double)p->p90 : NAN)
COLUMN(p99, p->timed ? (double)p->p99 : NAN)
COLUMN(p999, p->timed ? (double)p->p999 : NAN)
COLUMN(most, p->timed ? (double)p->max : NAN)

const struct bench_column bench_point_columns[] = {
    {"at", at},
    {"sent", sent},
    {"delivered", delivered},
    {"lost", lost},
    {"queue", queue},
    {"retransmitted", retransmitted},
    {"messages_per_second", rate},
    {"megabits_per_second", mbits},
    {"p50_ns", p50},
    {"p90_ns", p90},
    {"p99_ns", p99},
    {"p999_ns", p999},
    {"max_ns", most},
};
const unsigned bench_point_column_count = sizeof bench_point_columns / sizeof bench_point_columns[0];

/* An integer with all its digits. */
static void json_number(struct bench_json *j, double value)
{
    if (value >= 0 && value < 0x1p53 && value == floor(value))
        bench_json_uint(j, NULL, (uint64_t)value);
    else
        bench_json_real(j, NULL, value);
}

static void json_flow(struct bench_json *j, const struct bench_plan *plan, const struct bench_series *series,
                      unsigned flow)
{
    bench_json_open(j, NULL, '{');
    bench_json_text(j, "name", plan->flows[flow].name);
    for (unsigned c = 0; c < bench_point_column_count; c++) {
        bench_json_open(j, bench_point_columns[c].name, '[');
        for (unsigned i = 0; i < series->point_count; i++)
            if (series->points[i].flow == flow)
                json_number(j, bench_point_columns[c].value(&series->points[i]));
        bench_json_close(j, ']');
    }
    bench_json_close(j, '}');
}

static bool same_path(const struct bench_path_point *a, const struct bench_path_point *b)
{
    return a->association == b->association && net_addr_equal(&a->address, &b->address);
}

/* True if no earlier row is of the same path. */
static bool first_of_path(const struct bench_series *series, unsigned row)
{
    for (unsigned i = 0; i < row; i++)
        if (same_path(&series->paths[i], &series->paths[row]))
            return false;
    return true;
}

#define PATH_COLUMN(name, member)                                                                            \
    bench_json_open(j, name, '[');                                                                           \
    for (unsigned i = row; i < series->path_count; i++)                                                      \
        if (same_path(&series->paths[i], path))                                                              \
            bench_json_real(j, NULL, (double)series->paths[i].member);                                       \
    bench_json_close(j, ']')

static void json_path(struct bench_json *j, const struct bench_series *series, unsigned row)
{
    const struct bench_path_point *path = &series->paths[row];
    char address[NET_ADDR_TEXT];

    bench_json_open(j, NULL, '{');
    bench_json_uint(j, "association", path->association);
    bench_json_text(j, "address", net_addr_format(&path->address, address, sizeof address));
    PATH_COLUMN("at", at);
    PATH_COLUMN("state", state);
    PATH_COLUMN("srtt_ms", srtt_ms);
    PATH_COLUMN("rto_ms", rto_ms);
    PATH_COLUMN("cwnd", cwnd);
    PATH_COLUMN("unacked", unacked);
    PATH_COLUMN("pending", pending);
    bench_json_close(j, '}');
}

static void json_cpu(struct bench_json *j, const struct bench_series *series, unsigned cpu)
{
    bench_json_open(j, NULL, '{');
    bench_json_uint(j, "cpu", cpu);
    bench_json_open(j, "at", '[');
    for (unsigned i = 0; i < series->cpu_count; i++)
        if (series->cpus[i].cpu == cpu)
            bench_json_real(j, NULL, series->cpus[i].at);
    bench_json_close(j, ']');
    bench_json_open(j, "busy", '[');
    for (unsigned i = 0; i < series->cpu_count; i++)
        if (series->cpus[i].cpu == cpu)
            bench_json_real(j, NULL, series->cpus[i].busy);
    bench_json_close(j, ']');
    bench_json_close(j, '}');
}

void bench_series_json(struct bench_json *j, const struct bench_plan *plan, const struct bench_series *series)
{
    unsigned processors = 0;

    for (unsigned i = 0; i < series->cpu_count; i++)
        if (series->cpus[i].cpu >= processors)
            processors = series->cpus[i].cpu + 1;
    bench_json_open(j, "series", '{');
    bench_json_real(j, "interval", plan->interval_ms / 1e3);
    bench_json_open(j, "flows", '[');
    for (unsigned f = 0; f < plan->flow_count; f++)
        json_flow(j, plan, series, f);
    bench_json_close(j, ']');
    bench_json_open(j, "paths", '[');
    for (unsigned i = 0; i < series->path_count; i++)
        if (first_of_path(series, i))
            json_path(j, series, i);
    bench_json_close(j, ']');
    bench_json_open(j, "cpu", '[');
    for (unsigned cpu = 0; cpu < processors; cpu++)
        json_cpu(j, series, cpu);
    bench_json_close(j, ']');
    bench_json_close(j, '}');
}
