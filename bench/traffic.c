/* What is sent on which association, and when; see traffic.h. */
#include "bench/traffic.h"

#include <stdlib.h>

#include "bench/payload.h"
#include "bench/traffic_priv.h"

/* ---- life ------------------------------------------------------------------------------------------- */

bool bench_traffic_init(struct bench_traffic *t, const struct bench_plan *plan, bool down, uint32_t run,
                        uint16_t clock)
{
    *t = (struct bench_traffic){.plan = plan,
                                .down = down,
                                .run = run,
                                .clock = clock,
                                .stride = (plan->size_max + 63) & ~(size_t)63};
    t->buffers = aligned_alloc(64, t->stride * plan->batch);
    t->tails = calloc(plan->batch, sizeof *t->tails);
    t->msgs = calloc(plan->batch, sizeof *t->msgs);
    t->intended = calloc(plan->batch, sizeof *t->intended);
    t->lane_of = calloc(plan->batch, 1);
    if (!t->buffers || !t->tails || !t->msgs || !t->intended || !t->lane_of) {
        bench_traffic_free(t);
        return false;
    }
    for (unsigned i = 0; i < plan->batch; i++)
        bench_payload_pattern(t->buffers + i * t->stride, 0, plan->size_max);
    return true;
}

void bench_traffic_free(struct bench_traffic *t)
{
    for (unsigned i = 0; i < t->sender_count; i++)
        free(t->senders[i]->lanes);
    free(t->senders);
    free(t->queue);
    free(t->buffers);
    free(t->tails);
    free(t->msgs);
    free(t->intended);
    free(t->lane_of);
    *t = (struct bench_traffic){0};
}

void bench_traffic_script(struct bench_traffic *t, const struct bench_script *script,
                          struct bench_raw *replies)
{
    t->script = script;
    t->paced = !script->any_stream && t->plan->speed > 0;
    t->replies = replies;
}

/* Whether a flow uses an association, in this direction. */
static bool uses(const struct bench_traffic *t, const struct bench_flow *f, uint32_t index)
{
    return f->down == t->down && index >= f->first_association &&
           index - f->first_association < f->associations;
}

bool bench_sender_init(struct bench_sender *s, struct bench_traffic *t, uint32_t index)
{
    unsigned count = 0;

    *s = (struct bench_sender){.traffic = t, .index = index, .due_ns = UINT64_MAX};
    if (t->sender_count == t->sender_room) {
        unsigned room = t->sender_room ? 2 * t->sender_room : 16;
        struct bench_sender **senders = reallocarray(t->senders, room, sizeof *senders);
        if (senders)
            t->senders = senders;
        struct bench_sender **queue = reallocarray(t->queue, room, sizeof *queue);
        if (queue)
            t->queue = queue;
        if (!senders || !queue)
            return false;
        t->sender_room = room;
    }
    for (unsigned f = 0; f < t->plan->flow_count; f++)
        count += uses(t, &t->plan->flows[f], index);
    if (count && !(s->lanes = calloc(count, sizeof *s->lanes)))
        return false;
    for (unsigned f = 0; f < t->plan->flow_count; f++)
        if (uses(t, &t->plan->flows[f], index))
            bench_lane_init(&s->lanes[s->lane_count++], t, f, index);
    t->senders[t->sender_count++] = s;
    return true;
}

/* ---- the course of a run ------------------------------------------------------------------------------ */

static void sender_start(struct bench_sender *s, uint64_t now_ns)
{
    for (unsigned i = 0; i < s->lane_count; i++)
        if (!s->lanes[i].finished)
            bench_lane_start(s, &s->lanes[i], now_ns);
    bench_sender_await(s, now_ns);
}

void bench_sender_open(struct bench_sender *s, struct tr_endpoint *endpoint, uint32_t assoc, unsigned granted,
                       uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;

    s->endpoint = endpoint;
    s->assoc = assoc;
    s->granted = granted;
    s->open = true;
    s->incarnation++;
    s->writing = false;
    if (s->suspended) {
        s->suspended = false;
        bench_sender_await(s, now_ns);
        return;
    }
    s->held_up = false;
    s->unfinished = 0;
    for (unsigned i = 0; i < s->lane_count; i++) {
        const struct bench_flow *f = bench_lane_flow(t, &s->lanes[i]);
        unsigned room = granted > f->first_stream ? granted - f->first_stream : 0;
        s->lanes[i].streams = f->streams < room ? f->streams : room;
        s->lanes[i].finished = s->lanes[i].streams == 0;
        s->unfinished += !s->lanes[i].finished;
    }
    s->counted = s->unfinished > 0;
    t->unfinished += s->counted;
    if (t->started)
        sender_start(s, now_ns);
}

void bench_sender_suspend(struct bench_sender *s)
{
    if (!s->open)
        return;
    bench_sender_stop(s);
    s->open = false;
    s->suspended = s->held_up = true;
}

void bench_sender_close(struct bench_sender *s)
{
    if (!s->open && !s->suspended)
        return;
    for (unsigned i = 0; i < s->lane_count; i++)
        bench_lane_finished(s, &s->lanes[i]);
    s->open = s->suspended = s->writing = false;
    bench_sender_due(s, UINT64_MAX);
}

static void schedule_flow(struct bench_traffic *t, unsigned flow)
{
    const struct bench_flow *f = &t->plan->flows[flow];
    bool paced = f->pace.count > 0 || f->pace.off_ns > 0;

    t->schedule[flow] = (struct bench_schedule){.start_ns = t->start_ns,
                                                .period_ns = f->rate > 0 ? 1e9 / f->rate : 1e9,
                                                .pace = paced ? &f->pace : NULL,
                                                .lead_ns = t->measure_ns - t->start_ns};
}

void bench_traffic_start(struct bench_traffic *t, uint64_t now_ns, uint64_t measure_ns, uint64_t end_ns)
{
    t->started = true;
    t->start_ns = now_ns;
    t->measure_ns = measure_ns;
    t->end_ns = end_ns;
    t->measuring = measure_ns <= now_ns;
    for (unsigned f = 0; f < t->plan->flow_count; f++)
        schedule_flow(t, f);
    for (unsigned i = 0; i < t->sender_count; i++)
        if (t->senders[i]->open)
            sender_start(t->senders[i], now_ns);
}

void bench_traffic_measure(struct bench_traffic *t)
{
    if (t->measuring)
        return;
    t->measuring = true;
    for (unsigned i = 0; i < t->sender_count; i++) {
        struct bench_sender *s = t->senders[i];
        for (unsigned l = 0; (s->open || s->suspended) && l < s->lane_count; l++)
            if (bench_lane_flow(t, &s->lanes[l])->rate == 0 && !s->lanes[l].finished) {
                bench_lane_measure(s, &s->lanes[l]);
                bench_lane_quota(s, &s->lanes[l], s->lanes[l].quota);
            }
    }
}

void bench_traffic_measure_from(struct bench_traffic *t, uint64_t measure_ns, uint64_t end_ns)
{
    if (t->measuring)
        return;
    t->measure_ns = measure_ns;
    t->end_ns = end_ns;
    bench_traffic_measure(t);
}

uint64_t bench_traffic_turn(struct bench_traffic *t, uint64_t now_ns,
                            void (*broken)(struct bench_sender *s, enum tr_code code,
                                           const struct tr_msg *which))
{
    while (t->queued > 0 && t->queue[0]->due_ns <= now_ns) {
        struct bench_sender *s = t->queue[0];
        const struct tr_msg *which;
        enum tr_code code = bench_sender_send(s, now_ns, &which);
        if (code != TR_OK)
            broken(s, code, which);
    }
    return t->queued > 0 ? t->queue[0]->due_ns : UINT64_MAX;
}

/* One more message for each of the lane's streams; others that are due are not sent. */
static void lane_finish(struct bench_sender *s, struct bench_lane *lane, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;

    uint64_t more = t->script ? 0 : lane->streams; /* a message as it is has no end mark */

    if (lane->finished || lane->quota - lane->next <= more)
        return;
    uint64_t backlog = bench_lane_backlog(s, lane, now_ns);
    uint64_t skipped = backlog > more ? backlog - more : 0;
    t->flow_sent[lane->flow].not_sent += skipped;
    t->not_offered += s->held_up ? 0 : skipped;
    bench_lane_quota(s, lane, lane->next + more);
}

void bench_traffic_finish(struct bench_traffic *t, uint64_t now_ns)
{
    if (t->finishing)
        return;
    for (unsigned i = 0; i < t->sender_count; i++) {
        struct bench_sender *s = t->senders[i];
        for (unsigned l = 0; (s->open || s->suspended) && l < s->lane_count; l++)
            lane_finish(s, &s->lanes[l], now_ns);
    }
    t->finishing = true;
    for (unsigned i = 0; i < t->sender_count; i++)
        if (t->senders[i]->open)
            bench_sender_await(t->senders[i], now_ns);
}

bool bench_traffic_finished(const struct bench_traffic *t)
{
    return t->unfinished == 0;
}

void bench_traffic_account(struct bench_traffic *t)
{
    for (unsigned i = 0; i < t->sender_count && t->started; i++)
        for (unsigned l = 0; l < t->senders[i]->lane_count; l++) {
            const struct bench_lane *lane = &t->senders[i]->lanes[l];
            uint64_t *not_sent = &t->flow_sent[lane->flow].not_sent;
            if (t->senders[i]->granted == 0)
                *not_sent += bench_lane_wanted(t, t->senders[i], lane);
            else if (lane->quota != UINT64_MAX)
                *not_sent += lane->quota - lane->next;
        }
    for (unsigned f = 0; f < t->plan->flow_count; f++)
        t->sent.not_sent += t->flow_sent[f].not_sent;
}

/* The same for messages of a script. */
static void tell_raw(const struct bench_traffic *t, struct bench_raw *raw)
{
    for (unsigned i = 0; i < t->sender_count; i++)
        for (unsigned l = 0; l < t->senders[i]->lane_count; l++) {
            const struct bench_lane *lane = &t->senders[i]->lanes[l];
            for (unsigned n = 0; n < lane->streams; n++)
                bench_raw_expect(raw, (uint16_t)(bench_lane_flow(t, lane)->first_stream + n),
                                 t->script->any_stream
                                     ? bench_share(lane->next, n, lane->streams)
                                     : bench_script_share(t->script, lane->next, (uint16_t)n));
        }
}

void bench_traffic_tell(const struct bench_traffic *t, struct bench_judge *judge)
{
    const struct bench_plan *plan = t->plan;

    if (t->script && judge->raw) {
        tell_raw(t, judge->raw);
        return;
    }
    for (unsigned i = 0; i < t->sender_count; i++) {
        const struct bench_sender *s = t->senders[i];
        for (unsigned l = 0; l < s->lane_count; l++) {
            const struct bench_lane *lane = &s->lanes[l];
            for (unsigned n = 0; n < lane->streams; n++)
                bench_judge_expect(
                    judge, &(struct bench_expected){.run = t->run,
                                                    .associations = plan->associations,
                                                    .streams = plan->streams,
                                                    .association = s->index,
                                                    .stream = bench_lane_flow(t, lane)->first_stream + n,
                                                    .flow = lane->flow,
                                                    .sent = bench_share(lane->next, n, lane->streams)});
        }
    }
}
