/* Bursts: what a sender sends at a time; see traffic.h. */
#include <string.h>

#include "bench/payload.h"
#include "bench/traffic_priv.h"

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

/* The lane's next message as the script has it. */
static void build_raw(struct bench_sender *s, struct bench_lane *lane, unsigned slot)
{
    struct bench_traffic *t = s->traffic;
    const struct bench_flow *f = bench_lane_flow(t, lane);
    const struct bench_script_message *m = &t->script->messages[lane->next % t->script->count];
    struct bench_payload drawn = {.flags = m->unordered ? BENCH_PAYLOAD_UNORDERED : 0};
    uint16_t stream = m->stream;
    uint32_t ppid = m->ppid;

    if (t->script->any_stream) {
        bench_lane_draw(s, lane, &drawn);
        stream = (uint16_t)(f->first_stream + lane->stream);
        ppid = f->ppids[f->ppid_count == 1 ? 0 : (lane->sequence + stream) % f->ppid_count];
    }
    t->msgs[slot] = (struct tr_msg){.data = bench_script_data(t->script, m),
                                    .len = m->len,
                                    .assoc = s->assoc,
                                    .stream = stream,
                                    .flags = drawn.flags & BENCH_PAYLOAD_UNORDERED ? TR_UNORDERED : 0,
                                    .ppid = ppid,
                                    .context = lane->flow,
                                    .pr_policy = f->pr_policy,
                                    .pr_value = f->pr_value};
}

/* When the message was due to be sent, or as fast as possible could have been. */
static uint64_t intended(struct bench_sender *s, struct bench_lane *lane, unsigned slot, uint64_t now_ns)
{
    if (bench_lane_flow(s->traffic, lane)->rate == 0)
        return slot == 0 && s->refused_ns ? s->refused_ns : now_ns;
    note_lag(s, lane, now_ns);
    return lane->due_ns < now_ns ? lane->due_ns : now_ns;
}

/* Builds the lane's next message in `slot`, and advances the lane. */
static void lane_build(struct bench_sender *s, struct bench_lane *lane, unsigned slot, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    const struct bench_flow *f = bench_lane_flow(t, lane);
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

    p.intended_ns = t->intended[slot] = intended(s, lane, slot, now_ns);
    if (t->script) {
        build_raw(s, lane, slot);
        bench_lane_advance(s, lane);
        return;
    }
    bench_lane_draw(s, lane, &p);
    p.flags |= t->content ? BENCH_PAYLOAD_CONTENT : 0;
    p.flags |= (lane->measured ? 0 : BENCH_PAYLOAD_WARMUP) | (last ? BENCH_PAYLOAD_LAST : 0);
    p.ppid = f->ppids[f->ppid_count == 1 ? 0 : (p.sequence + p.stream) % f->ppid_count];
    build(t, slot, &p, content_at);
    t->msgs[slot].assoc = s->assoc;
    if (f->pr_policy && !last) {
        t->msgs[slot].pr_policy = f->pr_policy;
        t->msgs[slot].pr_value = f->pr_value;
    }
    bench_lane_advance(s, lane);
}

/* The lane to send from next: of those at a rate the one that has waited longest, then those as fast as
 * possible in turn. NULL: none has anything to send. */
static struct bench_lane *next_lane(struct bench_sender *s, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    struct bench_lane *found = NULL;

    if (s->lane_count == 1)
        return bench_lane_ready(t, s->lanes, now_ns) ? s->lanes : NULL;
    for (unsigned i = 0; i < s->lane_count; i++) {
        struct bench_lane *lane = &s->lanes[i];
        if (bench_lane_flow(t, lane)->rate > 0 && bench_lane_ready(t, lane, now_ns) &&
            (!found || lane->due_ns < found->due_ns))
            found = lane;
    }
    for (unsigned i = 0; i < s->lane_count && !found; i++) {
        struct bench_lane *lane = &s->lanes[(s->turn + i) % s->lane_count];
        if (bench_lane_flow(t, lane)->rate == 0 && bench_lane_ready(t, lane, now_ns)) {
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
        bench_lane_draw(s, lane, &drawn);
        bench_lane_advance(s, lane);
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
        if (t->replies && !bench_raw_sent(t->replies, s->index, t->msgs[i].stream, t->intended[i]))
            t->replies = NULL; /* out of memory: no more round trips */
    }
    t->sent.messages += sent;
    s->handed += sent;
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
            bench_lane_finished(s, &s->lanes[i]);
    if (code != TR_OK && code != TR_AGAIN)
        *which = &t->msgs[sent];
    return code;
}

/* Decides what wakes the sender next. */
void bench_sender_await(struct bench_sender *s, uint64_t now_ns)
{
    struct bench_traffic *t = s->traffic;
    uint64_t due = UINT64_MAX;
    bool ready = false;

    for (unsigned i = 0; i < s->lane_count; i++) {
        struct bench_lane *lane = &s->lanes[i];
        if (lane->finished)
            continue;
        if (bench_lane_flow(t, lane)->rate == 0 && !t->finishing)
            bench_lane_pause(t, lane, now_ns);
        if (bench_lane_ready(t, lane, now_ns))
            ready = true;
        else if (lane->due_ns < due)
            due = lane->due_ns;
    }
    s->held_up = s->held_up && ready;
    bench_sender_due(s, ready ? UINT64_MAX : due);
    if (ready != s->writing) {
        s->writing = ready;
        tr_watch(s->endpoint, ready ? TR_READABLE | TR_WRITABLE : TR_READABLE);
    }
}

/* Nothing wakes the sender any longer. */
void bench_sender_stop(struct bench_sender *s)
{
    bench_sender_due(s, UINT64_MAX);
    if (s->writing)
        tr_watch(s->endpoint, TR_READABLE);
    s->writing = false;
}

enum tr_code bench_sender_send(struct bench_sender *s, uint64_t now_ns, const struct tr_msg **which)
{
    enum tr_code code = burst(s, now_ns, which);

    if (code == TR_NO_ASSOC) { /* the event of its end has not been read yet */
        bench_sender_stop(s);
        return TR_OK;
    }
    if (code != TR_OK && code != TR_AGAIN)
        return code;
    s->held_up = s->held_up || code == TR_AGAIN;
    bench_sender_await(s, now_ns);
    return TR_OK;
}

enum tr_code bench_sender_writable(struct bench_sender *s, uint64_t now_ns, const struct tr_msg **which)
{
    if (!s->open || !s->writing)
        return TR_OK;
    return bench_sender_send(s, now_ns, which);
}
