/* What follows from the measurements; see decide.h. */
#include "bench/tune/decide.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEVEL 0.95

/* ---- series of ratios ---------------------------------------------------------------------------------- */

/* One number for each block of the grid and each of a list of things. */
struct table {
    unsigned blocks, count;
    double *x;       /* count × blocks */
    double **packed; /* the finite ones of each, */
    unsigned *n;     /* and how many they are */
};

static bool table_new(struct table *t, unsigned count, unsigned blocks)
{
    size_t cells = (size_t)count * blocks + 1;

    *t = (struct table){.blocks = blocks, .count = count};
    t->x = calloc(cells, sizeof *t->x);
    t->packed = calloc(count + 1, sizeof *t->packed);
    t->n = calloc(count + 1, sizeof *t->n);
    return t->x && t->packed && t->n;
}

static void table_free(struct table *t)
{
    free(t->x);
    free(t->packed);
    free(t->n);
}

static double *row_of(const struct table *t, unsigned i)
{
    return t->x + (size_t)i * t->blocks;
}

/* Which of the rows were measured at all; the others get an interval that says nothing. */
static void compare(struct table *t, uint64_t seed, struct bench_interval *out)
{
    const double **rows = calloc(t->count + 1, sizeof *rows);
    unsigned *n = calloc(t->count + 1, sizeof *n), *which = calloc(t->count + 1, sizeof *which), used = 0;
    struct bench_interval *found = calloc(t->count + 1, sizeof *found);

    for (unsigned i = 0; i < t->count; i++) {
        double *row = row_of(t, i);
        unsigned kept = 0;
        for (unsigned b = 0; b < t->blocks; b++)
            if (isfinite(row[b]))
                row[kept++] = row[b];
        t->n[i] = kept;
        out[i] = (struct bench_interval){NAN, -INFINITY, INFINITY, 1, LEVEL};
        if (kept == 0 || !rows || !n || !which)
            continue;
        rows[used] = row;
        n[used] = kept;
        which[used++] = i;
    }
    if (found && used > 0)
        bench_stats_compare(rows, n, used, LEVEL, seed, found);
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

static double mean_of(const double *x, unsigned n)
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

static uint64_t seed_of(const struct bench_sweep *s, unsigned what)
{
    return s->tune->seed * UINT64_C(0x9e3779b97f4a7c15) + what;
}

/* ---- candidates ---------------------------------------------------------------------------------------- */

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
                   enum bench_response_of response, struct table *t)
{
    if (!table_new(t, count, s->blocks[BENCH_GRID]))
        return false;
    for (unsigned i = 0; i < count; i++) {
        double *row = row_of(t, i);
        bench_decide_ratios(s, list[i], response, row);
        for (unsigned b = 0; b < t->blocks; b++)
            row[b] *= bench_response_sign(response);
    }
    return true;
}

/* The differences of all rows to the best one. Returns its number; UINT_MAX: nothing was measured. */
static unsigned against_best(struct table *t)
{
    unsigned best = UINT_MAX;
    double most = -INFINITY;

    for (unsigned i = 0; i < t->count; i++) {
        double mean = mean_of(row_of(t, i), t->blocks);
        if (isfinite(mean) && mean > most) {
            most = mean;
            best = i;
        }
    }
    for (unsigned i = 0; best != UINT_MAX && i < t->count; i++)
        for (unsigned b = 0; i != best && b < t->blocks; b++)
            row_of(t, i)[b] -= row_of(t, best)[b];
    return best;
}

/* Compares each of a list with the best of them: out[i], that of the best is NAN. */
static bool differences(const struct bench_sweep *s, const unsigned *list, unsigned count,
                        enum bench_response_of response, unsigned *best, struct bench_interval *out)
{
    struct table t;
    bool good = ratios(s, list, count, response, &t);

    if (good) {
        *best = against_best(&t);
        for (unsigned b = 0; *best != UINT_MAX && b < t.blocks; b++)
            row_of(&t, *best)[b] = NAN;
        compare(&t, seed_of(s, 100 + response), out);
    }
    table_free(&t);
    return good;
}

bool bench_decide_race(struct bench_sweep *s, bool *precise)
{
    unsigned list[BENCH_POINTS_MAX], count = candidates(s, list), best;
    struct bench_interval *out = calloc(count + 1, sizeof *out);
    struct table t = {0};

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
        compare(&t, seed_of(s, 200), out);
        *precise = true;
        for (unsigned i = 0; i < count; i++)
            *precise = *precise && (list[i] == 0 || (out[i].high - out[i].low) / 2 <= BENCH_PRECISION);
    }
    table_free(&t);
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

/* The responses in the order in which they count. */
static void response_order(const struct bench_tune *t, enum bench_response_of order[BENCH_RESPONSES])
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
    struct table t = {0};
    bool good = out && ratios(s, list, count, response, &t), certain = false;
    unsigned best = UINT_MAX;

    if (good)
        compare(&t, seed_of(s, 400), out);
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
    table_free(&t);
    free(out);
    return good;
}

bool bench_decide_winner(const struct bench_sweep *s, unsigned *winner)
{
    unsigned list[BENCH_POINTS_MAX], count = candidates(s, list), best;
    enum bench_response_of order[BENCH_RESPONSES], decisive = s->tune->goal;
    struct bench_interval *out = calloc(count + 1, sizeof *out);
    bool good = out != NULL;

    response_order(s->tune, order);
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

/* ---- screening ------------------------------------------------------------------------------------------
 */

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

/* effects[f] of one response; false: it was not measured. */
static bool screening_effects(const struct bench_sweep *s, enum bench_response_of response,
                              struct bench_interval *effects)
{
    double *x = screened(s, response);
    bool known = x && bench_design_effects(&s->design, x, s->blocks[BENCH_SCREENING], LEVEL, effects) > 0;

    free(x);
    return known;
}

unsigned bench_decide_screening(struct bench_sweep *s)
{
    unsigned factors = s->tune->factor_count, count = 0;
    struct bench_interval effects[2][BENCH_DESIGN_FACTORS_MAX];
    double p[2 * BENCH_FACTORS_MAX], size[BENCH_FACTORS_MAX] = {0};

    for (unsigned r = 0; r < 2; r++) {
        bool known = screening_effects(s, (enum bench_response_of)r, effects[r]);
        for (unsigned f = 0; f < factors; f++)
            p[r * factors + f] = known ? effects[r][f].p : 1;
    }
    bench_stats_holm(p, 2 * factors, p);
    for (unsigned f = 0; f < factors; f++)
        for (unsigned r = 0; r < 2; r++)
            if (p[r * factors + f] <= 1 - LEVEL && fabs(effects[r][f].estimate) > size[f])
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

/* ---- findings -------------------------------------------------------------------------------------------
 */

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
    struct table t;
    bool good = other != UINT_MAX && other != point && table_new(&t, BENCH_RESPONSES, blocks);
    double *x = good ? calloc(blocks + 1, sizeof *x) : NULL;

    for (unsigned r = 0; x && r < BENCH_RESPONSES; r++) {
        bench_decide_ratios(s, point, (enum bench_response_of)r, row_of(&t, r));
        bench_decide_ratios(s, other, (enum bench_response_of)r, x);
        for (unsigned b = 0; b < blocks; b++)
            row_of(&t, r)[b] -= x[b];
    }
    if (x)
        compare(&t, seed_of(s, 300 + factor), ratio);
    if (good)
        table_free(&t);
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
        struct table t;
        good = table_new(&t, count, s->blocks[BENCH_GRID]);
        for (unsigned i = 0; good && i < count; i++)
            bench_decide_ratios(s, list[i], (enum bench_response_of)r, row_of(&t, i));
        double *base = row_of(&t, 0);
        struct bench_interval same = {mean_of(base, t.blocks), 0, 0, 1, LEVEL};
        for (unsigned b = 0; good && b < t.blocks; b++)
            base[b] = NAN;
        if (good)
            compare(&t, seed_of(s, 10 + r), found);
        for (unsigned i = 0; good && i < count; i++) {
            struct bench_estimate *e = &out->estimates[i];
            e->point = list[i];
            e->ratio[r] = i == 0 ? same : found[i];
            e->blocks = i == 0 ? t.blocks : t.n[i] > e->blocks ? t.n[i] : e->blocks;
        }
        table_free(&t);
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
        struct table t;
        good = table_new(&t, count, blocks);
        for (unsigned i = 0; good && i < count; i++)
            effect_row(s, &out->effects[first + i], (enum bench_response_of)r, row_of(&t, i), x, y);
        if (good)
            compare(&t, seed_of(s, 20 + r), found);
        for (unsigned i = 0; good && i < count; i++)
            out->effects[first + i].ratio[r] = found[i];
        table_free(&t);
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
        bool known = screening_effects(s, (enum bench_response_of)r, found);
        for (unsigned f = 0; f < s->tune->factor_count; f++)
            out->effects[f].ratio[r] =
                known ? found[f] : (struct bench_interval){NAN, -INFINITY, INFINITY, 1, LEVEL};
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
    struct table t;

    out->pairs = pairs;
    if (pairs == 0)
        return true;
    bool good = table_new(&t, BENCH_RESPONSES, pairs);
    for (unsigned i = 0; good && i < s->trial_count; i++) {
        const struct bench_trial *trial = &s->trials[i];
        if (trial->stage == BENCH_CONFIRMING && trial->block < pairs)
            for (unsigned r = 0; r < BENCH_RESPONSES; r++)
                row_of(&t, r)[trial->block] +=
                    trial->point == 0 ? -log(trial->value[r]) : log(trial->value[r]);
    }
    if (good)
        compare(&t, seed_of(s, 30), out->confirmed);
    table_free(&t);
    response_order(s->tune, order);
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
