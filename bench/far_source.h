/* The source's side of --collect: asks the far side for the offset of its clock and for its half of the
 * result; see far.h. One thread, that of worker 0, over the first of its associations that is up. */
#ifndef JUNCTOR_BENCH_FAR_SOURCE_H
#define JUNCTOR_BENCH_FAR_SOURCE_H

#include "bench/far.h"
#include "bench/source.h"

struct bench_far_source {
    const struct bench_source *source;
    uint32_t run;
    uint16_t clock, far_clock;
    struct bench_far_clock *measuring;    /* one of these; NULL: neither */
    struct bench_far_clock before, after; /* the load */
    uint64_t began_ns, pinged_ns;         /* this measurement; when the latest PING was sent, 0: answered */
    bool told;                            /* it has been told how far its clock is ahead */
    bool asked, complete;                 /* for the report; it has come */
    uint64_t until_ns;                    /* it is awaited until then */
    char *text;                           /* the report so far */
    size_t len;
    unsigned part;                   /* the next one */
    struct bench_far_report *report; /* if complete */
    char why[160];                   /* why there is none; "" */
};

void bench_far_source_init(struct bench_far_source *f, const struct bench_source *source, uint32_t run,
                           uint16_t clock);
void bench_far_source_free(struct bench_far_source *f);

/* A control message came from the far side. */
void bench_far_source_take(struct bench_far_source *f, const void *data, size_t len, uint64_t now);

/* Measures the offset of the clocks, the first time (`after` false) before the load. True: done, or failed
 * (`why`); else *next is when to call it again at the latest. */
bool bench_far_source_clock(struct bench_far_source *f, bool after, uint64_t now, uint64_t *next);

/* Asks for the report, once `sent` messages have arrived or after patience_ms, and waits for it. True: it has
 * come, or does not (`why`). */
bool bench_far_source_ask(struct bench_far_source *f, uint64_t sent, uint32_t patience_ms, uint64_t now,
                          uint64_t *next);

/* Whether both hosts have the same clock; else how far the far one is ahead is only known to some ns. */
static inline bool bench_far_same_clock(const struct bench_far_source *f)
{
    return f->clock == f->far_clock;
}

#endif
