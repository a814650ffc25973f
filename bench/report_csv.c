/* Results of runs as tables; see report_csv.h. */
#include "bench/report_csv.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/arguments_priv.h"
#include "bench/series_json.h"

/* A text, quoted as in RFC 4180. */
static void text(FILE *out, const char *t)
{
    fputc('"', out);
    for (; *t; t++) {
        if (*t == '"')
            fputc('"', out);
        fputc(*t, out);
    }
    fputc('"', out);
}

/* A number; nothing if it is NAN. */
static void number(FILE *out, double value)
{
    fputc(',', out);
    if (isfinite(value))
        fprintf(out, "%.15g", value);
}

typedef void table_fn(FILE *out, const struct bench_plan *plan, const struct bench_result *r);

static void write_flows(FILE *out, const struct bench_plan *plan, const struct bench_result *r)
{
    for (unsigned f = 0; f < plan->flow_count; f++) {
        const struct bench_flow_result *flow = &r->flows[f];
        const struct bench_counts *c = &flow->got.counts;
        text(out, r->name);
        fputc(',', out);
        text(out, plan->flows[f].name);
        fprintf(out, ",%s,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64,
                plan->flows[f].down ? "down" : "up", flow->sent.messages, flow->sent.not_sent, c->messages,
                flow->lost, flow->given_up, c->duplicated, c->misordered);
        number(out, bench_counts_rate(c));
        number(out, bench_counts_mbits(c));
        number(out, (double)flow->got.gap_ns / 1e9);
        number(out, (double)flow->gap_at_ns / 1e9);
        fputc('\n', out);
    }
}

static void write_series(FILE *out, const struct bench_plan *plan, const struct bench_result *r)
{
    for (unsigned i = 0; i < r->series.point_count; i++) {
        const struct bench_point *p = &r->series.points[i];
        text(out, r->name);
        fputc(',', out);
        text(out, plan->flows[p->flow].name);
        for (unsigned c = 0; c < bench_point_column_count; c++)
            number(out, bench_point_columns[c].value(p));
        fputc('\n', out);
    }
}

static void write_paths(FILE *out, const struct bench_plan *plan, const struct bench_result *r)
{
    char address[NET_ADDR_TEXT];

    (void)plan;
    for (unsigned i = 0; i < r->series.path_count; i++) {
        const struct bench_path_point *p = &r->series.paths[i];
        text(out, r->name);
        fprintf(out, ",%.6g,%u,", p->at, p->association);
        text(out, net_addr_format(&p->address, address, sizeof address));
        fprintf(out, ",%" PRId64 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 ",%" PRIu32 "\n", p->state,
                p->srtt_ms, p->rto_ms, p->cwnd, p->unacked, p->pending);
    }
}

static void write_cpus(FILE *out, const struct bench_plan *plan, const struct bench_result *r)
{
    (void)plan;
    for (unsigned i = 0; i < r->series.cpu_count; i++) {
        text(out, r->name);
        fprintf(out, ",%.6g,%u,%.4g\n", r->series.cpus[i].at, r->series.cpus[i].cpu, r->series.cpus[i].busy);
    }
}

/* The buckets of the histogram that are not empty. */
static void write_latency(FILE *out, const struct bench_plan *plan, const struct bench_result *r)
{
    for (unsigned f = 0; f < plan->flow_count; f++)
        for (unsigned b = 0; b < BENCH_HISTOGRAM_BUCKETS; b++)
            if (r->flows[f].got.latency.count[b]) {
                text(out, r->name);
                fputc(',', out);
                text(out, plan->flows[f].name);
                fprintf(out, ",%" PRIu64 ",%" PRIu64 "\n", bench_histogram_bucket_top(b),
                        r->flows[f].got.latency.count[b]);
            }
}

static bool write_table(const char *dir, const char *name, const char *head, table_fn *write,
                        const struct bench_outcome *o, char *why, size_t size)
{
    char file[BENCH_FILE_MAX + 32];
    FILE *out;

    snprintf(file, sizeof file, "%s/%s", dir, name);
    if (!(out = fopen(file, "we")))
        return bench_say(why, size, "%s: %s", file, strerror(errno));
    fprintf(out, "%s\n", head);
    for (unsigned i = 0; i < o->count; i++)
        write(out, o->plan, &o->results[i]);
    bool failed = ferror(out);
    if (fclose(out) != 0 || failed)
        return bench_say(why, size, "%s: %s", file, strerror(errno));
    return true;
}

bool bench_report_csv(const char *dir, const struct bench_outcome *outcome, char *why, size_t size)
{
    char series[512] = "run,flow";

    if (mkdir(dir, 0777) != 0 && errno != EEXIST)
        return bench_say(why, size, "%s: %s", dir, strerror(errno));
    for (unsigned c = 0; c < bench_point_column_count; c++) {
        size_t used = strlen(series);
        snprintf(series + used, sizeof series - used, ",%s", bench_point_columns[c].name);
    }
    return write_table(dir, "flows.csv",
                       "run,flow,direction,sent,not_sent,delivered,lost,given_up,duplicated,misordered,"
                       "messages_per_second,megabits_per_second,longest_gap,longest_gap_at",
                       write_flows, outcome, why, size) &&
           write_table(dir, "series.csv", series, write_series, outcome, why, size) &&
           write_table(dir, "paths.csv",
                       "run,at,association,address,state,srtt_ms,rto_ms,cwnd,unacked,pending", write_paths,
                       outcome, why, size) &&
           write_table(dir, "cpu.csv", "run,at,cpu,busy", write_cpus, outcome, why, size) &&
           write_table(dir, "latency.csv", "run,flow,ns,count", write_latency, outcome, why, size);
}
