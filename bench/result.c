/* The result of a run; see result.h. */
#include "bench/result.h"

#include <stdio.h>

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

void bench_verdict_give_up(struct bench_verdict *v, uint64_t messages)
{
    messages = v->lost < messages ? v->lost : messages;
    v->lost -= messages;
    v->given_up += messages;
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

    return verdict_ok(&r->delivery) && verdict_ok(&r->replies) && verdict_ok(&r->down) &&
           bench_result_messages(r) > 0 && !r->not_collected &&
           (!r->generator.why[0] || r->generator.late_ok) &&
           s->failed_sent + s->failed_unsent + s->set_up_failed + s->not_tried + s->lost + s->silent +
                   r->turned_away + r->not_echoed ==
               0;
}

uint64_t bench_result_messages(const struct bench_result *r)
{
    uint64_t down = r->down.judged ? r->down.counts.messages : 0;

    if (r->delivery.judged) /* an echo may have clients other than the load generator */
        return down + (r->delivery.counts.messages ? r->delivery.counts.messages : r->echoed);
    return down + (r->replies.judged ? r->replies.counts.messages : r->source.sent - r->source.taken_back);
}

bool bench_outcome_ok(const struct bench_outcome *o)
{
    if (o->count == 0 || o->error[0])
        return false;
    for (unsigned i = 0; i < o->count; i++)
        if (!bench_result_ok(&o->results[i]))
            return false;
    return true;
}

void bench_generator_judge(struct bench_generator *g, uint64_t due)
{
    uint64_t missed = g->late + g->not_offered;

    g->why[0] = 0;
    if (due == 0 || (double)missed <= BENCH_LATE_SHARE * (double)due)
        return;
    snprintf(g->why, sizeof g->why,
             "%.0f %% of the messages were offered more than %.0f ms late or not at all (its busiest thread "
             "used %.0f %% of a processor)",
             100 * (double)missed / (double)due, (double)BENCH_LATE_NS / 1e6, 100 * g->busy);
}
