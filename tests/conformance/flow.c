/* Numbered sequences of messages: see ct_flow in support.h. */
#include "tests/conformance/support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH 64

void ct_pattern(void *data, size_t len, uint32_t seed)
{
    unsigned char *p = data;
    for (size_t i = 0; i < len; i++)
        p[i] = (unsigned char)(seed * 37 + i * 7 + (i >> 8) * 3 + (i >> 16));
}

bool ct_is_pattern(const void *data, size_t len, uint32_t seed)
{
    const unsigned char *p = data;
    for (size_t i = 0; i < len; i++)
        if (p[i] != (unsigned char)(seed * 37 + i * 7 + (i >> 8) * 3 + (i >> 16)))
            return false;
    return true;
}

void ct_send(struct ct_end *e, uint32_t assoc, uint16_t stream, uint32_t ppid, const void *data, uint32_t len)
{
    struct tr_msg m = {.data = data, .len = len, .assoc = assoc, .stream = stream, .ppid = ppid};
    unsigned sent = 0;
    enum tr_code code = tr_send(e->ep, &m, 1, &sent);
    if (code != TR_OK)
        fail_msg("tr_send: %s", tr_code_name(code));
    assert_int_equal(sent, 1);
}

static unsigned streams_of(const struct ct_flow *f)
{
    return f->streams ? f->streams : 1;
}

enum tr_code ct_flow_offer(struct ct_flow *f, unsigned count, unsigned *taken)
{
    struct tr_msg *msgs = calloc(count, sizeof *msgs);
    unsigned char *data = malloc((size_t)count * f->size);
    assert_non_null(msgs);
    assert_non_null(data);
    for (unsigned i = 0; i < count; i++) {
        uint32_t n = f->next + i;
        void *body = data + (size_t)i * f->size;
        ct_pattern(body, f->size, n);
        msgs[i] = (struct tr_msg){.data = body,
                                  .len = f->size,
                                  .assoc = f->assoc,
                                  .stream = (uint16_t)(n % streams_of(f)),
                                  .flags = f->flags,
                                  .ppid = n,
                                  .context = n,
                                  .pr_policy = f->lifetime_ms ? TR_PR_TTL : TR_PR_NONE,
                                  .pr_value = f->lifetime_ms};
    }
    unsigned sent = UINT32_MAX;
    enum tr_code code = tr_send(f->from->ep, msgs, count, &sent);
    memset(data, 0xee, (size_t)count * f->size); /* what is taken may be reused at once */
    free(data);
    free(msgs);
    assert_in_range(sent, 0, count);
    assert_true((code == TR_OK) == (sent == count));
    f->next += sent;
    if (taken)
        *taken = sent;
    return code;
}

static bool became_writable(void *arg)
{
    const struct ct_end *e = arg;
    return e->writable != 0;
}

static void wait_writable(struct ct_end *e)
{
    unsigned base = e->reading ? TR_READABLE : 0;
    e->writable = 0;
    assert_int_equal(tr_watch(e->ep, base | TR_WRITABLE), TR_OK);
    if (!ct_pump(e->world, became_writable, e, CT_DEADLINE_MS))
        fail_msg("waited for TR_WRITABLE after TR_AGAIN in vain");
    assert_int_equal(tr_watch(e->ep, base), TR_OK);
}

static unsigned batch_of(const struct ct_flow *f, unsigned count)
{
    unsigned most = f->size > 65536 ? 1 : f->size > 4096 ? 8 : BATCH;
    return count < most ? count : most;
}

void ct_flow_send(struct ct_flow *f, unsigned count)
{
    for (unsigned taken; count; count -= taken) {
        enum tr_code code = ct_flow_offer(f, batch_of(f, count), &taken);
        if (code == TR_AGAIN)
            wait_writable(f->from);
        else if (code != TR_OK)
            fail_msg("tr_send of message %u: %s", f->next, tr_code_name(code));
        else
            ct_turn(f->from->world, 0);
    }
}

void ct_flow_fill(struct ct_flow *f, uint64_t limit)
{
    uint64_t took = 0;
    for (unsigned quiet = 0; quiet < 3;) {
        unsigned taken;
        enum tr_code code = ct_flow_offer(f, batch_of(f, BATCH), &taken);
        if (code != TR_OK && code != TR_AGAIN)
            fail_msg("tr_send of message %u: %s", f->next, tr_code_name(code));
        took += (uint64_t)taken * f->size;
        if (took > limit)
            fail_msg("the stack took %llu bytes for a peer that does not read", (unsigned long long)took);
        quiet = taken ? 0 : quiet + 1;
        if (code == TR_AGAIN)
            ct_spend(f->from->world, quiet ? 100 : 5);
    }
}

static void check_one(struct ct_flow *f, const struct tr_msg *m)
{
    assert_int_equal(m->len, f->size);
    assert_int_equal(m->stream, m->ppid % streams_of(f));
    assert_int_equal(m->flags & TR_UNORDERED, f->flags & TR_UNORDERED);
    if (!ct_is_pattern(m->data, m->len, m->ppid))
        fail_msg("message %u arrived damaged", m->ppid);
}

/* The k-th message of stream s is number k * streams + s; a gap or a step back is loss or reordering. */
static void check_order(struct ct_flow *f, const struct tr_msg *m)
{
    uint32_t due = f->seen[m->stream] * streams_of(f) + m->stream;
    if (m->ppid != due)
        fail_msg("stream %u: message %u came where %u was due", m->stream, m->ppid, due);
    f->seen[m->stream]++;
}

static void check_once(struct ct_flow *f, const struct tr_msg *m)
{
    assert_in_range(m->ppid, 0, CT_UNORDERED_MAX - 1);
    uint8_t bit = (uint8_t)(1u << m->ppid % 8);
    if (f->came[m->ppid / 8] & bit)
        fail_msg("message %u came twice", m->ppid);
    f->came[m->ppid / 8] |= bit;
}

void ct_flow_take(struct ct_flow *f, const struct tr_msg *m)
{
    check_one(f, m);
    if (f->flags & TR_UNORDERED)
        check_once(f, m);
    else
        check_order(f, m);
    f->arrived++;
}

static bool open_to_scan(const struct ct_item *i)
{
    return i->tr.kind == TR_MESSAGE && !i->taken;
}

void ct_flow_scan(struct ct_flow *f, struct ct_end *to, uint32_t assoc)
{
    while (to->scan < to->count && !open_to_scan(to->items[to->scan]))
        to->scan++;
    for (size_t n = to->scan; n < to->count; n++) {
        struct ct_item *i = to->items[n];
        if (!open_to_scan(i) || (assoc && i->tr.msg.assoc != assoc))
            continue;
        i->taken = true;
        ct_flow_take(f, &i->tr.msg);
    }
}

struct finish {
    struct ct_flow *flow;
    struct ct_end *to;
    uint32_t assoc;
};

static bool all_there(void *arg)
{
    struct finish *f = arg;
    ct_flow_scan(f->flow, f->to, f->assoc);
    return f->flow->arrived >= f->flow->next;
}

void ct_flow_finish(struct ct_flow *f, struct ct_end *to, uint32_t assoc)
{
    struct finish wait = {f, to, assoc};
    if (!ct_pump(to->world, all_there, &wait, CT_DEADLINE_MS))
        fail_msg("the stack took %u messages, %u arrived", f->next, f->arrived);
    assert_int_equal(f->arrived, f->next);
}

/* Marks the messages of the flow that have come back. */
static void mark_returned(const struct ct_flow *f, bool *returned, bool *unsent)
{
    for (size_t i = 0; i < f->from->count; i++) {
        const struct tr_item *t = &f->from->items[i]->tr;
        if (t->kind != TR_EVENT || t->event.type != TR_EV_SEND_FAILED || t->event.assoc != f->assoc)
            continue;
        const struct tr_msg *m = &t->event.failed.msg;
        assert_in_range(m->context, 0, f->next - 1);
        assert_int_equal(m->len, f->size);
        assert_int_equal(m->ppid, m->context);
        assert_int_equal(m->stream, m->context % streams_of(f));
        assert_true(ct_is_pattern(m->data, m->len, m->context));
        if (returned[m->context])
            fail_msg("message %u came back twice", m->context);
        returned[m->context] = true;
        unsent[m->context] = !t->event.failed.was_sent;
    }
}

struct ct_fate ct_flow_fate(const struct ct_flow *f)
{
    struct ct_fate fate = {0};
    bool *returned = calloc(2 * (size_t)f->next + 1, sizeof *returned), *unsent = returned + f->next;
    assert_non_null(returned);
    mark_returned(f, returned, unsent);
    for (uint32_t n = 0; n < f->next; n++) {
        bool delivered = n / streams_of(f) < f->seen[n % streams_of(f)];
        if (delivered && unsent[n])
            fail_msg("message %u arrived and came back as one that was never sent", n);
        fate.delivered += delivered;
        fate.returned += returned[n];
        fate.both += delivered && returned[n];
        fate.neither += !delivered && !returned[n];
    }
    free(returned);
    return fate;
}
