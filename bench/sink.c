/* The receiving side of the load generator; see sink.h. */
#include "bench/sink.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ECHO_BURST 64
#define BACKLOG    1024

/* What an echo could not send at once: a copy of it. */
struct held {
    struct held *next;
    struct tr_msg msg;
    uint8_t data[];
};

struct bench_echo {
    struct bench_handle handle;
    struct bench_place *place;
    struct tr_endpoint *endpoint;
    uint32_t assoc, origin; /* its id here, and at the listening endpoint */
    struct held *held, **held_end;
    struct bench_echo *next;
};

static void place_ready(struct bench_handle *handle, unsigned flags);
static void echo_ready(struct bench_handle *handle, unsigned flags);

/* ---- associations ---------------------------------------------------------------------------------- */

static void place_add(struct bench_place *place, uint32_t assoc)
{
    if (place->assoc_count == place->assoc_room) {
        unsigned room = place->assoc_room ? 2 * place->assoc_room : 16;
        uint32_t *assocs = reallocarray(place->assocs, room, sizeof *assocs);
        if (!assocs)
            return; /* it then ends with its endpoint, not by an eof of its own */
        place->assocs = assocs;
        place->assoc_room = room;
    }
    place->assocs[place->assoc_count++] = assoc;
}

static void place_remove(struct bench_place *place, uint32_t assoc)
{
    for (unsigned i = 0; i < place->assoc_count; i++)
        if (place->assocs[i] == assoc) {
            place->assocs[i] = place->assocs[--place->assoc_count];
            return;
        }
}

static struct bench_echo *echo_find(struct bench_place *place, uint32_t origin)
{
    struct bench_echo *echo = place->sink->echoes;

    while (echo && (echo->place != place || echo->origin != origin))
        echo = echo->next;
    return echo;
}

static void echo_new(struct bench_place *place, uint32_t assoc)
{
    struct bench_echo *echo = calloc(1, sizeof *echo);
    struct tr_error error;

    if (!echo)
        return;
    echo->handle.ready = echo_ready;
    echo->place = place;
    echo->origin = echo->assoc = assoc;
    echo->held_end = &echo->held;
    if (tr_peeloff(place->endpoint, &echo->assoc, &echo->handle, &echo->endpoint, &error) != TR_OK) {
        fprintf(stderr, "junctor load: cannot echo: %s\n", error.text);
        free(echo);
        return;
    }
    echo->next = place->sink->echoes;
    place->sink->echoes = echo;
}

static void echo_free(struct bench_echo *echo)
{
    struct bench_echo **link = &echo->place->sink->echoes;

    while (*link != echo)
        link = &(*link)->next;
    *link = echo->next;
    while (echo->held) {
        struct held *next = echo->held->next;
        free(echo->held);
        echo->held = next;
        echo->place->sink->not_echoed++;
    }
    tr_close(echo->endpoint);
    free(echo);
}

/* Counts the change; true when the association is gone. */
static bool association_change(struct bench_sink *s, const struct tr_event *e)
{
    if (e->change.state == TR_COMM_UP) {
        s->alive++;
        s->seen++;
    }
    if (e->change.state == TR_COMM_LOST)
        s->lost++;
    bool gone = e->change.state == TR_COMM_LOST || e->change.state == TR_SHUTDOWN_COMP;
    s->alive -= gone;
    return gone;
}

static void place_event(struct bench_place *place, const struct tr_event *e)
{
    if (e->type != TR_EV_ASSOC_CHANGE)
        return;
    if (association_change(place->sink, e))
        place_remove(place, e->assoc);
    else if (e->change.state == TR_COMM_UP && place->sink->plan->reply)
        echo_new(place, e->assoc);
    else if (e->change.state == TR_COMM_UP)
        place_add(place, e->assoc);
}

/* ---- messages --------------------------------------------------------------------------------------- */

static void judge(struct bench_place *place, const struct tr_msg *m, uint64_t now)
{
    struct bench_arrival arrival = {m->data, m->len, m->ppid, m->stream};

    bench_judge_take(place->judge, (unsigned)(place - place->sink->places), &arrival, now);
}

static void echo_hold(struct bench_echo *echo, const struct tr_msg *m)
{
    struct held *held = malloc(sizeof *held + m->len);

    if (!held) {
        echo->place->sink->not_echoed++;
        return;
    }
    held->next = NULL;
    held->msg = *m;
    held->msg.data = held->data;
    memcpy(held->data, m->data, m->len);
    *echo->held_end = held;
    echo->held_end = &held->next;
    tr_watch(echo->endpoint, TR_WRITABLE);
}

/* Sends `count` messages back, in order; what does not go now is held. */
static void echo_send(struct bench_echo *echo, const struct tr_msg *msgs, unsigned count)
{
    struct bench_sink *s = echo->place->sink;
    unsigned done = 0, sent;

    while (done < count && !echo->held) {
        enum tr_code code = tr_send(echo->endpoint, msgs + done, count - done, &sent);
        done += sent;
        s->echoed += sent;
        if (code == TR_AGAIN)
            break;
        if (code != TR_OK) { /* the far side granted fewer streams than it uses, or is gone */
            s->not_echoed++;
            done++;
        }
    }
    while (done < count)
        echo_hold(echo, &msgs[done++]);
}

static void echo_release(struct bench_echo *echo)
{
    while (echo->held) {
        struct held *held = echo->held;
        unsigned sent;
        enum tr_code code = tr_send(echo->endpoint, &held->msg, 1, &sent);
        if (code == TR_AGAIN)
            return;
        if (code == TR_OK)
            echo->place->sink->echoed++;
        else
            echo->place->sink->not_echoed++;
        echo->held = held->next;
        if (!echo->held)
            echo->held_end = &echo->held;
        free(held);
    }
    tr_watch(echo->endpoint, TR_READABLE);
}

/* Judges and sends back items first … of one association until one that is an event; returns where that is.
 */
static unsigned echo_messages(struct bench_echo *echo, const struct tr_item *items, unsigned first,
                              unsigned count, uint64_t now)
{
    struct tr_msg msgs[ECHO_BURST];
    unsigned n = 0;

    while (first + n < count && n < ECHO_BURST && items[first + n].kind == TR_MESSAGE) {
        judge(echo->place, &items[first + n].msg, now);
        msgs[n] = items[first + n].msg;
        msgs[n].assoc = echo->assoc;
        msgs[n].flags &= TR_UNORDERED;
        msgs[n].ttl_ms = 0;
        n++;
    }
    echo_send(echo, msgs, n);
    return first + n;
}

static void echo_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_echo *echo = (struct bench_echo *)handle;
    const struct tr_item *items;
    unsigned count, i = 0;

    if (flags & TR_WRITABLE && echo->held)
        echo_release(echo);
    if (!(flags & TR_READABLE) || bench_recv(echo->endpoint, &items, &count) != TR_OK)
        return;
    uint64_t now = bench_now_ns();
    while (i < count) {
        if (items[i].kind == TR_MESSAGE) {
            i = echo_messages(echo, items, i, count, now);
            continue;
        }
        const struct tr_event *e = &items[i++].event;
        if (e->type == TR_EV_ASSOC_CHANGE && association_change(echo->place->sink, e)) {
            echo_free(echo);
            return;
        }
    }
}

static void place_ready(struct bench_handle *handle, unsigned flags)
{
    struct bench_place *place = (struct bench_place *)handle;
    const struct tr_item *items;
    unsigned count;

    if (!(flags & TR_READABLE) || bench_recv(place->endpoint, &items, &count) != TR_OK)
        return;
    uint64_t now = bench_now_ns();
    for (unsigned i = 0; i < count; i++) {
        struct bench_echo *echo;
        if (items[i].kind == TR_EVENT)
            place_event(place, &items[i].event);
        else if (place->sink->echoes && (echo = echo_find(place, items[i].msg.assoc)))
            echo_messages(echo, items, i, i + 1, now); /* read before it was peeled off */
        else
            judge(place, &items[i].msg, now);
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

void bench_sink_close(struct bench_sink *s)
{
    while (s->echoes)
        echo_free(s->echoes);
    for (unsigned i = 0; i < s->place_count; i++) {
        if (s->places[i].endpoint)
            tr_close(s->places[i].endpoint);
        free(s->places[i].assocs);
    }
    s->place_count = 0;
    for (unsigned i = 0; i < s->judge_count; i++)
        bench_judge_free(&s->judges[i]);
    free(s->judges);
    s->judges = NULL;
    s->judge_count = 0;
}

void bench_sink_reset(struct bench_sink *s, uint32_t run)
{
    for (unsigned i = 0; i < s->judge_count; i++)
        bench_judge_reset(&s->judges[i], run);
    s->echoed = s->not_echoed = 0;
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

    for (struct bench_echo *echo = s->echoes; echo; echo = echo->next)
        tr_eof(echo->endpoint, echo->assoc, &error);
    for (unsigned i = 0; i < s->place_count; i++)
        for (unsigned n = 0; n < s->places[i].assoc_count; n++)
            tr_eof(s->places[i].endpoint, s->places[i].assocs[n], &error);
}
