/* Events that loopback can cause: adaptation indications, the end of an association in every way, and
 * messages that come back. (Path failures, restarts and time-outs of live associations need a network that
 * fails.) */
#include "tests/conformance/suite.h"

#include <stdlib.h>

#define USER_ABORT 12 /* RFC 9260 3.3.10.12 */
#define MAXSEG     1200

static void adaptation_indications_cross(void **state)
{
    struct opt_set seven = CT_OPTIONS({OPTF_ADAPTATION_LAYER, 0x01020307}),
                   nine = CT_OPTIONS({OPTF_ADAPTATION_LAYER, 9});
    struct ct_pair p = ct_pair(*state, &seven, &nine);
    const struct tr_event *e = ct_event(p.server, TR_EV_ADAPTATION);
    assert_int_equal(e->assoc, p.far);
    assert_int_equal(e->adaptation.indication, 0x01020307);
    e = ct_event(p.client, TR_EV_ADAPTATION);
    assert_int_equal(e->assoc, p.near);
    assert_int_equal(e->adaptation.indication, 9);
}

static void unwanted_events_stay_away(void **state)
{
    struct opt_set seven = CT_OPTIONS({OPTF_ADAPTATION_LAYER, 7}),
                   quiet = CT_OPTIONS({OPTF_EV_ADAPTATION_LAYER, 0}, {OPTF_EV_SHUTDOWN, 0});
    struct ct_pair p = ct_pair(*state, &seven, &quiet);
    struct tr_error error = {0};
    ct_ok(tr_eof(p.client->ep, p.near, &error), &error);
    ct_change(p.server, TR_SHUTDOWN_COMP);
    assert_int_equal(p.server->events[TR_EV_ADAPTATION], 0);
    assert_int_equal(p.server->events[TR_EV_SHUTDOWN], 0);
}

static void shutdown_is_told_in_order(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 2, .size = 2000};
    ct_flow_send(&f, 50);
    ct_ok(tr_eof(p.client->ep, p.near, &error), &error);
    ct_flow_finish(&f, p.server, p.far);
    const struct tr_event *begun = ct_event(p.server, TR_EV_SHUTDOWN);
    assert_int_equal(begun->assoc, p.far);
    const struct tr_event *done = ct_change(p.server, TR_SHUTDOWN_COMP);
    assert_int_equal(done->assoc, p.far);
    assert_true(ct_place(p.server, begun) < ct_place(p.server, done));
    assert_ptr_equal(&p.server->items[p.server->count - 1]->tr.event, done); /* the data came first */
    assert_int_equal(ct_change(p.client, TR_SHUTDOWN_COMP)->assoc, p.near);
    assert_int_equal(ct_changes(p.server, TR_COMM_LOST, 0) + ct_changes(p.client, TR_COMM_LOST, 0), 0);
}

static void abort_is_told_with_its_cause(void **state)
{
    struct ct_pair p = ct_pair(*state, NULL, NULL);
    struct tr_error error = {0};
    ct_ok(tr_abort(p.client->ep, p.near, &error), &error);
    const struct tr_event *lost = ct_change(p.server, TR_COMM_LOST);
    assert_int_equal(lost->assoc, p.far);
    assert_int_equal(lost->change.error, USER_ABORT);
    assert_int_equal(lost->change.end, TR_END_PEER);
    lost = ct_change(p.client, TR_COMM_LOST); /* the end is told at both ends */
    assert_int_equal(lost->assoc, p.near);
    assert_int_equal(lost->change.end, TR_END_HERE);
    ct_spend(*state, 30);
    assert_int_equal(ct_changes(p.server, TR_COMM_LOST, 0), 1);
    assert_int_equal(ct_changes(p.client, TR_COMM_LOST, 0), 1);
}

static void every_end_is_told_once(void **state)
{
    enum { MANY = 12 };
    struct ct_world *w = *state;
    struct ct_end *server = ct_server(w, NULL), *clients[MANY];
    struct tr_error error = {0};
    uint32_t near[MANY], far[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        clients[i] = ct_client(w, NULL);
        near[i] = ct_connect(clients[i], server, &far[i]);
    }
    for (unsigned i = 0; i < MANY; i++) {
        if (i % 4 == 0)
            ct_ok(tr_eof(clients[i]->ep, near[i], &error), &error);
        else if (i % 4 == 1)
            ct_ok(tr_abort(clients[i]->ep, near[i], &error), &error);
        else if (i % 4 == 2)
            ct_ok(tr_abort(server->ep, far[i], &error), &error);
        else
            ct_close(clients[i]);
    }
    for (unsigned i = 0; i < MANY; i++)
        ct_change(server, i % 4 == 1 || i % 4 == 2 ? TR_COMM_LOST : TR_SHUTDOWN_COMP);
    ct_spend(w, 30);
    for (unsigned i = 0; i < MANY; i++)
        assert_int_equal(
            ct_changes(server, TR_COMM_LOST, far[i]) + ct_changes(server, TR_SHUTDOWN_COMP, far[i]), 1);
}

/* ---- Messages that come back ---------------------------------------------------------------------- */

struct failures {
    struct ct_flow *flow;
    struct ct_end *end;
};

/* The last message of every stream has come back. (They are unsent for sure: the window is closed.) */
static bool last_ones_are_back(void *arg)
{
    struct failures *f = arg;
    unsigned found = 0, streams = f->flow->streams;
    for (size_t i = 0; i < f->end->count; i++) {
        const struct tr_item *t = &f->end->items[i]->tr;
        found += t->kind == TR_EVENT && t->event.type == TR_EV_SEND_FAILED &&
                 t->event.failed.msg.context >= f->flow->next - streams;
    }
    return found >= streams;
}

/* Per stream the messages from the first unacknowledged one to the last, each whole and once, in order, those
 * that were on the wire first. Of a fragmented message that the peer has acknowledged in part, one a stream
 * at most, only the record comes back, without payload. Returns how many came. */
static unsigned check_failures(const struct ct_flow *f, const struct ct_end *e)
{
    uint32_t next[CT_FLOW_STREAMS] = {0};
    bool unsent[CT_FLOW_STREAMS] = {false}, gone[CT_FLOW_STREAMS] = {false};
    unsigned n = 0;
    for (size_t i = 0; i < e->count; i++) {
        const struct tr_item *t = &e->items[i]->tr;
        if (t->kind != TR_EVENT || t->event.type != TR_EV_SEND_FAILED)
            continue;
        const struct tr_msg *m = &t->event.failed.msg;
        unsigned s = m->stream;
        assert_int_equal(t->event.assoc, f->assoc);
        assert_int_equal(m->assoc, f->assoc);
        assert_int_equal(m->ppid, m->context);
        assert_int_equal(s, m->context % f->streams);
        if (t->event.failed.was_sent ||
            !(f->flags & TR_UNORDERED)) /* a stack may forget it of what it kept */
            assert_int_equal(m->flags & TR_UNORDERED, f->flags & TR_UNORDERED);
        if (next[s] && m->context != next[s])
            fail_msg("stream %u: message %u came back where %u was due", s, m->context, next[s]);
        next[s] = m->context + f->streams;
        if (m->len == 0 && f->size > MAXSEG && !gone[s]) {
            gone[s] = true; /* acknowledged in part: the stack has no whole message to give back */
        } else {
            assert_int_equal(m->len, f->size);
            assert_true(ct_is_pattern(m->data, m->len, m->context));
        }
        if (unsent[s])
            assert_false(t->event.failed.was_sent);
        unsent[s] = !t->event.failed.was_sent;
        n++;
    }
    for (unsigned s = 0; s < f->streams; s++) {
        assert_true(unsent[s]);
        assert_in_range(next[s], f->next, f->next + f->streams - 1);
    }
    return n;
}

/* The peer does not read, its window is closed, our buffer is full; then it aborts. */
static void messages_come_back(struct ct_world *w, uint32_t size, unsigned streams, unsigned flags,
                               int64_t recbuf)
{
    struct opt_set sends = CT_OPTIONS({OPTF_SNDBUF, size < 300 ? 60000 : 300000}, {OPTF_NODELAY, 1},
                                      {OPTF_MAXSEG, MAXSEG}),
                   takes = CT_OPTIONS({OPTF_RECBUF, 60000});
    struct tr_error error = {0};
    if (recbuf)
        opt_put(&sends, OPTF_RECBUF, recbuf);
    struct ct_pair p = ct_pair(w, &sends, &takes);
    struct ct_flow f = {
        .from = p.client, .assoc = p.near, .streams = streams, .size = size, .flags = (uint16_t)flags};
    struct failures wait = {&f, p.client};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    ct_ok(tr_abort(p.server->ep, p.far, &error), &error);
    ct_change(p.client, TR_COMM_LOST);
    if (!ct_pump(w, last_ones_are_back, &wait, CT_DEADLINE_MS))
        fail_msg("%zu failed sends came back of %u taken, and not the last ones",
                 p.client->events[TR_EV_SEND_FAILED], f.next);
    ct_spend(w, 30);
    unsigned back = check_failures(&f, p.client);
    assert_in_range(back, streams, f.next);
}

static void small_messages_come_back(void **state)
{
    messages_come_back(*state, 200, 1, 0, 0);
}

static void medium_messages_come_back_per_stream(void **state)
{
    messages_come_back(*state, 1000, 5, 0, 0);
}

static void unordered_messages_come_back(void **state)
{
    messages_come_back(*state, 700, 1, TR_UNORDERED, 0);
}

/* A stack may need room in the receive buffer to hand them back; that must not lose any. */
static void messages_come_back_through_a_small_receive_buffer(void **state)
{
    messages_come_back(*state, 1000, 2, 0, 16384);
}

/* A fragmented message comes back as a whole, or not at all: a rest must not be passed off as the message. */
static void large_messages_come_back_whole(void **state)
{
    struct opt_set sends = CT_OPTIONS({OPTF_SNDBUF, 400000}, {OPTF_NODELAY, 1}, {OPTF_MAXSEG, MAXSEG}),
                   takes = CT_OPTIONS({OPTF_RECBUF, 60000});
    struct tr_error error = {0};
    struct ct_pair p = ct_pair(*state, &sends, &takes);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 1, .size = 20000};
    struct failures wait = {&f, p.client};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000);
    assert_in_range(f.next, 6, UINT32_MAX);
    ct_ok(tr_abort(p.server->ep, p.far, &error), &error);
    if (!ct_pump(*state, last_ones_are_back, &wait, CT_DEADLINE_MS))
        fail_msg("%zu failed sends came back of %u taken, and not the last one",
                 p.client->events[TR_EV_SEND_FAILED], f.next);
    ct_spend(*state, 30);
    check_failures(&f, p.client);
}

/* PR-SCTP: what is too old when there is room again is not sent but comes back. */
static void messages_expire(void **state)
{
    struct opt_set sends = CT_OPTIONS({OPTF_SNDBUF, 200000}, {OPTF_NODELAY, 1}),
                   takes = CT_OPTIONS({OPTF_RECBUF, 60000});
    struct ct_world *w = *state;
    struct ct_pair p = ct_pair(w, &sends, &takes);
    struct ct_flow f = {.from = p.client, .assoc = p.near, .streams = 1, .size = 1000, .lifetime_ms = 100};
    ct_pause(p.server);
    ct_flow_fill(&f, 8000000); /* takes longer than 100 ms */
    ct_resume(p.server);
    struct tr_msg last = {.data = "last", .len = 4, .assoc = p.near, .ppid = UINT32_MAX};
    unsigned sent = 0;
    for (int64_t end = ct_now_ms() + CT_DEADLINE_MS; !sent && ct_now_ms() < end;) {
        enum tr_code code = tr_send(p.client->ep, &last, 1, &sent);
        assert_true(code == TR_OK || code == TR_AGAIN);
        ct_turn(w, 10);
    }
    const struct tr_msg *m;
    uint32_t came = 0, previous = UINT32_MAX;
    while ((m = ct_message(p.server))->ppid != UINT32_MAX) {
        assert_true(previous == UINT32_MAX || m->ppid > previous);
        assert_true(ct_is_pattern(m->data, m->len, m->ppid));
        previous = m->ppid;
        came++;
    }
    ct_spend(w, 50);
    assert_in_range(p.client->events[TR_EV_SEND_FAILED], 1, f.next);
    /* Of those on the wire a stack may abandon a few without a word (Linux does). */
    assert_in_range(came + p.client->events[TR_EV_SEND_FAILED], f.next - 8, UINT32_MAX);
    for (size_t i = 0; i < p.client->count; i++) {
        const struct tr_item *t = &p.client->items[i]->tr;
        if (t->kind == TR_EVENT && t->event.type == TR_EV_SEND_FAILED)
            assert_true(ct_is_pattern(t->event.failed.msg.data, 1000, t->event.failed.msg.context));
    }
}

CT_TOPIC(events, CT_CASE(adaptation_indications_cross), CT_CASE(unwanted_events_stay_away),
         CT_CASE(shutdown_is_told_in_order), CT_CASE(abort_is_told_with_its_cause),
         CT_CASE(every_end_is_told_once), CT_CASE(small_messages_come_back),
         CT_CASE(medium_messages_come_back_per_stream), CT_CASE(unordered_messages_come_back),
         CT_CASE(messages_come_back_through_a_small_receive_buffer), CT_CASE(large_messages_come_back_whole),
         CT_CASE(messages_expire));
