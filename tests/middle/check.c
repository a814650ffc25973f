/* The invariants. After each step: the broker's own account balances, and agrees with what the simulation has
 * seen at the broker's interfaces (read, accepted by a stack, returned). At each delivery: the order of the
 * source's stream, and that no message arrives twice unless it was returned although it had arrived. At the
 * end: what was read was delivered or is counted as dropped, one for one. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/clients.h"
#include "broker/handover.h"
#include "broker/notice.h"
#include "broker/outbox.h"
#include "broker/queue.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "config/sctp/hash.h"
#include "tests/middle/paper.h"

struct message {
    uint32_t deliveries;
    uint32_t allowed; /* given back although delivered: so many more deliveries */
    uint32_t from;    /* association */
    bool by_client, read;
    bool given_up; /* by a stack, without a word */
};

/* The last one of a source's stream that an association has delivered. */
struct place {
    UT_hash_handle hh;
    struct {
        uint32_t to, source, stream;
    } key;
    uint32_t seq;
};

struct ledger {
    struct message *messages;
    uint32_t count, room;
    uint64_t read, taken, returned, given_up;
    struct place *places;
};

void ledger_begin(void)
{
    world.ledger = calloc(1, sizeof *world.ledger);
}

struct totals totals;

void ledger_end(void)
{
    struct place *p, *tmp;
    const struct ledger *l = world.ledger;
    totals.runs++;
    totals.steps += world.step;
    totals.associations += world.assoc_count;
    totals.read += l->read;
    totals.taken += l->taken;
    totals.returned += l->returned;
    HASH_ITER(hh, world.ledger->places, p, tmp)
    {
        HASH_DEL(world.ledger->places, p);
        free(p);
    }
    free(world.ledger->messages);
    free(world.ledger);
    world.ledger = NULL;
}

uint32_t ledger_new(const struct assoc *from)
{
    struct ledger *l = world.ledger;
    if (l->count == l->room) {
        l->room = l->room ? 2 * l->room : 256;
        l->messages = realloc(l->messages, l->room * sizeof *l->messages);
    }
    l->messages[l->count] = (struct message){.from = from->number, .by_client = !from->is_server};
    return l->count++;
}

void ledger_read(uint32_t id)
{
    world.ledger->messages[id].read = true;
    world.ledger->read++;
}

void ledger_taken(uint32_t id)
{
    if (!world.ledger->messages[id].read)
        fail_seed("message %u was sent before it was read", id);
    world.ledger->taken++;
}

void ledger_returned(uint32_t id, bool delivered)
{
    world.ledger->messages[id].allowed += delivered;
}

void ledger_returned_read(void)
{
    world.ledger->returned++;
}

void ledger_given_up(uint32_t id)
{
    world.ledger->messages[id].given_up = true;
    world.ledger->given_up++;
}

void ledger_vanished(uint32_t id, const char *how)
{
    if (!world.stopping)
        fail_seed("message %u is lost silently: %s", id, how);
}

/* Where only clients leave: the broker does not shut a server down whose messages it has dropped. */
void ledger_shut_down(const struct assoc *a)
{
    const struct ledger *l = world.ledger;
    if (!a->is_server || !world.gentle || !world.scenario->paired || world.stopping)
        return;
    for (uint32_t i = 0; i < l->count; i++)
        if (l->messages[i].from == a->number && l->messages[i].read && !l->messages[i].deliveries)
            fail_seed("assoc %u: shut down, although message %u of it was dropped", a->number, i);
}

/* ---- deliveries ------------------------------------------------------------------------------------ */

/* The order that is promised does not hold across the loss of a member where messages of a stream are spread
 * over several (round robin), nor where they are sent to another member for want of room, nor where one
 * restarts: what the stack took before it told that went to the new one, and what came back follows. */
static bool order_is_promised(void)
{
    if (world.scenario->reroutes)
        return false;
    return !world.members_lost ||
           (world.scenario->ordered && !(world.scenario->resends && world.member_restarted));
}

/* `to`: 0 is everybody. */
static struct place *find_place(uint32_t to, const struct body *b)
{
    struct place *p, key;
    memset(&key, 0, sizeof key);
    key.key.to = to;
    key.key.source = b->source;
    key.key.stream = b->stream;
    HASH_FIND(hh, world.ledger->places, &key.key, sizeof key.key, p);
    if (!p) {
        p = malloc(sizeof *p);
        *p = key;
        HASH_ADD(hh, world.ledger->places, key, sizeof p->key, p);
    }
    return p;
}

/* Where a stream has one place at a time nobody gets a message before all older ones have arrived, wherever
 * that was; what arrives a second time is no matter. */
static void check_overtaken(const struct assoc *to, const struct body *b)
{
    struct place *p = find_place(0, b);
    if (b->seq < p->seq && world.scenario->ordered && !world.scenario->fans_out && order_is_promised())
        fail_seed(
            "order: assoc %u got message %u (source %u, stream %u, number %u) when number %u had arrived",
            to->number, b->id, b->source, b->stream, b->seq, p->seq);
    if (b->seq > p->seq)
        p->seq = b->seq;
}

static void check_order(const struct assoc *to, const struct body *b)
{
    struct place *p = find_place(to->source, b);
    if (b->seq < p->seq && order_is_promised())
        fail_seed("order: assoc %u got message %u (source %u, stream %u, number %u) after number %u",
                  to->number, b->id, b->source, b->stream, b->seq, p->seq);
    if (b->seq == p->seq)
        fail_seed("twice: assoc %u got message %u (source %u, stream %u, number %u) again", to->number, b->id,
                  b->source, b->stream, b->seq);
    if (b->seq > p->seq)
        p->seq = b->seq;
}

void ledger_delivered(struct assoc *to, const struct body *b)
{
    struct message *m = &world.ledger->messages[b->id];
    m->deliveries++;
    trace("assoc %u: gets", to->number, b);
    if (!world.scenario->fans_out && m->deliveries > 1 + m->allowed)
        fail_seed("twice: assoc %u got message %u, delivered %u times", to->number, b->id, m->deliveries);
    if (!b->seq)
        return;
    if (m->deliveries == 1)
        check_overtaken(to, b);
    check_order(to, b);
}

/* ---- the account ----------------------------------------------------------------------------------- */

struct sum {
    uint64_t received, copies, delivered, returned, dropped, waiting, given_up;
};

static unsigned may_drop(void)
{
    if (world.stopping)
        return world.scenario->may_drop | MAY_DROP(BRK_STOPPED);
    return world.gentle && world.scenario->paired && !world.answers ? 0 : world.scenario->may_drop;
}

static struct sum add_up(void)
{
    struct sum s = {0};
    for (unsigned i = 0; i < world.broker.worker_count; i++) {
        const struct brk_counts *c = &world.broker.workers[i]->counts;
        uint64_t waiting = brk_counted(&c->waiting);
        s.received += brk_counted(&c->received);
        s.copies += brk_counted(&c->copies);
        s.delivered += brk_counted(&c->delivered);
        s.returned += brk_counted(&c->returned);
        s.given_up += brk_counted(&c->abandoned_unseen) + brk_counted(&c->abandoned_unknown);
        s.waiting += waiting + brk_counted(&c->handed_out) - brk_counted(&c->taken_in);
        if (waiting > UINT32_MAX)
            fail_seed("worker %u: %" PRId64 " messages wait", i, (int64_t)waiting);
        for (unsigned d = 0; d < BRK_DROP_COUNT; d++) {
            uint64_t dropped = brk_counted(&c->dropped[d]);
            s.dropped += dropped;
            if (dropped && !(may_drop() & MAY_DROP(d)))
                fail_seed("worker %u: dropped as %s", i, brk_drop_name((enum brk_drop)d));
        }
    }
    return s;
}

/* ---- outboxes -------------------------------------------------------------------------------------- */

/* Returns how many wait in it. */
static uint64_t check_queue(const struct brk_queue *q, const char *what)
{
    struct rt_batch b = q->parcels;
    uint64_t count = 0, bytes = 0;
    for (struct rt_parcel *p = rt_batch_peek(&b); p; p = rt_batch_next(&b, p), count++)
        bytes += p->message->len;
    if (count != brk_queue_count(q) || bytes != q->bytes)
        fail_seed("%s: %" PRIu64 " messages of %" PRIu64 " bytes wait, not %u of %" PRIu64, what, count,
                  bytes, brk_queue_count(q), q->bytes);
    return count;
}

static uint64_t check_outbox(const struct brk_outbox *o)
{
    if (o->burst_count)
        fail_seed("%u messages are still gathered after the turn", o->burst_count);
    return check_queue(&o->pending, "outbox") + o->undelivered.count;
}

/* Where messages go to who has room, no outbox has more than its limit, and no message in it stops a socket
 * that is to be read: its member may be one that takes nothing. */
static void check_rerouted(const struct brk_worker *w)
{
    const struct brk_socket *s, *from;
    const struct brk_assoc *a;
    DL_FOREACH(w->sockets, s)
    for (a = s->assocs; a; a = a->hh.next) {
        struct rt_batch b = a->outbox.pending.parcels;
        uint32_t limit =
            s->member.kind == CFG_MEMBER_PEER ? w->config->peers[s->member.index].queue.messages : 0;
        if (limit && a->state == BRK_UP && b.count > limit)
            fail_seed("worker %u: %u messages wait for a member that may have %u", w->index, b.count, limit);
        for (struct rt_parcel *p = rt_batch_peek(&b); p; p = rt_batch_next(&b, p)) {
            from = p->message->stops ? brk_socket_of(p->message->credit->source) : NULL;
            if (from && from->ep && !from->handing)
                fail_seed("worker %u: a message that waits for a member stops its source", w->index);
        }
    }
}

/* Between two turns every message that a worker counts as waiting is in one of its queues. */
static void check_places(const struct brk_worker *w)
{
    const struct brk_socket *s;
    const struct brk_assoc *a;
    uint64_t found = 0, waiting = brk_counted(&w->counts.waiting);
    found += check_queue(&w->held_back, "held back");
    for (unsigned g = 0; g < w->config->group_count; g++)
        found += check_queue(&w->parked[g], "parked") + check_queue(&w->returned[g], "returned");
    DL_FOREACH(w->resolving, a)
    found += check_outbox(&a->outbox);
    DL_FOREACH(w->leaving, a)
    found += check_outbox(&a->outbox);
    DL_FOREACH(w->sockets, s)
    for (a = s->assocs; a; a = a->hh.next)
        found += check_outbox(&a->outbox) + check_queue(&a->map.waiting, "waiting for streams");
    if (w->handing)
        found += check_queue(&w->handing->kept, "kept");
    if (w->arriving)
        found += check_queue(&w->arriving->came_back, "came back");
    for (unsigned i = 0; w->arriving && i < w->arriving->count; i++)
        if (w->arriving->handed[i].stand_in)
            found += check_outbox(&w->arriving->handed[i].stand_in->outbox);
    if (found != waiting)
        fail_seed("worker %u: %" PRIu64 " messages wait, %" PRIu64 " are counted", w->index, found, waiting);
}

/* Waiting messages take no more memory than allowed; except while a lost association's messages are returned,
 * which the stacks had, or while what an ended one had received is read. */
static void check_memory(void)
{
    uint64_t memory = 0, limit = world.broker.plan->config->memory_limit;
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        memory += brk_counted(&world.broker.workers[i]->counts.memory);
    if (memory > INT64_MAX)
        fail_seed("%" PRId64 " bytes of memory wait", (int64_t)memory);
    if (limit && memory > limit * 2 && !world.roughness && !world.restlessness && !world.stopping)
        fail_seed("%" PRIu64 " bytes of memory wait, with a limit of %" PRIu64, memory, limit);
}

static bool could_not_leave(const struct brk_worker *w, const struct brk_socket *shared,
                            const struct brk_assoc *a)
{
    const struct assoc *on_paper = paper_find(end_of(shared->ep), a->id);
    return w->unpeeled && (world.few_descriptors || !on_paper || on_paper->unpeeled);
}

/* Nobody stops those who share a listener's socket with him, unless he could not get his own. */
static void check_shared(const struct brk_worker *w)
{
    const struct brk_socket *s;
    const struct brk_assoc *a;
    DL_FOREACH(w->sockets, s)
    {
        unsigned stopped = 0;
        if (s->kind != BRK_LISTENING)
            continue;
        if (s->peeloff != CFG_PEELOFF_NEVER && s->paused)
            fail_seed("worker %u: a shared socket is paused", w->index);
        for (a = s->assocs; a; a = a->hh.next) {
            if (!a->own || !a->own->paused)
                continue;
            stopped++;
            if (a->own->list != &w->peels && a->state == BRK_UP && !could_not_leave(w, s, a))
                fail_seed("worker %u: association %u stops those it shares a socket with", w->index, a->id);
        }
        if (stopped != s->stopped)
            fail_seed("worker %u: %u associations stop a shared socket, not %u", w->index, stopped,
                      s->stopped);
    }
}

/* Groups, and routes, have together delivered what the broker has, less what was given back; answers in
 * paired and mapped sessions take no route. */
static void check_parts(enum brk_scope scope, const char *what, uint64_t delivered)
{
    unsigned size = brk_scope_size(world.broker.plan->config, scope);
    uint64_t all = 0;
    for (unsigned id = 0; id < size; id++) {
        uint64_t one = 0;
        for (unsigned i = 0; i < world.broker.worker_count; i++)
            one += brk_counted(&brk_traffic_of(&world.broker.workers[i]->counts, scope, id)->delivered);
        if (one > delivered)
            fail_seed("%s %u: %" PRId64 " messages are counted as delivered", what, id, (int64_t)one);
        all += one;
    }
    if (all > delivered || (all < delivered && !world.answers))
        fail_seed("%ss have delivered %" PRIu64 " messages, the broker %" PRIu64, what, all, delivered);
}

void check_step(void)
{
    const struct ledger *l = world.ledger;
    struct sum s = add_up();
    check_memory();
    check_parts(BRK_GROUPS, "group", s.delivered - s.returned);
    check_parts(BRK_ROUTES, "route", s.delivered - s.returned);
    tap_check(s.received, s.delivered, s.returned, s.dropped);
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        check_places(world.broker.workers[i]);
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        check_shared(world.broker.workers[i]);
    for (unsigned i = 0; world.scenario->reroutes && i < world.broker.worker_count; i++)
        check_rerouted(world.broker.workers[i]);
    if (s.received + s.copies != s.delivered - s.returned + s.dropped + s.waiting)
        fail_seed("account: received %" PRIu64 " + copies %" PRIu64 " is not delivered %" PRIu64
                  " + dropped %" PRIu64 " + waiting %" PRIu64,
                  s.received, s.copies, s.delivered - s.returned, s.dropped, s.waiting);
    if (s.received != l->read || s.delivered != l->taken || s.returned != l->returned)
        fail_seed("counted %" PRIu64 " received, %" PRIu64 " delivered, %" PRIu64 " returned; seen %" PRIu64
                  ", %" PRIu64 ", %" PRIu64,
                  s.received, s.delivered, s.returned, l->read, l->taken, l->returned);
}

/* No source is charged with anything any more, so all are read. */
static bool credits_are_back(const struct brk_worker *w)
{
    const struct brk_socket *s;
    const struct brk_assoc *a;
    if (w->starved || brk_counted(&w->counts.memory))
        return false;
    DL_FOREACH(w->sockets, s)
    {
        if (!rt_credit_is_back(&s->credit) || s->credit.bytes || s->credit.stopping || s->paused ||
            s->stopped)
            return false;
        for (a = s->assocs; a; a = a->hh.next)
            if (a->own && !rt_credit_is_back(&a->own->credit))
                return false;
    }
    return true;
}

bool check_quiet(void)
{
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        if (!credits_are_back(world.broker.workers[i]))
            return false;
    for (unsigned i = 0; i < world.assoc_count; i++) {
        const struct assoc *a = world.assocs[i];
        if (a->end && (a->end->queue || a->out_count || a->life == CLOSING || a->life == LEAVING))
            return false;
    }
    return add_up().waiting == 0;
}

/* Of whichever worker: it may have been handed over before it had a mapped session. */
static bool is_client(uint64_t origin)
{
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        if (brk_client_find(world.broker.workers[i], origin))
            return true;
    return false;
}

void check_maps(void)
{
    struct rt_stream_user user;
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        for (const struct brk_assoc *a = world.broker.workers[i]->maps; a; a = a->map.next)
            for (uint16_t s = 0; s < SERVER_STREAMS_MAX; s++)
                if (rt_stream_map_user(a->map.streams, s, &user) && !user.left && !is_client(user.origin))
                    fail_seed("worker %u: stream %u still belongs to client %" PRIx64 ", which has gone", i,
                              s, user.origin);
}

/* Stacks have given up without a word no more than the account says may have been. */
static void check_given_up(void)
{
    const struct ledger *l = world.ledger;
    for (unsigned i = 0; i < world.broker.worker_count; i++)
        brk_stats_all(world.broker.workers[i]);
    struct sum s = add_up();
    if (!world.stopping && s.given_up < l->given_up)
        fail_seed("%" PRIu64 " messages were given up without a word, at most %" PRIu64 " as counted",
                  l->given_up, s.given_up);
}

void check_end(void)
{
    const struct ledger *l = world.ledger;
    struct sum s = add_up();
    uint64_t missing = 0, doubtful = 0;
    check_step();
    check_given_up();
    if (s.waiting)
        fail_seed("at the end %" PRIu64 " messages wait", s.waiting);
    for (uint32_t i = 0; i < l->count; i++) {
        const struct message *m = &l->messages[i];
        bool is_missing = m->read && !m->deliveries && !m->given_up;
        if (is_missing && l->messages[i].by_client && world.gentle && world.scenario->paired &&
            !world.stopping)
            fail_seed("message %u of client %u has not arrived", i, l->messages[i].from);
        missing += is_missing;
        doubtful += l->messages[i].deliveries && l->messages[i].allowed;
    }
    /* What had arrived and was given back all the same counts as dropped where nobody gets it again. After a
     * stop at once the stacks have taken over what nobody has seen. */
    if (!world.scenario->fans_out && !world.stopping &&
        (s.dropped < missing || s.dropped > missing + doubtful))
        fail_seed("%" PRIu64 " messages read and not delivered, %" PRIu64
                  " given back though delivered, %" PRIu64 " counted as dropped",
                  missing, doubtful, s.dropped);
}
