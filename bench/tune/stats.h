/* The statistics of a comparison of settings: quantiles, log ratios, intervals, several comparisons at once,
 * the front of rate and delay.
 *
 * Throughputs and delays of two settings are compared by the logarithm of their ratio: it is symmetric, and
 * a factor counts alike at any rate. Both are measured close together in time, in one block, so what the
 * machine did meanwhile cancels out: the data are paired, and what is resampled are the log ratios of blocks.
 *
 * The intervals are bootstrap percentile intervals of the mean, expanded for few values (T. Hesterberg, What
 * Teachers Should Know about the Bootstrap, arXiv:1411.5279, section 3.3). A plain percentile interval, and
 * BCa too, is too narrow: from five values it holds the mean in 8 cases of 10 instead of 95 of 100. Five
 * values also have few different resamples. A tail that resampling cannot resolve is Student's, which is what
 * the expanded one approximates.
 *
 * Own code, because no Debian library for C has this: GSL has quantiles and the distribution functions, which
 * are a few lines here, but no bootstrap, no procedure for several comparisons and no designs.
 *
 * Pure, deterministic, no memory that outlives a call; any thread. */
#ifndef JUNCTOR_BENCH_TUNE_STATS_H
#define JUNCTOR_BENCH_TUNE_STATS_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_STATS_RESAMPLES 10000 /* of one interval */

/* ---- samples ------------------------------------------------------------------------------------ */

/* Ascending; NaN is not allowed. */
void bench_stats_sort(double *x, unsigned n);

/* The value below which the share `q` (0 … 1) of the values lies, interpolated linearly between neighbours:
 * type 7 of Hyndman and Fan (Sample Quantiles in Statistical Packages, 1996), the default of R and NumPy.
 * `sorted` is ascending, n ≥ 1. Of latencies in a histogram: bench_histogram_quantile. */
double bench_stats_quantile(const double *sorted, unsigned n, double q);

/* n ≥ 1; the values can be in any order and stay as they are. The standard deviation is the one with n − 1; 0
 * for a single value. */
double bench_stats_mean(const double *x, unsigned n);
double bench_stats_median(const double *x, unsigned n);
double bench_stats_deviation(const double *x, unsigned n);

/* ratio[i] = ln(value[i] / base[i]). The pairs in which one is not a positive finite number are left out;
 * returns how many were kept, in their order. `ratio` may be `value` or `base`. */
unsigned bench_stats_log_ratios(const double *value, const double *base, unsigned n, double *ratio);

/* Whether the last `windows` values (≥ 2) agree: the greatest and the least differ by at most the share
 * `within` of their mean. False if there are fewer, or if the mean is not positive. For the end of a warm-up:
 * rates of three half-second windows, within 0.03. */
bool bench_stats_agree(const double *rate, unsigned n, unsigned windows, double within);

/* ---- intervals ---------------------------------------------------------------------------------- */

struct bench_interval {
    double estimate;
    double low, high; /* infinite where the data tell nothing about the error: a single value */
    double p; /* two-sided, of the hypothesis that the true value is 0. It is ≤ 1 − level just when the
                 interval does not contain 0. 1 for a single value, never below 1e-12 */
    double level; /* such as 0.95 */
};

/* The mean of n ≥ 1 values, in bench_stats_compare differences of pairs. The same values, level and seed give
 * the same interval. Costs BENCH_STATS_RESAMPLES × n random numbers. */
struct bench_interval bench_stats_interval(const double *x, unsigned n, double level, uint64_t seed);

/* estimate ± t × error, from Student's t with `freedom` degrees of freedom (≥ 1). */
struct bench_interval bench_stats_student(double estimate, double error, unsigned freedom, double level);

/* S. Holm, A Simple Sequentially Rejective Multiple Test Procedure, 1979: the probability that any of the
 * true hypotheses is rejected is at most alpha, whatever the dependence between them. adjusted[i], the least
 * alpha at which hypothesis i is rejected, is compared with alpha by the caller. `adjusted` may be `p`. */
void bench_stats_holm(const double *p, unsigned count, double *adjusted);

/* Several means at once, such as the log ratios of the points that are left to the best one: x[i] has n[i]
 * values. out[i] is the interval at the level at which Holm's procedure decides about it: of m comparisons
 * the one with the i-th least p at 1 − (1 − level) / (m − i + 1), and all from the first on that is not
 * rejected at the level of that one. So an interval contains 0 just when the hypothesis is not rejected.
 * out[i].p is as it was, not adjusted. */
void bench_stats_compare(const double *const *x, const unsigned *n, unsigned count, double level,
                         uint64_t seed, struct bench_interval *out);

/* Whether the interval contains 0: "no difference". */
static inline bool bench_interval_spans(const struct bench_interval *i)
{
    return i->low <= 0 && i->high >= 0;
}

/* ---- the front ---------------------------------------------------------------------------------- */

/* The points that no other one dominates: none has at least their rate and at most their delay, and is better
 * in one of the two. Their numbers go to `front`, which has room for n, by ascending rate, equal ones by
 * number. Returns how many. Points with a rate or a delay that is not a positive finite number (disqualified)
 * are left out. */
unsigned bench_stats_front(const double *rate, const double *delay, unsigned n, unsigned *front);

/* The point of the front with the greatest rate / delay: the "power" of L. Kleinrock (Power and Deterministic
 * Rules of Thumb for Probabilistic Problems in Computer Communications, 1979), whose maximum R. Jain calls
 * the knee (A Delay-Based Approach for Congestion Avoidance, 1989). Going on from there to a higher rate
 * costs more per cent of delay than it gains per cent of rate. It does not depend on units, nor on how far
 * the ends of the front are. Returns the point's number, as it stands in `front`; count ≥ 1. Of equal ones
 * the one with the higher rate. */
unsigned bench_stats_knee(const double *rate, const double *delay, const unsigned *front, unsigned count);

#endif
