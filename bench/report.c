/* What a run came to; see report.h. */
#include "bench/report.h"

#include <inttypes.h>
#include <string.h>

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

void bench_verdict_excuse(struct bench_verdict *v, uint64_t messages)
{
    v->lost -= v->lost < messages ? v->lost : messages;
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
    if (r->delivery.judged) /* an echo's clients may be others than ours */
        return r->delivery.counts.messages ? r->delivery.counts.messages : r->echoed;
    return r->replies.judged ? r->replies.counts.messages : r->source.sent - r->source.taken_back;
}

bool bench_report_ok(const struct bench_report *report)
{
    if (report->count == 0 || (report->error && report->error[0]))
        return false;
    for (unsigned i = 0; i < report->count; i++)
        if (!bench_result_ok(&report->results[i]))
            return false;
    return true;
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
