/* Results of runs, as a table for people; see report.h. */
#include "bench/report.h"

#include <inttypes.h>
#include <string.h>

#include "config/sctp/ppid.h"

#define LABEL_WIDTH  24
#define COLUMN_WIDTH 16

/* One line of the table, filled cell by cell. */
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

/* A count of each result. If `always` is false, a line with only zeros is left out. */
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
PICK(pick_not_closed, r->source.not_closed)
PICK(pick_silent, r->source.silent)
PICK(pick_closed, r->source.closed)
PICK(pick_reopened, r->source.reopened)
PICK(pick_taken_back, r->source.taken_back)
PICK(pick_sent, r->source.sent)
PICK(pick_not_sent, r->not_sent)
PICK(pick_retransmitted, r->source.retransmitted)
PICK(pick_send_failures, r->source.failed_sent + r->source.failed_unsent)
PICK(pick_echoed, r->echoed)
PICK(pick_not_echoed, r->not_echoed)
PICK(pick_delivered, r->delivery.counts.messages)
PICK(pick_lost, r->delivery.lost)
PICK(pick_given_up, r->delivery.given_up)
PICK(pick_down_sent, r->sent_down.messages)
PICK(pick_down_delivered, r->down.counts.messages)
PICK(pick_down_lost, r->down.lost)
PICK(pick_down_given_up, r->down.given_up)
PICK(pick_down_duplicated, r->down.counts.duplicated)
PICK(pick_down_misordered, r->down.counts.misordered)
PICK(pick_down_corrupt, r->down.counts.corrupt)
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
} quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}, {"p99.99", 0.9999}, {"max", 1}};
#define QUANTILES (sizeof quantiles / sizeof quantiles[0])

typedef const struct bench_histogram *times_fn(const struct bench_result *r);

/* Whether some result has enough values for a quantile; the median and the maximum are always shown. */
static bool enough(const struct bench_result *results, unsigned count, times_fn *times, double quantile)
{
    bool found = quantile == 0.5 || quantile == 1;

    for (unsigned i = 0; i < count; i++)
        found = found || (double)times(&results[i])->total * (1 - quantile) >= 1;
    return found;
}

/* `few`: there may be few values. */
static void time_rows(FILE *out, const char *label, const struct bench_result *results, unsigned count,
                      times_fn *times, bool few)
{
    char text[48];
    struct row row;

    for (unsigned q = 0; q < QUANTILES; q++) {
        if (few && !enough(results, count, times, quantiles[q].quantile))
            continue;
        snprintf(text, sizeof text, "%-*s %s", (int)strlen(label), q == 0 ? label : "", quantiles[q].label);
        row_begin(&row, out, text);
        for (unsigned i = 0; i < count; i++) {
            const struct bench_histogram *h = times(&results[i]);
            row_cell(&row, h->total ? bench_format_time(bench_histogram_quantile(h, quantiles[q].quantile),
                                                        text, sizeof text)
                                    : "-");
        }
        row_end(&row);
    }
}

static const struct bench_histogram *delivery_times(const struct bench_result *r)
{
    return &r->delivery.latency;
}

static const struct bench_histogram *reply_times(const struct bench_result *r)
{
    return &r->replies.latency;
}

static const struct bench_histogram *down_times(const struct bench_result *r)
{
    return &r->down.latency;
}

static const struct bench_histogram *shut_down_times(const struct bench_result *r)
{
    return &r->shut_down;
}

static const struct bench_histogram *set_up_times(const struct bench_result *r)
{
    return &r->set_up;
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

/* The longest time in which a flow that sends up got nothing, and when it ended: with one flow, after a
 * failover, how long that took. */
static void gap_row(FILE *out, const struct bench_plan *plan, const struct bench_result *results,
                    unsigned count)
{
    char text[64], gap[48];
    struct row row;

    row_begin(&row, out, "longest gap");
    for (unsigned i = 0; i < count; i++) {
        const struct bench_flow_result *longest = NULL;
        for (unsigned f = 0; results[i].flows && f < plan->flow_count; f++)
            if (!plan->flows[f].down && (!longest || results[i].flows[f].got.gap_ns > longest->got.gap_ns))
                longest = &results[i].flows[f];
        row_cell(&row, longest ? bench_format_time(longest->got.gap_ns, gap, sizeof gap) : "-");
        if (longest && i + 1 == count) {
            snprintf(text, sizeof text, " at %.2f s", (double)longest->gap_at_ns / 1e9);
            fputs(text, out);
        }
    }
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
    count_row(out, "  closed by --churn", r, n, false, pick_closed);
    count_row(out, "  opened again", r, n, false, pick_reopened);
    count_row(out, "  not closed in time", r, n, false, pick_not_closed);
    count_row(out, "  no sign of life", r, n, false, pick_silent);
    count_row(out, "messages sent", r, n, true, pick_sent);
    count_row(out, "not sent", r, n, false, pick_not_sent);
    count_row(out, "left in send buffers", r, n, false, pick_taken_back);
    if (has_statistics(r, n))
        count_row(out, "chunks retransmitted", r, n, true, pick_retransmitted);
}

static void delivery_rows(FILE *out, const struct bench_result *r, unsigned n)
{
    count_row(out, "delivered", r, n, true, pick_delivered);
    count_row(out, "lost", r, n, true, pick_lost);
    count_row(out, "  given up", r, n, false, pick_given_up);
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
    time_rows(out, "round trip", r, n, reply_times, false);
}

static void down_rows(FILE *out, const struct bench_result *r, unsigned n)
{
    count_row(out, "sent down", r, n, true, pick_down_sent);
    count_row(out, "  delivered", r, n, true, pick_down_delivered);
    count_row(out, "  lost", r, n, true, pick_down_lost);
    count_row(out, "  given up", r, n, false, pick_down_given_up);
    count_row(out, "  duplicated", r, n, true, pick_down_duplicated);
    count_row(out, "  out of order", r, n, true, pick_down_misordered);
    count_row(out, "  corrupt", r, n, true, pick_down_corrupt);
    time_rows(out, "latency down", r, n, down_times, false);
}

/* A line for each flow of the last result, if there are several. */
static void flow_lines(FILE *out, const struct bench_plan *plan, const struct bench_result *r)
{
    char text[32];

    fprintf(out, "\n%-*s%6s%14s%14s%10s%12s%11s%11s%11s\n", BENCH_NAME_MAX, "flow", "way", "sent",
            "delivered", "lost", "msg/s", "p50", "p99", "max");
    for (unsigned i = 0; i < plan->flow_count; i++) {
        const struct bench_flow_result *f = &r->flows[i];
        const struct bench_histogram *h = &f->got.latency;
        fprintf(out, "%-*s%6s", BENCH_NAME_MAX, plan->flows[i].name, plan->flows[i].down ? "down" : "up");
        fprintf(out, "%14s", bench_format_count(f->sent.messages, text, sizeof text));
        fprintf(out, "%14s", bench_format_count(f->got.counts.messages, text, sizeof text));
        fprintf(out, "%10s", bench_format_count(f->lost, text, sizeof text));
        fprintf(out, "%12s",
                bench_format_count((uint64_t)(bench_counts_rate(&f->got.counts) + 0.5), text, sizeof text));
        for (unsigned q = 0; q < QUANTILES; q++)
            if (q == 0 || q == 2 || q == QUANTILES - 1)
                fprintf(out, "%11s",
                        h->total ? bench_format_time(bench_histogram_quantile(h, quantiles[q].quantile), text,
                                                     sizeof text)
                                 : "-");
        fputc('\n', out);
    }
}

static void name_ppids(FILE *out, const struct bench_plan *plan)
{
    for (unsigned i = 0; i < plan->ppid_count; i++) {
        const char *name = ppid_name(plan->ppids[i]);
        fprintf(out, "%s", i == 0 ? ", PPID " : ",");
        if (name)
            fputs(name, out);
        else
            fprintf(out, "%" PRIu32, plan->ppids[i]);
    }
}

static void heading(FILE *out, const struct bench_plan *plan, const char *transport)
{
    char text[32];

    fprintf(out, "junctor load: %s SCTP", transport);
    if (plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE) {
        fprintf(out, "; %u association%s x %u stream%s, ", plan->associations - plan->idle,
                plan->associations - plan->idle == 1 ? "" : "s", plan->streams,
                plan->streams == 1 ? "" : "s");
        if (plan->idle)
            fprintf(out, "%u idle, ", plan->idle);
        if (plan->flow_count > 1)
            fprintf(out, "%u flows, ", plan->flow_count);
        if (plan->size_min == plan->size_max)
            fprintf(out, "%u bytes", plan->size_min);
        else
            fprintf(out, "%u to %u bytes", plan->size_min, plan->size_max);
        if (plan->replay[0])
            fprintf(out, ", replay of %s", plan->replay);
        else if (plan->flow_count <= 1)
            name_ppids(out, plan);
        if (plan->unordered && plan->flow_count <= 1)
            fputs(", unordered", out);
        if (plan->rate > 0)
            fprintf(out, ", %s msg/s requested",
                    bench_format_count((uint64_t)(plan->rate + 0.5), text, sizeof text));
        else
            fputs(", as fast as possible", out);
    }
    fputs("\n\n", out);
}

/* Whose half was collected, and what its times are worth. */
static void far_line(FILE *out, const struct bench_result *r)
{
    char error[48];

    fprintf(out, "%s: what was delivered is told by the %s on %s (%s, %.2f s of CPU); ", r->name, r->far.role,
            r->far.host, r->far.kernel, r->far.cpu_seconds);
    if (r->far.same_clock)
        fputs("it has the same clock\n", out);
    else
        fprintf(out, "its clock is %+.6f s ahead, and one-way latencies may be wrong by %s\n",
                (double)r->far.ahead_ns / 1e9, bench_format_time(r->far.error_ns, error, sizeof error));
}

/* Notes on a result's figures. */
static void explain(FILE *out, const struct bench_plan *plan, const struct bench_result *r)
{
    char count[32];

    if (r->trouble[0])
        fprintf(out, "%s: %s\n", r->name, r->trouble);
    if (r->far.collected)
        far_line(out, r);
    if (r->delivery.inexact || r->replies.inexact)
        fprintf(out, "%s: too many runs or gaps to follow: loss and duplicates are not exact\n", r->name);
    if (r->not_echoed)
        fprintf(out,
                "%s: could not send everything back; did the far side grant as many streams as it uses?\n",
                r->name);
    if (r->source.retransmitted * 100 > r->source.sent)
        fprintf(out,
                "%s: more than one chunk retransmitted per hundred messages: a lossy path, a receiver whose "
                "buffer is full, or timers that do not suit it\n",
                r->name);
    if (r->generator.why[0])
        fprintf(out, "%s: the generator could not keep the schedule: %s\n", r->name, r->generator.why);
    if (r->not_sent && plan->rate > 0)
        fprintf(out, "%s: the rate could not be kept: %s messages were due and not sent\n", r->name,
                bench_format_count(r->not_sent, count, sizeof count));
    else if (r->not_sent)
        fprintf(out, "%s: the associations took less than was requested\n", r->name);
    if (r->source.taken_back)
        fprintf(out,
                "%s: %s messages were still in the send buffers at the end; they are not counted as lost\n",
                r->name, bench_format_count(r->source.taken_back, count, sizeof count));
    if (bench_result_messages(r) == 0)
        fprintf(out, "%s: no message %s\n", r->name,
                r->delivery.judged || r->source.taken_back ? "arrived" : "was sent");
}

/* What the far side granted, on one line. */
static void far_granted_line(FILE *out, const char *granted)
{
    if (!*granted)
        return;
    fputs("The far side granted: ", out);
    for (; *granted; granted++)
        fputs(*granted == '\n' ? ", " : (char[]){*granted, 0}, out);
    fputc('\n', out);
}

/* Each line of `granted` becomes a note below the table. */
static void granted_lines(FILE *out, const char *granted)
{
    while (*granted) {
        int len = (int)strcspn(granted, "\n");
        fprintf(out, "The stack granted other values: %.*s\n", len, granted);
        granted += len;
        granted += *granted == '\n';
    }
}

/* The last lines: the verdict in words. */
static void verdict_lines(FILE *out, const struct bench_outcome *outcome)
{
    const struct bench_result *first = &outcome->results[0];

    fputc('\n', out);
    far_granted_line(out, outcome->far_granted);
    granted_lines(out, outcome->granted);
    for (unsigned i = 0; i < outcome->count; i++)
        explain(out, outcome->plan, &outcome->results[i]);
    if (outcome->interrupted && bench_plan_sends(outcome->plan))
        fputs("interrupted: it ended before its time\n", out);
    if (!bench_outcome_ok(outcome))
        fputs("FAILED: see above\n", out);
    else if (first->delivery.judged || first->replies.judged)
        fputs("OK: nothing lost, duplicated, out of order or corrupt\n", out);
    else
        fprintf(out, "OK: everything%s was acknowledged by the far side's SCTP\n",
                first->source.taken_back ? " else" : "");
}

void bench_report_table(FILE *out, const struct bench_outcome *outcome)
{
    const struct bench_plan *plan = outcome->plan;
    const struct bench_result *results = outcome->results, *last = &results[outcome->count - 1];
    unsigned count = outcome->count;
    struct row row;

    heading(out, plan, outcome->transport);
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
    if (plan->role == BENCH_ECHO)
        count_row(out, "echoed", results, count, true, pick_echoed);
    count_row(out, "not echoed", results, count, false, pick_not_echoed);
    if (last->has_source)
        count_row(out, "send failures", results, count, true, pick_send_failures);
    if (last->source.up > 1)
        time_rows(out, "set-up", results, count, set_up_times, true);
    if (last->shut_down.total > 1)
        time_rows(out, "shutdown", results, count, shut_down_times, true);
    if (last->delivery.judged || last->replies.judged)
        rate_rows(out, results, count, !last->delivery.judged);
    if (last->delivery.judged)
        gap_row(out, plan, results, count);
    if (last->delivery.judged)
        time_rows(out, "latency", results, count, delivery_times, false);
    if (last->replies.judged)
        reply_rows(out, results, count);
    if (last->down.judged)
        down_rows(out, results, count);
    cost_rows(out, results, count);
    if (plan->flow_count > 1)
        flow_lines(out, plan, last);
    verdict_lines(out, outcome);
}
