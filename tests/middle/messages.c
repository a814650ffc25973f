/* Messages of the simulated backend: what the broker sends, and what it has not received yet.
 *
 * Each received message has memory of its own that is overwritten and freed when the loop's turn ends, as
 * receive slots are reused: code that reads one afterwards finds it overwritten, and AddressSanitizer reports
 * where. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "tests/middle/paper.h"

/* As its route says, and otherwise as it came. */
static void check_leaves(const struct assoc *a, const struct tr_msg *m, const struct body *b)
{
    uint32_t came_as = 1 + (uint32_t)b->stream % PPIDS;
    uint32_t leaves_as = a->is_server ? world.scenario->leaves_as[came_as - 1] : 0;
    if (leaves_as != ANY_PPID && m->ppid != (leaves_as ? leaves_as : came_as))
        fail_seed("assoc %u: message %u, which came as PPID %u, leaves as %u", a->number, b->id, came_as,
                  m->ppid);
    if (!!(m->flags & TR_UNORDERED) != !b->seq)
        fail_seed("assoc %u: message %u leaves %sordered", a->number, b->id, b->seq ? "un" : "");
    if (world.scenario->loose && (a->member == 2) != !b->seq)
        fail_seed("assoc %u: message %u is for the other peers", a->number, b->id);
}

static void take(struct assoc *a, const struct tr_msg *m)
{
    if (a->out_count == a->out_room) {
        a->out_room = a->out_room ? 2 * a->out_room : 8;
        a->out = realloc(a->out, a->out_room * sizeof *a->out);
    }
    struct sent *s = &a->out[a->out_count++];
    *s = (struct sent){.msg = *m};
    memcpy(&s->body, m->data, sizeof s->body);
    if (m->pr_policy == TR_PR_TTL)
        s->gives_up_ms = world.now_ms + m->pr_value;
    if (m->len != sizeof s->body || s->body.magic != BODY_MAGIC)
        fail_seed("assoc %u: sent a message whose bytes are gone", a->number);
    if (m->stream >= a->out_streams)
        fail_seed("assoc %u: sent on stream %u of %u", a->number, m->stream, a->out_streams);
    check_leaves(a, m, &s->body);
    ledger_taken(s->body.id);
    trace("assoc %u: takes", a->number, &s->body);
}

enum tr_code paper_send(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count, unsigned *sent)
{
    struct assoc *a = paper_find(end_of(ep), msgs[0].assoc);
    *sent = 0;
    if (!a || a->life != UP)
        return TR_NO_ASSOC;
    a->refused = false;
    for (; *sent < count; ++*sent) {
        if (a->out_count >= a->window) {
            a->refused = true;
            return TR_AGAIN;
        }
        take(a, &msgs[*sent]);
    }
    return TR_OK;
}

static void hand_out(struct loop *l, struct end *end, struct item *i)
{
    struct tr_item *out = &l->items[l->used];
    struct body *body = l->bodies[l->used++] = malloc(sizeof *body);
    struct assoc *a = paper_find(end, i->item.kind == TR_MESSAGE ? i->item.msg.assoc : i->item.event.assoc);
    *body = i->body;
    *out = i->item;
    if (out->kind == TR_MESSAGE) {
        out->msg.data = body;
        ledger_read(body->id);
        trace("assoc %u: read", a ? a->number : 0, body);
        if (a)
            a->unread--;
    } else if (out->event.type == TR_EV_SEND_FAILED) {
        out->event.failed.msg.data = body;
        ledger_returned_read();
        trace("assoc %u: read as given back", a ? a->number : 0, body);
    }
    DL_DELETE(end->queue, i);
    free(i);
}

enum tr_code paper_recv(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count)
{
    struct loop *l = loop_of(ep->loop);
    struct end *end = end_of(ep);
    unsigned first = l->used, most = 1 + (unsigned)pick(SLOTS);
    if (!end->queue)
        return TR_AGAIN;
    if (first == SLOTS)
        return TR_NO_SLOT;
    if (max && max < most)
        most = max;
    while (end->queue && l->used < SLOTS && l->used - first < most)
        hand_out(l, end, end->queue);
    *items = &l->items[first];
    *count = l->used - first;
    return TR_OK;
}

void paper_queue(struct end *end, const struct tr_item *item, const struct body *body)
{
    struct item *i = calloc(1, sizeof *i);
    i->item = *item;
    if (body)
        i->body = *body;
    DL_APPEND(end->queue, i);
}

void paper_move(struct end *from, uint32_t old_id, struct assoc *to)
{
    struct item *i, *tmp;
    DL_FOREACH_SAFE(from->queue, i, tmp)
    {
        uint32_t *id = i->item.kind == TR_MESSAGE ? &i->item.msg.assoc : &i->item.event.assoc;
        if (*id != old_id)
            continue;
        *id = to->id;
        DL_DELETE(from->queue, i);
        DL_APPEND(to->end->queue, i);
    }
}

void paper_turn(struct tr_loop *base)
{
    struct loop *l = loop_of(base);
    for (unsigned i = 0; i < l->used; i++) {
        memset(l->bodies[i], 0xdd, sizeof *l->bodies[i]);
        free(l->bodies[i]);
        l->items[i] = (struct tr_item){0};
    }
    l->used = 0;
}
