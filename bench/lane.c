/* Lanes: one flow on one association, message by message; see traffic.h. */
#include "bench/traffic_priv.h"

#define MAX_COUNTED 1000000 /* messages of a lane that are counted individually at the end */

void bench_lane_init(struct bench_lane *lane, const struct bench_traffic *t, unsigned flow, uint32_t index)
{
    *lane = (struct bench_lane){.flow = (uint8_t)flow, .quota = UINT64_MAX};
    lane->random.state = (uint64_t)t->run << 32 ^ (uint64_t)index << 8 ^ flow;
}

/* The distance in the schedule from one message of a lane to the next: on average the number of
 * associations. */
static double lane_step(const struct bench_flow *f, struct bench_lane *lane)
{
    if (f->arrivals.shape == BENCH_CONSTANT)
        return f->associations;
    return f->associations * bench_distribution_draw(&f->arrivals, &lane->random) /
           bench_distribution_mean(&f->arrivals);
}

void bench_lane_finished(struct bench_sender *s, struct bench_lane *lane)
{
    if (lane->finished)
        return;
    lane->finished = true;
    s->unfinished--;
    if (s->counted && s->unfinished == 0) {
        s->traffic->unfinished--;
        s->counted = false;
    }
}

void bench_lane_quota(struct bench_sender *s, struct bench_lane *lane, uint64_t quota)
{
    lane->quota = quota;
    if (lane->next >= quota)
        bench_lane_finished(s, lane);
}

void bench_lane_measure(struct bench_sender *s, struct bench_lane *lane)
{
    const struct bench_flow *f = bench_lane_flow(s->traffic, lane);

    lane->measured = true;
    if (f->count == 0)
        return;
    uint64_t share = bench_share(f->count, s->index - f->first_association, f->associations);
    if (lane->next + share < lane->quota)
        lane->quota = lane->next + share;
}

/* Computes when the next message is due, from lane->position. */
static void lane_due(struct bench_sender *s, struct bench_lane *lane)
{
    struct bench_traffic *t = s->traffic;

    if (t->paced)
        lane->due_ns = t->start_ns + (uint64_t)bench_script_time(t->script, lane->next, t->plan->speed);
    else
        lane->due_ns = bench_schedule_time(&t->schedule[lane->flow], lane->position);
    if (!lane->measured && lane->due_ns >= t->measure_ns)
        bench_lane_measure(s, lane);
}

/* How many messages of a replay are due by `now_ns`, on each association. */
static uint64_t replay_due(const struct bench_traffic *t, uint64_t now_ns)
{
    if (now_ns < t->start_ns)
        return 0;
    return bench_script_due(t->script, now_ns - t->start_ns, t->plan->speed, t->plan->loop);
}

void bench_lane_start(struct bench_sender *s, struct bench_lane *lane, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    const struct bench_flow *f = bench_lane_flow(t, lane);
    const struct bench_schedule *schedule = &t->schedule[lane->flow];
    uint32_t part = s->index - f->first_association;

    if (f->rate == 0) {
        if (t->measuring)
            bench_lane_measure(s, lane);
        bench_lane_quota(s, lane, lane->quota);
        return;
    }
    if (t->paced) {
        uint64_t due = t->end_ns != UINT64_MAX ? replay_due(t, t->end_ns - 1) : UINT64_MAX;
        lane->quota = due < lane->quota ? due : lane->quota;
        lane_due(s, lane);
        bench_lane_quota(s, lane, lane->quota);
        return;
    }
    uint64_t past = now_ns > t->start_ns ? bench_schedule_due(schedule, now_ns - 1) : 0;
    lane->position = (double)(bench_share(past, part, f->associations) * f->associations + part);
    if (f->arrivals.shape != BENCH_CONSTANT)
        lane->position = (double)past + lane_step(f, lane) * bench_random_unit(&lane->random);
    else if (t->end_ns != UINT64_MAX)
        lane->quota = lane->next +
                      bench_share(bench_schedule_due(schedule, t->end_ns - 1), part, f->associations) -
                      bench_share(past, part, f->associations);
    lane_due(s, lane);
    bench_lane_quota(s, lane, lane->quota);
}

void bench_lane_advance(struct bench_sender *s, struct bench_lane *lane)
{
    const struct bench_flow *f = bench_lane_flow(s->traffic, lane);

    lane->next++;
    if (++lane->stream == lane->streams) {
        lane->stream = 0;
        lane->sequence++;
    }
    if (f->rate == 0)
        return;
    if (!s->traffic->paced)
        lane->position += lane_step(f, lane);
    lane_due(s, lane);
}

bool bench_lane_ready(const struct bench_traffic *t, const struct bench_lane *lane, uint64_t now_ns)
{
    return lane->next < lane->quota && (lane->due_ns <= now_ns || t->finishing);
}

void bench_lane_pause(struct bench_traffic *t, struct bench_lane *lane, uint64_t now_ns)
{
    const struct bench_flow *f = bench_lane_flow(t, lane);
    uint64_t wait = f->pace.off_ns ? bench_pace_wait(&f->pace, now_ns - t->start_ns) : 0;

    lane->due_ns = wait ? now_ns + wait : 0;
}

static bool draw_unordered(const struct bench_flow *f, struct bench_lane *lane)
{
    return f->unordered > 0 && (f->unordered >= 1 || bench_random_unit(&lane->random) < f->unordered);
}

void bench_lane_draw(struct bench_sender *s, struct bench_lane *lane, struct bench_payload *p)
{
    const struct bench_flow *f = bench_lane_flow(s->traffic, lane);

    if (s->traffic->script) { /* the size is the message's */
        p->flags = draw_unordered(f, lane) ? BENCH_PAYLOAD_UNORDERED : 0;
        return;
    }
    p->size = (uint32_t)bench_distribution_draw_whole(&f->size, &lane->random);
    p->flags = draw_unordered(f, lane) ? BENCH_PAYLOAD_UNORDERED : 0;
    lane->content_at += p->size - BENCH_PAYLOAD_MIN;
}

uint64_t bench_lane_backlog(struct bench_sender *s, const struct bench_lane *lane, uint64_t now_ns)
{
    const struct bench_traffic *t = s->traffic;
    const struct bench_flow *f = bench_lane_flow(t, lane);
    const struct bench_schedule *schedule = &t->schedule[lane->flow];
    struct bench_lane ahead = *lane;
    uint64_t rest = lane->quota - lane->next, count = 0;

    if (f->rate == 0 || lane->due_ns > now_ns)
        return 0;
    if (t->paced) {
        count = replay_due(t, now_ns) - lane->next;
        return count < rest ? count : rest;
    }
    uint64_t due = bench_schedule_due(schedule, now_ns);
    if (f->arrivals.shape == BENCH_CONSTANT)
        count = (uint64_t)(((double)due - 1 - lane->position) / f->associations) + 1;
    else
        while (count < MAX_COUNTED && ahead.due_ns <= now_ns) {
            count++;
            ahead.position += lane_step(f, &ahead);
            ahead.due_ns = bench_schedule_time(schedule, ahead.position);
        }
    if (count == MAX_COUNTED)
        count += (uint64_t)(((double)due - ahead.position) / f->associations);
    return count < rest ? count : rest;
}

uint64_t bench_lane_wanted(const struct bench_traffic *t, const struct bench_sender *s,
                           const struct bench_lane *lane)
{
    const struct bench_flow *f = bench_lane_flow(t, lane);
    uint64_t past = 0, all = f->count;

    if (t->paced) {
        uint64_t due = t->end_ns != UINT64_MAX ? replay_due(t, t->end_ns - 1) : UINT64_MAX;
        all = all ? bench_share(all, s->index - f->first_association, f->associations) : UINT64_MAX;
        all = due < all ? due : all;
        return all == UINT64_MAX ? 0 : all;
    }
    if (f->rate > 0) {
        const struct bench_schedule *schedule = &t->schedule[lane->flow];
        past = t->measure_ns > t->start_ns ? bench_schedule_due(schedule, t->measure_ns - 1) : 0;
        uint64_t due = t->end_ns != UINT64_MAX ? bench_schedule_due(schedule, t->end_ns - 1) : UINT64_MAX;
        all = all && past + all < due ? past + all : due != UINT64_MAX ? due : 0;
    }
    return bench_share(all, s->index - f->first_association, f->associations);
}
