/* Which factors matter: the screening; see decide.h. */
#include "bench/tune/decide_priv.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The log ratios of the runs of the screening: blocks × runs. */
static double *screened(const struct bench_sweep *s, enum bench_response_of response)
{
    unsigned blocks = s->blocks[BENCH_SCREENING], runs = s->design.runs;
    double *x = calloc((size_t)blocks * runs + 1, sizeof *x), *base = calloc(blocks + 1, sizeof *base);
    unsigned *places = calloc(blocks + 1, sizeof *places);

    for (unsigned i = 0; x && base && places && i < s->trial_count; i++)
        if (s->trials[i].stage == BENCH_SCREENING && s->trials[i].block < blocks &&
            s->trials[i].place > places[s->trials[i].block])
            places[s->trials[i].block] = s->trials[i].place;
    for (unsigned i = 0; x && i < blocks * runs; i++)
        x[i] = NAN;
    for (unsigned i = 0; x && base && places && i < s->trial_count; i++) {
        const struct bench_trial *t = &s->trials[i];
        if (t->stage != BENCH_SCREENING || t->block >= blocks)
            continue;
        if (t->place == 0 || t->place == places[t->block]) {
            base[t->block] += log(t->value[response]) / 2;
            continue;
        }
        for (unsigned run = 0; run < runs; run++) {
            bool mine = true;
            for (unsigned f = 0; f < s->tune->factor_count; f++)
                mine = mine &&
                       s->points[t->point].level[f] ==
                           (bench_design_level(&s->design, run, f) > 0 ? s->tune->factors[f].count - 1 : 0);
            if (mine)
                x[t->block * runs + run] = log(t->value[response]);
        }
    }
    for (unsigned i = 0; x && base && i < blocks * runs; i++)
        x[i] -= base[i / runs];
    free(base);
    free(places);
    return x;
}

bool bench_screening_effects(const struct bench_sweep *s, enum bench_response_of response,
                             struct bench_interval *effects)
{
    double *x = screened(s, response);
    bool known =
        x && bench_design_effects(&s->design, x, s->blocks[BENCH_SCREENING], BENCH_LEVEL, effects) > 0;

    free(x);
    return known;
}

unsigned bench_decide_screening(struct bench_sweep *s)
{
    unsigned factors = s->tune->factor_count, count = 0;
    struct bench_interval effects[2][BENCH_DESIGN_FACTORS_MAX];
    double p[2 * BENCH_FACTORS_MAX], size[BENCH_FACTORS_MAX] = {0};

    for (unsigned r = 0; r < 2; r++) {
        bool known = bench_screening_effects(s, (enum bench_response_of)r, effects[r]);
        for (unsigned f = 0; f < factors; f++)
            p[r * factors + f] = known ? effects[r][f].p : 1;
    }
    bench_stats_holm(p, 2 * factors, p);
    for (unsigned f = 0; f < factors; f++)
        for (unsigned r = 0; r < 2; r++)
            if (p[r * factors + f] <= 1 - BENCH_LEVEL && fabs(effects[r][f].estimate) > size[f])
                size[f] = fabs(effects[r][f].estimate);
    memset(s->kept, 0, sizeof s->kept);
    while (count < BENCH_SCREEN_ABOVE) {
        unsigned best = UINT_MAX;
        for (unsigned f = 0; f < factors; f++)
            if (!s->kept[f] && size[f] > 0 && (best == UINT_MAX || size[f] > size[best]))
                best = f;
        if (best == UINT_MAX)
            break;
        s->kept[best] = true;
        count++;
    }
    return count;
}
