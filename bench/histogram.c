/* Latencies in constant memory; see histogram.h. */
#include "bench/histogram.h"

#include <math.h>
#include <string.h>

/* The inverse of bench_histogram_bucket. Above the first 2^SPLIT values (one bucket each) a bucket's number
 * is its exponent times 2^SPLIT plus the value's leading bits. The highest of these is always set, so the
 * exponent is one less than the number's upper part. */
uint64_t bench_histogram_bucket_top(unsigned bucket)
{
    unsigned upper = bucket >> BENCH_HISTOGRAM_SPLIT;

    if (upper == 0)
        return bucket;
    unsigned exponent = upper - 1;
    uint64_t leading = bucket - (exponent << BENCH_HISTOGRAM_SPLIT);
    return ((leading + 1) << exponent) - 1;
}

void bench_histogram_clear(struct bench_histogram *h)
{
    memset(h, 0, sizeof *h);
}

void bench_histogram_merge(struct bench_histogram *into, const struct bench_histogram *from)
{
    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS; i++)
        into->count[i] += from->count[i];
    into->total += from->total;
    if (from->max > into->max)
        into->max = from->max;
}

uint64_t bench_histogram_quantile(const struct bench_histogram *h, double quantile)
{
    if (h->total == 0)
        return 0;
    /* Rounding errors of a product such as 0.999 * 1000 must not move it to the next rank. */
    double wanted = ceil(quantile * (double)h->total * (1 - 1e-12));
    uint64_t rank = wanted < 1 ? 1 : wanted >= (double)h->total ? h->total : (uint64_t)wanted;
    uint64_t seen = 0;

    for (unsigned i = 0; i < BENCH_HISTOGRAM_BUCKETS - 1; i++) {
        seen += h->count[i];
        if (seen >= rank) {
            uint64_t top = bench_histogram_bucket_top(i);
            return rank == h->total || top > h->max ? h->max : top;
        }
    }
    return h->max;
}
