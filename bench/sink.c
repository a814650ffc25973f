/* The receiving side of the load generator; see sink.h. */
#include "bench/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BURST      64
#define BACKLOG    1024
#define FULL_BATCH 64 /* a batch of this many items may not have been the last */
#define ROUNDS_MAX 8  /* batches in a row, so that others are served */

/* A copy of a message that an echo could not send at once. */
struct held {
    struct held *next;
    struct tr_msg msg;
    uint8_t data[];
};

struct bench_guest {
    struct bench_handle handle;
    struct bench_place *place;
    struct tr_endpoint *endpoint;
    uint32_t assoc, origin;      /* its id here, and at the listening endpoint */
    struct bench_sender *sender; /* NULL: it sends nothing */
    struct held *held, **held_end;
    struct bench_guest *next, **link; /* in the sink's list */
};

static void place_ready(struct bench_handle *handle, unsigned flags);
static void guest_ready(struct bench_handle *handle, unsigned flags);

/* ---- associations ---------------------------------------------------------------------------------- */

/* The association that was accepted at `place` with this id; the latest one, if the stack reuses ids. */
static struct bench_guest *guest_find(struct bench_place *place, uint32_t origin)
{
    struct bench_guest *guest = place->sink->guests;

    while (guest && (guest->place != place || guest->origin != origin))
        guest = guest->next;
    return guest;
}

/* Assigns the association its part of the flows to the source. */
static void guest_sends(struct bench_guest *guest, unsigned granted)
{
    struct bench_sink *s = guest->place->sink;

    if (s->senders && s->senders_used < s->plan->associations) {
        guest->sender = &s->senders[s->senders_used++];
        bench_sender_open(guest->sender, guest->endpoint, guest->assoc, granted, bench_now_ns());
    }
}

static void guest_new(struct bench_place *place, uint32_t assoc, unsigned granted)
{
    struct bench_sink *s = place->sink;
    struct bench_guest *guest = calloc(1, sizeof *guest);
    struct tr_error error = {.text = "out of memory"};

    if (guest) {
        guest->handle.ready = guest_ready;
        guest->place = place;
        guest->origin = guest->assoc = assoc;
        guest->held_end = &guest->held;
    }
    if (!guest ||
        tr_peeloff(place->endpoint, &guest->assoc, &guest->handle, &guest->endpoint, &error) != TR_OK) {
        if (guest && error.code == TR_NO_ASSOC) { /* it has already ended: what it sent is read here */
            s->seen++;
            free(guest);
            return;
        }
        s->turned_away++;
        if (!s->trouble[0])
            snprintf(s->trouble, sizeof s->trouble, "an association was turned away: %s", error.text);
        tr_abort(place->endpoint, assoc, &error);
        free(guest);
        return;
    }
    guest->next = s->guests;
    guest->link = &s->guests;
    if (guest->next)
        guest->next->link = &guest->next;
    s->guests = guest;
    s->alive++;
    s->seen++;
    guest_sends(guest, granted);
}

static void guest_free(struct bench_guest *guest)
{
    struct bench_sink *s = guest->place->sink;

    *guest->link = guest->next;
    if (guest->next)
        guest->next->link = guest->link;
    while (guest->held) {
        struct held *next = guest->held->next;
        free(guest->held);
        guest->held = next;
        s->not_echoed++;
    }
    if (guest->sender)
        bench_sender_close(guest->sender);
    tr_close(guest->endpoint);
    free(guest);
    s->alive--;
}

/* ---- messages --------------------------------------------------------------------------------------- */

static void echo_hold(struct bench_guest *guest, const struct tr_msg *m)
{
    struct held *held = malloc(sizeof *held + m->len);

    if (!held) {
        guest->place->sink->not_echoed++;
        return;
    }
    held->next = NULL;
    held->msg = *m;
    held->msg.data = held->data;
    memcpy(held->data, m->data, m->len);
    *guest->held_end = held;
    guest->held_end = &held->next;
    tr_watch(guest->endpoint, TR_WRITABLE);
}

/* Sends `count` messages back, in order; those that cannot be sent now are kept. */
static void echo_send(struct bench_guest *guest, const struct tr_msg *msgs, unsigned count)
{
    struct bench_sink *s = guest->place->sink;
    unsigned done = 0, sent;

    while (done < count && !guest->held) {
        enum tr_code code = tr_send(guest->endpoint, msgs + done, count - done, &sent);
        done += sent;
        s->echoed += sent;
        if (code == TR_AGAIN)
            break;
        if (code != TR_OK) { /* the far side granted fewer streams than it uses, or has ended */
            s->not_echoed++;
            done++;
        }
    }
    while (done < count)
        echo_hold(guest, &msgs[done++]);
}

static void echo_release(struct bench_guest *guest)
{
    struct bench_sink *s = guest->place->sink;

    while (guest->held) {
        struct held *held = guest->held;
        unsigned sent;
        enum tr_code code = tr_send(guest->endpoint, &held->msg, 1, &sent);
        if (code == TR_AGAIN)
            return;
        if (code == TR_OK)
            s->echoed++;
        else
            s->not_echoed++;
        guest->held = held->next;
        free(held);
    }
    guest->held_end = &guest->held;
    tr_watch(guest->endpoint, TR_READABLE);
}

static void judge(struct bench_place *place, const struct tr_msg *m, uint64_t now)
{
    struct bench_arrival arrival = {m->data, m->len, m->ppid, m->stream};

    bench_judge_take(place->judge, (unsigned)(place - place->sink->places), &arrival, now);
}

/* Checks the messages of one association at the beginning of `items`, at most a burst, and sends them back if
 * this is an echo. Returns how many. */
static unsigned guest_messages(struct bench_guest *guest, const struct tr_item *items, unsigned count,
                               uint64_t now)
{
    struct tr_msg msgs[BURST];
    unsigned n = 0;
    bool echo = guest->place->sink->plan->reply;

    while (n < count && n < BURST && items[n].kind == TR_MESSAGE) {
        judge(guest->place, &items[n].msg, now);
        if (echo) {
            msgs[n] = items[n].msg;
            msgs[n].assoc = guest->assoc;
            msgs[n].flags &= TR_UNORDERED;
            msgs[n].pr_policy = TR_PR_NONE;
        }
        n++;
    }
    if (echo)
        echo_send(guest, msgs, n);
    return n;
}

/* False: the association has ended, and is freed. */
static bool guest_event(struct bench_guest *guest, const struct tr_event *e)
{
    struct bench_sink *s = guest->place->sink;

    if (e->type == TR_EV_SEND_FAILED && guest->sender) {
        uint32_t flow = e->failed.msg.context;
        bool given_up = flow < s->plan->flow_count && s->plan->flows[flow].pr_policy != TR_PR_NONE;
        *(given_up ? &s->given_up : &s->failed) += 1;
    }
    if (e->type != TR_EV_ASSOC_CHANGE ||
        (e->change.state != TR_COMM_LOST && e->change.state != TR_SHUTDOWN_COMP))
        return true;
    if (e->change.state == TR_COMM_LOST)
        s->lost++;
    guest_free(guest);
    return false;
}

/* Reads one batch; true when the association still exists and there may be more. */
static bool guest_read(struct bench_guest *guest)
{
    const struct tr_item *items;
    unsigned count, i = 0;

    if (bench_recv(guest->endpoint, &items, &count) != TR_OK)
        return false;
    uint64_t now = bench_now_ns();
    while (i < count) {
        if (items[i].kind == TR_MESSAGE)
            i += guest_messages(guest, items + i, count - i, now);
        else if (!guest_event(guest, &items[i++].event))
            return false;
    }
    return count >= FULL_BATCH && !guest->held;
}

/* If a flow's message cannot be sent, its association is ended. */
static void sender_broken(struct bench_sender *sender, enum tr_code code, const struct tr_msg *which)
{
    struct bench_sink *s =
        (struct bench_sink *)((char *)sender->traffic - offsetof(struct bench_sink, traffic));
    struct tr_error error;

    if (!s->trouble[0])
        snprintf(s->trouble, sizeof s->trouble, "cannot send to the source: %s (stream %u, %u bytes)",
                 tr_code_text(code), which->stream, which->len);
    tr_abort(sender->endpoint, sender->assoc, &error);
    bench_sender_close(sender);
}

static void guest_write(struct bench_guest *guest)
{
    const struct tr_msg *which;
    enum tr_code code = bench_sender_writable(guest->sender, bench_now_ns(), &which);

    if (code != TR_OK)
        sender_broken(guest->sender, code, which);
}

uint64_t bench_sink_turn(struct bench_sink *s, uint64_t now_ns)
{
    return s->senders ? bench_traffic_turn(&s->traffic, now_ns, sender_broken) : UINT64_MAX;
}

static void guest_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_guest *guest = (struct bench_guest *)handle;

    if (flags & TR_WRITABLE && guest->held)
        echo_release(guest);
    if (flags & TR_WRITABLE && guest->sender)
        guest_write(guest);
    for (unsigned round = 0; flags & TR_READABLE && round < ROUNDS_MAX && guest_read(guest); round++)
        continue;
}

/* The listening endpoint has what arrived before the association was peeled off, usually its beginning. */
static void place_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_place *place = (struct bench_place *)handle;
    const struct tr_item *items;
    unsigned count;

    if (!(flags & TR_READABLE) || bench_recv(place->endpoint, &items, &count) != TR_OK)
        return;
    uint64_t now = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        uint32_t assoc = items[i].kind == TR_EVENT ? items[i].event.assoc : items[i].msg.assoc;
        struct bench_guest *guest = guest_find(place, assoc);
        if (items[i].kind == TR_MESSAGE && guest)
            guest_messages(guest, items + i, 1, now);
        else if (items[i].kind == TR_MESSAGE) {
            judge(place, &items[i].msg, now);
            place->sink->not_echoed += place->sink->plan->reply;
        } else if (items[i].event.type == TR_EV_ASSOC_CHANGE && items[i].event.change.state == TR_COMM_UP)
            guest_new(place, assoc, items[i].event.change.outbound_streams);
        else if (guest)
            guest_event(guest, &items[i].event);
    }
}

/* ---- life ------------------------------------------------------------------------------------------- */

static enum tr_code place_open(struct bench_place *place, const struct bench_end *end, struct tr_error *error)
{
    struct bench_sink *s = place->sink;
    struct tr_open_params params = {.style = TR_ONE_TO_MANY,
                                    .addresses = end->addresses,
                                    .address_count = end->count,
                                    .port = end->port,
                                    .netns = end->netns[0] ? end->netns : NULL,
                                    .encaps_port = end->encaps_port,
                                    .options = &s->plan->options,
                                    .cookie = &place->handle};

    enum tr_code code = tr_open(s->loop, &params, &place->endpoint, error);
    return code == TR_OK ? tr_listen(place->endpoint, BACKLOG, error) : code;
}

enum tr_code bench_sink_open(struct bench_sink *s, const struct bench_plan *plan, struct tr_loop *loop,
                             uint16_t clock, struct tr_error *error)
{
    *s = (struct bench_sink){.plan = plan, .loop = loop};
    s->judge_count = plan->fanout ? plan->listen_count : 1;
    s->judges = calloc(s->judge_count, sizeof *s->judges);
    if (!s->judges) {
        *error = (struct tr_error){.code = TR_LIMIT, .text = "out of memory"};
        return TR_LIMIT;
    }
    for (unsigned i = 0; i < s->judge_count; i++)
        bench_judge_init(&s->judges[i], clock, plan->verify);
    for (unsigned i = 0; i < plan->listen_count; i++) {
        struct bench_place *place = &s->places[s->place_count++];
        *place = (struct bench_place){.handle = {place_ready}, .sink = s};
        place->judge = &s->judges[plan->fanout ? i : 0];
        enum tr_code code = place_open(place, &plan->listen[i], error);
        if (code != TR_OK) {
            bench_sink_close(s);
            return code;
        }
    }
    return TR_OK;
}

static void traffic_free(struct bench_sink *s);

void bench_sink_close(struct bench_sink *s)
{
    while (s->guests)
        guest_free(s->guests);
    traffic_free(s);
    for (unsigned i = 0; i < s->place_count; i++)
        if (s->places[i].endpoint)
            tr_close(s->places[i].endpoint);
    s->place_count = 0;
    for (unsigned i = 0; i < s->judge_count; i++)
        bench_judge_free(&s->judges[i]);
    free(s->judges);
    s->judges = NULL;
    s->judge_count = 0;
}

static void traffic_free(struct bench_sink *s)
{
    for (struct bench_guest *guest = s->guests; guest; guest = guest->next)
        guest->sender = NULL;
    if (s->senders)
        bench_traffic_free(&s->traffic);
    free(s->senders);
    s->senders = NULL;
}

/* Prepares the flows to the source, if the plan has any. */
static bool traffic_new(struct bench_sink *s, uint32_t run, uint16_t clock)
{
    traffic_free(s);
    s->senders_used = 0;
    s->failed = s->given_up = 0;
    if (!bench_plan_has(s->plan, true))
        return true;
    if (!bench_traffic_init(&s->traffic, s->plan, true, run, clock))
        return false;
    s->senders = calloc(s->plan->associations, sizeof *s->senders);
    for (unsigned i = 0; s->senders && i < s->plan->associations; i++)
        if (!bench_sender_init(&s->senders[i], &s->traffic, i)) {
            traffic_free(s);
            return false;
        }
    if (!s->senders)
        bench_traffic_free(&s->traffic);
    return s->senders != NULL;
}

bool bench_sink_reset(struct bench_sink *s, uint32_t run, uint16_t clock)
{
    for (unsigned i = 0; i < s->judge_count; i++)
        bench_judge_reset(&s->judges[i], run);
    s->echoed = s->not_echoed = 0;
    return traffic_new(s, run ? run : (uint32_t)bench_now_ns() | 1, clock);
}

uint64_t bench_sink_delivered(const struct bench_sink *s)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < s->judge_count; i++)
        sum += s->judges[i].counts.messages;
    return sum;
}

void bench_sink_eof(struct bench_sink *s)
{
    struct tr_error error;

    for (struct bench_guest *guest = s->guests; guest; guest = guest->next)
        tr_eof(guest->endpoint, guest->assoc, &error);
}
