/* See decide_priv.h. */
#include "bench/tune/decide_priv.h"

#include <math.h>
#include <stdlib.h>

bool bench_blocks_new(struct bench_blocks *t, unsigned count, unsigned blocks)
{
    size_t cells = (size_t)count * blocks + 1;

    *t = (struct bench_blocks){.blocks = blocks, .count = count};
    t->x = calloc(cells, sizeof *t->x);
    t->n = calloc(count + 1, sizeof *t->n);
    return t->x && t->n;
}

void bench_blocks_free(struct bench_blocks *t)
{
    free(t->x);
    free(t->n);
}

double *bench_blocks_row(const struct bench_blocks *t, unsigned i)
{
    return t->x + (size_t)i * t->blocks;
}

void bench_blocks_compare(struct bench_blocks *t, uint64_t seed, struct bench_interval *out)
{
    const double **rows = calloc(t->count + 1, sizeof *rows);
    unsigned *n = calloc(t->count + 1, sizeof *n), *which = calloc(t->count + 1, sizeof *which), used = 0;
    struct bench_interval *found = calloc(t->count + 1, sizeof *found);

    for (unsigned i = 0; i < t->count; i++) {
        double *row = bench_blocks_row(t, i);
        unsigned kept = 0;
        for (unsigned b = 0; b < t->blocks; b++)
            if (isfinite(row[b]))
                row[kept++] = row[b];
        t->n[i] = kept;
        out[i] = (struct bench_interval){NAN, -INFINITY, INFINITY, 1, BENCH_LEVEL};
        if (kept == 0 || !rows || !n || !which)
            continue;
        rows[used] = row;
        n[used] = kept;
        which[used++] = i;
    }
    if (found && used > 0)
        bench_stats_compare(rows, n, used, BENCH_LEVEL, seed, found);
    for (unsigned i = 0; found && i < used; i++)
        out[which[i]] = found[i];
    free(rows);
    free(n);
    free(which);
    free(found);
}

void bench_decide_ratios(const struct bench_sweep *s, unsigned point, enum bench_response_of response,
                         double *out)
{
    unsigned blocks = s->blocks[BENCH_GRID];
    double *base = calloc(blocks + 1, sizeof *base);
    unsigned *bases = calloc(blocks + 1, sizeof *bases);

    for (unsigned b = 0; b < blocks; b++)
        out[b] = NAN;
    for (unsigned i = 0; base && bases && i < s->trial_count; i++) {
        const struct bench_trial *t = &s->trials[i];
        double value = t->value[response];
        if (t->stage != BENCH_GRID || t->block >= blocks || !isfinite(value) || value <= 0)
            continue;
        if (t->point == 0) {
            base[t->block] += log(value);
            bases[t->block]++;
        }
        if (t->point == point)
            out[t->block] = log(value);
    }
    for (unsigned b = 0; base && bases && b < blocks; b++)
        out[b] = bases[b] == 0 ? NAN : point == 0 ? 0 : out[b] - base[b] / bases[b];
    free(base);
    free(bases);
}

double bench_blocks_mean(const double *x, unsigned n)
{
    double sum = 0;
    unsigned count = 0;

    for (unsigned i = 0; i < n; i++)
        if (isfinite(x[i])) {
            sum += x[i];
            count++;
        }
    return count ? sum / count : NAN;
}

uint64_t bench_blocks_seed(const struct bench_sweep *s, unsigned what)
{
    return s->tune->seed * UINT64_C(0x9e3779b97f4a7c15) + what;
}
