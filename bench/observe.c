/* What is seen of a run while it goes on: its progress and its series. In worker 0, but for
 * bench_sampling_answer. */
#include <stdlib.h>
#include <string.h>

#include "bench/engine_priv.h"

#define MS BENCH_MS

uint64_t bench_published_sum(const struct bench_engine *e, size_t offset)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < e->worker_count; i++) {
        const char *at = (const char *)&e->workers[i].published + offset;
        sum += atomic_load_explicit((const _Atomic uint64_t *)(const void *)at, memory_order_relaxed);
    }
    return sum;
}

static unsigned sum_of(const struct bench_engine *e, size_t offset)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < e->worker_count; i++) {
        const char *at = (const char *)&e->workers[i].published + offset;
        sum += atomic_load_explicit((const _Atomic unsigned *)(const void *)at, memory_order_relaxed);
    }
    return sum;
}

/* ---- progress ----------------------------------------------------------------------------------------- */

static uint64_t every_ns(const struct bench_engine *e)
{
    return (e->observer->every_ms ? e->observer->every_ms : 1000) * MS;
}

void bench_observe_begin(struct bench_engine *e, uint64_t now)
{
    e->progress_start = now;
    e->progress_ns = now + every_ns(e);
    e->progress_before = 0;
}

void bench_observe_progress(struct bench_engine *e, uint64_t now, enum bench_phase phase)
{
    const struct bench_plan *plan = e->plan;
    bool back = bench_plan_sends(plan) && bench_engine_awaits_back(e);

    if (!e->observer->progress || now < e->progress_ns)
        return;
    struct bench_progress p = {.run = e->run,
                               .phase = phase,
                               .elapsed_ns = now - e->progress_start,
                               .up = sum_of(e, offsetof(struct bench_published, up)),
                               .seen = sum_of(e, offsetof(struct bench_published, seen)),
                               .delivery_known = e->sinking || back};
    p.delivered = e->sinking ? BENCH_SUM(e, delivered) : 0;
    if (back && !(e->sinking && plan->reply))
        p.delivered += BENCH_SUM(e, back);
    p.sent = BENCH_SUM(e, sent) + BENCH_SUM(e, sent_down);
    if (plan->role == BENCH_BOTH && !plan->fanout && p.sent < p.delivered)
        p.sent = p.delivered; /* a worker has not published it yet */
    uint64_t handled = p.delivery_known ? p.delivered : p.sent;
    uint64_t since = now - e->progress_ns + every_ns(e);
    p.rate = (double)(handled - e->progress_before) * 1e9 / (double)since;
    e->progress_before = handled;
    e->progress_ns = now + every_ns(e);
    e->observer->progress(&p, e->observer->arg);
}

uint64_t bench_observe_next(const struct bench_engine *e)
{
    uint64_t next = e->observer->progress ? e->progress_ns : UINT64_MAX;

    return e->sampler && e->sample_ns < next ? e->sample_ns : next;
}

/* ---- the series ---------------------------------------------------------------------------------------- */

static struct bench_series *series_of(const struct bench_engine *e)
{
    return &e->out->results[e->out->count].series;
}

bool bench_sampling_begin(struct bench_engine *e, uint64_t now)
{
    struct bench_series *series = series_of(e);

    series->start_ns = series->last_ns = now;
    bench_sampling_free(e);
    if (!e->plan->interval_ms)
        return true;
    e->sampler = bench_sampler_new(e->plan);
    e->total = bench_reading_new(e->plan);
    for (unsigned i = 0; i < e->worker_count; i++) {
        struct bench_worker *w = &e->workers[i];
        free(w->reading);
        w->reading = bench_reading_new(e->plan);
        if (!w->reading)
            return false;
    }
    e->sample_ns = now + e->plan->interval_ms * MS;
    return e->sampler && e->total;
}

void bench_sampling_answer(struct bench_worker *w)
{
    struct bench_engine *e = w->engine;
    /* With ask: it has used the reading before. */
    unsigned wanted = atomic_load_explicit(&e->reading_wanted, memory_order_acquire);

    if (wanted == atomic_load_explicit(&w->reading_done, memory_order_relaxed)) /* our own */
        return;
    struct bench_sampled from = {.plan = e->plan,
                                 .source = bench_plan_sends(e->plan) ? &w->source : NULL,
                                 .sink = e->sinking ? &w->sink : NULL,
                                 .back = bench_plan_sends(e->plan) && bench_engine_awaits_back(e) ? &w->back
                                                                                                  : NULL};
    bench_reading_take(w->reading, &from);
    atomic_store_explicit(&w->reading_done, wanted, memory_order_release); /* with all_answered */
    if (w->number > 0)
        bench_crew_wake(0, e);
}

static void ask(struct bench_engine *e, uint64_t now)
{
    e->sampling = true;
    e->sampling_ns = now;
    atomic_fetch_add_explicit(&e->reading_wanted, 1, memory_order_release); /* with bench_sampling_answer */
    for (unsigned i = 1; i < e->worker_count; i++)
        bench_crew_wake(i, e);
    bench_sampling_answer(&e->workers[0]);
}

static bool all_answered(const struct bench_engine *e)
{
    unsigned wanted = atomic_load_explicit(&e->reading_wanted, memory_order_relaxed); /* our own */

    for (unsigned i = 0; i < e->worker_count; i++) /* with bench_sampling_answer */
        if (atomic_load_explicit(&e->workers[i].reading_done, memory_order_acquire) != wanted)
            return false;
    return true;
}

static const struct bench_reading *add_up(struct bench_engine *e)
{
    if (e->worker_count == 1)
        return e->workers[0].reading;
    memset(e->total, 0, sizeof *e->total + e->plan->flow_count * sizeof e->total->flows[0]);
    e->total->flow_count = e->plan->flow_count;
    for (unsigned i = 0; i < e->worker_count; i++)
        bench_reading_add(e->total, e->workers[i].reading);
    return e->total;
}

static void add_rows(struct bench_engine *e)
{
    e->sampling = false;
    bench_sampler_take(e->sampler, series_of(e), e->sampling_ns, add_up(e));
    if (e->observer->sampled)
        e->observer->sampled(e->plan, series_of(e), e->observer->arg);
}

/* Adds to the series when an interval is over and all workers have answered. */
void bench_sampling_turn(struct bench_engine *e, uint64_t now)
{
    if (!e->sampling && now >= e->sample_ns) {
        ask(e, now);
        while (e->sample_ns <= now)
            e->sample_ns += e->plan->interval_ms * MS;
    }
    if (e->sampling && all_answered(e))
        add_rows(e);
}

/* Adds the last, shorter interval; one of less than a tenth is merged into the one before. */
static void add_last(struct bench_engine *e)
{
    struct bench_series *series = series_of(e);
    uint64_t interval = e->plan->interval_ms * MS;

    if (series->last_ns > series->start_ns && e->sampling_ns + interval < e->sample_ns + interval / 10)
        bench_sampler_stretch(e->sampler, series, e->sampling_ns, add_up(e));
    else
        add_rows(e);
}

bool bench_sampling_last(struct bench_engine *e, uint64_t now)
{
    if (!e->sampler)
        return true;
    if (e->sampling && !e->sampling_last) {
        if (!all_answered(e))
            return false;
        add_rows(e);
    }
    if (!e->sampling_last) {
        e->sampling_last = true;
        ask(e, now);
    }
    if (!all_answered(e))
        return false;
    add_last(e);
    bench_sampling_free(e);
    return true;
}

void bench_sampling_free(struct bench_engine *e)
{
    bench_sampler_free(e->sampler);
    free(e->total);
    e->sampler = NULL;
    e->total = NULL;
    e->sample_ns = UINT64_MAX;
    e->sampling = e->sampling_last = false;
}
