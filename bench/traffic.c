/* What is sent on which association, and when; see traffic.h. */
#include "bench/traffic.h"

#include <stdlib.h>
#include <string.h>

#include "bench/payload.h"

#define MAX_COUNTED 1000000 /* messages of a lane that are counted individually at the end */

static const struct bench_flow *flow_of(const struct bench_traffic *t, const struct bench_lane *lane)
{
    return &t->plan->flows[lane->flow];
}

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
    t->lane_of = calloc(plan->batch, 1);
    if (!t->buffers || !t->tails || !t->msgs || !t->lane_of) {
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
    free(t->lane_of);
    *t = (struct bench_traffic){0};
}

/* Whether a flow uses an association, in this direction. */
static bool uses(const struct bench_traffic *t, const struct bench_flow *f, uint32_t index)
{
    return f->down == t->down && index >= f->first_association &&
           index - f->first_association < f->associations;
}

static void lane_init(struct bench_lane *lane, const struct bench_traffic *t, unsigned flow, uint32_t index)
{
    *lane = (struct bench_lane){.flow = (uint8_t)flow, .quota = UINT64_MAX};
    lane->random.state = (uint64_t)t->run << 32 ^ (uint64_t)index << 8 ^ flow;
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
            lane_init(&s->lanes[s->lane_count++], t, f, index);
    t->senders[t->sender_count++] = s;
    return true;
}

/* ---- lanes ------------------------------------------------------------------------------------------ */

/* The distance in the schedule from one message of a lane to the next: on average the number of
 * associations. */
static double lane_step(const struct bench_flow *f, struct bench_lane *lane)
{
    if (f->arrivals.shape == BENCH_CONSTANT)
        return f->associations;
    return f->associations * bench_distribution_draw(&f->arrivals, &lane->random) /
           bench_distribution_mean(&f->arrivals);
}

static void lane_finished(struct bench_sender *s, struct bench_lane *lane)
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

static void set_quota(struct bench_sender *s, struct bench_lane *lane, uint64_t quota)
{
    lane->quota = quota;
    if (lane->next >= quota)
        lane_finished(s, lane);
}

/* --count counts from the first message that is measured. */
static void lane_measure(struct bench_sender *s, struct bench_lane *lane)
{
    const struct bench_flow *f = flow_of(s->traffic, lane);

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

    lane->due_ns = bench_schedule_time(&t->schedule[lane->flow], lane->position);
    if (!lane->measured && lane->due_ns >= t->measure_ns)
        lane_measure(s, lane);
}

/* Sets the lane to its first message at or after `now_ns`. */
static void lane_start(struct bench_sender *s, struct bench_lane *lane, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    const struct bench_flow *f = flow_of(t, lane);
    const struct bench_schedule *schedule = &t->schedule[lane->flow];
    uint32_t part = s->index - f->first_association;

    if (f->rate == 0) {
        if (t->measuring)
            lane_measure(s, lane);
        set_quota(s, lane, lane->quota);
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
    set_quota(s, lane, lane->quota);
}

/* Advances to the next message. */
static void lane_advance(struct bench_sender *s, struct bench_lane *lane)
{
    const struct bench_flow *f = flow_of(s->traffic, lane);

    lane->next++;
    if (++lane->stream == lane->streams) {
        lane->stream = 0;
        lane->sequence++;
    }
    if (f->rate == 0)
        return;
    lane->position += lane_step(f, lane);
    lane_due(s, lane);
}

/* Whether the lane's next message may be sent at `now_ns`; as fast as possible: whether it is not pausing. */
static bool lane_ready(const struct bench_traffic *t, const struct bench_lane *lane, uint64_t now_ns)
{
    return lane->next < lane->quota && (lane->due_ns <= now_ns || t->finishing);
}

/* As fast as possible with pauses: sets when the pause at `now_ns` ends. */
static void lane_pause(struct bench_traffic *t, struct bench_lane *lane, uint64_t now_ns)
{
    const struct bench_flow *f = flow_of(t, lane);
    uint64_t wait = f->pace.off_ns ? bench_pace_wait(&f->pace, now_ns - t->start_ns) : 0;

    lane->due_ns = wait ? now_ns + wait : 0;
}

/* ---- the queue -------------------------------------------------------------------------------------- */

static void queue_put(struct bench_traffic *t, struct bench_sender *s, unsigned place)
{
    t->queue[place] = s;
    s->place = place + 1;
}

static void queue_up(struct bench_traffic *t, struct bench_sender *s, unsigned place)
{
    for (; place > 0 && t->queue[(place - 1) / 2]->due_ns > s->due_ns; place = (place - 1) / 2)
        queue_put(t, t->queue[(place - 1) / 2], place);
    queue_put(t, s, place);
}

static void queue_down(struct bench_traffic *t, struct bench_sender *s, unsigned place)
{
    for (;;) {
        unsigned child = 2 * place + 1;
        if (child + 1 < t->queued && t->queue[child + 1]->due_ns < t->queue[child]->due_ns)
            child++;
        if (child >= t->queued || t->queue[child]->due_ns >= s->due_ns)
            break;
        queue_put(t, t->queue[child], place);
        place = child;
    }
    queue_put(t, s, place);
}

static void queue_remove(struct bench_traffic *t, struct bench_sender *s)
{
    unsigned place = s->place - 1;
    struct bench_sender *last = t->queue[--t->queued];

    s->place = 0;
    if (last == s)
        return;
    queue_down(t, last, place);
    queue_up(t, last, last->place - 1);
}

static void set_due(struct bench_sender *s, uint64_t due_ns)
{
    struct bench_traffic *t = s->traffic;
    uint64_t before = s->due_ns;

    s->due_ns = due_ns;
    if (due_ns == UINT64_MAX) {
        if (s->place)
            queue_remove(t, s);
    } else if (!s->place) {
        queue_up(t, s, t->queued++);
    } else if (due_ns < before) {
        queue_up(t, s, s->place - 1);
    } else {
        queue_down(t, s, s->place - 1);
    }
}

/* ---- bursts ----------------------------------------------------------------------------------------- */

/* Puts the message that `p` describes into buffer number `slot`. */
static void build(struct bench_traffic *t, unsigned slot, const struct bench_payload *p, uint64_t content_at)
{
    uint8_t *buffer = t->buffers + slot * t->stride;
    size_t tail = bench_payload_tail(p->size);

    if (t->content)
        bench_payload_fill(buffer, p->size, t->content->data, t->content->len, content_at);
    else if (t->tails[slot] && t->tails[slot] != tail)
        bench_payload_pattern(buffer, t->tails[slot], 8);
    t->tails[slot] = tail;
    bench_payload_encode(buffer, p);
    t->msgs[slot] = (struct tr_msg){.data = buffer,
                                    .len = p->size,
                                    .stream = p->stream,
                                    .flags = p->flags & BENCH_PAYLOAD_UNORDERED ? TR_UNORDERED : 0,
                                    .ppid = p->ppid,
                                    .context = p->flow};
}

/* Records how late the generator offers a lane's message for the first time. Messages that an association
 * held up, or that became due meanwhile, do not count against the generator. */
static void note_lag(struct bench_sender *s, struct bench_lane *lane, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;

    if (lane->next < lane->offered)
        return;
    lane->offered = lane->next + 1;
    if (s->held_up || t->finishing)
        return;
    uint64_t lag = now_ns > lane->due_ns ? now_ns - lane->due_ns : 0;
    bench_histogram_add(&t->lag, lag);
    t->late += lag > BENCH_LATE_NS;
}

static bool draw_unordered(const struct bench_flow *f, struct bench_lane *lane)
{
    return f->unordered > 0 && (f->unordered >= 1 || bench_random_unit(&lane->random) < f->unordered);
}

/* Draws all random properties of the lane's next message. */
static void lane_draw(struct bench_sender *s, struct bench_lane *lane, struct bench_payload *p)
{
    const struct bench_flow *f = flow_of(s->traffic, lane);

    p->size = (uint32_t)bench_distribution_draw_whole(&f->size, &lane->random);
    p->flags = draw_unordered(f, lane) ? BENCH_PAYLOAD_UNORDERED : 0;
    lane->content_at += p->size - BENCH_PAYLOAD_MIN;
}

/* Builds the lane's next message in `slot`, and advances the lane. */
static void lane_build(struct bench_sender *s, struct bench_lane *lane, unsigned slot, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    const struct bench_flow *f = flow_of(t, lane);
    struct bench_payload p = {.run = t->run,
                              .flow = lane->flow,
                              .incarnation = s->incarnation,
                              .associations = (uint16_t)t->plan->associations,
                              .association = (uint16_t)s->index,
                              .streams = (uint16_t)t->plan->streams,
                              .stream = (uint16_t)(f->first_stream + lane->stream),
                              .sequence = lane->sequence,
                              .clock = t->clock};
    bool last = lane->next + lane->streams >= lane->quota;
    uint64_t content_at = lane->content_at;

    lane_draw(s, lane, &p);
    if (f->rate > 0) {
        note_lag(s, lane, now_ns);
        p.intended_ns = lane->due_ns < now_ns ? lane->due_ns : now_ns;
    } else {
        p.intended_ns = slot == 0 && s->refused_ns ? s->refused_ns : now_ns;
    }
    p.flags |= t->content ? BENCH_PAYLOAD_CONTENT : 0;
    p.flags |= (lane->measured ? 0 : BENCH_PAYLOAD_WARMUP) | (last ? BENCH_PAYLOAD_LAST : 0);
    p.ppid = f->ppids[f->ppid_count == 1 ? 0 : (p.sequence + p.stream) % f->ppid_count];
    build(t, slot, &p, content_at);
    t->msgs[slot].assoc = s->assoc;
    if (f->pr_policy && !last) {
        t->msgs[slot].pr_policy = f->pr_policy;
        t->msgs[slot].pr_value = f->pr_value;
    }
    lane_advance(s, lane);
}

/* The lane to send from next: of those at a rate the one that has waited longest, then those as fast as
 * possible in turn. NULL: none has anything to send. */
static struct bench_lane *next_lane(struct bench_sender *s, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    struct bench_lane *found = NULL;

    if (s->lane_count == 1)
        return lane_ready(t, s->lanes, now_ns) ? s->lanes : NULL;
    for (unsigned i = 0; i < s->lane_count; i++) {
        struct bench_lane *lane = &s->lanes[i];
        if (flow_of(t, lane)->rate > 0 && lane_ready(t, lane, now_ns) &&
            (!found || lane->due_ns < found->due_ns))
            found = lane;
    }
    for (unsigned i = 0; i < s->lane_count && !found; i++) {
        struct bench_lane *lane = &s->lanes[(s->turn + i) % s->lane_count];
        if (flow_of(t, lane)->rate == 0 && lane_ready(t, lane, now_ns)) {
            found = lane;
            s->turn = (unsigned)(lane - s->lanes) + 1;
        }
    }
    return found;
}

/* Fills the buffers with what may be sent now and advances the lanes past it. Returns the number of messages.
 */
static unsigned fill(struct bench_sender *s, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    struct bench_lane *lane;
    unsigned count = 0;

    memcpy(t->saved, s->lanes, s->lane_count * sizeof *s->lanes);
    while (count < t->plan->batch && (lane = next_lane(s, now_ns))) {
        t->lane_of[count] = (uint8_t)(lane - s->lanes);
        lane_build(s, lane, count++, now_ns);
    }
    return count;
}

/* Sets the lanes back to just after the first `sent` messages of the burst. */
static void rewind_to(struct bench_sender *s, unsigned sent)
{
    struct bench_traffic *t = s->traffic;
    struct bench_payload drawn;

    for (unsigned i = 0; i < s->lane_count; i++) {
        uint64_t offered = s->lanes[i].offered;
        s->lanes[i] = t->saved[i];
        s->lanes[i].offered = offered;
    }
    for (unsigned i = 0; i < sent; i++) {
        struct bench_lane *lane = &s->lanes[t->lane_of[i]];
        lane_draw(s, lane, &drawn);
        lane_advance(s, lane);
    }
}

static void account_burst(struct bench_sender *s, unsigned sent)
{
    struct bench_traffic *t = s->traffic;

    for (unsigned i = 0; i < sent; i++) {
        struct bench_sent *flow = &t->flow_sent[s->lanes[t->lane_of[i]].flow];
        flow->messages++;
        flow->bytes += t->msgs[i].len;
        t->sent.bytes += t->msgs[i].len;
    }
    t->sent.messages += sent;
}

/* Sends one burst; TR_OK when everything was taken or there was nothing, TR_AGAIN when the send buffer is
 * full; else the error that makes the association unusable. */
static enum tr_code burst(struct bench_sender *s, uint64_t now_ns, const struct tr_msg **which)
{
    struct bench_traffic *t = s->traffic;
    unsigned count = fill(s, now_ns), sent = 0;

    if (count == 0)
        return TR_OK;
    enum tr_code code = tr_send(s->endpoint, t->msgs, count, &sent);
    if (sent < count)
        rewind_to(s, sent);
    account_burst(s, sent);
    if (sent > 0)
        s->refused_ns = 0;
    if (code == TR_AGAIN && s->refused_ns == 0)
        s->refused_ns = now_ns;
    for (unsigned i = 0; i < s->lane_count; i++)
        if (s->lanes[i].next >= s->lanes[i].quota)
            lane_finished(s, &s->lanes[i]);
    if (code != TR_OK && code != TR_AGAIN)
        *which = &t->msgs[sent];
    return code;
}

/* Decides what wakes the sender next. */
static void await_next(struct bench_sender *s, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    uint64_t due = UINT64_MAX;
    bool ready = false;

    for (unsigned i = 0; i < s->lane_count; i++) {
        struct bench_lane *lane = &s->lanes[i];
        if (lane->finished)
            continue;
        if (flow_of(t, lane)->rate == 0 && !t->finishing)
            lane_pause(t, lane, now_ns);
        if (lane_ready(t, lane, now_ns))
            ready = true;
        else if (lane->due_ns < due)
            due = lane->due_ns;
    }
    s->held_up = s->held_up && ready;
    set_due(s, ready ? UINT64_MAX : due);
    if (ready != s->writing) {
        s->writing = ready;
        tr_watch(s->endpoint, ready ? TR_READABLE | TR_WRITABLE : TR_READABLE);
    }
}

/* Nothing wakes the sender any longer. */
static void stop(struct bench_sender *s)
{
    set_due(s, UINT64_MAX);
    if (s->writing)
        tr_watch(s->endpoint, TR_READABLE);
    s->writing = false;
}

static enum tr_code send_ready(struct bench_sender *s, uint64_t now_ns, const struct tr_msg **which)
{
    enum tr_code code = burst(s, now_ns, which);

    if (code == TR_NO_ASSOC) { /* the event of its end has not been read yet */
        stop(s);
        return TR_OK;
    }
    if (code != TR_OK && code != TR_AGAIN)
        return code;
    s->held_up = s->held_up || code == TR_AGAIN;
    await_next(s, now_ns);
    return TR_OK;
}

enum tr_code bench_sender_writable(struct bench_sender *s, uint64_t now_ns, const struct tr_msg **which)
{
    if (!s->open || !s->writing)
        return TR_OK;
    return send_ready(s, now_ns, which);
}

/* ---- the course of a run ------------------------------------------------------------------------------ */

static void sender_start(struct bench_sender *s, uint64_t now_ns)
{
    for (unsigned i = 0; i < s->lane_count; i++)
        if (!s->lanes[i].finished)
            lane_start(s, &s->lanes[i], now_ns);
    await_next(s, now_ns);
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
        await_next(s, now_ns);
        return;
    }
    s->held_up = false;
    s->unfinished = 0;
    for (unsigned i = 0; i < s->lane_count; i++) {
        const struct bench_flow *f = flow_of(t, &s->lanes[i]);
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
    stop(s);
    s->open = false;
    s->suspended = s->held_up = true;
}

void bench_sender_close(struct bench_sender *s)
{
    if (!s->open && !s->suspended)
        return;
    for (unsigned i = 0; i < s->lane_count; i++)
        lane_finished(s, &s->lanes[i]);
    s->open = s->suspended = s->writing = false;
    set_due(s, UINT64_MAX);
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
            if (flow_of(t, &s->lanes[l])->rate == 0 && !s->lanes[l].finished) {
                lane_measure(s, &s->lanes[l]);
                set_quota(s, &s->lanes[l], s->lanes[l].quota);
            }
    }
}

uint64_t bench_traffic_turn(struct bench_traffic *t, uint64_t now_ns,
                            void (*broken)(struct bench_sender *s, enum tr_code code,
                                           const struct tr_msg *which))
{
    while (t->queued > 0 && t->queue[0]->due_ns <= now_ns) {
        struct bench_sender *s = t->queue[0];
        const struct tr_msg *which;
        enum tr_code code = send_ready(s, now_ns, &which);
        if (code != TR_OK)
            broken(s, code, which);
    }
    return t->queued > 0 ? t->queue[0]->due_ns : UINT64_MAX;
}

/* The number of messages of the lane that are due by `now_ns` and not sent. */
static uint64_t lane_backlog(struct bench_sender *s, const struct bench_lane *lane, uint64_t now_ns)
{
    const struct bench_traffic *t = s->traffic;
    const struct bench_flow *f = flow_of(t, lane);
    const struct bench_schedule *schedule = &t->schedule[lane->flow];
    struct bench_lane ahead = *lane;
    uint64_t rest = lane->quota - lane->next, count = 0;

    if (f->rate == 0 || lane->due_ns > now_ns)
        return 0;
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

/* One more message for each of the lane's streams; others that are due are not sent. */
static void lane_finish(struct bench_sender *s, struct bench_lane *lane, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;

    if (lane->finished || lane->quota - lane->next <= lane->streams)
        return;
    uint64_t backlog = lane_backlog(s, lane, now_ns);
    uint64_t skipped = backlog > lane->streams ? backlog - lane->streams : 0;
    t->flow_sent[lane->flow].not_sent += skipped;
    t->not_offered += s->held_up ? 0 : skipped;
    set_quota(s, lane, lane->next + lane->streams);
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
            await_next(t->senders[i], now_ns);
}

bool bench_traffic_finished(const struct bench_traffic *t)
{
    return t->unfinished == 0;
}

/* The number of messages requested of a lane whose association never came up; 0: as many as possible. */
static uint64_t lane_wanted(const struct bench_traffic *t, const struct bench_sender *s,
                            const struct bench_lane *lane)
{
    const struct bench_flow *f = flow_of(t, lane);
    uint64_t past = 0, all = f->count;

    if (f->rate > 0) {
        const struct bench_schedule *schedule = &t->schedule[lane->flow];
        past = t->measure_ns > t->start_ns ? bench_schedule_due(schedule, t->measure_ns - 1) : 0;
        uint64_t due = t->end_ns != UINT64_MAX ? bench_schedule_due(schedule, t->end_ns - 1) : UINT64_MAX;
        all = all && past + all < due ? past + all : due != UINT64_MAX ? due : 0;
    }
    return bench_share(all, s->index - f->first_association, f->associations);
}

void bench_traffic_account(struct bench_traffic *t)
{
    for (unsigned i = 0; i < t->sender_count && t->started; i++)
        for (unsigned l = 0; l < t->senders[i]->lane_count; l++) {
            const struct bench_lane *lane = &t->senders[i]->lanes[l];
            uint64_t *not_sent = &t->flow_sent[lane->flow].not_sent;
            if (t->senders[i]->granted == 0)
                *not_sent += lane_wanted(t, t->senders[i], lane);
            else if (lane->quota != UINT64_MAX)
                *not_sent += lane->quota - lane->next;
        }
    for (unsigned f = 0; f < t->plan->flow_count; f++)
        t->sent.not_sent += t->flow_sent[f].not_sent;
}

void bench_traffic_tell(const struct bench_traffic *t, struct bench_judge *judge)
{
    const struct bench_plan *plan = t->plan;

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
                                                    .stream = flow_of(t, lane)->first_stream + n,
                                                    .flow = lane->flow,
                                                    .sent = bench_share(lane->next, n, lane->streams)});
        }
    }
}
