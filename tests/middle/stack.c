/* Simulated SCTP associations: as much of the protocol as the broker can see.
 *
 * What the broker sends is accepted while the window has room, reaches the remote some time later and is
 * acknowledged later still. A lost association returns everything that was not acknowledged, whether it has
 * reached the remote or not: Linux after COMM_LOST and list by list, usrsctp before, first what was in flight
 * and then the rest stream by stream. A shutdown is complete when both directions are empty. */
#include <stdlib.h>
#include <string.h>

#include "tests/middle/world.h"

enum { RESTARTED = 1 << 20 }; /* added to its source number */

static uint16_t some_streams(bool is_server)
{
    return (uint16_t)(1 + pick(world.scenario->mapped && is_server ? SERVER_STREAMS_MAX / 2 : STREAMS_MAX));
}

struct assoc *stack_new(struct end *end, unsigned member, bool is_server)
{
    struct assoc *a = calloc(1, sizeof *a);
    if (world.assoc_count == world.assoc_room) {
        world.assoc_room = world.assoc_room ? 2 * world.assoc_room : 64;
        world.assocs = realloc(world.assocs, world.assoc_room * sizeof(struct assoc *));
    }
    world.assocs[world.assoc_count++] = a;
    *a = (struct assoc){.number = world.assoc_count,
                        .source = world.assoc_count,
                        .end = end,
                        .is_server = is_server,
                        .member = member,
                        .window = 1 + (unsigned)pick(8),
                        .receive_window = 1 + (unsigned)pick(8),
                        .in_streams = some_streams(is_server),
                        .out_streams = some_streams(is_server)};
    a->id = world.style == LIKE_USRSCTP ? ++end->next_id + 2 : a->number;
    note("assoc %u: %s %u, %s", a->number, is_server ? "server" : "client of listener", member,
         is_server ? "connecting" : "comes");
    return a;
}

/* ---- events ---------------------------------------------------------------------------------------- */

static void queue_event(struct assoc *a, const struct tr_event *e, const struct body *body)
{
    struct tr_item item = {.kind = TR_EVENT, .event = *e};
    item.event.assoc = a->id;
    if (a->end)
        paper_queue(a->end, &item, body);
}

static void queue_change(struct assoc *a, enum tr_assoc_state state, uint16_t error)
{
    struct tr_event e = {.type = TR_EV_ASSOC_CHANGE,
                         .change = {.state = state,
                                    .error = error,
                                    .outbound_streams = a->out_streams,
                                    .inbound_streams = a->in_streams}};
    queue_event(a, &e, NULL);
}

static void give_back(struct assoc *a, unsigned i, uint32_t error)
{
    struct sent *s = &a->out[i];
    struct tr_event e = {.type = TR_EV_SEND_FAILED,
                         .failed = {.was_sent = i < a->delivered || (!s->gives_up_ms && chance(30)),
                                    .error = error,
                                    .msg = s->msg}};
    ledger_returned(s->body.id, i < a->delivered);
    queue_event(a, &e, &s->body);
}

/* Two to four lists, in any order; within a list as they were sent. */
static void give_back_lists(struct assoc *a, uint32_t error)
{
    unsigned lists = 2 + (unsigned)pick(3), first = (unsigned)pick(lists);
    uint8_t *list = malloc(a->out_count + 1);
    for (unsigned i = 0; i < a->out_count; i++)
        list[i] = (uint8_t)pick(lists);
    for (unsigned l = 0; l < lists; l++)
        for (unsigned i = 0; i < a->out_count; i++)
            if (list[i] == (first + l) % lists)
                give_back(a, i, error);
    free(list);
}

static void give_back_streams(struct assoc *a, uint32_t error)
{
    for (unsigned i = 0; i < a->delivered; i++)
        give_back(a, i, error);
    for (unsigned s = 0; s < SERVER_STREAMS_MAX; s++)
        for (unsigned i = a->delivered; i < a->out_count; i++)
            if (a->out[i].msg.stream == s)
                give_back(a, i, error);
}

/* ---- begin and end --------------------------------------------------------------------------------- */

void stack_up(struct assoc *a)
{
    a->life = UP;
    queue_change(a, TR_COMM_UP, 0);
    note("assoc %u: up, %u streams in, %u out, window %u", a->number, a->in_streams, a->out_streams,
         a->window);
}

void stack_refuse(struct assoc *a)
{
    note("assoc %u: refused", a->number);
    a->life = GONE;
    queue_change(a, TR_CANT_ASSOC, (uint16_t)pick(2));
}

void stack_lose(struct assoc *a)
{
    uint16_t error = (uint16_t)(12 * pick(2)); /* user-initiated abort, or none */
    note("assoc %u: lost, %u not acknowledged, %u of them delivered", a->number, a->out_count, a->delivered);
    bool connecting = a->life == CONNECTING;
    a->life = GONE;
    if (a->is_server && !connecting)
        world.members_lost = true;
    if (connecting) {
        queue_change(a, TR_CANT_ASSOC, error);
        return;
    }
    if (world.style == LIKE_USRSCTP)
        give_back_streams(a, error);
    queue_change(a, TR_COMM_LOST, error);
    if (world.style == LIKE_LINUX)
        give_back_lists(a, error);
    a->out_count = a->delivered = 0;
}

void stack_restart(struct assoc *a)
{
    note("assoc %u: restarts, %u not acknowledged, %u of them delivered", a->number, a->out_count,
         a->delivered);
    if (world.style == LIKE_USRSCTP)
        give_back_streams(a, 0);
    else
        give_back_lists(a, 0);
    a->out_count = a->delivered = 0;
    a->source += RESTARTED;
    memset(a->seq, 0, sizeof a->seq);
    memset(a->heard, 0, sizeof a->heard);
    world.members_lost = true;
    world.member_restarted |= a->is_server;
    queue_change(a, TR_RESTART, 0);
}

void stack_shutdown(struct assoc *a)
{
    struct tr_event e = {.type = TR_EV_SHUTDOWN};
    note("assoc %u: remote shuts down", a->number);
    a->life = LEAVING;
    if (a->is_server)
        world.members_lost = true;
    queue_event(a, &e, NULL);
}

void stack_complete(struct assoc *a)
{
    if (a->out_count || (a->life != CLOSING && a->life != LEAVING))
        return;
    note("assoc %u: shut down", a->number);
    a->life = GONE;
    ledger_shut_down(a);
    queue_change(a, TR_SHUTDOWN_COMP, 0);
}

/* ---- messages -------------------------------------------------------------------------------------- */

/* The client may have restarted meanwhile: what its stack had then reaches the new one. And where a reload
 * makes paired sessions of mapped ones, streams that a server has not granted are not told apart. */
static void check_answer(const struct assoc *to, const struct sent *s)
{
    const struct body *b = &s->body;
    bool same_stream = b->for_stream % to->out_streams == s->msg.stream || world.scenario->members_change;
    if (b->for_source % RESTARTED != to->source % RESTARTED || !same_stream)
        fail_seed("astray: source %u got message %u on stream %u, an answer for source %u on stream %u",
                  to->source, b->id, s->msg.stream, b->for_source, b->for_stream);
}

void stack_deliver(struct assoc *a, unsigned count)
{
    for (; count && a->delivered < a->out_count; count--) {
        const struct sent *s = &a->out[a->delivered++];
        struct body b = s->body;
        if (a->is_server)
            a->heard[s->msg.stream] = (struct heard){b.source, b.stream, world.now_ms};
        else if (b.for_source)
            check_answer(a, s);
        ledger_delivered(a, &b);
    }
}

void stack_add_streams(struct assoc *a)
{
    struct tr_event e = {.type = TR_EV_STREAM_CHANGE, .stream_change = {.outcome = TR_RECONFIG_DONE}};
    if (a->in_streams + a->add_in > SERVER_STREAMS_MAX || a->out_streams + a->add_out > SERVER_STREAMS_MAX ||
        fails(20)) {
        note("assoc %u: no more streams", a->number);
        e.stream_change.outcome = TR_RECONFIG_DENIED;
        a->add_in = a->add_out = 0;
    } else if (a->add_out) {
        a->out_streams += a->add_out;
        a->add_out = 0;
    } else {
        a->in_streams += a->add_in;
        a->add_in = 0;
    }
    note("assoc %u: %u streams in, %u out", a->number, a->in_streams, a->out_streams);
    e.stream_change.outbound_streams = a->out_streams;
    e.stream_change.inbound_streams = a->in_streams;
    queue_event(a, &e, NULL);
}

static void dry(struct assoc *a)
{
    struct tr_event e = {.type = TR_EV_SENDER_DRY};
    if (a->tells_dry && a->life != GONE && !a->out_count)
        queue_event(a, &e, NULL);
}

void stack_tell_dry(struct assoc *a, bool on)
{
    a->tells_dry = on;
    dry(a);
}

void stack_acknowledge(struct assoc *a, unsigned count)
{
    if (!count || !a->delivered)
        return;
    if (count > a->delivered)
        count = a->delivered;
    a->out_count -= count;
    a->delivered -= count;
    memmove(a->out, a->out + count, a->out_count * sizeof *a->out);
    dry(a);
}

unsigned stack_in_flight(struct assoc *a)
{
    unsigned n = 0;
    if (a->out_count)
        a->out[0].in_flight = true;
    for (unsigned i = 0; i < a->out_count; i++)
        n += i < a->delivered || a->out[i].in_flight;
    return n;
}

static void give_up(struct assoc *a, unsigned i)
{
    if (world.style != LIKE_LINUX || !a->out[i].in_flight) {
        give_back(a, i, 0);
        return;
    }
    trace("assoc %u: gives up", a->number, &a->out[i].body);
    a->given_up++;
    ledger_given_up(a->out[i].body.id);
}

/* It looks at their time when it would send or retransmit them. */
void stack_give_up(struct assoc *a)
{
    unsigned kept = a->delivered, silent = a->given_up;
    if (a->life == GONE || chance(80))
        return;
    for (unsigned i = a->delivered; i < a->out_count; i++) {
        bool over = a->out[i].gives_up_ms && a->out[i].gives_up_ms <= world.now_ms;
        a->out[i].in_flight |= !over && chance(50);
        if (over)
            give_up(a, i);
        else
            a->out[kept++] = a->out[i];
    }
    a->out_count = kept;
    if (a->given_up != silent)
        dry(a);
}

void stack_receive(struct assoc *a, uint32_t ppid, const struct body *body)
{
    struct tr_item item = {.kind = TR_MESSAGE,
                           .msg = {.len = sizeof *body,
                                   .assoc = a->id,
                                   .stream = body->stream,
                                   .flags = body->seq ? 0 : TR_UNORDERED,
                                   .ppid = ppid}};
    a->unread++;
    paper_queue(a->end, &item, body);
}
