/* The course of one run of the engine: turns of its loop, from the first INIT to the last association closed;
 * see engine.h. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/timerfd.h>

#include "bench/engine_priv.h"

#define MS          BENCH_MS
#define READY_MAX   256
#define QUIET_GRACE (500 * MS) /* how long a complete sink waits for duplicates */
#define CLOSE_MS    2000       /* how long a sink waits for its associations to shut down */

/* ---- turns ------------------------------------------------------------------------------------------ */

static unsigned asked(const struct bench_engine *e)
{
    return bench_stop_asked(e->stop);
}

/* True when there is nothing more to wait for. */
static bool hurried(const struct bench_engine *e)
{
    return asked(e) > 1;
}

static uint64_t every_ns(const struct bench_engine *e)
{
    return (e->observer->every_ms ? e->observer->every_ms : 1000) * MS;
}

/* Whether the source receives anything. */
static bool awaits_back(const struct bench_engine *e)
{
    return e->plan->reply || bench_plan_has(e->plan, true);
}

static void progress(struct bench_engine *e, uint64_t now, enum bench_phase phase)
{
    uint64_t sent = e->source.traffic.sent.messages + (e->sink.senders ? e->sink.traffic.sent.messages : 0);
    bool back = e->plan->role != BENCH_SINK && e->plan->role != BENCH_ECHO && awaits_back(e);

    if (!e->observer->progress || now < e->progress_ns)
        return;
    struct bench_progress p = {.run = e->run,
                               .phase = phase,
                               .elapsed_ns = now - e->progress_start,
                               .sent = sent,
                               .up = e->source.counts.up,
                               .seen = e->sink.seen,
                               .delivery_known = e->sinking || back};
    p.delivered = e->sinking ? bench_sink_delivered(&e->sink) : 0;
    if (back && !(e->sinking && e->plan->reply))
        p.delivered += e->back.counts.messages;
    uint64_t handled = p.delivery_known ? p.delivered : p.sent;
    uint64_t since = now - e->progress_ns + every_ns(e);
    p.rate = (double)(handled - e->progress_before) * 1e9 / (double)since;
    e->progress_before = handled;
    e->progress_ns = now + every_ns(e);
    e->observer->progress(&p, e->observer->arg);
}

/* ---- the series ---------------------------------------------------------------------------------------- */

static void sample_begin(struct bench_engine *e, uint64_t now)
{
    struct bench_series *series = &e->out->results[e->out->count].series;
    struct bench_sampled from = {.plan = e->plan,
                                 .source = bench_plan_sends(e->plan) ? &e->source : NULL,
                                 .sink = e->sinking ? &e->sink : NULL,
                                 .back = bench_plan_sends(e->plan) && awaits_back(e) ? &e->back : NULL};

    series->start_ns = series->last_ns = now;
    e->sampler = e->plan->interval_ms ? bench_sampler_new(&from) : NULL;
    e->sample_ns = e->sampler ? now + e->plan->interval_ms * MS : UINT64_MAX;
}

static void sample_now(struct bench_engine *e, uint64_t now)
{
    struct bench_series *series = &e->out->results[e->out->count].series;

    bench_sampler_take(e->sampler, series, now);
    if (e->observer->sampled)
        e->observer->sampled(e->plan, series, e->observer->arg);
}

/* Adds to the series when an interval is over. */
static void sample(struct bench_engine *e, uint64_t now)
{
    if (now < e->sample_ns)
        return;
    sample_now(e, now);
    while (e->sample_ns <= now)
        e->sample_ns += e->plan->interval_ms * MS;
}

/* Adds the last, shorter interval; one of less than a tenth is merged into the one before. */
static void sample_end(struct bench_engine *e)
{
    struct bench_series *series = &e->out->results[e->out->count].series;
    uint64_t now = bench_now_ns();

    if (e->sampler && series->last_ns > series->start_ns &&
        now + e->plan->interval_ms * MS < e->sample_ns + e->plan->interval_ms * MS / 10)
        bench_sampler_stretch(e->sampler, series, now);
    else if (e->sampler)
        sample_now(e, now);
    bench_sampler_free(e->sampler);
    e->sampler = NULL;
    e->sample_ns = UINT64_MAX;
}

static void progress_begin(struct bench_engine *e, uint64_t now)
{
    e->progress_start = now;
    e->progress_ns = now + every_ns(e);
    e->progress_before = 0;
}

/* Sets the timer that wakes the loop at `due_ns` (CLOCK_MONOTONIC, nanoseconds); 0: not at all. */
static void set_timer(struct bench_engine *e, uint64_t due_ns)
{
    struct itimerspec when = {.it_value = {(time_t)(due_ns / 1000000000), (long)(due_ns % 1000000000)}};

    timerfd_settime(e->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    e->timer_calls++;
}

/* One turn: waits for events until `until_ns`, and lets source and sink handle them. Returns the number of
 * endpoints that were ready. */
static unsigned turn(struct bench_engine *e, uint64_t now, uint64_t until_ns)
{
    struct tr_ready ready[READY_MAX];
    uint64_t limit = e->observer->progress && e->progress_ns < until_ns ? e->progress_ns : until_ns;
    limit = e->sampler && e->sample_ns < limit ? e->sample_ns : limit;
    uint64_t wait_ms = limit > now ? (limit - now + MS - 1) / MS : 0;

    unsigned count = tr_loop_wait(e->loop, wait_ms > 100 ? 100 : (int)wait_ms, ready, READY_MAX);
    for (unsigned i = 0; i < count; i++) {
        struct bench_handle *handle = ready[i].cookie;
        if (!handle || (!ready[i].endpoint && handle != &e->timer))
            continue;
        handle->ready(handle, ready[i].flags);
    }
    return count;
}

/* ---- what it costs ------------------------------------------------------------------------------------- */

static void cost_now(const struct bench_engine *e, struct bench_cost *cost)
{
    struct tr_loop_stats stats;

    tr_loop_get_stats(e->loop, &stats);
    cost->syscalls = stats.syscalls + e->timer_calls;
    cost->wall_ns = bench_now_ns();
    getrusage(RUSAGE_SELF, &cost->process);
    getrusage(RUSAGE_THREAD, &cost->thread);
}

static double seconds_between(const struct timeval *from, const struct timeval *to)
{
    return (double)(to->tv_sec - from->tv_sec) + (double)(to->tv_usec - from->tv_usec) / 1e6;
}

static void cost_end(const struct bench_engine *e, struct bench_result *r)
{
    const struct bench_cost *from = &e->before;
    struct bench_cost to;

    cost_now(e, &to);
    r->syscalls = to.syscalls - from->syscalls;
    r->cpu_user = seconds_between(&from->process.ru_utime, &to.process.ru_utime);
    r->cpu_system = seconds_between(&from->process.ru_stime, &to.process.ru_stime);
}

/* How busy this thread was while it sent. */
static double busy_since(const struct bench_engine *e, const struct bench_cost *from)
{
    struct bench_cost to;

    cost_now(e, &to);
    double cpu = seconds_between(&from->thread.ru_utime, &to.thread.ru_utime) +
                 seconds_between(&from->thread.ru_stime, &to.thread.ru_stime);
    return to.wall_ns > from->wall_ns ? cpu * 1e9 / (double)(to.wall_ns - from->wall_ns) : 0;
}

/* ---- a run with a source ------------------------------------------------------------------------------- */

static bool connect_all(struct bench_engine *e)
{
    uint64_t now = bench_now_ns(), due;

    progress_begin(e, now);
    while ((due = bench_source_connect(&e->source, now)) != 0) {
        if (asked(e)) {
            bench_source_give_up(&e->source);
            break;
        }
        turn(e, now, due);
        now = bench_now_ns();
        progress(e, now, BENCH_SETTING_UP);
    }
    tr_loop_turn(e->loop);
    if (e->source.counts.up == 0)
        return bench_engine_fail(e, "%s", asked(e) ? "interrupted" : e->source.trouble);
    if (!e->sinking) /* a sink here is granted the same values */
        bench_source_compare(&e->source, bench_engine_granted, e);
    return true;
}

/* True when everything has been handed to the stack, or, if the far side sends, its time is over. */
static bool all_sent(const struct bench_engine *e, uint64_t now, uint64_t end)
{
    if (e->plan->role == BENCH_SOURCE && bench_plan_has(e->plan, true) && now < end)
        return false;
    return bench_traffic_finished(&e->source.traffic) &&
           (!e->sink.senders || bench_traffic_finished(&e->sink.traffic));
}

static void finish_all(struct bench_engine *e, uint64_t now)
{
    bench_traffic_finish(&e->source.traffic, now);
    if (e->sink.senders)
        bench_traffic_finish(&e->sink.traffic, now);
}

static void measure_all(struct bench_engine *e)
{
    bench_traffic_measure(&e->source.traffic);
    if (e->sink.senders)
        bench_traffic_measure(&e->sink.traffic);
}

/* Whether the observer wants the warm-up to end now. */
static bool warm(const struct bench_engine *e, uint64_t now, uint64_t measure_at)
{
    if (!e->observer->warm || now >= measure_at)
        return false;
    uint64_t delivered =
        e->sinking && !e->plan->reply ? bench_sink_delivered(&e->sink) : e->back.counts.messages;
    return e->observer->warm(now, e->source.traffic.sent.messages, delivered, e->observer->arg);
}

/* Lets both ends send until everything has been handed to the stack, or the time is over: then each stream
 * still gets its last message, and other messages that were due are not sent. Sets the deadline for messages
 * in flight. */
static void send_all(struct bench_engine *e)
{
    const struct bench_plan *plan = e->plan;
    uint64_t now = bench_now_ns(), measure_at = now + plan->warmup_ms * MS, drain = plan->drain_ms * MS;
    uint64_t end = plan->duration_ms ? measure_at + plan->duration_ms * MS : UINT64_MAX;

    progress_begin(e, now);
    bench_traffic_start(&e->source.traffic, now, measure_at, end);
    if (e->sink.senders)
        bench_traffic_start(&e->sink.traffic, now, measure_at, end);
    while (!all_sent(e, now, end) && !hurried(e)) {
        now = bench_now_ns();
        if (warm(e, now, measure_at)) {
            measure_at = now;
            end = plan->duration_ms ? now + plan->duration_ms * MS : end;
            bench_traffic_measure_from(&e->source.traffic, now, end);
            if (e->sink.senders)
                bench_traffic_measure_from(&e->sink.traffic, now, end);
        }
        if (now >= measure_at)
            measure_all(e);
        uint64_t due = bench_source_turn(&e->source, now), due_down = bench_sink_turn(&e->sink, now);
        due = due < due_down ? due : due_down;
        uint64_t due_churn = bench_source_churn(&e->source, now, now >= measure_at && now < end);
        due = due < due_churn ? due : due_churn;
        if (asked(e) && now < end)
            end = now;
        if (now >= end)
            finish_all(e, now);
        if (now >= end && now - end >= drain)
            break;
        if (due != UINT64_MAX && due > now)
            set_timer(e, due);
        uint64_t wake = end == UINT64_MAX ? end : now < end ? end : end + drain;
        if (now < measure_at && measure_at < wake)
            wake = measure_at;
        turn(e, now, due <= now ? now : wake);
        now = bench_now_ns();
        progress(e, now, now >= measure_at ? BENCH_SENDING : BENCH_WARMING_UP);
        sample(e, now);
    }
    set_timer(e, 0);
    now = bench_now_ns();
    e->deadline_ns = (now < end ? now : end) + drain;
}

static bool all_arrived(const struct bench_engine *e)
{
    uint64_t sent = e->source.traffic.sent.messages;
    unsigned copies = e->plan->fanout ? e->sink.place_count : 1;

    uint64_t given_up = e->source.counts.given_up;

    sent -= given_up < sent ? given_up : sent;
    if (e->sinking && bench_sink_delivered(&e->sink) < sent * copies)
        return false;
    if (e->plan->reply)
        return e->back.counts.messages >= sent;
    if (e->sink.senders)
        return e->back.counts.messages >= e->sink.traffic.sent.messages;
    return !bench_plan_has(e->plan, true) || bench_judge_settled(&e->back);
}

static void drain(struct bench_engine *e)
{
    uint64_t now;

    while (!all_arrived(e) && !hurried(e) && (now = bench_now_ns()) < e->deadline_ns) {
        turn(e, now, e->deadline_ns);
        now = bench_now_ns();
        bench_source_churn(&e->source, now, false);
        progress(e, now, BENCH_DRAINING);
        sample(e, now);
    }
}

/* Ends the associations: by SHUTDOWN if everything has arrived, or if that cannot be known here (a completed
 * shutdown then shows that the far side has everything). An association that is still up when the time is
 * over is aborted, and the stack gives back what it had not sent. */
static void shut_down(struct bench_engine *e)
{
    struct bench_source *s = &e->source;
    uint64_t now = bench_now_ns();
    uint64_t patience = now + CLOSE_MS * MS, deadline = e->deadline_ns > patience ? e->deadline_ns : patience;

    bench_source_eof(s);
    while (s->alive > 0 && all_arrived(e) && !hurried(e) && (now = bench_now_ns()) < deadline)
        turn(e, now, deadline);
    tr_loop_turn(e->loop);
    if (s->alive == 0)
        return;
    unsigned lost_before = e->sink.lost; /* not what follows */
    bench_source_take_back(s);
    deadline = bench_now_ns() + CLOSE_MS * MS;
    for (unsigned count = 1; (s->alive > 0 || count > 0) && (now = bench_now_ns()) < deadline;)
        count = turn(e, now, s->alive > 0 ? deadline : now);
    e->sink.lost = lost_before;
}

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

static void collect_sink(struct bench_engine *e, struct bench_result *r)
{
    for (unsigned i = 0; i < e->sink.judge_count; i++) {
        bench_verdict_add(&r->delivery, &e->sink.judges[i], e->plan->partial);
        collect_flows(e, &e->sink.judges[i], false, r);
        if (!e->plan->partial)
            collect_lost(e, &e->sink.judges[i], false, r, &r->delivery);
    }
    r->sink_seen = e->sink.seen;
    r->sink_lost = e->sink.lost;
    r->turned_away = e->sink.turned_away;
    r->echoed = e->sink.echoed;
    r->not_echoed = e->sink.not_echoed;
    if (!r->trouble[0])
        memcpy(r->trouble, e->sink.trouble, sizeof r->trouble);
}

static bool any_rate(const struct bench_plan *plan)
{
    for (unsigned i = 0; i < plan->flow_count; i++)
        if (plan->flows[i].rate > 0)
            return true;
    return false;
}

/* Adds what one side has sent, and how well it kept its schedule. */
static void collect_traffic(struct bench_traffic *t, struct bench_result *r)
{
    struct bench_generator *g = &r->generator;

    bench_traffic_account(t);
    for (unsigned f = 0; f < t->plan->flow_count; f++)
        if (t->plan->flows[f].down == t->down)
            r->flows[f].sent = t->flow_sent[f];
    bench_histogram_merge(&g->lag, &t->lag);
    g->late += t->late;
    g->not_offered += t->not_offered;
}

/* Flows from the sink, and replies. */
static void collect_back(struct bench_engine *e, struct bench_result *r)
{
    struct bench_source *s = &e->source;

    if (e->plan->reply) {
        bench_traffic_tell(&s->traffic, &e->back);
        bench_verdict_add(&r->replies, &e->back, false);
        collect_lost(e, &e->back, true, r, &r->replies);
    }
    if (!bench_plan_has(e->plan, true))
        return;
    if (e->sink.senders) {
        collect_traffic(&e->sink.traffic, r);
        r->sent_down = e->sink.traffic.sent;
        bench_traffic_tell(&e->sink.traffic, &e->back);
    }
    bench_verdict_add(&r->down, &e->back, false);
    collect_flows(e, &e->back, true, r);
    collect_lost(e, &e->back, true, r, &r->down);
}

static void collect(struct bench_engine *e, struct bench_result *r)
{
    struct bench_source *s = &e->source;

    r->has_source = true;
    collect_traffic(&s->traffic, r);
    s->counts.sent = s->traffic.sent.messages;
    s->counts.bytes = s->traffic.sent.bytes;
    r->source = s->counts;
    r->not_sent = s->traffic.sent.not_sent;
    r->set_up = s->set_up;
    r->shut_down = s->shut_down;
    memcpy(r->trouble, s->trouble, sizeof r->trouble);
    if (e->sinking) {
        for (unsigned i = 0; i < e->sink.judge_count; i++)
            bench_traffic_tell(&s->traffic, &e->sink.judges[i]);
        collect_sink(e, r);
    }
    collect_back(e, r);
    bench_verdict_excuse(&r->delivery, s->counts.taken_back * (e->plan->fanout ? e->sink.place_count : 1));
    bench_verdict_excuse(&r->replies, s->counts.taken_back);
    r->generator.late_ok = e->plan->late_ok;
    bench_generator_judge(&r->generator,
                          any_rate(e->plan) ? s->counts.sent + r->not_sent + r->sent_down.messages : 0);
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

bool bench_course_source(struct bench_engine *e, const char *name, const struct bench_end *to)
{
    struct bench_result *r = &e->out->results[e->out->count];
    uint32_t id = random_run();

    bench_judge_reset(&e->back, e->sinking || e->plan->reply ? id : 0);
    if ((e->sinking && !bench_sink_reset(&e->sink, id, e->clock)) ||
        !bench_source_init(&e->source, e->plan, to, e->loop, id, e->clock, awaits_back(e) ? &e->back : NULL))
        return bench_engine_fail(e, "out of memory");
    e->source.traffic.content = e->content.len ? &e->content : NULL;
    e->sink.traffic.content = e->source.traffic.content;
    begin(e, name, to);
    bool connected = connect_all(e);
    if (connected) {
        cost_now(e, &e->before);
        sample_begin(e, bench_now_ns());
        send_all(e);
        r->generator.busy = busy_since(e, &e->before);
        drain(e);
        sample_end(e);
        cost_end(e, r);
        shut_down(e);
        r->name = name;
        collect(e, r);
        e->out->count++;
    }
    bench_source_free(&e->source);
    return connected;
}

/* ---- a sink alone ------------------------------------------------------------------------------------- */

/* True when nothing more is expected. */
static bool sources_ended(const struct bench_engine *e, uint64_t quiet_ns)
{
    bool complete = true, settled = true, ending = false;

    for (unsigned i = 0; i < e->sink.judge_count; i++) {
        complete = complete && bench_judge_complete(&e->sink.judges[i]);
        settled = settled && bench_judge_settled(&e->sink.judges[i]);
        ending = ending || e->sink.judges[i].ending;
    }
    if (e->sink.senders && e->sink.alive > 0 && !bench_traffic_finished(&e->sink.traffic))
        return false;
    if (settled && e->sink.alive == 0)
        return true;
    if (complete && e->plan->role == BENCH_SINK && quiet_ns > QUIET_GRACE)
        return true;
    return (ending || e->sink.alive == 0) && e->sink.seen > 0 && quiet_ns > e->plan->drain_ms * MS;
}

/* A sink that sends begins when the first association has come up. */
static void sink_sends(struct bench_engine *e, uint64_t now, uint64_t *end)
{
    struct bench_traffic *t = &e->sink.traffic;
    uint64_t measure_at = now + e->plan->warmup_ms * MS;

    if (!e->sink.senders)
        return;
    if (!t->started && e->sink.seen > 0) {
        if (e->plan->duration_ms)
            *end = measure_at + e->plan->duration_ms * MS;
        bench_traffic_start(t, now, measure_at, *end);
    }
    if (t->started && now >= t->measure_ns)
        bench_traffic_measure(t);
    if (now >= *end && t->started)
        bench_traffic_finish(t, now);
}

static void listen_until_done(struct bench_engine *e)
{
    uint64_t start = bench_now_ns(), last = start, before = 0, patience = 0;
    uint64_t end = e->plan->duration_ms ? start + e->plan->duration_ms * MS : UINT64_MAX;

    progress_begin(e, start);
    while (!asked(e)) {
        uint64_t now = bench_now_ns(), wake = now + 100 * MS;
        uint64_t delivered = bench_sink_delivered(&e->sink);
        if (delivered != before) {
            if (before == 0)
                cost_now(e, &e->before);
            before = delivered;
            last = now;
        }
        sink_sends(e, now, &end);
        if (e->sink.senders && e->sink.alive > 0 && !bench_traffic_finished(&e->sink.traffic))
            patience = e->plan->drain_ms * MS;
        uint64_t due = bench_sink_turn(&e->sink, now);
        if ((now >= end && now - end >= patience) || (!e->plan->keep && sources_ended(e, now - last)))
            break;
        if (due != UINT64_MAX && due > now)
            set_timer(e, due);
        turn(e, now, wake < end ? wake : end > now ? end : wake);
        now = bench_now_ns();
        progress(e, now, BENCH_LISTENING);
        sample(e, now);
    }
    set_timer(e, 0);
}

void bench_course_sink(struct bench_engine *e)
{
    struct bench_result *r = &e->out->results[e->out->count];

    if (!bench_sink_reset(&e->sink, 0, e->clock)) {
        bench_engine_fail(e, "out of memory");
        return;
    }
    e->sink.traffic.content = e->content.len ? &e->content : NULL;
    r->name = e->plan->role == BENCH_ECHO ? "echo" : "sink";
    begin(e, r->name, &e->plan->listen[0]);
    cost_now(e, &e->before);
    sample_begin(e, bench_now_ns());
    listen_until_done(e);
    sample_end(e);
    e->out->count++;
    cost_end(e, r);
    if (e->sink.senders) {
        collect_traffic(&e->sink.traffic, r);
        r->sent_down = e->sink.traffic.sent;
        r->generator.late_ok = e->plan->late_ok;
        bench_generator_judge(&r->generator, r->sent_down.messages + r->sent_down.not_sent);
    }
    collect_sink(e, r);
}

void bench_course_close_sink(struct bench_engine *e)
{
    uint64_t deadline = bench_now_ns() + CLOSE_MS * MS, now;

    bench_sink_eof(&e->sink);
    while (e->sink.alive > 0 && (now = bench_now_ns()) < deadline && !hurried(e))
        turn(e, now, deadline);
    bench_sink_close(&e->sink);
}
