/* The sending side of the load generator; see source.h. */
#include "bench/source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/endpoint_priv.h"
#include "bench/payload.h"

#define CONNECTING_MAX 64 /* set-ups under way at once: a storm of INITs would measure its own losses */

enum link_state { LINK_CLOSED, LINK_CONNECTING, LINK_UP };

struct bench_link {
    struct bench_handle handle;
    struct bench_source *source;
    struct tr_endpoint *endpoint;
    uint32_t assoc, index;
    enum link_state state;
    uint64_t begun_ns;   /* when its set-up began */
    uint32_t streams;    /* used: as many as were granted */
    uint64_t next;       /* message to send next */
    uint64_t quota;      /* messages to send in all */
    uint64_t sequence;   /* of message `next` in its flow */
    uint32_t stream;     /* of message `next` */
    uint64_t refused_ns; /* as fast as possible: when message `next` was first refused; 0: not yet tried */
    bool finished;       /* nothing left to send */
    bool behind;         /* at a rate: more is due than went in one burst; it goes on when writable */
    bool held_up;        /* at a rate: it refused a message, and has not caught up since */
    uint64_t offered;    /* at a rate: messages that were offered to the stack at least once */
};

static void link_ready(struct bench_handle *handle, unsigned flags);

/* A link is complete before it is opened: it then has nothing to send. */
static void link_init(struct bench_source *s, struct bench_link *link)
{
    link->handle.ready = link_ready;
    link->source = s;
    link->index = (uint32_t)(link - s->links);
    link->quota = UINT64_MAX;
    link->finished = true;
}

bool bench_source_init(struct bench_source *s, const struct bench_plan *plan, const struct bench_end *to,
                       struct tr_loop *loop, uint32_t run, uint16_t clock, struct bench_judge *replies)
{
    *s = (struct bench_source){.plan = plan,
                               .to = to,
                               .loop = loop,
                               .run = run,
                               .clock = clock,
                               .replies = replies,
                               .random = run | 1,
                               .stride = (plan->size_max + 63) & ~(size_t)63};
    s->links = calloc(plan->associations, sizeof *s->links);
    s->buffers = aligned_alloc(64, s->stride * plan->batch);
    s->tails = calloc(plan->batch, sizeof *s->tails);
    s->msgs = calloc(plan->batch, sizeof *s->msgs);
    if (!s->links || !s->buffers || !s->tails || !s->msgs) {
        bench_source_free(s);
        return false;
    }
    for (unsigned i = 0; i < plan->associations; i++)
        link_init(s, &s->links[i]);
    for (unsigned i = 0; i < plan->batch; i++)
        bench_payload_pattern(s->buffers + i * s->stride, 0, plan->size_max);
    return true;
}

void bench_source_free(struct bench_source *s)
{
    for (unsigned i = 0; s->links && i < s->plan->associations; i++)
        if (s->links[i].endpoint)
            tr_close(s->links[i].endpoint);
    free(s->links);
    free(s->buffers);
    free(s->tails);
    free(s->msgs);
    s->links = NULL;
    s->buffers = NULL;
    s->tails = NULL;
    s->msgs = NULL;
}

/* ---- associations ---------------------------------------------------------------------------------- */

static void note(struct bench_source *s, const char *what, const char *why)
{
    char where[NET_ADDR_TEXT];

    if (!s->trouble[0])
        snprintf(s->trouble, sizeof s->trouble, "%s %s: %s", what,
                 net_addr_format(&s->to->addresses[0], where, sizeof where), why);
}

/* Has nothing left to send, or nowhere to. */
static void link_finished(struct bench_link *link)
{
    if (link->finished)
        return;
    link->finished = true;
    link->source->unfinished--;
    link->source->behind -= link->behind;
    link->behind = false;
    if (link->endpoint)
        tr_watch(link->endpoint, TR_READABLE);
}

static void link_close(struct bench_link *link)
{
    if (link->endpoint)
        tr_close(link->endpoint);
    link->endpoint = NULL;
    link->state = LINK_CLOSED;
    link_finished(link);
}

static void link_failed(struct bench_link *link, const char *why)
{
    note(link->source, "no association with", why);
    link->source->counts.set_up_failed++;
    link_close(link);
}

static void link_open(struct bench_source *s, struct bench_link *link)
{
    struct tr_open_params params = {.style = TR_ONE_TO_MANY,
                                    .addresses = s->plan->from.addresses,
                                    .address_count = s->plan->from.count,
                                    .options = &s->plan->options,
                                    .cookie = &link->handle};
    struct tr_target target = {s->to->addresses, s->to->count, s->to->encaps_port};
    struct tr_error error;

    link->finished = false;
    link->begun_ns = bench_now_ns();
    s->unfinished++;
    if (tr_open(s->loop, &params, &link->endpoint, &error) != TR_OK ||
        tr_connect_init(link->endpoint, &target, &link->assoc, &error) != TR_OK) {
        link_failed(link, error.text);
        return;
    }
    link->state = LINK_CONNECTING;
    s->connecting++;
}

static void link_timed_out(struct bench_link *link)
{
    link->source->connecting--;
    link_failed(link, "no answer in time; is anybody listening there?");
}

/* Gives up on those whose time is over; they were begun in the order of the links. */
static void time_out(struct bench_source *s, uint64_t now_ns)
{
    uint64_t timeout_ns = s->plan->connect_ms * UINT64_C(1000000);

    for (; s->oldest < s->started; s->oldest++) {
        struct bench_link *link = &s->links[s->oldest];
        if (link->state != LINK_CONNECTING)
            continue;
        if (now_ns < link->begun_ns + timeout_ns)
            return;
        link_timed_out(link);
        s->timed_out++;
    }
}

uint64_t bench_source_connect(struct bench_source *s, uint64_t now_ns)
{
    time_out(s, now_ns);
    while (s->timed_out == 0 && s->started < s->plan->associations && s->connecting < CONNECTING_MAX)
        link_open(s, &s->links[s->started++]);
    if (s->connecting == 0 && s->timed_out == 0 && s->started < s->plan->associations)
        return now_ns; /* all were refused at once */
    if (s->connecting == 0) {
        bench_source_give_up(s);
        return 0;
    }
    while (s->links[s->oldest].state != LINK_CONNECTING)
        s->oldest++;
    return s->links[s->oldest].begun_ns + s->plan->connect_ms * UINT64_C(1000000);
}

void bench_source_give_up(struct bench_source *s)
{
    for (unsigned i = s->oldest; i < s->started; i++)
        if (s->links[i].state == LINK_CONNECTING)
            link_timed_out(&s->links[i]);
    s->counts.not_tried = s->plan->associations - s->started;
}

static void link_up(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source *s = link->source;

    link->assoc = e->assoc;
    link->state = LINK_UP;
    link->streams = s->plan->streams;
    if (e->change.outbound_streams < link->streams) {
        link->streams = e->change.outbound_streams;
        s->counts.streams_refused++;
    }
    s->connecting--;
    s->timed_out = 0;
    s->alive++;
    s->counts.up++;
    bench_histogram_add(&s->set_up, bench_now_ns() - link->begun_ns);
}

/* The association has ended. Its endpoint stays: what the stack gives back may come after the news. */
static void link_down(struct bench_link *link)
{
    if (link->state != LINK_UP)
        return;
    link->source->alive--;
    link->state = LINK_CLOSED;
    link_finished(link);
}

static void link_change(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source *s = link->source;

    switch (e->change.state) {
    case TR_COMM_UP:
        if (link->state == LINK_CONNECTING)
            link_up(link, e);
        break;
    case TR_CANT_ASSOC:
        if (link->state == LINK_CONNECTING) {
            s->connecting--;
            link_failed(link, e->change.error ? tr_error_string(e->change.error)
                                              : "refused, or no answer; is anybody listening there?");
        }
        break;
    case TR_RESTART:
        s->counts.restarted++;
        break;
    case TR_COMM_LOST:
        if (link->state == LINK_UP && !s->aborting) {
            s->counts.lost++;
            note(s, "lost an association with", tr_error_string(e->change.error));
        }
        link_down(link);
        break;
    case TR_SHUTDOWN_COMP:
        if (link->state == LINK_UP && !link->finished) {
            s->counts.lost++;
            note(s, "lost an association with", "the far side shut it down");
        }
        link_down(link);
        break;
    }
}

static void link_event(struct bench_link *link, const struct tr_event *e)
{
    struct bench_source_counts *c = &link->source->counts;

    if (e->type == TR_EV_ASSOC_CHANGE)
        link_change(link, e);
    else if (e->type == TR_EV_SEND_FAILED && link->source->aborting)
        c->taken_back++;
    else if (e->type == TR_EV_SEND_FAILED && e->failed.was_sent)
        c->failed_sent++;
    else if (e->type == TR_EV_SEND_FAILED)
        c->failed_unsent++;
}

static void link_read(struct bench_link *link)
{
    struct bench_source *s = link->source;
    const struct tr_item *items;
    unsigned count;

    if (bench_recv(link->endpoint, &items, &count) != TR_OK)
        return;
    uint64_t now = bench_now_ns();
    for (unsigned i = 0; i < count && link->endpoint; i++) {
        if (items[i].kind == TR_EVENT) {
            link_event(link, &items[i].event);
        } else if (s->replies) {
            const struct tr_msg *m = &items[i].msg;
            struct bench_arrival arrival = {m->data, m->len, m->ppid, m->stream};
            bench_judge_take(s->replies, 0, &arrival, now);
        }
    }
}

/* ---- sending --------------------------------------------------------------------------------------- */

static uint32_t pick_size(struct bench_source *s)
{
    const struct bench_plan *plan = s->plan;

    if (plan->size_min == plan->size_max)
        return plan->size_min;
    s->random ^= s->random << 13;
    s->random ^= s->random >> 7;
    s->random ^= s->random << 17;
    return plan->size_min + (uint32_t)((s->random >> 32) * (plan->size_max - plan->size_min + 1) >> 32);
}

/* Puts the message that `p` describes into buffer number `slot`. */
static void build(struct bench_source *s, unsigned slot, const struct bench_payload *p)
{
    uint8_t *buffer = s->buffers + slot * s->stride;
    size_t tail = bench_payload_tail(p->size);

    if (s->tails[slot] && s->tails[slot] != tail)
        bench_payload_pattern(buffer, s->tails[slot], 8);
    s->tails[slot] = tail;
    bench_payload_encode(buffer, p);
    s->msgs[slot] = (struct tr_msg){.data = buffer,
                                    .len = p->size,
                                    .stream = p->stream,
                                    .flags = s->plan->unordered ? TR_UNORDERED : 0,
                                    .ppid = p->ppid,
                                    .context = (uint32_t)p->sequence};
}

/* How late the generator offers message `k`, which was due at `due_ns`, for the first time. What an
 * association held up, or what came due meanwhile, says nothing of the generator. */
static void note_lag(struct bench_link *link, uint64_t k, uint64_t due_ns, uint64_t now_ns)
{
    struct bench_source *s = link->source;

    if (k < link->offered)
        return;
    link->offered = k + 1;
    if (link->held_up)
        return;
    uint64_t lag = now_ns > due_ns ? now_ns - due_ns : 0;
    bench_histogram_add(&s->lag, lag);
    s->late += lag > BENCH_LATE_NS;
}

/* Builds the link's next `count` messages. */
static void build_burst(struct bench_link *link, unsigned count, uint64_t now_ns)
{
    struct bench_source *s = link->source;
    const struct bench_plan *plan = s->plan;
    uint8_t flags = plan->unordered ? BENCH_PAYLOAD_UNORDERED : 0;
    struct bench_payload p = {.run = s->run,
                              .associations = plan->associations,
                              .association = link->index,
                              .streams = (uint16_t)plan->streams,
                              .stream = (uint16_t)link->stream,
                              .sequence = link->sequence,
                              .clock = s->clock};

    for (unsigned i = 0; i < count; i++) {
        uint64_t k = link->next + i;
        bool warmup = !s->measuring;
        if (plan->rate > 0) {
            uint64_t n = k * plan->associations + link->index;
            uint64_t due = bench_schedule_time(&s->schedule, n);
            p.intended_ns = due < now_ns ? due : now_ns;
            note_lag(link, k, due, now_ns);
            warmup = n < s->warmup_messages;
        } else {
            p.intended_ns = i == 0 && link->refused_ns ? link->refused_ns : now_ns;
        }
        p.flags = flags | (warmup ? BENCH_PAYLOAD_WARMUP : 0) |
                  (k + link->streams >= link->quota ? BENCH_PAYLOAD_LAST : 0);
        p.size = pick_size(s);
        p.ppid = plan->ppids[plan->ppid_count == 1 ? 0 : (p.sequence + p.stream) % plan->ppid_count];
        build(s, i, &p);
        s->msgs[i].assoc = link->assoc;
        if (++p.stream == link->streams) {
            p.stream = 0;
            p.sequence++;
        }
    }
}

static void link_advance(struct bench_link *link, unsigned sent)
{
    struct bench_source *s = link->source;

    for (unsigned i = 0; i < sent; i++)
        s->counts.bytes += s->msgs[i].len;
    s->counts.sent += sent;
    link->next += sent;
    link->stream += sent;
    while (link->stream >= link->streams) {
        link->stream -= link->streams;
        link->sequence++;
    }
    if (link->next >= link->quota)
        link_finished(link);
}

/* Sends up to `wanted` messages in one go; TR_OK when all were taken, TR_AGAIN when the send buffer is full,
 * TR_NO_ASSOC when the association cannot send any more. */
static enum tr_code link_burst(struct bench_link *link, uint64_t wanted, uint64_t now_ns)
{
    struct bench_source *s = link->source;
    unsigned count = wanted < s->plan->batch ? (unsigned)wanted : s->plan->batch, sent = 0;

    build_burst(link, count, now_ns);
    enum tr_code code = tr_send(link->endpoint, s->msgs, count, &sent);
    if (sent > 0)
        link->refused_ns = 0;
    if (code == TR_AGAIN && link->refused_ns == 0)
        link->refused_ns = now_ns;
    link_advance(link, sent);
    if (code == TR_OK || code == TR_AGAIN || code == TR_NO_ASSOC)
        return code;

    char why[160];
    snprintf(why, sizeof why, "%s (stream %u, %u bytes)", tr_code_text(code), s->msgs[sent].stream,
             s->msgs[sent].len);
    note(s, "cannot send to", why);
    s->counts.lost++;
    s->alive--;
    link_close(link);
    return TR_NO_ASSOC;
}

static void set_behind(struct bench_link *link, bool behind)
{
    if (behind == link->behind)
        return;
    link->behind = behind;
    link->source->behind += behind ? 1u : -1u;
    if (link->endpoint)
        tr_watch(link->endpoint, behind ? TR_READABLE | TR_WRITABLE : TR_READABLE);
}

/* At a rate: sends a burst of what is due. What is left over goes when the endpoint is writable, after the
 * others have had their turn: a rate that is too high starves nobody, and the end of its time is seen. */
static void link_catch_up(struct bench_link *link, uint64_t now_ns)
{
    struct bench_source *s = link->source;
    uint64_t due = s->finishing ? link->quota : bench_share(s->dealt, link->index, s->plan->associations);
    bool behind = false;

    if (due > link->quota)
        due = link->quota;
    if (link->state == LINK_UP && !link->finished && link->next < due) {
        enum tr_code code = link_burst(link, due - link->next, now_ns);
        behind = code != TR_NO_ASSOC && link->next < due;
        link->held_up = behind && (link->held_up || code == TR_AGAIN);
    }
    set_behind(link, behind);
}

static void link_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_link *link = (struct bench_link *)handle;

    if (flags & TR_READABLE)
        link_read(link);
    if (!(flags & TR_WRITABLE) || link->state != LINK_UP || link->finished)
        return;
    if (link->source->plan->rate > 0)
        link_catch_up(link, bench_now_ns());
    else
        link_burst(link, link->quota - link->next, bench_now_ns());
}

/* ---- the course of a run ------------------------------------------------------------------------------ */

static void set_quota(struct bench_link *link, uint64_t quota)
{
    link->quota = quota;
    if (link->next >= quota)
        link_finished(link);
}

/* At a rate everything is settled beforehand: how many messages, and which of them are the warm-up. */
static void plan_rate(struct bench_source *s, uint64_t now_ns)
{
    const struct bench_plan *plan = s->plan;
    uint64_t total = plan->count ? plan->count : UINT64_MAX / 2;

    s->schedule = (struct bench_schedule){now_ns, 1e9 / plan->rate};
    s->warmup_messages =
        plan->warmup_ms ? bench_schedule_due(&s->schedule, now_ns + plan->warmup_ms * UINT64_C(1000000) - 1)
                        : 0;
    if (plan->duration_ms) {
        uint64_t end = now_ns + (plan->warmup_ms + (uint64_t)plan->duration_ms) * 1000000;
        uint64_t most = bench_schedule_due(&s->schedule, end - 1) - s->warmup_messages;
        total = total < most ? total : most;
    }
    total += s->warmup_messages;
    for (unsigned i = 0; i < plan->associations; i++)
        set_quota(&s->links[i], bench_share(total, i, plan->associations));
}

void bench_source_start(struct bench_source *s, uint64_t now_ns)
{
    if (s->plan->rate > 0) {
        plan_rate(s, now_ns);
        return;
    }
    if (s->plan->warmup_ms == 0)
        bench_source_measure(s);
    for (unsigned i = 0; i < s->started; i++)
        if (!s->links[i].finished)
            tr_watch(s->links[i].endpoint, TR_READABLE | TR_WRITABLE);
}

void bench_source_measure(struct bench_source *s)
{
    s->measuring = true;
    if (s->plan->rate > 0 || s->plan->count == 0)
        return;
    for (unsigned i = 0; i < s->plan->associations; i++)
        set_quota(&s->links[i], s->links[i].next + bench_share(s->plan->count, i, s->plan->associations));
}

uint64_t bench_source_turn(struct bench_source *s, uint64_t now_ns)
{
    if (s->plan->rate == 0 || s->unfinished == 0)
        return UINT64_MAX;
    uint64_t dealt = bench_schedule_due(&s->schedule, now_ns), news = dealt - s->dealt;
    unsigned links = s->plan->associations;

    /* Only those that got something new: the others have caught up, or wait for room. */
    unsigned first = (unsigned)(s->dealt % links), touched = news < links ? (unsigned)news : links;
    s->dealt = dealt;
    for (unsigned i = 0; i < touched; i++) {
        struct bench_link *link = &s->links[(first + i) % links];
        if (!link->behind)
            link_catch_up(link, now_ns);
    }
    return s->behind < s->unfinished ? bench_schedule_time(&s->schedule, s->dealt) : UINT64_MAX;
}

/* At a rate: how many of the link's messages should have been sent by now. */
static uint64_t link_due(const struct bench_link *link)
{
    const struct bench_source *s = link->source;
    uint64_t due = s->plan->rate > 0 ? bench_share(s->dealt, link->index, s->plan->associations) : 0;

    return due < link->quota ? due : link->quota;
}

void bench_source_finish(struct bench_source *s)
{
    uint64_t now = bench_now_ns();

    if (s->finishing)
        return;
    s->finishing = true;
    for (unsigned i = 0; i < s->started; i++) {
        struct bench_link *link = &s->links[i];
        if (link->finished || link->quota - link->next <= link->streams)
            continue;
        uint64_t due = link_due(link);
        set_quota(link, link->next + link->streams);
        uint64_t skipped = due > link->quota ? due - link->quota : 0;
        s->skipped += skipped;
        s->not_offered += link->held_up ? 0 : skipped;
        if (s->plan->rate > 0 && !link->behind)
            link_catch_up(link, now);
    }
}

bool bench_source_finished(const struct bench_source *s)
{
    return s->unfinished == 0;
}

uint64_t bench_source_not_sent(const struct bench_source *s)
{
    uint64_t rest = s->skipped;

    for (unsigned i = 0; i < s->plan->associations; i++)
        if (s->links[i].quota != UINT64_MAX)
            rest += s->links[i].quota - s->links[i].next;
    return rest;
}

/* The stack forgets them with the association. */
static void read_statistics(struct bench_link *link)
{
    struct bench_source_counts *c = &link->source->counts;
    struct opt_set got = {0};
    struct tr_error error;

    if (tr_get_option(link->endpoint, link->assoc, OPT_ASSOC_STATS, &got, &error) != TR_OK)
        return;
    c->statistics++;
    c->retransmitted += (uint64_t)opt_num(&got, OPTF_STATS_RTXCHUNKS, 0);
}

void bench_source_eof(struct bench_source *s)
{
    struct tr_error error;

    for (unsigned i = 0; i < s->started; i++)
        if (s->links[i].state == LINK_UP) {
            read_statistics(&s->links[i]);
            tr_watch(s->links[i].endpoint, TR_READABLE);
            tr_eof(s->links[i].endpoint, s->links[i].assoc, &error);
        }
}

void bench_source_take_back(struct bench_source *s)
{
    struct tr_error error;

    s->aborting = true;
    s->counts.not_closed = s->alive;
    for (unsigned i = 0; i < s->started; i++)
        if (s->links[i].state == LINK_UP)
            tr_abort(s->links[i].endpoint, s->links[i].assoc, &error);
}

void bench_source_compare(const struct bench_source *s,
                          void (*differs)(enum opt_id id, const char *text, void *arg), void *arg)
{
    for (unsigned i = 0; i < s->started; i++)
        if (s->links[i].state == LINK_UP) {
            tr_compare_options(s->links[i].endpoint, 0, &s->plan->options, differs, arg);
            return;
        }
}

void bench_source_tell(const struct bench_source *s, struct bench_judge *judge)
{
    for (unsigned i = 0; i < s->plan->associations; i++) {
        const struct bench_link *link = &s->links[i];
        for (unsigned stream = 0; stream < s->plan->streams; stream++)
            bench_judge_expect(judge, s->run, s->plan->associations, s->plan->streams, i, stream,
                               stream < link->streams ? bench_share(link->next, stream, link->streams) : 0);
    }
}
