/* Which numbers of a sequence have arrived; see sequence.h. */
#include "bench/sequence.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Makes room for a gap at index `at`, moving the later ones up. */
static bool gap_insert(struct bench_sequence *s, uint32_t at, struct bench_gap gap)
{
    if (s->gap_count == s->gap_room) {
        uint32_t room = s->gap_room ? s->gap_room * 2 : 16;
        struct bench_gap *gaps = room > s->gap_room ? reallocarray(s->gaps, room, sizeof *gaps) : NULL;
        if (!gaps)
            return false;
        s->gaps = gaps;
        s->gap_room = room;
    }
    memmove(&s->gaps[at + 1], &s->gaps[at], (s->gap_count - at) * sizeof gap);
    s->gaps[at] = gap;
    s->gap_count++;
    return true;
}

static void gap_remove(struct bench_sequence *s, uint32_t at)
{
    s->gap_count--;
    memmove(&s->gaps[at], &s->gaps[at + 1], (s->gap_count - at) * sizeof *s->gaps);
}

/* The first gap that ends after `number`; gap_count if there is none. */
static uint32_t gap_find(const struct bench_sequence *s, uint64_t number)
{
    uint32_t low = 0, high = s->gap_count;

    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->gaps[middle].end <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* A number below `next`: late if it is in a gap, from which it is removed (this may split the gap); else a
 * duplicate. */
static enum bench_sequence_kind take_past(struct bench_sequence *s, uint64_t number)
{
    uint32_t at = gap_find(s, number);

    if (at == s->gap_count || number < s->gaps[at].first)
        return BENCH_SEQUENCE_DUPLICATE;
    struct bench_gap *gap = &s->gaps[at];
    if (gap->first + 1 == gap->end) {
        gap_remove(s, at);
    } else if (number == gap->first) {
        gap->first++;
    } else if (number + 1 == gap->end) {
        gap->end--;
    } else {
        struct bench_gap lower = {gap->first, number};
        if (!gap_insert(s, at, lower))
            return BENCH_SEQUENCE_NO_MEMORY;
        s->gaps[at + 1].first = number + 1;
    }
    s->distinct++;
    return BENCH_SEQUENCE_LATE;
}

enum bench_sequence_kind bench_sequence_take_odd(struct bench_sequence *s, uint64_t number)
{
    if (number < s->next)
        return take_past(s, number);
    if (number > s->next) {
        struct bench_gap gap = {s->next, number};
        if (!gap_insert(s, s->gap_count, gap))
            return BENCH_SEQUENCE_NO_MEMORY;
    }
    s->next = number + 1;
    s->distinct++;
    return BENCH_SEQUENCE_NEW;
}

uint64_t bench_sequence_missing(const struct bench_sequence *s, uint64_t end)
{
    return (end > s->next ? end : s->next) - s->distinct;
}

/* Gap number `at` of a sequence of which everything from `next` on is missing too. */
static struct bench_gap gap_at(const struct bench_sequence *s, uint32_t at)
{
    return at < s->gap_count ? s->gaps[at] : (struct bench_gap){s->next, UINT64_MAX};
}

/* What is missing in both is missing in the result: the intersection of two sorted lists of gaps. */
uint64_t bench_sequence_merge(struct bench_sequence *into, const struct bench_sequence *from)
{
    struct bench_sequence merged = {.next = into->next > from->next ? into->next : from->next};
    uint64_t missing = 0;

    for (uint32_t a = 0, b = 0; a <= into->gap_count && b <= from->gap_count;) {
        struct bench_gap x = gap_at(into, a), y = gap_at(from, b);
        struct bench_gap both = {x.first > y.first ? x.first : y.first, x.end < y.end ? x.end : y.end};
        if (both.first < both.end && both.first < merged.next) {
            missing += both.end - both.first;
            if (!gap_insert(&merged, merged.gap_count, both)) {
                bench_sequence_clear(&merged);
                return UINT64_MAX;
            }
        }
        if (x.end < y.end)
            a++;
        else
            b++;
    }
    merged.distinct = merged.next - missing;
    uint64_t twice = into->distinct + from->distinct - merged.distinct;
    bench_sequence_clear(into);
    *into = merged;
    return twice;
}

void bench_sequence_clear(struct bench_sequence *s)
{
    free(s->gaps);
    memset(s, 0, sizeof *s);
}
