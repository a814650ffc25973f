/* Two route tables compared, span by span: rt_table_compare. */
#include <stdbool.h>
#include <stddef.h>

#include "routing/table.h"
#include "routing/table_priv.h"

/* The answers of a table for the ordered messages of one source, with one PPID or with all that no route
 * names. */
struct answers {
    const struct rt_table *table;
    struct answer any, exact;
};

static struct answers answers_of(const struct rt_table *t, uint32_t source, const struct slot *exact)
{
    const struct answer none = {RT_NO_ROUTE, NO_AXIS};
    return (struct answers){t, source < t->sources ? t->any[side_of(t, source, false)] : none,
                            exact ? exact->answer : none};
}

static const struct slot *find_slot(const struct rt_table *t, uint32_t source, uint32_t ppid)
{
    uint32_t side = side_of(t, source, false);
    for (uint64_t i = hash(side, ppid) & t->mask; t->slots[i].side != NO_SIDE; i = (i + 1) & t->mask)
        if (t->slots[i].side == side && t->slots[i].ppid == ppid)
            return &t->slots[i];
    return NULL;
}

/* Whether a slot has an answer for ordered messages; of *source. */
static bool is_ordered(const struct rt_table *t, const struct slot *s, uint32_t *source)
{
    *source = s->side >> t->splits;
    return s->side != NO_SIDE && !(s->side & t->splits);
}

/* The first stream above this one where another span begins. */
static uint32_t next_cut(const struct rt_table *t, struct answer a, uint32_t stream)
{
    if (a.axis == NO_AXIS)
        return STREAMS;
    const struct axis *axis = &t->axes[a.axis];
    const struct span *s = t->spans + axis->span;
    uint32_t low = 0, high = axis->count; /* spans below `low` begin at `stream` or before */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s[middle].first <= stream)
            low = middle + 1;
        else
            high = middle;
    }
    return low < axis->count ? s[low].first : STREAMS;
}

/* The route for `stream`, and for those above it up to the first that may have another one, which *next is
 * lowered to. */
static uint32_t answer_at(const struct answers *a, uint32_t stream, uint32_t *next)
{
    uint32_t any = answer_find(a->table, a->any, (uint16_t)stream);
    uint32_t exact = answer_find(a->table, a->exact, (uint16_t)stream);
    uint32_t cuts[] = {next_cut(a->table, a->any, stream), next_cut(a->table, a->exact, stream)};
    for (unsigned i = 0; i < 2; i++)
        *next = cuts[i] < *next ? cuts[i] : *next;
    return id_of(a->table, exact < any ? exact : any);
}

struct comparing {
    const struct rt_table *before, *after;
    void (*tell)(void *arg, uint32_t before, uint32_t after);
    void *arg;
};

static void compare(const struct comparing *c, uint32_t source, const struct slot *before,
                    const struct slot *after)
{
    struct answers was = answers_of(c->before, source, before), is = answers_of(c->after, source, after);
    for (uint32_t stream = 0, next; stream < STREAMS; stream = next) {
        next = STREAMS;
        uint32_t route = answer_at(&was, stream, &next);
        c->tell(c->arg, route, answer_at(&is, stream, &next));
    }
}

void rt_table_compare(const struct rt_table *before, const struct rt_table *after,
                      void (*tell)(void *arg, uint32_t before, uint32_t after), void *arg)
{
    struct comparing c = {before, after, tell, arg};
    for (uint32_t s = 0; s < before->sources || s < after->sources; s++)
        compare(&c, s, NULL, NULL);
    uint32_t source;
    for (uint64_t i = 0; i <= before->mask; i++) {
        const struct slot *s = &before->slots[i];
        if (is_ordered(before, s, &source))
            compare(&c, source, s, find_slot(after, source, s->ppid));
    }
    for (uint64_t i = 0; i <= after->mask; i++) {
        const struct slot *s = &after->slots[i];
        if (is_ordered(after, s, &source) && !find_slot(before, source, s->ppid))
            compare(&c, source, NULL, s);
    }
}
