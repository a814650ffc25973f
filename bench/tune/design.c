/* Fractional factorials, their effects, grids, and the order of runs; see design.h. */
#include "bench/tune/design.h"

#include <assert.h>
#include <math.h>

#include "bench/random.h"

/* ---- screening ---------------------------------------------------------------------------------- */

/* A run is a number of log2(runs) bits, a contrast of the runs is a word of as many: the sign of a run is the
 * parity of the bits that both have. The contrasts of different words are orthogonal, and the interaction of
 * two is the contrast of their words' exclusive or. So distinct words give resolution III. The exclusive or
 * of two words with an odd number of ones has an even number of them and is none of these words: resolution
 * IV. Words with a single one come first: while they suffice the design is a full factorial. */
static unsigned sign_of(unsigned word, unsigned run)
{
    return (unsigned)__builtin_parity(word & run);
}

static unsigned collect(unsigned factors, unsigned runs, unsigned resolution, uint8_t *word)
{
    unsigned count = 0;

    for (unsigned ones = 1; ones < 7; ones += resolution == 4 ? 2 : 1)
        for (unsigned w = 1; w < runs && count < factors; w++)
            if ((unsigned)__builtin_popcount(w) == ones)
                word[count++] = (uint8_t)w;
    return count;
}

bool bench_design_make(unsigned factors, unsigned resolution, struct bench_design *out)
{
    assert(resolution == 3 || resolution == 4);
    if (factors == 0 || factors > BENCH_DESIGN_FACTORS_MAX)
        return false;
    *out = (struct bench_design){.factors = factors, .runs = 8};
    while (collect(factors, out->runs, resolution, out->word) < factors)
        out->runs *= 2;
    return true;
}

int bench_design_level(const struct bench_design *d, unsigned run, unsigned factor)
{
    assert(run < d->runs && factor < d->factors);
    return sign_of(d->word[factor], run) ? 1 : -1;
}

/* The mean of the runs with one sign less that of those with the other. */
static double contrast(const double *mean, unsigned runs, unsigned word)
{
    double sum = 0;

    for (unsigned run = 0; run < runs; run++)
        sum += sign_of(word, run) ? mean[run] : -mean[run];
    return sum / (runs / 2);
}

static bool complete(const double *block, unsigned runs)
{
    for (unsigned run = 0; run < runs; run++)
        if (!isfinite(block[run]))
            return false;
    return true;
}

/* Standard error of a contrast of the means of `used` blocks, from what is left of the responses without the
 * means of runs and of blocks. */
static double error_of_blocks(const double *response, unsigned blocks, unsigned runs, const double *mean,
                              unsigned used)
{
    double squares = 0, centre = bench_stats_mean(mean, runs);

    for (unsigned b = 0; b < blocks; b++) {
        const double *block = response + (uint64_t)b * runs;
        if (!complete(block, runs))
            continue;
        double shift = bench_stats_mean(block, runs) - centre;
        for (unsigned run = 0; run < runs; run++)
            squares += pow(block[run] - shift - mean[run], 2);
    }
    return sqrt(squares / ((used - 1) * (runs - 1)) * 4 / ((double)runs * used));
}

/* Lenth's pseudo standard error: 1.5 times the median of the contrasts that are not obviously more than
 * error. */
static double error_of_contrasts(const double *mean, unsigned runs)
{
    double size[BENCH_DESIGN_RUNS_MAX] = {0}, least;
    unsigned count = runs - 1, kept = 0;

    for (unsigned word = 1; word < runs; word++)
        size[word - 1] = fabs(contrast(mean, runs, word));
    least = 1.5 * bench_stats_median(size, count);
    for (unsigned i = 0; i < count; i++)
        if (size[i] < 2.5 * least)
            size[kept++] = size[i];
    return kept ? 1.5 * bench_stats_median(size, kept) : 0;
}

unsigned bench_design_effects(const struct bench_design *d, const double *response, unsigned blocks,
                              double level, struct bench_interval *effects)
{
    double mean[BENCH_DESIGN_RUNS_MAX] = {0};
    unsigned used = 0;

    for (unsigned b = 0; b < blocks; b++) {
        const double *block = response + (uint64_t)b * d->runs;
        if (!complete(block, d->runs))
            continue;
        used++;
        for (unsigned run = 0; run < d->runs; run++)
            mean[run] += (block[run] - mean[run]) / used;
    }
    if (used == 0)
        return 0;
    double error =
        used > 1 ? error_of_blocks(response, blocks, d->runs, mean, used) : error_of_contrasts(mean, d->runs);
    unsigned freedom = used > 1 ? (used - 1) * (d->runs - 1) : (d->runs - 1) / 3;
    for (unsigned f = 0; f < d->factors; f++)
        effects[f] = bench_stats_student(contrast(mean, d->runs, d->word[f]), error, freedom, level);
    return used;
}

/* ---- grid --------------------------------------------------------------------------------------- */

uint64_t bench_design_grid(const unsigned *values, unsigned factors)
{
    uint64_t points = 1;

    for (unsigned f = 0; f < factors; f++) {
        assert(values[f] > 0);
        if (__builtin_mul_overflow(points, values[f], &points))
            return UINT64_MAX;
    }
    return points;
}

void bench_design_point(const unsigned *values, unsigned factors, uint64_t point, unsigned *value)
{
    for (unsigned f = factors; f-- > 0;) {
        value[f] = (unsigned)(point % values[f]);
        point /= values[f];
    }
}

uint64_t bench_design_point_of(const unsigned *values, unsigned factors, const unsigned *value)
{
    uint64_t point = 0;

    for (unsigned f = 0; f < factors; f++)
        point = point * values[f] + value[f];
    return point;
}

/* ---- order -------------------------------------------------------------------------------------- */

void bench_design_order(const unsigned *left, unsigned count, unsigned base, uint64_t seed, unsigned block,
                        unsigned *order)
{
    struct bench_random r = {seed};

    r.state = bench_random_next(&r) + block; /* neighbouring seeds and blocks begin far from each other */
    r.state = bench_random_next(&r);
    order[0] = order[count + 1] = base;
    for (unsigned i = 1; i <= count; i++) { /* Fisher and Yates, from the front */
        unsigned at = 1 + (unsigned)((bench_random_next(&r) >> 32) * i >> 32);
        order[i] = left[i - 1];
        unsigned other = order[at];
        order[at] = order[i];
        order[i] = other;
    }
}
