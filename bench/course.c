/* The course of one run of the engine, from the first INIT to the last association closed: worker 0 decides
 * when each stage begins; see engine.h. */
#include <string.h>
#include <sys/random.h>

#include "bench/engine_priv.h"

#define MS          BENCH_MS
#define QUIET_GRACE (500 * MS) /* how long a complete sink waits for duplicates */
#define CLOSE_MS    2000       /* how long a sink waits for its associations to shut down */
#define LOOK_NS     (5 * MS)   /* how often what other workers publish is looked at */

static unsigned asked(const struct bench_engine *e)
{
    return bench_stop_asked(e->stop);
}

/* True when there is nothing more to wait for. */
static bool hurried(const struct bench_engine *e)
{
    return asked(e) > 1;
}

static unsigned alive(const struct bench_engine *e)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < e->worker_count; i++)
        sum += atomic_load_explicit(&e->workers[i].published.alive, memory_order_relaxed);
    return sum;
}

static unsigned links_up(const struct bench_engine *e)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < e->worker_count; i++)
        sum += atomic_load_explicit(&e->workers[i].published.up, memory_order_relaxed);
    return sum;
}

/* Associations at the sinks, with those that are being handed over. */
static unsigned guests(const struct bench_engine *e)
{
    unsigned sum = e->workers[0].sink.handed;

    for (unsigned i = 0; i < e->worker_count; i++) {
        const struct bench_published *p = &e->workers[i].published;
        sum -= atomic_load_explicit(&p->adopted, memory_order_acquire); /* with publish_sink */
        sum += atomic_load_explicit(&p->guests, memory_order_relaxed);
    }
    return sum;
}

/* ---- a run with a source ------------------------------------------------------------------------------- */

/* Sending begins: the times first, then the stage. */
static void begin_sending(struct bench_engine *e, uint64_t now)
{
    const struct bench_plan *plan = e->plan;
    uint64_t measure = now + plan->warmup_ms * MS;

    e->measure_ns = measure;
    e->end_ns = plan->duration_ms ? measure + plan->duration_ms * MS : UINT64_MAX;
    e->start_ns = now;
    bench_observe_begin(e, now);
    bench_crew_stage(e, BENCH_STAGE_SEND);
}

/* All that could come up is up. */
static void connected(struct bench_engine *e, uint64_t now)
{
    tr_loop_turn(e->workers[0].loop);
    if (links_up(e) == 0) {
        bench_crew_stage(e, BENCH_STAGE_END);
        return;
    }
    bench_source_granted(&e->workers[0].source, e->out->far_granted, sizeof e->out->far_granted);
    if (!e->sinking) /* a sink here is granted the same values */
        bench_source_compare(&e->workers[0].source, bench_engine_granted, e);
    if (!bench_sampling_begin(e, now)) {
        bench_engine_fail(e, "out of memory");
        bench_crew_stage(e, BENCH_STAGE_END);
        return;
    }
    if (e->plan->collect)
        bench_crew_stage(e, BENCH_STAGE_CLOCK);
    else
        begin_sending(e, now);
}

/* --collect: the far side must answer before anything is sent. */
static uint64_t decide_clock(struct bench_engine *e, uint64_t now)
{
    uint64_t next;

    if (!bench_far_source_clock(&e->far, false, now, &next) && !hurried(e))
        return next;
    if (e->far.why[0] || hurried(e)) {
        bench_engine_fail(e, "--collect: the far side: %s", hurried(e) ? "interrupted" : e->far.why);
        bench_crew_stage(e, BENCH_STAGE_END);
    } else {
        struct bench_series *series = &e->out->results[e->out->count].series;
        series->start_ns = series->last_ns = now;
        e->sample_ns = e->sampler ? now + e->plan->interval_ms * MS : UINT64_MAX;
        begin_sending(e, now);
    }
    return now;
}

/* --collect: asks for the other half. */
static uint64_t decide_ask(struct bench_engine *e, uint64_t now)
{
    uint64_t next = now;

    e->clock_again = e->clock_again || bench_far_source_clock(&e->far, true, now, &next);
    if (!hurried(e) && (!e->clock_again ||
                        !bench_far_source_ask(&e->far, BENCH_SUM(e, sent), e->plan->drain_ms, now, &next)))
        return next;
    uint64_t patience = bench_now_ns() + CLOSE_MS * MS;
    e->deadline_ns = e->deadline_ns < patience ? patience : e->deadline_ns;
    bench_crew_stage(e, BENCH_STAGE_SHUT_DOWN);
    return now;
}

/* --fanout: the endpoint here that nobody has called yet, and that would miss messages; NULL: none. */
static const struct bench_place *uncalled(const struct bench_engine *e)
{
    const struct bench_sink *s = &e->workers[0].sink;

    for (unsigned i = 0; e->sinking && e->plan->fanout && i < s->place_count; i++)
        if (!s->places[i].used)
            return &s->places[i];
    return NULL;
}

static uint64_t decide_connect(struct bench_engine *e, uint64_t now)
{
    const struct bench_place *missing = uncalled(e);
    bool done = bench_crew_done(e);
    char text[NET_ADDR_TEXT];

    if (done && (!missing || links_up(e) == 0)) {
        connected(e, now);
        return UINT64_MAX;
    }
    if (!done || (!asked(e) && now < e->deadline_ns)) {
        bench_observe_progress(e, now, BENCH_SETTING_UP);
        return done ? e->deadline_ns : UINT64_MAX;
    }
    const struct bench_end *end = &e->plan->listen[missing - e->workers[0].sink.places];
    if (!asked(e))
        bench_engine_fail(
            e,
            "--fanout: nobody has connected to %s within --connect-timeout: what is sent would not "
            "arrive there",
            net_addr_format(&end->addresses[0], text, sizeof text));
    bench_crew_stage(e, BENCH_STAGE_END);
    return UINT64_MAX;
}

static void wake_others(struct bench_engine *e)
{
    for (unsigned i = 1; i < e->worker_count; i++)
        bench_crew_wake(i, e);
}

/* Tells the observer, and ends the warm-up if it wants that. The end of sending is written first: whoever
 * measures knows it. */
static void observe_turn(struct bench_engine *e, uint64_t now)
{
    uint64_t delivered = e->plan->reply || !e->sinking ? BENCH_SUM(e, back) : BENCH_SUM(e, delivered);

    if (!e->observer->turn(now, BENCH_SUM(e, sent), delivered, e->observer->arg) || now >= e->measure_ns)
        return;
    if (e->plan->duration_ms)
        e->end_ns = now + e->plan->duration_ms * MS;
    e->measure_ns = now;
    wake_others(e);
}

static uint64_t decide_send(struct bench_engine *e, uint64_t now)
{
    uint64_t drain = e->plan->drain_ms * MS;

    bench_observe_progress(e, now, now >= e->measure_ns ? BENCH_SENDING : BENCH_WARMING_UP);
    bench_sampling_turn(e, now);
    if (e->observer->turn && now < e->end_ns)
        observe_turn(e, now);
    if (asked(e) && now < e->end_ns) {
        e->end_ns = now;
        wake_others(e);
        return now;
    }
    uint64_t end = e->end_ns;
    if (!bench_crew_done(e) && !hurried(e) && (now < end || now - end < drain))
        return UINT64_MAX;
    e->deadline_ns = (now < end ? now : end) + drain;
    bench_crew_stage(e, BENCH_STAGE_DRAIN);
    return now;
}

/* Whether all flows from a sink elsewhere have ended. */
static bool back_settled(const struct bench_engine *e)
{
    bool came = false;

    for (unsigned i = 0; i < e->worker_count; i++) {
        uint32_t state = atomic_load_explicit(&e->workers[i].published.back_state, memory_order_relaxed);
        if (state == 1)
            return false;
        came = came || state == 2;
    }
    return came;
}

/* What was sent has arrived here, or was cut off by the churn on its way: what a broker had of it is not
 * known, but then the last message of each stream tells. A stream that several workers get has no last one.
 */
static bool delivered_all(const struct bench_engine *e, uint64_t sent)
{
    unsigned copies = e->plan->fanout ? e->plan->listen_count : 1;

    return BENCH_SUM(e, delivered) >= sent * copies ||
           (e->plan->churn.abort && e->worker_count == 1 &&
            atomic_load_explicit(&e->workers[0].published.ended, memory_order_relaxed));
}

static bool all_arrived(const struct bench_engine *e)
{
    uint64_t sent = BENCH_SUM(e, sent), given_up = BENCH_SUM(e, given_up);

    sent -= given_up < sent ? given_up : sent;
    if (e->sinking && !delivered_all(e, sent))
        return false;
    if (e->plan->reply)
        return BENCH_SUM(e, back) + BENCH_SUM(e, cut_off) >= sent;
    if (!bench_plan_has(e->plan, true))
        return true;
    return (e->sinking && BENCH_SUM(e, back) >= BENCH_SUM(e, sent_down)) ||
           ((!e->sinking || e->plan->churn.abort) && back_settled(e));
}

static uint64_t look_again(const struct bench_engine *e, uint64_t now, uint64_t deadline)
{
    uint64_t look = now + LOOK_NS;

    return e->worker_count > 1 && look < deadline ? look : deadline;
}

static uint64_t decide_drain(struct bench_engine *e, uint64_t now)
{
    bench_observe_progress(e, now, BENCH_DRAINING);
    bench_sampling_turn(e, now);
    if (!all_arrived(e) && !hurried(e) && now < e->deadline_ns)
        return look_again(e, now, e->deadline_ns);
    bench_crew_stage(e, BENCH_STAGE_READ);
    return now;
}

static uint64_t decide_read(struct bench_engine *e, uint64_t now)
{
    uint64_t patience = now + CLOSE_MS * MS;

    if (!bench_crew_done(e) || !bench_sampling_last(e, now))
        return UINT64_MAX;
    if (!bench_plan_sends(e->plan)) {
        bench_crew_stage(e, BENCH_STAGE_END);
        return now;
    }
    if (e->deadline_ns < patience)
        e->deadline_ns = patience;
    bench_crew_stage(e, e->plan->collect ? BENCH_STAGE_ASK : BENCH_STAGE_SHUT_DOWN);
    return now;
}

/* Ends the associations: by SHUTDOWN if everything has arrived, or if that cannot be known here (a completed
 * shutdown then shows that the far side has everything). An association that is still up when the time is
 * over is aborted, and the stack gives back what it had not sent. */
static uint64_t decide_shut_down(struct bench_engine *e, uint64_t now)
{
    if (alive(e) != e->still_up) { /* it goes on */
        e->still_up = alive(e);
        if (e->deadline_ns < now + CLOSE_MS * MS)
            e->deadline_ns = now + CLOSE_MS * MS;
    }
    if (alive(e) > 0 && all_arrived(e) && !hurried(e) && now < e->deadline_ns)
        return look_again(e, now, e->deadline_ns);
    if (alive(e) == 0) {
        bench_crew_stage(e, BENCH_STAGE_END);
    } else {
        e->deadline_ns = now + CLOSE_MS * MS;
        bench_crew_stage(e, BENCH_STAGE_TAKE_BACK);
    }
    return now;
}

static uint64_t decide_take_back(struct bench_engine *e, uint64_t now)
{
    if (!bench_crew_done(e) && now < e->deadline_ns)
        return e->deadline_ns;
    bench_crew_stage(e, BENCH_STAGE_END);
    return now;
}

/* ---- a sink alone ------------------------------------------------------------------------------------- */

/* True when nothing more is expected. */
static bool sources_ended(const struct bench_engine *e, uint64_t quiet_ns)
{
    const struct bench_worker *first = &e->workers[0];
    uint32_t came = 0, unsettled = 0, all = (UINT32_C(1) << first->sink.judge_count) - 1;
    bool ending = false, complete = e->worker_count == 1 && first->published.complete;
    unsigned seen = 0, up = guests(e);

    for (unsigned i = 0; i < e->worker_count; i++) {
        const struct bench_published *p = &e->workers[i].published;
        came |= atomic_load_explicit(&p->came, memory_order_relaxed);
        unsettled |= atomic_load_explicit(&p->unsettled, memory_order_relaxed);
        ending = ending || atomic_load_explicit(&p->ending, memory_order_relaxed);
        seen += atomic_load_explicit(&p->seen, memory_order_relaxed);
        if (atomic_load_explicit(&p->sending_down, memory_order_relaxed))
            return false;
    }
    if (came == all && !unsettled && up == 0)
        return true;
    if (complete && e->plan->role == BENCH_SINK && quiet_ns > QUIET_GRACE)
        return true;
    return (ending || up == 0) && seen > 0 && quiet_ns > e->plan->drain_ms * MS;
}

/* A sink that sends begins when the first association has come up. */
static void begin_down(struct bench_engine *e, uint64_t now)
{
    uint64_t measure = now + e->plan->warmup_ms * MS;

    if (e->plan->duration_ms)
        e->end_ns = measure + e->plan->duration_ms * MS;
    e->measure_ns = measure;
    e->start_ns = now;
    for (unsigned i = 1; i < e->worker_count; i++)
        bench_crew_wake(i, e);
}

static bool any_sending(const struct bench_engine *e)
{
    for (unsigned i = 0; i < e->worker_count; i++)
        if (atomic_load_explicit(&e->workers[i].published.sending_down, memory_order_relaxed))
            return true;
    return false;
}

static uint64_t decide_listen(struct bench_engine *e, uint64_t now)
{
    uint64_t delivered = BENCH_SUM(e, delivered), end = e->end_ns;

    bench_observe_progress(e, now, BENCH_LISTENING);
    bench_sampling_turn(e, now);
    if (delivered != e->delivered) {
        e->delivered = delivered;
        e->arrived_ns = now;
    }
    if (e->workers[0].sink.senders && !e->start_ns && e->workers[0].sink.seen > 0) {
        begin_down(e, now);
        return now;
    }
    if (any_sending(e))
        e->patience = e->plan->drain_ms * MS;
    if (!asked(e) && (now < end || now - end < e->patience) &&
        (e->plan->keep || !sources_ended(e, now - e->arrived_ns)))
        return look_again(e, now, now < end ? end : UINT64_MAX);
    bench_crew_stage(e, BENCH_STAGE_READ);
    return now;
}

static uint64_t decide_close(struct bench_engine *e, uint64_t now)
{
    if (guests(e) > 0 && now < e->deadline_ns && !hurried(e))
        return look_again(e, now, e->deadline_ns);
    bench_crew_stage(e, BENCH_STAGE_END);
    return now;
}

/* ---- all ---------------------------------------------------------------------------------------------- */

uint64_t bench_course_decide(struct bench_engine *e, uint64_t now)
{
    static uint64_t (*const decide[])(struct bench_engine * e, uint64_t now) = {
        [BENCH_STAGE_CLOCK] = decide_clock,         [BENCH_STAGE_ASK] = decide_ask,
        [BENCH_STAGE_CONNECT] = decide_connect,     [BENCH_STAGE_SEND] = decide_send,
        [BENCH_STAGE_DRAIN] = decide_drain,         [BENCH_STAGE_READ] = decide_read,
        [BENCH_STAGE_SHUT_DOWN] = decide_shut_down, [BENCH_STAGE_TAKE_BACK] = decide_take_back,
        [BENCH_STAGE_LISTEN] = decide_listen,       [BENCH_STAGE_CLOSE] = decide_close,
    };
    uint64_t wake = decide[atomic_load_explicit(&e->stage, memory_order_relaxed)](e, now);
    uint64_t observe = bench_observe_next(e);

    return observe < wake ? observe : wake;
}

static uint32_t random_run(void)
{
    uint32_t run = 0;

    while (run == 0)
        if (getrandom(&run, sizeof run, 0) != sizeof run)
            run = (uint32_t)bench_now_ns();
    return run;
}

static void begin(struct bench_engine *e, const char *name, const struct bench_end *where)
{
    e->run = name;
    if (e->observer->begin)
        e->observer->begin(name, tr_backend_name(e->backend), where, e->observer->arg);
}

/* Messages as they are: lets the worker's judges and its source know them. */
static bool prepare_script(struct bench_worker *w, bool sends)
{
    const struct bench_plan *plan = w->engine->plan;
    const struct bench_script *script = w->engine->script;
    bool whole = plan->replay[0] && !plan->loop && !plan->count;

    if (!script)
        return true;
    for (unsigned i = 0; w->engine->sinking && i < w->sink.judge_count; i++)
        if (!bench_judge_await_raw(&w->sink.judges[i], script, plan->streams, whole))
            return false;
    if (!bench_judge_await_raw(&w->back, script, plan->streams, whole))
        return false;
    if (sends)
        bench_traffic_script(&w->source.traffic, script, plan->reply ? w->back.raw : NULL);
    return true;
}

/* A worker's part of a run of the source. False: out of memory; nothing of the source is left. */
static bool prepare(struct bench_worker *w, uint32_t id, const struct bench_end *to, uint64_t trail_ns)
{
    struct bench_engine *e = w->engine;
    struct bench_source_params params = {.plan = e->plan,
                                         .to = to,
                                         .loop = w->loop,
                                         .part = w->number,
                                         .parts = e->worker_count,
                                         .run = id,
                                         .clock = e->clock,
                                         .back = bench_engine_awaits_back(e) ? &w->back : NULL};

    bench_judge_reset(&w->back, e->sinking || e->plan->reply ? id : 0);
    w->back.trail_ns = trail_ns;
    w->finishing = w->took_back = false;
    w->busy = 0;
    w->before = w->after = (struct bench_cost){0};
    if (e->sinking && !bench_sink_reset(&w->sink, id, e->clock, trail_ns))
        return false;
    w->sink.traffic.content = e->content.len ? &e->content : NULL;
    if (id == 0) /* a sink alone */
        return prepare_script(w, false);
    if (!bench_source_init(&w->source, &params))
        return false;
    if (e->plan->collect && w->number == 0) {
        bench_far_source_free(&e->far);
        bench_far_source_init(&e->far, &w->source, id, e->clock);
        w->source.far = &e->far;
        e->clock_again = false;
    }
    w->source.traffic.content = e->content.len ? &e->content : NULL;
    if (prepare_script(w, true))
        return true;
    bench_source_free(&w->source);
    return false;
}

static bool prepare_all(struct bench_engine *e, uint32_t id, const struct bench_end *to)
{
    uint64_t trail_ns = e->worker_count > 1 ? bench_now_ns() : 0;

    e->start_ns = e->measure_ns = 0;
    for (unsigned i = 0; i < e->worker_count; i++)
        if (!prepare(&e->workers[i], id, to, trail_ns)) {
            while (id && i-- > 0)
                bench_source_free(&e->workers[i].source);
            return bench_engine_fail(e, "out of memory");
        }
    return true;
}

/* No association has come up. */
static void not_connected(struct bench_engine *e)
{
    const char *trouble = "";

    for (unsigned i = 0; i < e->worker_count && !trouble[0]; i++)
        trouble = e->workers[i].source.trouble;
    bench_engine_fail(e, "%s", asked(e) ? "interrupted" : trouble);
}

bool bench_course_source(struct bench_engine *e, const char *name, const struct bench_end *to)
{
    struct bench_result *r = &e->out->results[e->out->count];

    if (!prepare_all(e, random_run(), to))
        return false;
    begin(e, name, to);
    bench_observe_begin(e, bench_now_ns());
    e->deadline_ns = bench_now_ns() + e->plan->connect_ms * MS;
    bool sent = bench_crew_run(e, BENCH_STAGE_CONNECT) && e->start_ns;
    if (sent) {
        r->name = name;
        bench_collect_source(e, r);
        e->out->count++;
    } else {
        not_connected(e);
    }
    bench_sampling_free(e);
    for (unsigned i = 0; i < e->worker_count; i++)
        bench_source_free(&e->workers[i].source);
    return sent;
}

void bench_course_sink(struct bench_engine *e)
{
    struct bench_result *r = &e->out->results[e->out->count];
    uint64_t now = bench_now_ns();

    if (!prepare_all(e, 0, NULL))
        return;
    e->end_ns = e->plan->duration_ms ? now + e->plan->duration_ms * MS : UINT64_MAX;
    e->delivered = e->patience = 0;
    e->arrived_ns = now;
    r->name = e->plan->role == BENCH_ECHO ? "echo" : "sink";
    begin(e, r->name, &e->plan->listen[0]);
    bench_observe_begin(e, now);
    if (!bench_sampling_begin(e, now)) {
        bench_engine_fail(e, "out of memory");
        return;
    }
    if (bench_crew_run(e, BENCH_STAGE_LISTEN)) {
        e->out->count++;
        bench_collect_sink(e, r);
    }
    bench_sampling_free(e);
}

void bench_course_close_sink(struct bench_engine *e)
{
    e->deadline_ns = bench_now_ns() + CLOSE_MS * MS;
    bench_crew_run(e, BENCH_STAGE_CLOSE);
    for (unsigned i = 0; i < e->worker_count; i++)
        bench_sink_close(&e->workers[i].sink);
}
