/* The results of all workers, put together after the run; see engine_priv.h. */
#include <stdio.h>
#include <string.h>

#include "bench/engine_priv.h"

/* ---- merging ------------------------------------------------------------------------------------------ */

/* Worker 0's judges get what the others found. */
static void merge_judges(struct bench_engine *e)
{
    struct bench_worker *first = &e->workers[0];

    for (unsigned i = 1; i < e->worker_count; i++) {
        struct bench_worker *w = &e->workers[i];
        bench_judge_merge(&first->back, &w->back);
        for (unsigned n = 0; e->sinking && n < first->sink.judge_count; n++)
            bench_judge_merge(&first->sink.judges[n], &w->sink.judges[n]);
    }
}

static void sum_counts(struct bench_source_counts *into, const struct bench_source_counts *c)
{
    into->sent += c->sent;
    into->bytes += c->bytes;
    into->failed_sent += c->failed_sent;
    into->failed_unsent += c->failed_unsent;
    into->given_up += c->given_up;
    into->taken_back += c->taken_back;
    into->up += c->up;
    into->set_up_failed += c->set_up_failed;
    into->lost += c->lost;
    into->restarted += c->restarted;
    into->not_closed += c->not_closed;
    into->silent += c->silent;
    into->closed += c->closed;
    into->reopened += c->reopened;
    into->not_tried += c->not_tried;
    into->streams_refused += c->streams_refused;
    into->statistics += c->statistics;
    into->retransmitted += c->retransmitted;
}

static void sum_sent(struct bench_sent *into, const struct bench_sent *s)
{
    into->messages += s->messages;
    into->bytes += s->bytes;
    into->not_sent += s->not_sent;
}

static void note_trouble(struct bench_result *r, const char *trouble)
{
    if (!r->trouble[0])
        memcpy(r->trouble, trouble, sizeof r->trouble);
}

/* ---- what it cost ------------------------------------------------------------------------------------- */

static double seconds_between(const struct timeval *from, const struct timeval *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_usec - from->tv_usec) / 1e6;
}

static void collect_cost(const struct bench_engine *e, struct bench_result *r)
{
    const struct bench_worker *first = &e->workers[0]; /* to begin */

    for (unsigned i = 0; i < e->worker_count; i++) {
        const struct bench_worker *w = &e->workers[i];
        if (w->before.wall_ns < first->before.wall_ns)
            first = w;
        r->syscalls += w->after.syscalls - w->before.syscalls;
        if (w->busy > r->generator.busy)
            r->generator.busy = w->busy;
    }
    r->cpu_user = seconds_between(&first->before.process.ru_utime, &first->after.process.ru_utime);
    r->cpu_system = seconds_between(&first->before.process.ru_stime, &first->after.process.ru_stime);
}

/* ---- the far side ---------------------------------------------------------------------------------------
 */

/* A time of the far side's clock by ours, since the sending began. */
static uint64_t far_time(const struct bench_engine *e, const struct bench_result *r, uint64_t far_ns)
{
    int64_t ours = (int64_t)far_ns - r->far.ahead_ns - (int64_t)e->start_ns;

    return ours > 0 ? (uint64_t)ours : 0;
}

static void far_flow(struct bench_engine *e, struct bench_result *r, unsigned f)
{
    const struct bench_far_flow *far = e->far.report->flows[f];
    struct bench_flow_result *flow = &r->flows[f];
    uint64_t lost = flow->sent.messages;

    if (far) {
        flow->got.counts = far->counts;
        flow->got.latency = far->latency;
        flow->got.gap_ns = far->gap_ns;
        flow->gap_at_ns = far_time(e, r, far->gap_at_ns);
        lost -= far->counts.messages < lost ? far->counts.messages : lost;
    }
    if (e->plan->flows[f].pr_policy != TR_PR_NONE || e->plan->churn.abort)
        flow->given_up = lost;
    else
        flow->lost = lost;
    r->delivery.lost += flow->lost;
    r->delivery.given_up += flow->given_up;
}

/* The far side's half: what it received, of what we know to have been sent. */
static void collect_far(struct bench_engine *e, struct bench_result *r)
{
    const struct bench_far_report *far = e->far.report;
    struct bench_verdict *v = &r->delivery;

    if (!e->plan->collect)
        return;
    if (!e->far.complete) {
        r->not_collected = true;
        if (!r->trouble[0])
            snprintf(r->trouble, sizeof r->trouble, "--collect: the far side: %s", e->far.why);
        return;
    }
    bool same = bench_far_same_clock(&e->far);
    r->far = (struct bench_far_end){.collected = true,
                                    .same_clock = same,
                                    .ahead_ns = same ? 0 : e->far.before.ahead_ns,
                                    .error_ns = same ? 0 : bench_far_error(&e->far.before, &e->far.after),
                                    .samples = e->far.before.samples + e->far.after.samples,
                                    .cpu_seconds = (double)far->cpu_us / 1e6};
    memcpy(r->far.host, far->host, sizeof r->far.host);
    memcpy(r->far.kernel, far->kernel, sizeof r->far.kernel);
    memcpy(r->far.role, far->role, sizeof r->far.role);
    v->judged = true;
    v->counts = far->counts;
    v->latency = far->latency;
    v->inexact = far->inexact;
    r->sink_seen = (unsigned)far->seen;
    r->sink_lost = (unsigned)far->lost;
    r->echoed = far->echoed;
    for (unsigned f = 0; f < e->plan->flow_count; f++)
        if (!e->plan->flows[f].down)
            far_flow(e, r, f);
}

/* ---- flows -------------------------------------------------------------------------------------------- */

static void collect_gap(struct bench_flow_result *r, const struct bench_tally *t, uint64_t start_ns)
{
    if (t->gap_ns <= r->got.gap_ns)
        return;
    r->got.gap_ns = t->gap_ns;
    r->gap_at_ns = t->gap_at_ns > start_ns ? t->gap_at_ns - start_ns : 0;
}

/* Adds what a judge found about each flow of its direction. */
static void collect_flows(const struct bench_engine *e, const struct bench_judge *j, bool down,
                          struct bench_result *r)
{
    for (unsigned f = 0; f < e->plan->flow_count; f++)
        if (e->plan->flows[f].down == down && j->flows[f]) {
            bench_counts_add(&r->flows[f].got.counts, &j->flows[f]->counts);
            bench_histogram_merge(&r->flows[f].got.latency, &j->flows[f]->latency);
            collect_gap(&r->flows[f], j->flows[f], r->series.start_ns);
        }
}

/* Counts what flows lost; with partial reliability, or after an abort by the churn, it counts as given up.
 */
static void collect_lost(const struct bench_engine *e, const struct bench_judge *j, bool down,
                         struct bench_result *r, struct bench_verdict *v)
{
    uint64_t lost[BENCH_FLOWS_MAX] = {0}, cut_off[BENCH_FLOWS_MAX] = {0};
    const struct bench_churn *churn = &e->plan->churn;

    bench_judge_flows_lost(j, 0, BENCH_ASSOCIATIONS_MAX, lost);
    if (churn->abort)
        bench_judge_flows_lost(j, churn->first, churn->count, cut_off);
    for (unsigned f = 0; f < e->plan->flow_count; f++) {
        const struct bench_flow *flow = &e->plan->flows[f];
        uint64_t given_up = flow->pr_policy != TR_PR_NONE ? lost[f] : cut_off[f];
        bench_verdict_give_up(v, given_up);
        if (flow->down == down) {
            r->flows[f].given_up += given_up;
            r->flows[f].lost += lost[f] - given_up;
        }
    }
}

static void collect_judges(struct bench_engine *e, struct bench_result *r)
{
    struct bench_sink *sink = &e->workers[0].sink;

    for (unsigned i = 0; i < sink->judge_count; i++) {
        bench_verdict_add(&r->delivery, &sink->judges[i], e->plan->partial);
        collect_flows(e, &sink->judges[i], false, r);
        if (!e->plan->partial)
            collect_lost(e, &sink->judges[i], false, r, &r->delivery);
    }
    for (unsigned i = 0; i < e->worker_count; i++) {
        const struct bench_worker *w = &e->workers[i];
        r->sink_seen += w->sink.seen;
        r->sink_lost += w->took_back ? w->sink_lost : w->sink.lost;
        r->turned_away += w->sink.turned_away;
        r->echoed += w->sink.echoed;
        r->not_echoed += w->sink.not_echoed;
        note_trouble(r, w->sink.trouble);
    }
}

static bool any_rate(const struct bench_plan *plan)
{
    for (unsigned i = 0; i < plan->flow_count; i++)
        if (plan->flows[i].rate > 0)
            return true;
    return false;
}

/* Adds what one worker has sent in one direction, and how well it kept its schedule. */
static void collect_traffic(struct bench_traffic *t, struct bench_result *r)
{
    struct bench_generator *g = &r->generator;

    bench_traffic_account(t);
    for (unsigned f = 0; f < t->plan->flow_count; f++)
        if (t->plan->flows[f].down == t->down)
            sum_sent(&r->flows[f].sent, &t->flow_sent[f]);
    bench_histogram_merge(&g->lag, &t->lag);
    g->late += t->late;
    g->not_offered += t->not_offered;
}

/* Adds what the sinks have sent. */
static void collect_down(struct bench_engine *e, struct bench_result *r)
{
    for (unsigned i = 0; e->sinking && i < e->worker_count; i++) {
        struct bench_sink *sink = &e->workers[i].sink;
        if (!sink->senders)
            continue;
        collect_traffic(&sink->traffic, r);
        sum_sent(&r->sent_down, &sink->traffic.sent);
    }
}

/* Flows from the sink, and replies. */
static void collect_back(struct bench_engine *e, struct bench_result *r)
{
    struct bench_judge *back = &e->workers[0].back;

    if (e->plan->reply) {
        for (unsigned i = 0; i < e->worker_count; i++)
            bench_traffic_tell(&e->workers[i].source.traffic, back);
        bench_verdict_add(&r->replies, back, false);
        bool alone = !e->sinking && !e->plan->collect; /* then they are all that is known of the flows */
        if (alone)
            collect_flows(e, back, false, r);
        collect_lost(e, back, !alone, r, &r->replies);
        if (e->plan->churn.abort) /* they have just been counted */
            r->not_echoed -= r->not_echoed < r->replies.given_up ? r->not_echoed : r->replies.given_up;
    }
    if (!bench_plan_has(e->plan, true))
        return;
    collect_down(e, r);
    for (unsigned i = 0; e->sinking && i < e->worker_count; i++)
        if (e->workers[i].sink.senders)
            bench_traffic_tell(&e->workers[i].sink.traffic, back);
    bench_verdict_add(&r->down, back, false);
    collect_flows(e, back, true, r);
    collect_lost(e, back, true, r, &r->down);
}

static void collect_sources(struct bench_engine *e, struct bench_result *r)
{
    for (unsigned i = 0; i < e->worker_count; i++) {
        struct bench_source *s = &e->workers[i].source;
        collect_traffic(&s->traffic, r);
        s->counts.sent = s->traffic.sent.messages;
        s->counts.bytes = s->traffic.sent.bytes;
        sum_counts(&r->source, &s->counts);
        r->not_sent += s->traffic.sent.not_sent;
        bench_histogram_merge(&r->set_up, &s->set_up);
        bench_histogram_merge(&r->shut_down, &s->shut_down);
        note_trouble(r, s->trouble);
    }
}

void bench_collect_source(struct bench_engine *e, struct bench_result *r)
{
    r->has_source = true;
    collect_cost(e, r);
    merge_judges(e);
    collect_sources(e, r);
    if (e->sinking) {
        struct bench_sink *sink = &e->workers[0].sink;
        for (unsigned i = 0; i < e->worker_count; i++)
            for (unsigned n = 0; n < sink->judge_count; n++)
                bench_traffic_tell(&e->workers[i].source.traffic, &sink->judges[n]);
        collect_judges(e, r);
    }
    collect_far(e, r);
    collect_back(e, r);
    bench_verdict_excuse(&r->delivery, r->source.taken_back * (e->plan->fanout ? e->plan->listen_count : 1));
    bench_verdict_excuse(&r->replies, r->source.taken_back);
    r->generator.late_ok = e->plan->late_ok;
    bench_generator_judge(&r->generator,
                          any_rate(e->plan) ? r->source.sent + r->not_sent + r->sent_down.messages : 0);
}

void bench_collect_sink(struct bench_engine *e, struct bench_result *r)
{
    collect_cost(e, r);
    merge_judges(e);
    if (e->workers[0].sink.senders) {
        collect_down(e, r);
        r->generator.late_ok = e->plan->late_ok;
        bench_generator_judge(&r->generator, r->sent_down.messages + r->sent_down.not_sent);
    }
    collect_judges(e, r);
}
