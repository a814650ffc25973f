/* See sent.h. */
#include "broker/sent.h"

#include <stdlib.h>

#define SIZE_FIRST 4 /* runs */

struct brk_sent_run {
    uint64_t number; /* of its first message; it ends where the next one begins */
    struct brk_sent sent;
};

static struct brk_sent_run *run_at(const struct brk_sent_log *l, uint32_t i)
{
    return &l->runs[(l->first + i) & (l->size - 1)];
}

static uint64_t end_of(const struct brk_sent_log *l, uint32_t i)
{
    return i + 1 < l->count ? run_at(l, i + 1)->number : l->next;
}

void brk_sent_keep(struct brk_sent_log *l, uint32_t keep)
{
    l->keep = keep;
}

static bool alike(const struct brk_sent *a, const struct brk_sent *b)
{
    return a->origin == b->origin && a->entered_ms == b->entered_ms && a->route == b->route &&
           a->group == b->group && a->asked == b->asked && a->ppid_bits == b->ppid_bits &&
           a->fan_out == b->fan_out;
}

static bool grow(struct brk_sent_log *l)
{
    uint32_t size = l->size ? 2 * l->size : SIZE_FIRST;
    struct brk_sent_run *runs = size > l->size ? calloc(size, sizeof *runs) : NULL;
    if (!runs)
        return false;
    for (uint32_t i = 0; i < l->count; i++)
        runs[i] = *run_at(l, i);
    free(l->runs);
    l->runs = runs;
    l->size = size;
    l->first = 0;
    return true;
}

static void forget_oldest(struct brk_sent_log *l)
{
    l->first = (l->first + 1) & (l->size - 1);
    l->count--;
}

/* Makes room for one more run. A ring that is still half full without the old runs grows, so that it is
 * not searched for every message. False: no memory at all. */
static bool make_room(struct brk_sent_log *l)
{
    if (l->count < l->size)
        return true;
    while (l->count && end_of(l, 0) + l->keep <= l->next)
        forget_oldest(l);
    if (l->count > l->size / 2 || !l->size)
        if (!grow(l) && l->size && l->count == l->size)
            forget_oldest(l);
    return l->size != 0;
}

/* Out of line: most messages belong to the last run. */
static __attribute__((noinline)) uint32_t begin_run(struct brk_sent_log *l, const struct brk_sent *s)
{
    if (make_room(l))
        *run_at(l, l->count++) = (struct brk_sent_run){l->next, *s};
    return (uint32_t)l->next++;
}

uint32_t brk_sent_add(struct brk_sent_log *l, const struct brk_sent *s)
{
    if (l->count == 0 || !alike(&run_at(l, l->count - 1)->sent, s))
        return begin_run(l, s);
    return (uint32_t)l->next++;
}

void brk_sent_undo(struct brk_sent_log *l, uint32_t n)
{
    l->next -= n;
    while (l->count && run_at(l, l->count - 1)->number >= l->next)
        l->count--;
}

/* How many messages ago: 1 for the last one sent. */
static uint64_t distance(const struct brk_sent_log *l, uint32_t context)
{
    return (uint32_t)((uint32_t)l->next - context - 1) + UINT64_C(1);
}

uint64_t brk_sent_number(const struct brk_sent_log *l, uint32_t context)
{
    uint64_t back = distance(l, context);
    return back > l->next ? 0 : l->next - back;
}

/* The run of a message that is not older than the first one; there is one. */
static uint32_t run_of(const struct brk_sent_log *l, uint64_t number)
{
    uint32_t low = 0, high = l->count; /* the run is in [low, high) */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (run_at(l, middle)->number <= number)
            low = middle;
        else
            high = middle;
    }
    return low;
}

bool brk_sent_find(const struct brk_sent_log *l, uint32_t context, struct brk_sent *out)
{
    uint64_t back = distance(l, context);
    if (back > l->next || l->count == 0 || run_at(l, 0)->number > l->next - back)
        return false;
    *out = run_at(l, run_of(l, l->next - back))->sent;
    return true;
}

uint64_t brk_sent_run(const struct brk_sent_log *l, uint64_t *number, struct brk_sent *out)
{
    if (l->next > l->keep && *number < l->next - l->keep)
        *number = l->next - l->keep;
    if (l->count && *number < run_at(l, 0)->number)
        *number = run_at(l, 0)->number;
    if (!l->count || *number >= l->next)
        return 0;
    uint32_t run = run_of(l, *number);
    *out = run_at(l, run)->sent;
    return end_of(l, run);
}

bool brk_sent_before(const struct brk_sent_log *l, uint32_t a, uint32_t b)
{
    return distance(l, a) > distance(l, b);
}

void brk_sent_hand_over(struct brk_sent_log *from, struct brk_sent_log *to)
{
    *to = *from;
    *from = (struct brk_sent_log){.keep = to->keep, .next = to->next};
}

void brk_sent_free(struct brk_sent_log *l)
{
    free(l->runs);
    *l = (struct brk_sent_log){.keep = l->keep, .next = l->next};
}
