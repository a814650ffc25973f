/* Which points are dropped, and which one wins; see decide.h. */
#include "bench/tune/decide_priv.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

/* The points that are still measured, the base among them. */
static unsigned candidates(const struct bench_sweep *s, unsigned *list)
{
    unsigned count = 0;

    for (unsigned i = 0; i < s->point_count; i++)
        if (i == 0 || (s->points[i].in_grid && !s->points[i].out && !s->points[i].dropped))
            list[count++] = i;
    return count;
}

/* The ratios of a list of points, so that more is better. */
static bool ratios(const struct bench_sweep *s, const unsigned *list, unsigned count,
                   enum bench_response_of response, struct bench_blocks *t)
{
    if (!bench_blocks_new(t, count, s->blocks[BENCH_GRID]))
        return false;
    for (unsigned i = 0; i < count; i++) {
        double *row = bench_blocks_row(t, i);
        bench_decide_ratios(s, list[i], response, row);
        for (unsigned b = 0; b < t->blocks; b++)
            row[b] *= bench_response_sign(response);
    }
    return true;
}

/* The differences of all rows to the best one. Returns its number; UINT_MAX: nothing was measured. */
static unsigned against_best(struct bench_blocks *t)
{
    unsigned best = UINT_MAX;
    double most = -INFINITY;

    for (unsigned i = 0; i < t->count; i++) {
        double mean = bench_blocks_mean(bench_blocks_row(t, i), t->blocks);
        if (isfinite(mean) && mean > most) {
            most = mean;
            best = i;
        }
    }
    for (unsigned i = 0; best != UINT_MAX && i < t->count; i++)
        for (unsigned b = 0; i != best && b < t->blocks; b++)
            bench_blocks_row(t, i)[b] -= bench_blocks_row(t, best)[b];
    return best;
}

/* Compares each of a list with the best of them: out[i], that of the best is NAN. */
static bool differences(const struct bench_sweep *s, const unsigned *list, unsigned count,
                        enum bench_response_of response, unsigned *best, struct bench_interval *out)
{
    struct bench_blocks t;
    bool good = ratios(s, list, count, response, &t);

    if (good) {
        *best = against_best(&t);
        for (unsigned b = 0; *best != UINT_MAX && b < t.blocks; b++)
            bench_blocks_row(&t, *best)[b] = NAN;
        bench_blocks_compare(&t, bench_blocks_seed(s, 100 + response), out);
    }
    bench_blocks_free(&t);
    return good;
}

bool bench_decide_race(struct bench_sweep *s, bool *precise)
{
    unsigned list[BENCH_POINTS_MAX], count = candidates(s, list), best;
    struct bench_interval *out = calloc(count + 1, sizeof *out);
    struct bench_blocks t = {0};

    *precise = false;
    if (s->blocks[BENCH_GRID] < BENCH_RACE_BLOCKS) {
        free(out);
        return true;
    }
    bool good = out && differences(s, list, count, s->tune->goal, &best, out);
    for (unsigned i = 0; good && i < count; i++)
        if (best != UINT_MAX && i != best && list[i] != 0 && out[i].high < 0)
            s->points[list[i]].dropped = s->blocks[BENCH_GRID];
    count = candidates(s, list);
    good = good && ratios(s, list, count, s->tune->goal, &t);
    if (good) {
        bench_blocks_compare(&t, bench_blocks_seed(s, 200), out);
        *precise = true;
        for (unsigned i = 0; i < count; i++)
            *precise = *precise && (list[i] == 0 || (out[i].high - out[i].low) / 2 <= BENCH_PRECISION);
    }
    bench_blocks_free(&t);
    free(out);
    return good;
}

static unsigned changes(const struct bench_sweep *s, unsigned point)
{
    unsigned count = 0;

    for (unsigned f = 0; f < s->tune->factor_count; f++)
        count += s->points[point].level[f] != s->tune->factors[f].base;
    return count;
}

void bench_response_order(const struct bench_tune *t, enum bench_response_of order[BENCH_RESPONSES])
{
    unsigned n = 0;

    order[n++] = t->goal;
    for (unsigned r = 0; r < BENCH_RESPONSES; r++)
        if (r != t->goal)
            order[n++] = (enum bench_response_of)r;
}

/* Whether the base is in the list. */
static bool has_base(const unsigned *list, unsigned count)
{
    bool found = false;

    for (unsigned i = 0; i < count; i++)
        found = found || list[i] == 0;
    return found;
}

/* Of points all of which are as good as the best one, in a response in which the base is not: those that are
 * better than the base by themselves, if there are any; of these the one that changes least; of equal ones
 * the best. */
static bool choose(const struct bench_sweep *s, unsigned *list, unsigned count,
                   enum bench_response_of response, unsigned *winner)
{
    struct bench_interval *out = calloc(count + 1, sizeof *out);
    struct bench_blocks t = {0};
    bool good = out && ratios(s, list, count, response, &t), certain = false;
    unsigned best = UINT_MAX;

    if (good)
        bench_blocks_compare(&t, bench_blocks_seed(s, 400), out);
    for (unsigned i = 0; good && i < count; i++)
        certain = certain || out[i].low > 0;
    for (unsigned i = 0; good && i < count; i++) {
        if (certain && !(out[i].low > 0))
            continue;
        bool first = best == UINT_MAX;
        unsigned these = changes(s, list[i]), those = first ? 0 : changes(s, list[best]);
        if (first || these < those || (these == those && out[i].estimate > out[best].estimate))
            best = i;
    }
    if (good)
        *winner = list[best == UINT_MAX ? 0 : best];
    bench_blocks_free(&t);
    free(out);
    return good;
}

bool bench_decide_winner(const struct bench_sweep *s, unsigned *winner)
{
    unsigned list[BENCH_POINTS_MAX], count = candidates(s, list), best;
    enum bench_response_of order[BENCH_RESPONSES], decisive = s->tune->goal;
    struct bench_interval *out = calloc(count + 1, sizeof *out);
    bool good = out != NULL;

    bench_response_order(s->tune, order);
    for (unsigned r = 0; r < BENCH_RESPONSES && good; r++) {
        bool base = has_base(list, count);
        good = differences(s, list, count, order[r], &best, out);
        unsigned kept = 0;
        for (unsigned i = 0; good && best != UINT_MAX && i < count; i++)
            if (i == best || out[i].high >= 0 || out[i].low > -BENCH_PRECISION)
                list[kept++] = list[i];
        count = kept ? kept : count;
        if (base && !has_base(list, count))
            decisive = order[r];
    }
    *winner = 0;
    if (good && !has_base(list, count))
        good = choose(s, list, count, decisive, winner);
    free(out);
    return good;
}
