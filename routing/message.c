/* Messages that wait, and the parcels that represent them in queues. message.h says who may do what. */
#include "routing/message.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The owner is the only one that writes it; relaxed: readers want the number, and nothing that depends on it.
 */
static void count_memory(const struct rt_credit *credit, uint64_t more)
{
    if (credit->memory)
        __atomic_store_n(credit->memory, *credit->memory + more, __ATOMIC_RELAXED);
}

static void charge(struct rt_message *m, struct rt_credit *credit)
{
    m->credit = credit;
    if (!credit)
        return;
    m->era = credit->era;
    credit->messages++;
    credit->bytes += m->len;
    count_memory(credit, sizeof *m + (uint64_t)m->len);
}

static void refund(struct rt_message *m)
{
    struct rt_credit *credit = m->credit;
    if (!credit)
        return;
    if (m->era != credit->era) {
        assert(credit->forgiven > 0);
        credit->forgiven--;
    } else {
        assert(credit->messages > 0 && credit->bytes >= m->len);
        credit->messages--;
        credit->bytes -= m->len;
        credit->stopping -= m->stops;
    }
    m->stops = false;
    count_memory(credit, -(sizeof *m + (uint64_t)m->len));
}

struct rt_message *rt_message_new(uint32_t owner, struct rt_credit *credit, const void *data, uint32_t len)
{
    struct rt_message *m = malloc(sizeof *m + len);
    if (!m)
        return NULL;
    *m = (struct rt_message){.refs = 1, .owner = owner, .len = len};
    if (len)
        memcpy(m->data, data, len);
    charge(m, credit);
    return m;
}

void rt_message_charge(struct rt_message *m, struct rt_credit *credit)
{
    refund(m);
    charge(m, credit);
}

void rt_message_stop_source(struct rt_message *m)
{
    if (!m->credit)
        return;
    if (m->era != m->credit->era)
        rt_message_charge(m, m->credit);
    if (m->stops)
        return;
    m->stops = true;
    m->credit->stopping++;
}

struct rt_parcel *rt_parcel_new(struct rt_message *m, enum rt_parcel_kind kind, void *to)
{
    /* Another worker gets here only with a parcel, so the first one exists, and nobody writes first_used
     * at the same time. */
    bool embedded = !m->first_used;
    struct rt_parcel *p = embedded ? &m->first : malloc(sizeof *p);
    if (!p)
        return NULL;
    *p = (struct rt_parcel){.message = m, .to = to, .kind = (uint16_t)kind, .embedded = embedded};
    if (embedded)
        m->first_used = true;
    /* Relaxed: the caller's own reference keeps the count above zero, and the queue orders what is posted. */
    __atomic_fetch_add(&m->refs, 1, __ATOMIC_RELAXED);
    return p;
}

bool rt_parcel_done(struct rt_parcel *p, uint32_t worker, struct rt_message **m)
{
    assert(p->kind == RT_DELIVER);
    struct rt_message *message = p->message;
    if (!p->embedded)
        free(p);
    bool goes_back = rt_message_unref(message, worker);
    *m = goes_back ? message : NULL;
    return goes_back;
}

bool rt_message_unref(struct rt_message *m, uint32_t worker)
{
    /* Release: what this holder did with the message comes before it is freed. Acquire: the holder that
     * frees it (here, or its owner after the inbox) comes after all the others. This line is both sides. */
    uint32_t left = __atomic_sub_fetch(&m->refs, 1, __ATOMIC_ACQ_REL);
    assert(left != UINT32_MAX);
    if (left > 0)
        return false;
    if (worker == m->owner) {
        rt_message_release(m);
        return false;
    }
    m->first = (struct rt_parcel){.message = m, .kind = RT_RELEASE, .embedded = true};
    return true;
}

void rt_message_release(struct rt_message *m)
{
    refund(m);
    free(m);
}

void rt_credit_forgive(struct rt_credit *c)
{
    c->forgiven += c->messages;
    c->messages = 0;
    c->bytes = 0;
    c->stopping = 0;
    c->era++;
}

bool rt_credit_full(const struct rt_credit *c)
{
    return c->stopping || c->messages >= c->messages_max || c->bytes >= c->bytes_max;
}

bool rt_credit_free(const struct rt_credit *c)
{
    return !c->stopping && c->messages <= c->messages_max / 2 && c->bytes <= c->bytes_max / 2;
}
