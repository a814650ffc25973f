/* Results of runs, as JSON for programs; see report.h. */
#include <math.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench/json.h"
#include "bench/report.h"
#include "bench/series_json.h"
#include "config/sctp/value.h"

static void json_times(struct bench_json *j, const char *name, const struct bench_histogram *h)
{
    static const struct {
        const char *name;
        double quantile;
    } quantiles[] = {{"p50", 0.5},    {"p90", 0.9},      {"p99", 0.99},
                     {"p999", 0.999}, {"p9999", 0.9999}, {"max", 1}};

    bench_json_open(j, name, '{');
    bench_json_uint(j, "count", h->total);
    for (unsigned q = 0; q < sizeof quantiles / sizeof quantiles[0]; q++)
        bench_json_uint(j, quantiles[q].name, bench_histogram_quantile(h, quantiles[q].quantile));
    bench_json_close(j, '}');
}

static void json_verdict(struct bench_json *j, const struct bench_verdict *v)
{
    const struct bench_counts *c = &v->counts;

    bench_json_uint(j, "delivered", c->messages);
    bench_json_uint(j, "lost", v->lost);
    bench_json_uint(j, "given_up", v->given_up);
    bench_json_uint(j, "open_flows", v->open_flows);
    bench_json_uint(j, "duplicated", c->duplicated);
    bench_json_uint(j, "misordered", c->misordered);
    bench_json_uint(j, "corrupt", c->corrupt);
    bench_json_uint(j, "wrong_ppid", c->wrong_ppid);
    bench_json_uint(j, "foreign", c->foreign);
    bench_json_uint(j, "stream_changed", c->stream_changed);
    bench_json_bool(j, "exact", !v->inexact);
    bench_json_real(j, "seconds", bench_counts_seconds(c));
    bench_json_real(j, "messages_per_second", bench_counts_rate(c));
    bench_json_real(j, "megabits_per_second", bench_counts_mbits(c));
    json_times(j, "latency_ns", &v->latency);
}

static void json_generator(struct bench_json *j, const struct bench_generator *g)
{
    bench_json_open(j, "generator", '{');
    bench_json_bool(j, "kept_schedule", !g->why[0]);
    if (g->why[0])
        bench_json_text(j, "why", g->why);
    bench_json_uint(j, "late", g->late);
    bench_json_uint(j, "not_offered", g->not_offered);
    bench_json_real(j, "busy", g->busy);
    json_times(j, "lag_ns", &g->lag);
    bench_json_close(j, '}');
}

static void json_source(struct bench_json *j, const struct bench_result *r)
{
    const struct bench_source_counts *s = &r->source;

    bench_json_uint(j, "sent", s->sent);
    bench_json_uint(j, "not_sent", r->not_sent);
    bench_json_uint(j, "in_send_buffers", s->taken_back);
    bench_json_open(j, "send_failures", '{');
    bench_json_uint(j, "sent", s->failed_sent);
    bench_json_uint(j, "unsent", s->failed_unsent);
    bench_json_close(j, '}');
    if (s->statistics)
        bench_json_uint(j, "chunks_retransmitted", s->retransmitted);
    bench_json_open(j, "associations", '{');
    bench_json_uint(j, "up", s->up);
    bench_json_uint(j, "failed", s->set_up_failed);
    bench_json_uint(j, "not_tried", s->not_tried);
    bench_json_uint(j, "lost", s->lost);
    bench_json_uint(j, "restarted", s->restarted);
    bench_json_uint(j, "fewer_streams", s->streams_refused);
    bench_json_uint(j, "not_closed", s->not_closed);
    bench_json_uint(j, "silent", s->silent);
    bench_json_uint(j, "churn_closed", s->closed);
    bench_json_uint(j, "churn_reopened", s->reopened);
    bench_json_close(j, '}');
    json_times(j, "set_up_ns", &r->set_up);
    json_times(j, "shut_down_ns", &r->shut_down);
    json_generator(j, &r->generator);
}

/* From p0 to p99.99, closer together towards the top. */
static void json_distribution(struct bench_json *j, const struct bench_histogram *h)
{
    double quantiles[64], rest = 1;
    unsigned count = 0;

    if (h->total == 0)
        return;
    for (; rest > 1.0001e-4; rest *= pow(10, -0.1))
        quantiles[count++] = 1 - rest;
    quantiles[count++] = 0.9999;
    bench_json_open(j, "latency_distribution", '{');
    bench_json_open(j, "quantile", '[');
    for (unsigned i = 0; i < count; i++)
        bench_json_real(j, NULL, quantiles[i]);
    bench_json_close(j, ']');
    bench_json_open(j, "ns", '[');
    for (unsigned i = 0; i < count; i++)
        bench_json_uint(j, NULL, bench_histogram_quantile(h, quantiles[i]));
    bench_json_close(j, ']');
    bench_json_close(j, '}');
}

/* One flow: what its sender and its receiver saw, if they are in this process. */
static void json_flow(struct bench_json *j, const struct bench_flow *f, const struct bench_flow_result *r,
                      bool sender, bool receiver)
{
    bench_json_open(j, NULL, '{');
    bench_json_text(j, "name", f->name);
    bench_json_text(j, "direction", f->down ? "down" : "up");
    if (sender) {
        bench_json_uint(j, "sent", r->sent.messages);
        bench_json_uint(j, "not_sent", r->sent.not_sent);
    }
    if (receiver) {
        const struct bench_counts *c = &r->got.counts;
        bench_json_uint(j, "delivered", c->messages);
        bench_json_uint(j, "lost", r->lost);
        bench_json_uint(j, "given_up", r->given_up);
        bench_json_uint(j, "duplicated", c->duplicated);
        bench_json_uint(j, "misordered", c->misordered);
        bench_json_real(j, "messages_per_second", bench_counts_rate(c));
        bench_json_real(j, "megabits_per_second", bench_counts_mbits(c));
        json_times(j, "latency_ns", &r->got.latency);
        json_distribution(j, &r->got.latency);
        bench_json_open(j, "longest_gap", '{');
        bench_json_real(j, "seconds", (double)r->got.gap_ns / 1e9);
        bench_json_real(j, "at", (double)r->gap_at_ns / 1e9);
        bench_json_close(j, '}');
    }
    bench_json_close(j, '}');
}

static void json_flows(struct bench_json *j, const struct bench_plan *plan, const struct bench_result *r)
{
    bench_json_open(j, "flows", '[');
    for (unsigned i = 0; i < plan->flow_count; i++) {
        bool down = plan->flows[i].down;
        json_flow(j, &plan->flows[i], &r->flows[i], down ? r->delivery.judged : r->has_source,
                  down ? r->down.judged : r->delivery.judged || r->replies.judged);
    }
    bench_json_close(j, ']');
}

static void json_far(struct bench_json *j, const struct bench_far_end *far)
{
    bench_json_open(j, "far_side", '{');
    bench_json_text(j, "host", far->host);
    bench_json_text(j, "kernel", far->kernel);
    bench_json_text(j, "role", far->role);
    bench_json_real(j, "cpu_seconds", far->cpu_seconds);
    bench_json_open(j, "clock", '{');
    bench_json_bool(j, "same", far->same_clock);
    bench_json_real(j, "ahead_ns", (double)far->ahead_ns);
    bench_json_uint(j, "error_ns", far->error_ns);
    bench_json_uint(j, "samples", far->samples);
    bench_json_close(j, '}');
    bench_json_close(j, '}');
}

static void json_result(struct bench_json *j, const struct bench_plan *plan, const struct bench_result *r)
{
    uint64_t messages = bench_result_messages(r);

    bench_json_open(j, NULL, '{');
    bench_json_text(j, "name", r->name);
    bench_json_bool(j, "ok", bench_result_ok(r));
    if (r->trouble[0])
        bench_json_text(j, "trouble", r->trouble);
    if (r->has_source)
        json_source(j, r);
    if (r->far.collected)
        json_far(j, &r->far);
    if (r->delivery.judged) {
        bench_json_open(j, "sink_associations", '{');
        bench_json_uint(j, "seen", r->sink_seen);
        bench_json_uint(j, "lost", r->sink_lost);
        bench_json_uint(j, "turned_away", r->turned_away);
        bench_json_close(j, '}');
        bench_json_uint(j, "echoed", r->echoed);
        bench_json_uint(j, "not_echoed", r->not_echoed);
        json_verdict(j, &r->delivery);
    }
    if (r->replies.judged) {
        bench_json_open(j, "replies", '{');
        json_verdict(j, &r->replies);
        bench_json_close(j, '}');
    }
    if (r->down.judged) {
        bench_json_open(j, "down", '{');
        bench_json_uint(j, "sent", r->sent_down.messages);
        bench_json_uint(j, "not_sent", r->sent_down.not_sent);
        json_verdict(j, &r->down);
        bench_json_close(j, '}');
    }
    if (r->flows)
        json_flows(j, plan, r);
    if (plan->interval_ms)
        bench_series_json(j, plan, &r->series);
    bench_json_open(j, "cpu_seconds", '{');
    bench_json_real(j, "user", r->cpu_user);
    bench_json_real(j, "system", r->cpu_system);
    bench_json_close(j, '}');
    bench_json_uint(j, "system_calls", r->syscalls);
    if (messages)
        bench_json_real(j, "system_calls_per_message", (double)r->syscalls / (double)messages);
    bench_json_close(j, '}');
}

/* Host, kernel and time. */
static void json_origin(struct bench_json *j, const struct bench_outcome *outcome)
{
    struct utsname host;
    struct tm tm;
    char text[512];

    if (outcome->command)
        bench_json_text(j, "command", outcome->command);
    if (gmtime_r(&outcome->begun, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm) > 0)
        bench_json_text(j, "time", text);
    if (uname(&host) != 0)
        return;
    bench_json_text(j, "host", host.nodename);
    snprintf(text, sizeof text, "%s %s %s", host.sysname, host.release, host.machine);
    bench_json_text(j, "kernel", text);
}

/* The options requested from the stack, one text each. */
static void json_options(struct bench_json *j, const struct opt_set *options)
{
    char text[512], value[VAL_TEXT_MAX];

    bench_json_open(j, "options", '[');
    for (const struct opt_row *row = opt_rows; row < opt_rows + OPT_ID_COUNT; row++)
        for (unsigned i = 0; i < row->fields; i++) {
            enum opt_field f = (enum opt_field)(row->first + i);
            const char *name = opt_field_rows[f].name;
            if (!opt_given(options, f) || !opt_is_number(opt_field_rows[f].type))
                continue;
            struct val_spec spec = val_spec_of(f);
            snprintf(text, sizeof text, "%s%s%s=%s", row->name, *name ? "." : "", name,
                     val_format(&spec, opt_num(options, f, 0), value, sizeof value));
            bench_json_text(j, NULL, text);
        }
    bench_json_close(j, ']');
}

static void json_plan(struct bench_json *j, const struct bench_plan *plan)
{
    bench_json_uint(j, "associations", plan->associations);
    bench_json_uint(j, "idle", plan->idle);
    bench_json_uint(j, "workers", plan->workers);
    bench_json_uint(j, "streams", plan->streams);
    bench_json_uint(j, "size_min", plan->size_min);
    bench_json_uint(j, "size_max", plan->size_max);
    bench_json_real(j, "rate", plan->rate);
}

/* One text per line. */
static void json_granted(struct bench_json *j, const char *name, const char *granted)
{
    char line[BENCH_TROUBLE_MAX];

    if (!*granted)
        return;
    bench_json_open(j, name, '[');
    while (*granted) {
        size_t len = strcspn(granted, "\n");
        snprintf(line, sizeof line, "%.*s", (int)len, granted);
        bench_json_text(j, NULL, line);
        granted += len;
        granted += *granted == '\n';
    }
    bench_json_close(j, ']');
}

void bench_report_json(FILE *out, const struct bench_outcome *outcome)
{
    static const char *const roles[] = {"both", "source", "sink", "echo"};
    const struct bench_plan *plan = outcome->plan;
    struct bench_json j = {.out = out};

    bench_json_open(&j, NULL, '{');
    bench_json_uint(&j, "version", BENCH_VERSION);
    if (outcome->begun)
        json_origin(&j, outcome);
    if (outcome->transport)
        bench_json_text(&j, "transport", outcome->transport);
    if (plan)
        bench_json_text(&j, "role", roles[plan->role]);
    if (plan && (plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE))
        json_plan(&j, plan);
    bench_json_bool(&j, "ok", bench_outcome_ok(outcome));
    if (outcome->error[0])
        bench_json_text(&j, "error", outcome->error);
    if (outcome->begun)
        bench_json_bool(&j, "interrupted", outcome->interrupted);
    if (plan)
        json_options(&j, &plan->options);
    json_granted(&j, "far_side_granted", outcome->far_granted);
    json_granted(&j, "granted", outcome->granted);
    bench_json_open(&j, "runs", '[');
    for (unsigned i = 0; i < outcome->count; i++)
        json_result(&j, plan, &outcome->results[i]);
    bench_json_close(&j, ']');
    if (outcome->count > 1)
        bench_json_real(&j, "ratio",
                        bench_counts_rate(&outcome->results[1].delivery.counts) /
                            bench_counts_rate(&outcome->results[0].delivery.counts));
    bench_json_close(&j, '}');
    fputc('\n', out);
}
