/* Latencies in constant memory: a log-linear histogram of nanoseconds.
 *
 * Each power of two is divided into 128 equal buckets, so values from a nanosecond to 73 minutes are accurate
 * to better than 0.8 %; longer ones are in the last bucket. The largest value is kept exactly. Adding costs a
 * bit scan and an increment.
 *
 * Pure; belongs to one thread. bench_histogram_merge combines histograms of several threads. */
#ifndef JUNCTOR_BENCH_HISTOGRAM_H
#define JUNCTOR_BENCH_HISTOGRAM_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BENCH_HISTOGRAM_SPLIT   7  /* log2 of the number of buckets per power of two */
#define BENCH_HISTOGRAM_TOP     42 /* values of 2^42 ns and more are not distinguished */
#define BENCH_HISTOGRAM_BUCKETS ((BENCH_HISTOGRAM_TOP - BENCH_HISTOGRAM_SPLIT + 1) << BENCH_HISTOGRAM_SPLIT)

/* Zero-initialised it is empty. */
struct bench_histogram {
    uint64_t total; /* values added */
    uint64_t max;   /* exact */
    uint64_t count[BENCH_HISTOGRAM_BUCKETS];
};

/* The bucket of a value, and the largest value of a bucket. */
static inline unsigned bench_histogram_bucket(uint64_t ns)
{
    if (ns >> BENCH_HISTOGRAM_TOP)
        return BENCH_HISTOGRAM_BUCKETS - 1;
    if (ns < UINT64_C(1) << BENCH_HISTOGRAM_SPLIT)
        return (unsigned)ns;
    unsigned exponent = 63 - (unsigned)__builtin_clzll(ns) - BENCH_HISTOGRAM_SPLIT;
    return (exponent << BENCH_HISTOGRAM_SPLIT) + (unsigned)(ns >> exponent);
}

uint64_t bench_histogram_bucket_top(unsigned bucket);

static inline void bench_histogram_add(struct bench_histogram *h, uint64_t ns)
{
    h->count[bench_histogram_bucket(ns)]++;
    h->total++;
    if (ns > h->max)
        h->max = ns;
}

void bench_histogram_clear(struct bench_histogram *h);
void bench_histogram_merge(struct bench_histogram *into, const struct bench_histogram *from);

/* The value that a share `quantile` (0 … 1) of all values does not exceed, rounded up to the top of its
 * bucket but never above the maximum; 1 gives the maximum. 0 for an empty histogram. */
uint64_t bench_histogram_quantile(const struct bench_histogram *h, double quantile);

#ifdef __cplusplus
}
#endif
#endif
