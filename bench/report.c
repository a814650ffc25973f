/* What a run came to; see report.h. */
#include "bench/report.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "bench/json.h"
#include "config/sctp/ppid.h"

#define LABEL_WIDTH  24
#define COLUMN_WIDTH 16

void bench_verdict_add(struct bench_verdict *v, const struct bench_judge *j, bool partial)
{
    uint64_t open, lost = bench_judge_lost(j, &open);

    v->judged = true;
    v->inexact |= j->out_of_memory;
    bench_counts_add(&v->counts, &j->counts);
    bench_histogram_merge(&v->latency, &j->latency);
    if (!partial) {
        v->lost += lost;
        v->open_flows += open;
    }
}

static bool verdict_ok(const struct bench_verdict *v)
{
    const struct bench_counts *c = &v->counts;

    return !v->judged ||
           (v->lost + v->open_flows + c->duplicated + c->misordered + c->corrupt == 0 && !v->inexact);
}

bool bench_result_ok(const struct bench_result *r)
{
    const struct bench_source_counts *s = &r->source;

    return verdict_ok(&r->delivery) && verdict_ok(&r->replies) && bench_result_messages(r) > 0 &&
           s->failed_sent + s->failed_unsent + s->set_up_failed + s->not_tried + s->lost + r->turned_away +
                   r->not_echoed ==
               0;
}

uint64_t bench_result_messages(const struct bench_result *r)
{
    if (r->delivery.judged)
        return r->delivery.counts.messages;
    return r->replies.judged ? r->replies.counts.messages : r->source.sent;
}

const char *bench_format_count(uint64_t n, char *out, size_t size)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n);
    size_t used = 0;

    for (int i = 0; i < len && used + 2 < size; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            out[used++] = ',';
        out[used++] = digits[i];
    }
    out[used] = 0;
    return out;
}

const char *bench_format_time(uint64_t ns, char *out, size_t size)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    double value = (double)ns;
    unsigned unit = 0;

    while (value >= 999.5 && unit < 3) {
        value /= 1000;
        unit++;
    }
    snprintf(out, size, "%.*f %s",
             unit == 0 || value >= 99.95 ? 0
             : value >= 9.995            ? 1
                                         : 2,
             value, units[unit]);
    return out;
}

/* ---- table ------------------------------------------------------------------------------------------ */

/* One line of the table, filled in cell by cell. */
struct row {
    FILE *out;
    bool ratio_known;
    double first, last; /* numeric value of the first and the last cell, for the ratio */
    unsigned cells;
};

static void row_begin(struct row *r, FILE *out, const char *label)
{
    *r = (struct row){.out = out};
    fprintf(out, "%-*s", LABEL_WIDTH, label);
}

static void row_cell(struct row *r, const char *text)
{
    fprintf(r->out, "%*s", COLUMN_WIDTH, text);
    r->cells++;
}

static void row_real(struct row *r, double value, int digits)
{
    char text[48], whole[32];

    if (value >= 1000)
        snprintf(text, sizeof text, "%s", bench_format_count((uint64_t)(value + 0.5), whole, sizeof whole));
    else
        snprintf(text, sizeof text, "%.*f", digits, value);
    if (r->cells == 0)
        r->first = value;
    r->last = value;
    r->ratio_known = true;
    row_cell(r, text);
}

static void row_end(struct row *r)
{
    if (r->cells > 1 && r->ratio_known && r->first > 0)
        fprintf(r->out, "%9.2f", r->last / r->first);
    fputc('\n', r->out);
}

/* A count of each result. With `always` false a line that is zero everywhere is left out. */
typedef uint64_t pick_fn(const struct bench_result *r);

static void count_row(FILE *out, const char *label, const struct bench_result *results, unsigned count,
                      bool always, pick_fn *pick)
{
    struct row row;
    char text[32];
    uint64_t sum = 0;

    for (unsigned i = 0; i < count; i++)
        sum += pick(&results[i]);
    if (!always && sum == 0)
        return;
    row_begin(&row, out, label);
    for (unsigned i = 0; i < count; i++)
        row_cell(&row, bench_format_count(pick(&results[i]), text, sizeof text));
    row_end(&row);
}

#define PICK(name, expression)                                                                               \
    static uint64_t name(const struct bench_result *r)                                                       \
    {                                                                                                        \
        return expression;                                                                                   \
    }
PICK(pick_up, r->source.up)
PICK(pick_set_up_failed, r->source.set_up_failed)
PICK(pick_not_tried, r->source.not_tried)
PICK(pick_assoc_lost, r->source.lost)
PICK(pick_restarted, r->source.restarted)
PICK(pick_streams_refused, r->source.streams_refused)
PICK(pick_sink_seen, r->sink_seen)
PICK(pick_sink_lost, r->sink_lost)
PICK(pick_turned_away, r->turned_away)
PICK(pick_not_closed, r->not_closed)
PICK(pick_sent, r->source.sent)
PICK(pick_not_sent, r->not_sent)
PICK(pick_retransmitted, r->source.retransmitted)
PICK(pick_send_failures, r->source.failed_sent + r->source.failed_unsent)
PICK(pick_not_echoed, r->not_echoed)
PICK(pick_delivered, r->delivery.counts.messages)
PICK(pick_lost, r->delivery.lost)
PICK(pick_open_flows, r->delivery.open_flows)
PICK(pick_duplicated, r->delivery.counts.duplicated)
PICK(pick_misordered, r->delivery.counts.misordered)
PICK(pick_corrupt, r->delivery.counts.corrupt)
PICK(pick_wrong_ppid, r->delivery.counts.wrong_ppid)
PICK(pick_foreign, r->delivery.counts.foreign)
PICK(pick_stream_changed, r->delivery.counts.stream_changed)
PICK(pick_replied, r->replies.counts.messages)
PICK(pick_reply_lost, r->replies.lost)
PICK(pick_reply_duplicated, r->replies.counts.duplicated)
PICK(pick_reply_misordered, r->replies.counts.misordered)
PICK(pick_reply_corrupt, r->replies.counts.corrupt)

static const struct {
    const char *label;
    double quantile;
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"max", 1}};
#define QUANTILES (sizeof quantiles / sizeof quantiles[0])

static void latency_rows(FILE *out, const char *label, const struct bench_result *results, unsigned count,
                         bool replies)
{
    char text[48];
    struct row row;

    for (unsigned q = 0; q < QUANTILES; q++) {
        snprintf(text, sizeof text, "%-*s %s", (int)strlen(label), q == 0 ? label : "", quantiles[q].label);
        row_begin(&row, out, text);
        for (unsigned i = 0; i < count; i++) {
            const struct bench_histogram *h =
                replies ? &results[i].replies.latency : &results[i].delivery.latency;
            row_cell(&row, h->total ? bench_format_time(bench_histogram_quantile(h, quantiles[q].quantile),
                                                        text, sizeof text)
                                    : "-");
        }
        row_end(&row);
    }
}

static void rate_rows(FILE *out, const struct bench_result *results, unsigned count, bool replies)
{
    struct row row;

    row_begin(&row, out, "msg/s");
    for (unsigned i = 0; i < count; i++)
        row_real(&row, bench_counts_rate(replies ? &results[i].replies.counts : &results[i].delivery.counts),
                 1);
    row_end(&row);
    row_begin(&row, out, "Mbit/s");
    for (unsigned i = 0; i < count; i++)
        row_real(&row, bench_counts_mbits(replies ? &results[i].replies.counts : &results[i].delivery.counts),
                 2);
    row_end(&row);
}

static void cost_rows(FILE *out, const struct bench_result *results, unsigned count)
{
    struct row row;
    char text[48];

    row_begin(&row, out, "CPU user+system");
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof text, "%.2f+%.2f s", results[i].cpu_user, results[i].cpu_system);
        row_cell(&row, text);
    }
    row_end(&row);
    row_begin(&row, out, "system calls/message");
    for (unsigned i = 0; i < count; i++) {
        uint64_t messages = bench_result_messages(&results[i]);
        snprintf(text, sizeof text, "%.3f", messages ? (double)results[i].syscalls / (double)messages : 0.0);
        row_cell(&row, text);
    }
    row_end(&row);
}

/* Whether the transport keeps statistics of associations. */
static bool has_statistics(const struct bench_result *r, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        if (!r[i].source.statistics)
            return false;
    return true;
}

static void source_rows(FILE *out, const struct bench_result *r, unsigned n)
{
    count_row(out, "associations up", r, n, true, pick_up);
    count_row(out, "  not set up", r, n, false, pick_set_up_failed);
    count_row(out, "  not tried", r, n, false, pick_not_tried);
    count_row(out, "  lost", r, n, false, pick_assoc_lost);
    count_row(out, "  restarted", r, n, false, pick_restarted);
    count_row(out, "  got fewer streams", r, n, false, pick_streams_refused);
    count_row(out, "  not closed in time", r, n, false, pick_not_closed);
    count_row(out, "messages sent", r, n, true, pick_sent);
    count_row(out, "not sent", r, n, false, pick_not_sent);
    if (has_statistics(r, n))
        count_row(out, "chunks retransmitted", r, n, true, pick_retransmitted);
}

static void delivery_rows(FILE *out, const struct bench_result *r, unsigned n)
{
    count_row(out, "delivered", r, n, true, pick_delivered);
    count_row(out, "lost", r, n, true, pick_lost);
    count_row(out, "  streams without end", r, n, false, pick_open_flows);
    count_row(out, "duplicated", r, n, true, pick_duplicated);
    count_row(out, "out of order", r, n, true, pick_misordered);
    count_row(out, "corrupt", r, n, true, pick_corrupt);
    count_row(out, "  under another PPID", r, n, false, pick_wrong_ppid);
    count_row(out, "foreign", r, n, false, pick_foreign);
    count_row(out, "on another stream", r, n, false, pick_stream_changed);
}

static void reply_rows(FILE *out, const struct bench_result *r, unsigned n)
{
    count_row(out, "replies", r, n, true, pick_replied);
    count_row(out, "  lost", r, n, true, pick_reply_lost);
    count_row(out, "  duplicated", r, n, true, pick_reply_duplicated);
    count_row(out, "  out of order", r, n, true, pick_reply_misordered);
    count_row(out, "  corrupt", r, n, true, pick_reply_corrupt);
    latency_rows(out, "round trip", r, n, true);
}

static void heading(FILE *out, const struct bench_plan *plan, const char *transport)
{
    char text[32];

    fprintf(out, "junctor load: %s SCTP", transport);
    if (plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE) {
        fprintf(out, "; %u association%s x %u stream%s, ", plan->associations,
                plan->associations == 1 ? "" : "s", plan->streams, plan->streams == 1 ? "" : "s");
        if (plan->size_min == plan->size_max)
            fprintf(out, "%u bytes", plan->size_min);
        else
            fprintf(out, "%u to %u bytes", plan->size_min, plan->size_max);
        for (unsigned i = 0; i < plan->ppid_count; i++) {
            const char *name = ppid_name(plan->ppids[i]);
            fprintf(out, "%s", i == 0 ? ", PPID " : ",");
            if (name)
                fputs(name, out);
            else
                fprintf(out, "%" PRIu32, plan->ppids[i]);
        }
        if (plan->unordered)
            fputs(", unordered", out);
        if (plan->rate > 0)
            fprintf(out, ", %s msg/s asked for",
                    bench_format_count((uint64_t)(plan->rate + 0.5), text, sizeof text));
        else
            fputs(", as fast as possible", out);
    }
    fputs("\n\n", out);
}

/* The last lines: what it comes to, in words. */
static void verdict_lines(FILE *out, const struct bench_result *results, unsigned count)
{
    bool ok = true;

    fputc('\n', out);
    for (unsigned i = 0; i < count; i++) {
        const struct bench_result *r = &results[i];
        ok = ok && bench_result_ok(r);
        if (r->trouble[0])
            fprintf(out, "%s: %s\n", r->name, r->trouble);
        if (r->delivery.inexact || r->replies.inexact)
            fprintf(out, "%s: too many runs or gaps to follow: loss and duplicates are not exact\n", r->name);
        if (r->not_echoed)
            fprintf(
                out,
                "%s: could not send everything back; did the far side grant as many streams as it uses?\n",
                r->name);
        if (r->source.retransmitted * 100 > r->source.sent)
            fprintf(out,
                    "%s: more than one chunk retransmitted for a hundred messages: a lossy path, a receiver "
                    "whose "
                    "buffer is full, or timers that do not fit it\n",
                    r->name);
        if (r->not_sent)
            fprintf(out, "%s: the associations took less than was asked for\n", r->name);
        if (bench_result_messages(r) == 0)
            fprintf(out, "%s: no message %s\n", r->name, r->delivery.judged ? "arrived" : "was sent");
    }
    if (!ok)
        fputs("FAILED: see above\n", out);
    else if (results[0].delivery.judged || results[0].replies.judged)
        fputs("OK: nothing lost, duplicated, out of order or corrupt\n", out);
    else
        fputs("OK: everything was acknowledged by the far side's SCTP\n", out);
}

void bench_report_table(FILE *out, const struct bench_plan *plan, const char *transport,
                        const struct bench_result *results, unsigned count)
{
    const struct bench_result *last = &results[count - 1];
    struct row row;

    heading(out, plan, transport);
    if (count > 1) {
        row_begin(&row, out, "");
        for (unsigned i = 0; i < count; i++)
            row_cell(&row, results[i].name);
        fprintf(out, "%9s\n", "ratio");
    }
    if (last->has_source)
        source_rows(out, results, count);
    else
        count_row(out, "associations seen", results, count, true, pick_sink_seen);
    count_row(out, "  lost at the sink", results, count, false, pick_sink_lost);
    count_row(out, "  turned away", results, count, false, pick_turned_away);
    if (last->delivery.judged)
        delivery_rows(out, results, count);
    count_row(out, "not echoed", results, count, false, pick_not_echoed);
    if (last->has_source)
        count_row(out, "send failures", results, count, true, pick_send_failures);
    if (last->delivery.judged || last->replies.judged)
        rate_rows(out, results, count, !last->delivery.judged);
    if (last->delivery.judged)
        latency_rows(out, "latency", results, count, false);
    if (last->replies.judged)
        reply_rows(out, results, count);
    cost_rows(out, results, count);
    verdict_lines(out, results, count);
}

/* ---- JSON ------------------------------------------------------------------------------------------- */

static void json_latency(struct bench_json *j, const struct bench_histogram *h)
{
    static const char *const names[QUANTILES] = {"p50", "p90", "p99", "p999", "max"};

    bench_json_open(j, "latency_ns", '{');
    bench_json_uint(j, "count", h->total);
    for (unsigned q = 0; q < QUANTILES; q++)
        bench_json_uint(j, names[q], bench_histogram_quantile(h, quantiles[q].quantile));
    bench_json_close(j, '}');
}

static void json_verdict(struct bench_json *j, const struct bench_verdict *v)
{
    const struct bench_counts *c = &v->counts;

    bench_json_uint(j, "delivered", c->messages);
    bench_json_uint(j, "lost", v->lost);
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
    json_latency(j, &v->latency);
}

static void json_source(struct bench_json *j, const struct bench_result *r)
{
    const struct bench_source_counts *s = &r->source;

    bench_json_uint(j, "sent", s->sent);
    bench_json_uint(j, "not_sent", r->not_sent);
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
    bench_json_uint(j, "not_closed", r->not_closed);
    bench_json_close(j, '}');
}

static void json_result(struct bench_json *j, const struct bench_result *r)
{
    uint64_t messages = bench_result_messages(r);

    bench_json_open(j, NULL, '{');
    bench_json_text(j, "name", r->name);
    bench_json_bool(j, "ok", bench_result_ok(r));
    if (r->trouble[0])
        bench_json_text(j, "trouble", r->trouble);
    if (r->has_source)
        json_source(j, r);
    if (r->delivery.judged) {
        bench_json_open(j, "sink_associations", '{');
        bench_json_uint(j, "seen", r->sink_seen);
        bench_json_uint(j, "lost", r->sink_lost);
        bench_json_uint(j, "turned_away", r->turned_away);
        bench_json_close(j, '}');
        bench_json_uint(j, "not_echoed", r->not_echoed);
        json_verdict(j, &r->delivery);
    }
    if (r->replies.judged) {
        bench_json_open(j, "replies", '{');
        json_verdict(j, &r->replies);
        bench_json_close(j, '}');
    }
    bench_json_open(j, "cpu_seconds", '{');
    bench_json_real(j, "user", r->cpu_user);
    bench_json_real(j, "system", r->cpu_system);
    bench_json_close(j, '}');
    bench_json_uint(j, "system_calls", r->syscalls);
    if (messages)
        bench_json_real(j, "system_calls_per_message", (double)r->syscalls / (double)messages);
    bench_json_close(j, '}');
}

void bench_report_json(FILE *out, const struct bench_plan *plan, const char *transport,
                       const struct bench_result *results, unsigned count)
{
    static const char *const roles[] = {"both", "source", "sink", "echo"};
    struct bench_json j = {.out = out};
    bool ok = true;

    for (unsigned i = 0; i < count; i++)
        ok = ok && bench_result_ok(&results[i]);
    bench_json_open(&j, NULL, '{');
    bench_json_text(&j, "transport", transport);
    bench_json_text(&j, "role", roles[plan->role]);
    if (results[0].has_source) {
        bench_json_uint(&j, "associations", plan->associations);
        bench_json_uint(&j, "streams", plan->streams);
        bench_json_uint(&j, "size_min", plan->size_min);
        bench_json_uint(&j, "size_max", plan->size_max);
        bench_json_real(&j, "rate", plan->rate);
    }
    bench_json_bool(&j, "ok", ok);
    bench_json_open(&j, "runs", '[');
    for (unsigned i = 0; i < count; i++)
        json_result(&j, &results[i]);
    bench_json_close(&j, ']');
    if (count > 1)
        bench_json_real(&j, "ratio",
                        bench_counts_rate(&results[1].delivery.counts) /
                            bench_counts_rate(&results[0].delivery.counts));
    bench_json_close(&j, '}');
    fputc('\n', out);
}
