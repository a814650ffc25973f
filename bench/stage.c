/* The work of each stage of a run, in each worker; course.c decides when the next one begins. */
#include "bench/engine_priv.h"
#include "bench/far_sink.h"

#define MS BENCH_MS

static bool asked(const struct bench_worker *w)
{
    return bench_stop_asked(w->engine->stop) > 0;
}

static bool sends_down(const struct bench_worker *w)
{
    return w->engine->sinking && w->sink.senders;
}

/* ---- setting up --------------------------------------------------------------------------------------- */

static uint64_t connect_act(struct bench_worker *w, uint64_t now)
{
    uint64_t due = 0;

    if (w->done)
        return UINT64_MAX;
    if (asked(w))
        bench_source_give_up(&w->source);
    else
        due = bench_source_connect(&w->source, now);
    w->done = due == 0;
    return w->done ? UINT64_MAX : due;
}

/* ---- sending ------------------------------------------------------------------------------------------ */

static void send_enter(struct bench_worker *w)
{
    struct bench_engine *e = w->engine;
    uint64_t start = e->start_ns, measure = e->measure_ns, end = e->end_ns;

    bench_cost_now(w, &w->before);
    bench_traffic_start(&w->source.traffic, start, measure, end);
    if (sends_down(w))
        bench_traffic_start(&w->sink.traffic, start, measure, end);
}

static void measure_all(struct bench_worker *w, uint64_t measure, uint64_t end)
{
    bench_traffic_measure_from(&w->source.traffic, measure, end);
    if (sends_down(w))
        bench_traffic_measure_from(&w->sink.traffic, measure, end);
}

static void finish_all(struct bench_worker *w, uint64_t now)
{
    bench_traffic_finish(&w->source.traffic, now);
    if (sends_down(w))
        bench_traffic_finish(&w->sink.traffic, now);
}

/* True when everything has been handed to the stack, or, if the far side sends, its time is over. */
static bool all_sent(const struct bench_worker *w, uint64_t now, uint64_t end)
{
    const struct bench_plan *plan = w->engine->plan;

    if (plan->role == BENCH_SOURCE && bench_plan_has(plan, true) && now < end)
        return false;
    return bench_traffic_finished(&w->source.traffic) &&
           (!sends_down(w) || bench_traffic_finished(&w->sink.traffic));
}

/* Lets both ends send until everything has been handed to the stack, or the time is over: then each stream
 * still gets its last message, and other messages that were due are not sent. */
static uint64_t send_act(struct bench_worker *w, uint64_t now)
{
    struct bench_engine *e = w->engine;
    uint64_t measure = e->measure_ns, end = e->end_ns;

    if (now >= measure)
        measure_all(w, measure, end);
    uint64_t due = bench_source_turn(&w->source, now);
    uint64_t due_down = sends_down(w) ? bench_sink_turn(&w->sink, now) : UINT64_MAX;
    due = due < due_down ? due : due_down;
    uint64_t due_churn = bench_source_churn(&w->source, now, now >= measure && now < end);
    due = due < due_churn ? due : due_churn;
    if (now >= end && !w->finishing)
        bench_source_watch(&w->source, now);
    w->finishing = now >= end;
    if (now >= end)
        finish_all(w, now);
    if (due != UINT64_MAX && due > now)
        bench_worker_timer(w, due);
    w->done = w->done || all_sent(w, now, end);
    uint64_t wake = now < end ? end : end + e->plan->drain_ms * MS;
    if (now < measure && measure < wake)
        wake = measure;
    return due <= now ? now : wake;
}

static double seconds_between(const struct timeval *from, const struct timeval *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_usec - from->tv_usec) / 1e6;
}

/* How busy this thread was while it sent. */
static double busy_since(const struct bench_worker *w, const struct bench_cost *from)
{
    struct bench_cost to;

    bench_cost_now(w, &to);
    double cpu = seconds_between(&from->thread.ru_utime, &to.thread.ru_utime) +
                 seconds_between(&from->thread.ru_stime, &to.thread.ru_stime);
    return to.wall_ns > from->wall_ns ? cpu * 1e9 / (double)(to.wall_ns - from->wall_ns) : 0;
}

static uint64_t take_back_act(struct bench_worker *w)
{
    /* After a turn in which nothing came; the one before did not count. */
    w->done = w->done || (w->source.alive == 0 && w->took_back && w->ready == 0);
    w->took_back = true;
    return w->done || w->source.alive > 0 ? UINT64_MAX : 0;
}

/* ---- a sink alone ------------------------------------------------------------------------------------- */

/* A sink that sends begins when the first association has come up. */
static uint64_t listen_act(struct bench_worker *w, uint64_t now)
{
    struct bench_engine *e = w->engine;
    struct bench_traffic *t = &w->sink.traffic;
    uint64_t start = e->start_ns, end = e->end_ns;

    if (!w->before.wall_ns && bench_sink_delivered(&w->sink) > 0)
        bench_cost_now(w, &w->before);
    uint64_t far = bench_far_sink_turn(&w->sink, now);
    if (!w->sink.senders)
        return far < end ? far : end;
    if (!t->started && start)
        bench_traffic_start(t, start, e->measure_ns, end);
    if (t->started && now >= t->measure_ns)
        bench_traffic_measure(t);
    if (now >= end && t->started)
        bench_traffic_finish(t, now);
    uint64_t due = bench_sink_turn(&w->sink, now);
    if (due != UINT64_MAX && due > now)
        bench_worker_timer(w, due);
    return due <= now ? now : far < end || end <= now ? far : end;
}

/* ---- all ---------------------------------------------------------------------------------------------- */

void bench_stage_enter(struct bench_worker *w, enum bench_stage stage)
{
    if (stage == BENCH_STAGE_SEND) {
        send_enter(w);
    } else if (stage == BENCH_STAGE_DRAIN) {
        bench_worker_timer(w, 0);
        w->busy = busy_since(w, &w->before);
        bench_source_watch(&w->source, bench_now_ns());
    } else if (stage == BENCH_STAGE_READ) {
        bench_worker_timer(w, 0);
        bench_cost_now(w, &w->after);
        if (!w->before.wall_ns)
            w->before = w->after;
        w->done = true; /* bench_sampling_answer does the rest */
    } else if (stage == BENCH_STAGE_TAKE_BACK) {
        w->sink_lost = w->sink.lost; /* not what follows */
        w->took_back = false;
        bench_source_take_back(&w->source);
    } else if (stage == BENCH_STAGE_CLOSE) {
        bench_sink_eof(&w->sink);
    }
}

uint64_t bench_stage_act(struct bench_worker *w, enum bench_stage stage, uint64_t now)
{
    switch (stage) {
    case BENCH_STAGE_CONNECT:
        return connect_act(w, now);
    case BENCH_STAGE_SEND:
        return send_act(w, now);
    case BENCH_STAGE_DRAIN:
        return bench_source_churn(&w->source, now, false);
    case BENCH_STAGE_SHUT_DOWN:
        bench_source_eof(&w->source);
        return UINT64_MAX;
    case BENCH_STAGE_TAKE_BACK:
        return take_back_act(w);
    case BENCH_STAGE_LISTEN:
        return listen_act(w, now);
    default:
        return UINT64_MAX;
    }
}

/* ---- publishing --------------------------------------------------------------------------------------- */

static void set_count(_Atomic uint64_t *to, uint64_t value)
{
    atomic_store_explicit(to, value, memory_order_relaxed); /* for the progress; or before `done` */
}

static void set_number(_Atomic unsigned *to, unsigned value)
{
    atomic_store_explicit(to, value, memory_order_relaxed);
}

static struct bench_findings findings(const struct bench_worker *w)
{
    struct bench_findings f = {.complete = true, .ended = true};

    for (unsigned i = 0; i < w->sink.judge_count; i++) {
        const struct bench_judge *j = &w->sink.judges[i];
        f.came |= (uint32_t)(j->run_count > 0 || (j->raw && j->counts.messages > 0)) << i;
        f.unsettled |= (uint32_t)(j->run_count > 0 && !bench_judge_settled(j)) << i;
        f.complete = f.complete && bench_judge_complete(j);
        f.ended = f.ended && (j->run_count == 0 || bench_judge_ended(j));
        f.ending = f.ending || j->ending;
    }
    f.ended = f.ended && f.came;
    return f;
}

static void publish_sink(struct bench_worker *w)
{
    struct bench_published *p = &w->published;
    struct bench_findings f = findings(w);
    bool sending = w->sink.senders && w->sink.alive > 0 && !bench_traffic_finished(&w->sink.traffic);

    set_count(&p->delivered, bench_sink_delivered(&w->sink));
    set_count(&p->sent_down, w->sink.senders ? w->sink.traffic.sent.messages : 0);
    set_number(&p->seen, w->sink.seen);
    set_number(&p->came, f.came);
    set_number(&p->unsettled, f.unsettled);
    atomic_store_explicit(&p->complete, f.complete, memory_order_relaxed);
    atomic_store_explicit(&p->ended, f.ended, memory_order_relaxed);
    atomic_store_explicit(&p->ending, f.ending, memory_order_relaxed);
    atomic_store_explicit(&p->sending_down, sending, memory_order_relaxed);
    set_number(&p->guests, w->sink.alive);
    /* With guests_of in course.c: who sees it as taken also sees it among the guests. */
    atomic_store_explicit(&p->adopted, w->sink.adopted, memory_order_release);
}

/* What an abort has cut off is not awaited. */
static bool back_over(const struct bench_worker *w)
{
    return w->engine->plan->churn.abort ? bench_judge_ended(&w->back) : bench_judge_settled(&w->back);
}

void bench_worker_publish(struct bench_worker *w)
{
    struct bench_published *p = &w->published;
    const struct bench_source *s = &w->source;

    set_count(&p->sent, s->traffic.sent.messages);
    set_count(&p->given_up, s->counts.given_up);
    set_count(&p->cut_off, s->cut_off);
    set_count(&p->back, w->back.counts.messages);
    set_number(&p->back_state, (w->back.run_count > 0) + (w->back.run_count > 0 && back_over(w)));
    set_number(&p->up, s->counts.up);
    set_number(&p->alive, s->alive);
    if (w->engine->sinking)
        publish_sink(w);
}
