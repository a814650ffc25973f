/* Quantiles, intervals, comparisons, the front; see stats.h. */
#include "bench/tune/stats.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "bench/random.h"

/* ---- samples ------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return x < y ? -1 : x > y;
}

void bench_stats_sort(double *x, unsigned n)
{
    qsort(x, n, sizeof *x, ascending);
}

double bench_stats_quantile(const double *sorted, unsigned n, double q)
{
    assert(n > 0);
    double at = q * (n - 1);
    unsigned below = at <= 0 ? 0 : at >= n - 1 ? n - 1 : (unsigned)at;
    double rest = at - below;

    if (below == n - 1 || rest <= 0)
        return sorted[below];
    return sorted[below] + rest * (sorted[below + 1] - sorted[below]);
}

double bench_stats_mean(const double *x, unsigned n)
{
    double sum = 0;

    assert(n > 0);
    for (unsigned i = 0; i < n; i++)
        sum += x[i];
    return sum / n;
}

/* The value with `rank` smaller ones, equal ones taken by number. The samples are short. */
static double ranked(const double *x, unsigned n, unsigned rank)
{
    for (unsigned i = 0; i < n; i++) {
        unsigned less = 0;
        for (unsigned j = 0; j < n; j++)
            less += x[j] < x[i] || (x[j] == x[i] && j < i);
        if (less == rank)
            return x[i];
    }
    return NAN;
}

double bench_stats_median(const double *x, unsigned n)
{
    assert(n > 0);
    double upper = ranked(x, n, n / 2);

    return n % 2 ? upper : (ranked(x, n, n / 2 - 1) + upper) / 2;
}

double bench_stats_deviation(const double *x, unsigned n)
{
    double mean = bench_stats_mean(x, n), squares = 0;

    for (unsigned i = 0; i < n; i++)
        squares += (x[i] - mean) * (x[i] - mean);
    return n > 1 ? sqrt(squares / (n - 1)) : 0;
}

static bool positive(double x)
{
    return isfinite(x) && x > 0;
}

unsigned bench_stats_log_ratios(const double *value, const double *base, unsigned n, double *ratio)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < n; i++)
        if (positive(value[i]) && positive(base[i]))
            ratio[kept++] = log(value[i] / base[i]);
    return kept;
}

bool bench_stats_agree(const double *rate, unsigned n, unsigned windows, double within)
{
    assert(windows >= 2);
    if (n < windows)
        return false;
    const double *last = rate + n - windows;
    double least = last[0], most = last[0], mean = bench_stats_mean(last, windows);

    for (unsigned i = 1; i < windows; i++) {
        least = fmin(least, last[i]);
        most = fmax(most, last[i]);
    }
    return mean > 0 && most - least <= within * mean;
}

/* ---- distributions ------------------------------------------------------------------------------ */

/* The share of the normal distribution below z. */
static double normal_below(double z)
{
    return erfc(-z / sqrt(2)) / 2;
}

/* The share of Student's distribution with f degrees of freedom above t ≥ 0: the finite series for whole f
 * (Abramowitz and Stegun, 26.7.3 and 26.7.4) give the share between -t and t. */
static double student_above(double t, unsigned f)
{
    double angle = atan2(t, sqrt(f)), cosine = cos(angle), term = f % 2 ? cosine : 1, sum = 0;

    for (unsigned i = f % 2 ? 3 : 2; i <= f; i += 2) {
        sum += term;
        term *= cosine * cosine * (i - 1) / i;
    }
    double between = sin(angle) * sum;

    if (f % 2)
        between = 2 / M_PI * (angle + between);
    return between < 1 ? (1 - between) / 2 : 0;
}

/* The t above which a share `tail` (0 < tail ≤ 1/2) lies. */
static double student_quantile(double tail, unsigned f)
{
    double low = 0, high = 1;

    while (student_above(high, f) > tail && high < 1e15)
        high *= 2;
    for (unsigned i = 0; i < 64; i++) {
        double middle = (low + high) / 2;
        if (student_above(middle, f) > tail)
            low = middle;
        else
            high = middle;
    }
    return high;
}

/* ---- intervals ---------------------------------------------------------------------------------- */

/* Below this share a tail of the resampled means is too uncertain: it is made of fewer than five of them. */
#define RESOLVED (5.0 / BENCH_STATS_RESAMPLES)

/* What an interval is computed from. */
struct sample {
    unsigned n;
    double mean, error;                      /* standard error */
    double resampled[BENCH_STATS_RESAMPLES]; /* means, ascending */
};

static void resample(struct sample *s, const double *x, unsigned n, uint64_t seed)
{
    struct bench_random r = {seed};

    s->n = n;
    s->mean = bench_stats_mean(x, n);
    s->error = bench_stats_deviation(x, n) / sqrt(n);
    for (unsigned i = 0; i < BENCH_STATS_RESAMPLES; i++) {
        double sum = 0;
        for (unsigned j = 0; j < n; j++)
            sum += x[(bench_random_next(&r) >> 32) * n >> 32];
        s->resampled[i] = sum / n;
    }
    bench_stats_sort(s->resampled, BENCH_STATS_RESAMPLES);
}

/* The limits that leave out alpha. A smaller alpha never gives a narrower interval. */
static void limits(const struct sample *s, double alpha, double *low, double *high)
{
    double t = student_quantile(alpha / 2, s->n - 1);
    double tail = normal_below(-t * sqrt(s->n / (s->n - 1.0))); /* expanded: further out than alpha / 2 */

    *low = bench_stats_quantile(s->resampled, BENCH_STATS_RESAMPLES, fmax(tail, RESOLVED));
    *high = bench_stats_quantile(s->resampled, BENCH_STATS_RESAMPLES, 1 - fmax(tail, RESOLVED));
    if (tail < RESOLVED) {
        *low = fmin(*low, s->mean - t * s->error);
        *high = fmax(*high, s->mean + t * s->error);
    }
}

#define LEAST_P 1e-12 /* student_above is a difference of numbers near 1 */

/* The least alpha whose interval leaves out 0. */
static double two_sided(const struct sample *s)
{
    double contains = log(LEAST_P), leaves_out = 0, low, high; /* logarithms of alpha */

    limits(s, LEAST_P, &low, &high);
    if (low > 0 || high < 0)
        return LEAST_P;
    for (unsigned i = 0; i < 48; i++) {
        double middle = (contains + leaves_out) / 2;
        limits(s, exp(middle), &low, &high);
        if (low > 0 || high < 0)
            leaves_out = middle;
        else
            contains = middle;
    }
    return exp(leaves_out);
}

struct bench_interval bench_stats_interval(const double *x, unsigned n, double level, uint64_t seed)
{
    struct bench_interval out = {bench_stats_mean(x, n), -INFINITY, INFINITY, 1, level};
    struct sample s;

    assert(level > 0 && level < 1);
    if (n == 1)
        return out;
    resample(&s, x, n, seed);
    limits(&s, 1 - level, &out.low, &out.high);
    out.p = two_sided(&s);
    return out;
}

struct bench_interval bench_stats_student(double estimate, double error, unsigned freedom, double level)
{
    assert(freedom > 0 && level > 0 && level < 1);
    double reach = student_quantile((1 - level) / 2, freedom) * error;
    double p = error > 0 ? 2 * student_above(fabs(estimate) / error, freedom) : estimate == 0;

    return (struct bench_interval){estimate, estimate - reach, estimate + reach, p, level};
}

/* ---- several comparisons ------------------------------------------------------------------------ */

/* The hypotheses by ascending p: the one after `last`, of equal ones by number; `count` before the first and
 * after the last one. */
static unsigned next_hypothesis(const double *p, unsigned count, unsigned last)
{
    unsigned next = count;

    for (unsigned i = 0; i < count; i++) {
        bool after = last == count || p[i] > p[last] || (p[i] == p[last] && i > last);
        if (after && (next == count || p[i] < p[next]))
            next = i;
    }
    return next;
}

void bench_stats_holm(const double *p, unsigned count, double *adjusted)
{
    double most = 0, raw[count + 1];
    unsigned at = count;

    for (unsigned i = 0; i < count; i++)
        raw[i] = p[i]; /* `adjusted` may be `p` */
    for (unsigned left = count; left > 0; left--) {
        at = next_hypothesis(raw, count, at);
        most = fmax(most, fmin(1, left * raw[at]));
        adjusted[at] = most;
    }
}

void bench_stats_compare(const double *const *x, const unsigned *n, unsigned count, double level,
                         uint64_t seed, struct bench_interval *out)
{
    double p[count + 1], alpha = 0;
    bool rejected = true;
    unsigned at = count;

    for (unsigned i = 0; i < count; i++)
        p[i] = bench_stats_interval(x[i], n[i], level, seed).p;
    for (unsigned left = count; left > 0; left--) {
        at = next_hypothesis(p, count, at);
        if (rejected)
            alpha = (1 - level) / left;
        rejected = rejected && p[at] <= alpha;
        out[at] = bench_stats_interval(x[at], n[at], 1 - alpha, seed);
    }
}

/* ---- the front ---------------------------------------------------------------------------------- */

static bool dominates(double rate, double delay, double other_rate, double other_delay)
{
    return rate >= other_rate && delay <= other_delay && (rate > other_rate || delay < other_delay);
}

static bool on_the_front(const double *rate, const double *delay, unsigned n, unsigned i)
{
    if (!positive(rate[i]) || !positive(delay[i]))
        return false;
    for (unsigned j = 0; j < n; j++)
        if (positive(rate[j]) && positive(delay[j]) && dominates(rate[j], delay[j], rate[i], delay[i]))
            return false;
    return true;
}

unsigned bench_stats_front(const double *rate, const double *delay, unsigned n, unsigned *front)
{
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++) {
        if (!on_the_front(rate, delay, n, i))
            continue;
        unsigned at = count++;
        for (; at > 0 && rate[front[at - 1]] > rate[i]; at--)
            front[at] = front[at - 1];
        front[at] = i;
    }
    return count;
}

unsigned bench_stats_knee(const double *rate, const double *delay, const unsigned *front, unsigned count)
{
    assert(count > 0);
    unsigned knee = front[0];

    for (unsigned i = 1; i < count; i++)
        if (rate[front[i]] / delay[front[i]] >= rate[knee] / delay[knee])
            knee = front[i];
    return knee;
}
