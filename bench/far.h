/* What source and sink on two hosts say to each other with --collect, on the association itself: which clock
 * is how far ahead, and, at the end, what the sink received.
 *
 * A control message begins like this; the judge never sees it, an echo does not send it back:
 *
 *     offset  bytes
 *          0      4  magic "JLC1"
 *          4      1  type
 *          5      1  0
 *          6      2  clock of the sender, as in payload.h
 *          8      4  run
 *         12      2  part, of a report in several messages, from 0
 *         14      2  parts
 *         16      …  PING: its sending time t1. PONG: t1, when the PING came t2, when this is sent t3.
 * OFFSET: how far the sink's clock is ahead (signed). ASK: how many messages were sent, how many ms they may
 * take. REPORT: text. REFUSE: the reason, for the user
 *
 * Numbers are big-endian, times nanoseconds of the sender's CLOCK_MONOTONIC. As in NTP (RFC 5905 8) the clock
 * is ahead by ((t2 - t1) + (t3 - t4)) / 2, wrong by at most half of the round trip (t4 - t1) - (t3 - t2); of
 * many the one with the shortest round trip is taken. It is measured before and after the load: the
 * difference, the drift of the clocks, is added to the error.
 *
 * A report is lines of a name and numbers. Pure but for the host's name in a report; any thread. */
#ifndef JUNCTOR_BENCH_FAR_H
#define JUNCTOR_BENCH_FAR_H

#include "bench/judge.h"

#define BENCH_FAR_HEADER  16
#define BENCH_FAR_PIECE   8192 /* bytes of a report in one message */
#define BENCH_FAR_NUMBERS 3

enum bench_far_type {
    BENCH_FAR_PING = 1,
    BENCH_FAR_PONG,
    BENCH_FAR_OFFSET,
    BENCH_FAR_ASK,
    BENCH_FAR_REPORT,
    BENCH_FAR_REFUSE
};

struct bench_far_message {
    uint8_t type;
    uint16_t clock, part, parts;
    uint32_t run;
    uint64_t numbers[BENCH_FAR_NUMBERS]; /* those behind the header; 0: there are fewer */
    const uint8_t *text;                 /* what is behind the header */
    uint32_t text_len;
};

/* Whether it is a control message. */
static inline bool bench_far_is(const void *data, size_t len)
{
    const uint8_t *p = data;

    return len >= BENCH_FAR_HEADER && p[0] == 'J' && p[1] == 'L' && p[2] == 'C' && p[3] == '1';
}

void bench_far_decode(const void *data, size_t len, struct bench_far_message *out); /* one that it is */

/* Writes header and numbers, or header and text if there is one; returns the length. `buffer` has room for
 * BENCH_FAR_HEADER + BENCH_FAR_PIECE bytes, text_len is at most BENCH_FAR_PIECE. */
size_t bench_far_encode(void *buffer, const struct bench_far_message *m);

/* ---- clocks */

struct bench_far_clock {
    unsigned samples;
    int64_t ahead_ns; /* of the sample with the shortest round trip */
    uint64_t round_trip_ns;
};

/* Adds one exchange; t1 and t4 of this host's clock, t2 and t3 of the other's. One that cannot be is left
 * out. */
void bench_far_sample(struct bench_far_clock *c, uint64_t t1, uint64_t t2, uint64_t t3, uint64_t t4);

/* How wrong ahead_ns of the first may be during the time between the two. */
uint64_t bench_far_error(const struct bench_far_clock *before, const struct bench_far_clock *after);

/* ---- reports */

struct bench_far_flow {
    struct bench_counts counts;
    struct bench_histogram latency;
    uint64_t gap_ns, gap_at_ns; /* by the sink's clock */
};

struct bench_far_report {
    char host[65], kernel[130], role[8];
    struct bench_counts counts;
    bool inexact;
    uint64_t seen, lost, echoed; /* associations; messages sent back */
    uint64_t cpu_us;             /* of the sink's process, since the first message */
    struct bench_histogram latency;
    struct bench_far_flow *flows[BENCH_FLOWS_MAX]; /* NULL: nothing of it came */
};

/* Fills in host and kernel, and what the judge found. False: out of memory. */
bool bench_far_report_fill(struct bench_far_report *r, const struct bench_judge *j);

/* As text, to be freed with free(); NULL: out of memory. */
char *bench_far_report_write(const struct bench_far_report *r, size_t *len);

/* Reads such a text, from a host that need not be trusted. False: it is not one, or out of memory; what was
 * read is to be freed all the same. */
bool bench_far_report_read(struct bench_far_report *r, const char *text, size_t len);

void bench_far_report_free(struct bench_far_report *r);

#endif
