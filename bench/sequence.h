/* Which numbers of a sequence have arrived: exactly distinguishes new ones, late ones and duplicates.
 *
 * The sender numbers its messages 0, 1, 2 …. Everything below `next` has arrived, except the numbers in the
 * gaps; a number at or above `next` is new, one in a gap is late, any other is a duplicate. A flow in order
 * has no gap and costs one comparison per message. The gaps are sorted, 16 bytes each, so memory grows with
 * the number of gaps and not with the number of messages.
 *
 * Pure; belongs to one thread. */
#ifndef JUNCTOR_BENCH_SEQUENCE_H
#define JUNCTOR_BENCH_SEQUENCE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kind of a number. */
enum bench_sequence_kind {
    BENCH_SEQUENCE_NEW,       /* higher than all before it */
    BENCH_SEQUENCE_LATE,      /* missing until now; a higher one arrived before it */
    BENCH_SEQUENCE_DUPLICATE, /* it has arrived before */
    BENCH_SEQUENCE_NO_MEMORY  /* a gap could not be recorded: what follows would not be exact */
};

struct bench_gap {
    uint64_t first, end; /* first number missing, first one after them that is not */
};

/* Zero-initialised it is empty. */
struct bench_sequence {
    uint64_t next;     /* one more than the highest number that has arrived */
    uint64_t distinct; /* how many different numbers have arrived */
    struct bench_gap *gaps;
    uint32_t gap_count, gap_room;
};

/* The part of bench_sequence_take for numbers out of order. */
enum bench_sequence_kind bench_sequence_take_odd(struct bench_sequence *s, uint64_t number);

/* Records that `number` has arrived. */
static inline enum bench_sequence_kind bench_sequence_take(struct bench_sequence *s, uint64_t number)
{
    if (number != s->next)
        return bench_sequence_take_odd(s, number);
    s->next++;
    s->distinct++;
    return BENCH_SEQUENCE_NEW;
}

/* How many of the numbers below `end` have not arrived. If `end` is less than `next`, `next` is used. */
uint64_t bench_sequence_missing(const struct bench_sequence *s, uint64_t end);

/* Adds everything that `from` has: the numbers that have arrived in either. Returns how many have arrived in
 * both; UINT64_MAX: out of memory, and `into` is unchanged. */
uint64_t bench_sequence_merge(struct bench_sequence *into, const struct bench_sequence *from);

/* Frees the gaps and empties it. */
void bench_sequence_clear(struct bench_sequence *s);

#ifdef __cplusplus
}
#endif
#endif
