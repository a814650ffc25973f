/* Measuring one point; see measure.h. */
#include "bench/tune/measure.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "bench/arguments_priv.h"
#include "bench/endpoint_priv.h"

#define WINDOWS     3
#define WINDOWS_MAX 256
#define AGREE       0.03
#define SATURATED   0.97 /* a thread that uses more of a processor has no more to give */
#define IDLE        0.75 /* a broker that uses less of a processor would have more */

/* ---- the course of a run ------------------------------------------------------------------------------- */

struct course {
    uint64_t window_ns, longest_ns;
    bool by_delivery, adaptive, steady, measuring;
    uint64_t begun_ns, last_ns, last; /* begin of the warm-up; end of its last window, and messages then */
    double rate[WINDOWS_MAX];         /* of the windows */
    unsigned count;
    uint64_t from_ns, from, to_ns, to; /* measured from and to: times, and messages */
};

/* True when the last window completes three that agree. */
static bool window(struct course *c, uint64_t now_ns, uint64_t messages)
{
    if (!c->adaptive || now_ns - c->last_ns < c->window_ns || c->count == WINDOWS_MAX)
        return false;
    c->rate[c->count++] = (double)(messages - c->last) * 1e9 / (double)(now_ns - c->last_ns);
    c->last_ns = now_ns;
    c->last = messages;
    c->steady = bench_stats_agree(c->rate, c->count, WINDOWS, AGREE);
    return c->steady;
}

/* An observer of the engine. */
static bool turn(uint64_t now_ns, uint64_t sent, uint64_t delivered, void *arg)
{
    struct course *c = arg;
    uint64_t messages = c->by_delivery ? delivered : sent;

    c->to_ns = now_ns;
    c->to = messages;
    if (c->measuring)
        return false;
    if (c->last_ns == 0) {
        c->begun_ns = c->last_ns = now_ns;
        c->last = messages;
    }
    c->from_ns = now_ns;
    c->from = messages;
    c->measuring = window(c, now_ns, messages) || now_ns - c->begun_ns >= c->longest_ns;
    return c->measuring;
}

/* ---- the plan of a run ----------------------------------------------------------------------------------
 */

static bool paced(const struct bench_plan *plan)
{
    for (unsigned i = 0; i < plan->flow_count; i++)
        if (plan->flows[i].pace.count > 0 || plan->flows[i].pace.off_ns > 0)
            return true;
    return false;
}

/* A plan with the options of the point. */
static bool plan_of(const struct bench_tune *t, const struct opt_set *options, double rate,
                    struct bench_plan *plan, char *why, size_t size)
{
    *plan = t->load;
    plan->options = *options;
    plan->duration_ms = t->measure_ms;
    plan->interval_ms = 0;
    if (!bench_plan_settle(plan, why, size))
        return false;
    bench_plan_set_rate(plan, rate);
    return true;
}

static void options_of(const struct bench_tune *t, const struct bench_tune_point *point,
                       struct opt_set *options)
{
    *options = t->base;
    for (unsigned f = 0; f < t->factor_count; f++)
        bench_factor_apply(&t->factors[f], point->level[f], options);
}

/* ---- judging a run ----------------------------------------------------------------------------------------
 */

static bool fault(struct bench_response *out, enum bench_fault kind, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool fault(struct bench_response *out, enum bench_fault kind, const char *format, ...)
{
    va_list list;

    out->fault = kind;
    va_start(list, format);
    vsnprintf(out->why, sizeof out->why, format, list);
    va_end(list);
    return false;
}

/* The delivery that counts: at the sink, or of the replies. */
static const struct bench_verdict *verdict_of(const struct bench_result *r)
{
    return r->replies.judged ? &r->replies : r->down.judged && !r->delivery.judged ? &r->down : &r->delivery;
}

static bool check_delivery(const struct bench_result *r, struct bench_response *out)
{
    const struct bench_verdict *v = verdict_of(r);
    const struct bench_source_counts *c = &r->source;
    unsigned broken = c->set_up_failed + c->not_tried + c->lost + r->turned_away;

    if (broken > 0)
        return fault(out, BENCH_FAULT_POINT, "%u associations failed: %.120s", broken, r->trouble);
    if (v->lost + v->open_flows > 0)
        return fault(out, BENCH_FAULT_POINT, "%llu of %llu messages were lost", (unsigned long long)v->lost,
                     (unsigned long long)c->sent);
    if (v->counts.duplicated + v->counts.misordered + v->counts.corrupt > 0)
        return fault(out, BENCH_FAULT_POINT, "messages were duplicated, out of order or corrupt");
    if (c->failed_sent + c->failed_unsent + r->not_echoed > 0)
        return fault(out, BENCH_FAULT_POINT, "%llu messages were given back undelivered",
                     (unsigned long long)(c->failed_sent + c->failed_unsent + r->not_echoed));
    if (bench_result_messages(r) == 0)
        return fault(out, BENCH_FAULT_POINT, "no message was delivered");
    return true;
}

/* ---- the host ------------------------------------------------------------------------------------------ */

void bench_host_name(struct bench_host *host)
{
    struct utsname u;

    if (uname(&u) != 0)
        return;
    snprintf(host->name, sizeof host->name, "%s", u.nodename);
    snprintf(host->kernel, sizeof host->kernel, "%s %s %s", u.sysname, u.release, u.machine);
}

/* ---- one run
 * ----------------------------------------------------------------------------------------------- */

struct outcome {
    struct bench_outcome *bench;
    const struct bench_result *result;
    struct course course;
    double wall, middle_cpu; /* seconds, of the whole run */
};

static void keep_host(struct bench_measure *m, const struct outcome *o, bool fast)
{
    struct bench_host *h = &m->host;

    snprintf(h->transport, sizeof h->transport, "%s", o->bench->transport ? o->bench->transport : "");
    if (o->bench->granted[0])
        memcpy(h->granted, o->bench->granted, sizeof h->granted);
    h->runs++;
    h->unsteady += !o->course.steady;
    if (fast && o->result->generator.busy > h->busy)
        h->busy = o->result->generator.busy;
    double mbits = bench_counts_mbits(&verdict_of(o->result)->counts);
    if (fast && mbits > h->mbits)
        h->mbits = mbits;
    if (fast && m->middle && o->middle_cpu / o->wall > h->middle_busy)
        h->middle_busy = o->middle_cpu / o->wall;
}

/* Runs the load. BENCH_RAN_STOPPED also if it was stopped and something came out of it. */
static enum bench_ran run(struct bench_measure *m, const struct bench_tune *t,
                          const struct bench_tune_point *point, double rate, struct outcome *o,
                          struct bench_response *out)
{
    struct bench_plan *plan = malloc(sizeof *plan);
    struct opt_set options;
    char why[BENCH_WHY_MAX];

    memset(o, 0, sizeof *o);
    if (!plan) {
        fault(out, BENCH_FAULT_POINT, "out of memory");
        return BENCH_RAN;
    }
    options_of(t, point, &options);
    bool ready = plan_of(t, &options, rate, plan, why, sizeof why);
    bool begun = ready && m->middle;
    if (begun && !m->middle->begin(t, point, plan, why, sizeof why, m->middle->arg))
        ready = false;
    if (ready) {
        struct bench_observer observer = {.turn = turn, .arg = &o->course};
        o->course = (struct course){.window_ns = t->window_ms * UINT64_C(1000000),
                                    .longest_ns = plan->warmup_ms * UINT64_C(1000000),
                                    .by_delivery = plan->role == BENCH_BOTH || plan->reply,
                                    .adaptive = !paced(plan)};
        double cpu = m->middle ? m->middle->cpu(m->middle->arg) : 0;
        uint64_t before = bench_now_ns();
        o->bench = bench_run(plan, &observer, m->stop);
        o->wall = (double)(bench_now_ns() - before) / 1e9;
        o->middle_cpu = m->middle ? m->middle->cpu(m->middle->arg) - cpu : 0;
        if (!o->bench)
            fault(out, BENCH_FAULT_POINT, "out of memory");
        else if (o->bench->count == 0)
            fault(out, BENCH_FAULT_POINT, "%.190s", o->bench->error);
        else
            o->result = &o->bench->results[o->bench->count - 1];
    } else {
        fault(out, BENCH_FAULT_POINT, "%.190s", why);
    }
    if (begun)
        m->middle->end(m->middle->arg);
    if (o->result)
        keep_host(m, o, rate == 0);
    if (o->bench)
        o->bench->plan = NULL;
    free(plan);
    return bench_stop_asked(m->stop) ? BENCH_RAN_STOPPED : BENCH_RAN;
}

/* Messages that were delivered while it measured, whenever they were sent; at least one, so that a standstill
 * has a logarithm. */
static double rate_of(const struct course *c)
{
    uint64_t messages = c->to > c->from ? c->to - c->from : 1;

    return c->to_ns > c->from_ns ? (double)messages * 1e9 / (double)(c->to_ns - c->from_ns) : NAN;
}

/* As fast as possible: rate and processor time. */
static enum bench_ran run_fast(struct bench_measure *m, const struct bench_tune *t,
                               const struct bench_tune_point *point, struct bench_response *out)
{
    struct outcome o;
    enum bench_ran ran = run(m, t, point, 0, &o, out);

    if (ran == BENCH_RAN && o.result && check_delivery(o.result, out)) {
        double cpu = m->middle ? o.middle_cpu : o.result->cpu_user + o.result->cpu_system;
        out->value[BENCH_RATE] = rate_of(&o.course);
        out->value[BENCH_CPU] = cpu > 0 ? cpu * 1e9 / (double)bench_result_messages(o.result) : NAN;
        if (m->middle && o.result->generator.busy > SATURATED && o.middle_cpu / o.wall < IDLE)
            fault(out, BENCH_FAULT_GENERATOR,
                  "the generator was the bottleneck: its thread used %.0f %% of a processor, the broker %.0f "
                  "%%",
                  100 * o.result->generator.busy, 100 * o.middle_cpu / o.wall);
    }
    bench_outcome_free(o.bench);
    return ran;
}

/* Nothing of what was due while it measured had been sent when that was over: the point is so far behind the
 * rate. It has all waited, the first of it all the time. */
static double waited(const struct course *c)
{
    return 0.99 * (double)(c->to_ns - c->from_ns);
}

/* At a rate: latency. */
static enum bench_ran run_at_rate(struct bench_measure *m, const struct bench_tune *t, double rate,
                                  const struct bench_tune_point *point, struct bench_response *out)
{
    struct outcome o;
    enum bench_ran ran = run(m, t, point, rate, &o, out);

    if (ran == BENCH_RAN && o.result && check_delivery(o.result, out)) {
        const struct bench_histogram *latency = &verdict_of(o.result)->latency;
        if (latency->total > 0)
            out->value[BENCH_P99] = (double)bench_histogram_quantile(latency, 0.99);
        else if (verdict_of(o.result)->judged)
            out->value[BENCH_P99] = waited(&o.course);
        if (o.result->generator.why[0])
            fault(out, BENCH_FAULT_GENERATOR, "the generator could not keep the schedule: %.140s",
                  o.result->generator.why);
    }
    bench_outcome_free(o.bench);
    return ran;
}

enum bench_ran bench_measure_run(const struct bench_sweep *s, unsigned point, struct bench_response *out,
                                 void *measure)
{
    struct bench_measure *m = measure;
    const struct bench_tune_point *p = &s->points[point];

    for (unsigned r = 0; r < BENCH_RESPONSES; r++)
        out->value[r] = NAN;
    enum bench_ran ran = run_fast(m, s->tune, p, out);
    if (ran == BENCH_RAN && out->fault == BENCH_FAULTLESS && s->rate > 0 && !s->tune->no_latency)
        ran = run_at_rate(m, s->tune, s->rate, p, out);
    return ran;
}
