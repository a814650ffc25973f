/* The simulated associations and their remote ends: see paper.h. */
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/state.h"
#include "tests/stress/paper_priv.h"

static struct loop *loops[LOOPS];
static unsigned loop_count;
static uint8_t *delivered[LOOPS]; /* by message; relaxed */
static bool calm;                 /* relaxed */
static const struct brk_broker *broken;

/* ---- associations ---------------------------------------------------------------------------------- */

struct link *paper_link_new(struct loop *l, struct end *end, bool is_client)
{
    struct link *k = calloc(1, sizeof *k);
    check(k, "out of memory");
    *k = (struct link){.id = ++l->ids,
                       .end = end,
                       .is_client = is_client,
                       .paired = is_client && (end->port == PAIRED_PORT || end->port == MAPPED_PORT)};
    DL_APPEND(l->links, k);
    l->associations++;
    return k;
}

struct link *paper_find(struct loop *l, const struct end *end, uint32_t id)
{
    struct link *k;
    DL_FOREACH(l->links, k)
    if (k->end == end && (k->id == id || end->base.peeled))
        return k;
    return NULL;
}

static void queue_item(struct link *k, struct tr_item item, struct content content)
{
    struct item *i = calloc(1, sizeof *i);
    check(i, "out of memory");
    i->item = item;
    i->content = content;
    if (item.kind == TR_EVENT)
        i->item.event.assoc = k->id;
    DL_APPEND(k->end->queue, i);
}

static void change(struct link *k, enum tr_assoc_state state)
{
    uint16_t streams = k->echoes ? ECHO_STREAMS : STREAMS;
    struct tr_item i = {
        .kind = TR_EVENT,
        .event = {.type = TR_EV_ASSOC_CHANGE,
                  .change = {.state = state, .outbound_streams = streams, .inbound_streams = streams}}};
    queue_item(k, i, (struct content){0});
}

static void up(struct link *k)
{
    k->life = UP;
    change(k, TR_COMM_UP);
}

/* As Linux: first the loss, then what was not acknowledged. */
void paper_lose(struct loop *l, struct link *k)
{
    k->life = GONE;
    l->lost++;
    change(k, TR_COMM_LOST);
    for (unsigned i = 0; i < k->out_count; i++) {
        struct tr_item failed = {.kind = TR_EVENT,
                                 .event = {.type = TR_EV_SEND_FAILED, .failed = {.msg = k->out[i].msg}}};
        queue_item(k, failed, k->out[i].content);
    }
    k->out_count = 0;
}

void paper_read(struct content c)
{
    loops[c.loop]->read[c.number] = true;
}

static void dry(struct link *k)
{
    struct tr_item i = {.kind = TR_EVENT, .event = {.type = TR_EV_SENDER_DRY}};
    if (k->tells_dry && k->life != GONE && !k->out_count)
        queue_item(k, i, (struct content){0});
}

void paper_tell_dry(struct link *k, bool on)
{
    k->tells_dry = on;
    dry(k);
}

/* What comes back may find its client gone. */
static void echo(struct loop *l, struct link *k, uint16_t stream)
{
    struct content c = {l->index, l->messages};
    struct tr_item i = {.kind = TR_MESSAGE,
                        .msg = {.len = sizeof c, .assoc = k->id, .stream = stream, .ppid = 1}};
    if (l->messages == MESSAGES || k->unread == UNREAD_MAX || relaxed_load(&calm))
        return;
    l->paired[l->messages++] = true;
    l->answers++;
    k->unread++;
    queue_item(k, i, c);
}

static void acknowledge(struct loop *l, struct link *k, unsigned count)
{
    if (count > k->out_count)
        count = k->out_count;
    for (unsigned i = 0; i < count; i++) {
        relaxed_add(&delivered[k->out[i].content.loop][k->out[i].content.number], 1);
        if (k->echoes)
            echo(l, k, k->out[i].msg.stream);
    }
    k->out_count -= count;
    memmove(k->out, k->out + count, k->out_count * sizeof k->out[0]);
    if (count)
        dry(k);
}

/* ---- the world of a loop --------------------------------------------------------------------------- */

static void send_some(struct loop *l, struct link *k)
{
    for (unsigned n = below(&l->random, 4); n && k->unread < UNREAD_MAX; n--) {
        struct content c = {l->index, l->messages};
        uint16_t stream = (uint16_t)below(&l->random, STREAMS);
        struct tr_item i = {
            .kind = TR_MESSAGE,
            .msg = {.len = sizeof c, .assoc = k->id, .stream = stream, .ppid = 1u + stream % 2}};
        if (l->messages == MESSAGES)
            return;
        l->paired[l->messages++] = k->paired;
        k->unread++;
        queue_item(k, i, c);
    }
}

static void clients_come(struct loop *l)
{
    unsigned clients = 0;
    struct link *k;
    struct end *end;
    DL_FOREACH(l->links, k)
    clients += k->is_client && k->life == UP;
    DL_FOREACH(l->ends, end)
    if (end->listens && clients < CLIENTS && chance(l, 4)) {
        up(paper_link_new(l, end, true));
        clients++;
    }
}

static void move(struct loop *l, struct link *k, bool quiet)
{
    switch (k->life) {
    case CONNECTING:
        if (!quiet && chance(l, 10)) {
            k->life = GONE;
            change(k, TR_CANT_ASSOC);
        } else if (quiet || chance(l, 2))
            up(k);
        break;
    case UP:
        acknowledge(l, k, quiet ? WINDOW : below(&l->random, 6));
        if (quiet)
            break;
        if (k->is_client)
            send_some(l, k);
        if (chance(l, k->is_client ? 2000 : 300))
            paper_lose(l, k);
        break;
    case CLOSING:
        acknowledge(l, k, WINDOW);
        k->life = GONE;
        change(k, TR_SHUTDOWN_COMP);
        break;
    case GONE:
        break;
    }
}

void paper_step(struct loop *l)
{
    bool quiet = relaxed_load(&calm);
    struct link *k, *tmp;
    if (broken && l->index == 0 && broken->workers[1]->now_ms == 0)
        l->lost++;
    if (!quiet)
        clients_come(l);
    DL_FOREACH_SAFE(l->links, k, tmp)
    {
        move(l, k, quiet);
    }
}

bool paper_is_still(const struct loop *l)
{
    return relaxed_load(&calm) && !l->links;
}

/* ---- the whole ------------------------------------------------------------------------------------- */

struct loop *paper_loop_new(void)
{
    struct loop *l = calloc(1, sizeof *l);
    check(l && loop_count < LOOPS, "loops");
    l->index = loop_count;
    l->random = loop_count + 1;
    loops[loop_count++] = l;
    return l;
}

void paper_begin(const struct brk_broker *plant)
{
    broken = plant;
    loop_count = 0;
    relaxed_set(&calm, false);
    for (unsigned i = 0; i < LOOPS; i++)
        check((delivered[i] = calloc(MESSAGES, 1)), "out of memory");
}

void paper_calm(void)
{
    relaxed_set(&calm, true);
}

struct paper_sum paper_add_up(void)
{
    struct paper_sum s = {0};
    for (unsigned i = 0; i < loop_count; i++) {
        const struct loop *l = loops[i];
        s.associations += l->associations;
        s.lost += l->lost;
        s.answers += l->answers;
        for (uint32_t m = 0; m < l->messages; m++) {
            s.read += l->read[m];
            s.twice += delivered[i][m] > 1;
            s.missing += l->read[m] && !delivered[i][m];
            s.missing_shared += l->read[m] && !delivered[i][m] && !l->paired[m];
        }
    }
    return s;
}

void paper_end(void)
{
    for (unsigned i = 0; i < LOOPS; i++) {
        free(delivered[i]);
        free(loops[i]);
        loops[i] = NULL;
    }
}
