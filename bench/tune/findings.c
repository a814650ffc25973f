/* All that follows from the measurements of a sweep; see decide.h. */
#include "bench/tune/decide_priv.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static unsigned partner(const struct bench_sweep *s, unsigned point, unsigned factor)
{
    uint8_t level[BENCH_FACTORS_MAX];

    memcpy(level, s->points[point].level, sizeof level);
    level[factor] = (uint8_t)s->tune->factors[factor].base;
    for (unsigned i = 0; i < s->point_count; i++)
        if (memcmp(s->points[i].level, level, s->tune->factor_count) == 0)
            return i;
    return UINT_MAX;
}

bool bench_decide_value(const struct bench_sweep *s, unsigned point, unsigned factor,
                        struct bench_interval *ratio)
{
    unsigned other = partner(s, point, factor), blocks = s->blocks[BENCH_GRID];
    struct bench_blocks t;
    bool good = other != UINT_MAX && other != point && bench_blocks_new(&t, BENCH_RESPONSES, blocks);
    double *x = good ? calloc(blocks + 1, sizeof *x) : NULL;

    for (unsigned r = 0; x && r < BENCH_RESPONSES; r++) {
        bench_decide_ratios(s, point, (enum bench_response_of)r, bench_blocks_row(&t, r));
        bench_decide_ratios(s, other, (enum bench_response_of)r, x);
        for (unsigned b = 0; b < blocks; b++)
            bench_blocks_row(&t, r)[b] -= x[b];
    }
    if (x)
        bench_blocks_compare(&t, bench_blocks_seed(s, 300 + factor), ratio);
    if (good)
        bench_blocks_free(&t);
    free(x);
    return x != NULL;
}

static bool estimate(const struct bench_sweep *s, struct bench_findings *out)
{
    unsigned *list = calloc(s->point_count, sizeof *list), count = 0;
    struct bench_interval *found = calloc(s->point_count + 1, sizeof *found);
    bool good = list && found && (out->estimates = calloc(s->point_count, sizeof *out->estimates));

    for (unsigned i = 0; good && i < s->point_count; i++)
        if (i == 0 || s->points[i].in_grid)
            list[count++] = i;
    for (unsigned r = 0; good && r < BENCH_RESPONSES; r++) {
        struct bench_blocks t;
        good = bench_blocks_new(&t, count, s->blocks[BENCH_GRID]);
        for (unsigned i = 0; good && i < count; i++)
            bench_decide_ratios(s, list[i], (enum bench_response_of)r, bench_blocks_row(&t, i));
        double *base = bench_blocks_row(&t, 0);
        struct bench_interval same = {bench_blocks_mean(base, t.blocks), 0, 0, 1, BENCH_LEVEL};
        for (unsigned b = 0; good && b < t.blocks; b++)
            base[b] = NAN;
        if (good)
            bench_blocks_compare(&t, bench_blocks_seed(s, 10 + r), found);
        for (unsigned i = 0; good && i < count; i++) {
            struct bench_estimate *e = &out->estimates[i];
            e->point = list[i];
            e->ratio[r] = i == 0 ? same : found[i];
            e->blocks = i == 0 ? t.blocks : t.n[i] > e->blocks ? t.n[i] : e->blocks;
        }
        bench_blocks_free(&t);
    }
    out->estimate_count = good ? count : 0;
    free(list);
    free(found);
    return good;
}

/* The geometric mean of the base. */
static double base_value(const struct bench_sweep *s, enum bench_response_of response)
{
    double sum = 0;
    unsigned count = 0;

    for (unsigned i = 0; i < s->trial_count; i++) {
        const struct bench_trial *t = &s->trials[i];
        if (t->point == 0 && t->stage != BENCH_CONFIRMING && t->block < s->blocks[t->stage] &&
            isfinite(t->value[response])) {
            sum += log(t->value[response]);
            count++;
        }
    }
    return count ? exp(sum / count) : NAN;
}

static bool front(struct bench_findings *out)
{
    unsigned n = out->estimate_count;
    double *rate = calloc(n + 1, sizeof *rate), *delay = calloc(n + 1, sizeof *delay);
    bool good = rate && delay && (out->front = calloc(n + 1, sizeof *out->front));

    for (unsigned i = 0; good && i < n; i++) {
        rate[i] = out->estimates[i].value[BENCH_RATE];
        delay[i] = out->estimates[i].value[BENCH_P99];
    }
    if (good)
        out->front_count = bench_stats_front(rate, delay, n, out->front);
    if (good && out->front_count > 0)
        out->knee = bench_stats_knee(rate, delay, out->front, out->front_count);
    free(rate);
    free(delay);
    return good;
}

/* One effect of the grid, by block: the mean over all points with the value that have a partner. */
static void effect_row(const struct bench_sweep *s, const struct bench_effect *e, enum bench_response_of r,
                       double *row, double *x, double *y)
{
    unsigned blocks = s->blocks[BENCH_GRID];
    unsigned *n = calloc(blocks + 1, sizeof *n);

    for (unsigned b = 0; b < blocks; b++)
        row[b] = 0;
    for (unsigned p = 0; n && p < s->point_count; p++) {
        unsigned other = partner(s, p, e->factor);
        if ((p != 0 && !s->points[p].in_grid) || s->points[p].level[e->factor] != e->value ||
            other == UINT_MAX)
            continue;
        bench_decide_ratios(s, p, r, x);
        bench_decide_ratios(s, other, r, y);
        for (unsigned b = 0; b < blocks; b++)
            if (isfinite(x[b]) && isfinite(y[b])) {
                row[b] += x[b] - y[b];
                n[b]++;
            }
    }
    for (unsigned b = 0; b < blocks; b++)
        row[b] = n && n[b] ? row[b] / n[b] : NAN;
    free(n);
}

static bool grid_effects(const struct bench_sweep *s, struct bench_findings *out)
{
    unsigned first = out->effect_count, blocks = s->blocks[BENCH_GRID], count;
    double *x = calloc(blocks + 1, sizeof *x), *y = calloc(blocks + 1, sizeof *y);
    struct bench_interval found[BENCH_FACTORS_MAX * BENCH_VALUES_MAX];
    bool good = x && y;

    for (unsigned f = 0; f < s->tune->factor_count; f++)
        for (unsigned v = 0; s->kept[f] && v < s->tune->factors[f].count; v++)
            if (v != s->tune->factors[f].base)
                out->effects[out->effect_count++] = (struct bench_effect){.factor = f, .value = v};
    count = out->effect_count - first;
    for (unsigned r = 0; good && r < BENCH_RESPONSES; r++) {
        struct bench_blocks t;
        good = bench_blocks_new(&t, count, blocks);
        for (unsigned i = 0; good && i < count; i++)
            effect_row(s, &out->effects[first + i], (enum bench_response_of)r, bench_blocks_row(&t, i), x, y);
        if (good)
            bench_blocks_compare(&t, bench_blocks_seed(s, 20 + r), found);
        for (unsigned i = 0; good && i < count; i++)
            out->effects[first + i].ratio[r] = found[i];
        bench_blocks_free(&t);
    }
    free(x);
    free(y);
    return good;
}

static void all_screening_effects(const struct bench_sweep *s, struct bench_findings *out)
{
    struct bench_interval found[BENCH_DESIGN_FACTORS_MAX];

    for (unsigned f = 0; f < s->tune->factor_count; f++)
        out->effects[f] =
            (struct bench_effect){.factor = f, .value = s->tune->factors[f].count - 1, .screened = true};
    for (unsigned r = 0; r < BENCH_RESPONSES; r++) {
        bool known = bench_screening_effects(s, (enum bench_response_of)r, found);
        for (unsigned f = 0; f < s->tune->factor_count; f++)
            out->effects[f].ratio[r] =
                known ? found[f] : (struct bench_interval){NAN, -INFINITY, INFINITY, 1, BENCH_LEVEL};
    }
    out->effect_count = s->tune->factor_count;
}

static void find_strongest(const struct bench_sweep *s, struct bench_findings *out)
{
    double size[BENCH_FACTORS_MAX] = {0};
    unsigned first = UINT_MAX, second = UINT_MAX;

    for (unsigned i = 0; i < out->effect_count; i++) {
        double one = fabs(out->effects[i].ratio[s->tune->goal].estimate);
        if (!out->effects[i].screened && isfinite(one) && one > size[out->effects[i].factor])
            size[out->effects[i].factor] = one;
    }
    for (unsigned f = 0; f < s->tune->factor_count; f++) {
        if (!s->kept[f])
            continue;
        if (first == UINT_MAX || size[f] > size[first]) {
            second = first;
            first = f;
        } else if (second == UINT_MAX || size[f] > size[second]) {
            second = f;
        }
    }
    out->strongest[0] = first == UINT_MAX ? 0 : first;
    out->strongest[1] = second == UINT_MAX ? out->strongest[0] : second;
}

static bool find_confirmation(const struct bench_sweep *s, struct bench_findings *out)
{
    unsigned pairs = s->blocks[BENCH_CONFIRMING];
    enum bench_response_of order[BENCH_RESPONSES];
    struct bench_blocks t;

    out->pairs = pairs;
    if (pairs == 0)
        return true;
    bool good = bench_blocks_new(&t, BENCH_RESPONSES, pairs);
    for (unsigned i = 0; good && i < s->trial_count; i++) {
        const struct bench_trial *trial = &s->trials[i];
        if (trial->stage == BENCH_CONFIRMING && trial->block < pairs)
            for (unsigned r = 0; r < BENCH_RESPONSES; r++)
                bench_blocks_row(&t, r)[trial->block] +=
                    trial->point == 0 ? -log(trial->value[r]) : log(trial->value[r]);
    }
    if (good)
        bench_blocks_compare(&t, bench_blocks_seed(s, 30), out->confirmed);
    bench_blocks_free(&t);
    bench_response_order(s->tune, order);
    for (unsigned r = 0; good && r < BENCH_RESPONSES; r++) {
        const struct bench_interval *i = &out->confirmed[order[r]];
        if (!isfinite(i->estimate) || bench_interval_spans(i))
            continue;
        out->is_confirmed = i->estimate * bench_response_sign(order[r]) > 0;
        break;
    }
    return good;
}

/* How much the base differs from itself in a block. */
static double find_noise(const struct bench_sweep *s)
{
    double *x = calloc(s->blocks[BENCH_GRID] + 1, sizeof *x), result = NAN;
    unsigned n = 0;
    double first = NAN;

    for (unsigned i = 0; x && i < s->trial_count; i++) {
        const struct bench_trial *t = &s->trials[i];
        if (t->stage != BENCH_GRID || t->block >= s->blocks[BENCH_GRID] || t->point != 0)
            continue;
        if (t->place == 0)
            first = t->value[s->tune->goal];
        else if (isfinite(log(t->value[s->tune->goal] / first)))
            x[n++] = log(t->value[s->tune->goal] / first);
    }
    if (n > 1)
        result = bench_stats_deviation(x, n);
    free(x);
    return result;
}

bool bench_decide(const struct bench_sweep *s, struct bench_findings *out)
{
    unsigned winner = s->winner;

    memset(out, 0, sizeof *out);
    out->effects = calloc(BENCH_FACTORS_MAX * (BENCH_VALUES_MAX + 1), sizeof *out->effects);
    bool good = out->effects && estimate(s, out);
    for (unsigned i = 0; good && i < out->estimate_count; i++)
        for (unsigned r = 0; r < BENCH_RESPONSES; r++) {
            struct bench_estimate *e = &out->estimates[i];
            double base = base_value(s, (enum bench_response_of)r);
            e->value[r] = i == 0 ? base : base * exp(e->ratio[r].estimate);
        }
    if (good && s->blocks[BENCH_SCREENING] > 0)
        all_screening_effects(s, out);
    good = good && grid_effects(s, out) && front(out) && find_confirmation(s, out);
    if (good && s->stage <= BENCH_GRID)
        good = bench_decide_winner(s, &winner);
    for (unsigned i = 0; good && i < out->estimate_count; i++)
        if (out->estimates[i].point == winner && !s->points[winner].out)
            out->winner = i;
    find_strongest(s, out);
    out->noise = find_noise(s);
    if (!good)
        bench_findings_free(out);
    return good;
}

void bench_findings_free(struct bench_findings *f)
{
    free(f->estimates);
    free(f->effects);
    free(f->front);
    f->estimates = NULL;
    f->effects = NULL;
    f->front = NULL;
}
