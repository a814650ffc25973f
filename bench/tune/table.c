/* The findings for people; see report.h. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/tune/report.h"
#include "bench/tune/text.h"

#define CELL 160

/* A table whose columns are as wide as their cells. */
struct grid {
    unsigned columns, rows;
    char (*cells)[CELL];
};

static bool grid_new(struct grid *g, unsigned columns, unsigned rows)
{
    *g = (struct grid){.columns = columns};
    g->cells = calloc((size_t)columns * (rows + 1), sizeof *g->cells);
    return g->cells != NULL;
}

static char *cell(struct grid *g, unsigned column)
{
    return g->cells[g->rows * g->columns + column];
}

static unsigned width_of(const char *text) /* UTF-8 */
{
    unsigned width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xc0) != 0x80;
    return width;
}

static void grid_print(FILE *out, const struct grid *g)
{
    for (unsigned row = 0; row < g->rows; row++) {
        unsigned last = g->columns;
        while (last > 0 && !g->cells[row * g->columns + last - 1][0])
            last--;
        for (unsigned c = 0; c < last; c++) {
            const char *text = g->cells[row * g->columns + c];
            unsigned width = 0;
            for (unsigned r = 0; r < g->rows; r++) /* a long text at a row's end needs no column */
                if (c + 1 < g->columns && g->cells[r * g->columns + c + 1][0] &&
                    width_of(g->cells[r * g->columns + c]) > width)
                    width = width_of(g->cells[r * g->columns + c]);
            fprintf(out, "%s%s", c ? "  " : "  ", text);
            for (unsigned n = width_of(text); c + 1 < last && n < width; n++)
                fputc(' ', out);
        }
        fputc('\n', out);
    }
}

/* ---- points ----------------------------------------------------------------------------------------------
 */

static void point_row(const struct bench_tune_report *r, unsigned index, struct grid *g)
{
    const struct bench_sweep *s = r->sweep;
    const struct bench_estimate *e = &r->findings->estimates[index];
    const struct bench_tune_point *p = &s->points[e->point];
    unsigned c = 0;
    bool fronted = false;

    for (unsigned i = 0; i < r->findings->front_count; i++)
        fronted = fronted || r->findings->front[i] == index;
    snprintf(cell(g, c++), CELL, "%s%s", index == r->findings->winner ? "*" : "", fronted ? "f" : "");
    for (unsigned f = 0; f < s->tune->factor_count; f++)
        if (s->kept[f])
            bench_factor_text(&s->tune->factors[f], p->level[f], cell(g, c++), CELL);
    if (p->out) {
        snprintf(cell(g, c), CELL, "disqualified: %.140s", p->why);
    } else {
        for (unsigned i = 0; i < BENCH_RESPONSES; i++)
            if (index == 0)
                bench_text_value((enum bench_response_of)i, e->value[i], cell(g, c++), CELL);
            else
                bench_text_ratio(&e->ratio[i], cell(g, c++), CELL);
        snprintf(cell(g, c), CELL, "%u%s", e->blocks, p->dropped ? ", dropped" : "");
    }
    g->rows++;
}

static double goal_of(const struct bench_tune_report *r, unsigned index)
{
    const struct bench_estimate *e = &r->findings->estimates[index];
    enum bench_response_of goal = r->sweep->tune->goal;

    if (r->sweep->points[e->point].out || !isfinite(e->ratio[goal].estimate))
        return -INFINITY;
    return e->ratio[goal].estimate * bench_response_sign(goal);
}

/* The points, the best first. */
static void points(FILE *out, const struct bench_tune_report *r)
{
    const struct bench_sweep *s = r->sweep;
    unsigned n = r->findings->estimate_count, columns = 2 + BENCH_RESPONSES, c = 0;
    unsigned *order = calloc(n + 1, sizeof *order);
    struct grid g;

    for (unsigned f = 0; f < s->tune->factor_count; f++)
        columns += s->kept[f];
    if (!order || !grid_new(&g, columns, n + 1)) {
        free(order);
        return;
    }
    c++;
    for (unsigned f = 0; f < s->tune->factor_count; f++)
        if (s->kept[f])
            snprintf(cell(&g, c++), CELL, "%s", s->tune->factors[f].name);
    static const char *const titles[] = {"rate", "p99", "CPU a message", "blocks"};
    for (unsigned i = 0; i <= BENCH_RESPONSES; i++)
        snprintf(cell(&g, c++), CELL, "%s", titles[i]);
    g.rows++;
    for (unsigned i = 0; i < n; i++)
        order[i] = i;
    for (unsigned i = 2; i < n; i++) /* the base stays first */
        for (unsigned k = i; k > 1 && goal_of(r, order[k]) > goal_of(r, order[k - 1]); k--) {
            unsigned swap = order[k];
            order[k] = order[k - 1];
            order[k - 1] = swap;
        }
    for (unsigned i = 0; i < n; i++)
        point_row(r, order[i], &g);
    fprintf(
        out,
        "\nPoints, against the base (first row; * winner, f on the front of rate and p99), 95 %% in all:\n");
    grid_print(out, &g);
    free(g.cells);
    free(order);
}

/* ---- effects and front ------------------------------------------------------------------------------------
 */

static void effects(FILE *out, const struct bench_tune_report *r, bool screened)
{
    const struct bench_findings *f = r->findings;
    struct grid g;
    unsigned count = 0;
    char from[VAL_TEXT_MAX], to[VAL_TEXT_MAX];

    for (unsigned i = 0; i < f->effect_count; i++)
        count += f->effects[i].screened == screened;
    if (count == 0 || !grid_new(&g, 2 + BENCH_RESPONSES, count))
        return;
    for (unsigned i = 0; i < f->effect_count; i++) {
        const struct bench_effect *e = &f->effects[i];
        const struct bench_factor *factor = &r->sweep->tune->factors[e->factor];
        if (e->screened != screened)
            continue;
        bench_factor_text(factor, screened ? 0 : factor->base, from, sizeof from);
        bench_factor_text(factor, e->value, to, sizeof to);
        snprintf(cell(&g, 0), CELL, "%s", factor->name);
        snprintf(cell(&g, 1), CELL, "%.70s → %.70s", from, to);
        for (unsigned k = 0; k < BENCH_RESPONSES; k++) {
            char text[CELL - 8];
            snprintf(cell(&g, 2 + k), CELL, "%s %s", bench_response_names[k],
                     bench_text_ratio(&e->ratio[k], text, sizeof text));
        }
        g.rows++;
    }
    fputs(screened ? "\nScreening, each factor from its first value to its last:\n"
                   : "\nEffects, each value against the base's, over all other values:\n",
          out);
    grid_print(out, &g);
    free(g.cells);
}

static void front(FILE *out, const struct bench_tune_report *r)
{
    const struct bench_findings *f = r->findings;
    char rate[64], p99[64], text[BENCH_POINT_TEXT];

    if (f->front_count == 0)
        return;
    fputs("\nThe front of rate and p99 (no other point is better in both):\n", out);
    for (unsigned i = 0; i < f->front_count; i++) {
        const struct bench_estimate *e = &f->estimates[f->front[i]];
        fprintf(out, "  %15s  %9s  %s%s\n",
                bench_text_value(BENCH_RATE, e->value[BENCH_RATE], rate, sizeof rate),
                bench_text_value(BENCH_P99, e->value[BENCH_P99], p99, sizeof p99),
                bench_text_point(r->sweep, e->point, text, sizeof text),
                f->front[i] == f->knee ? "  (knee)" : "");
    }
}

/* ---- the whole --------------------------------------------------------------------------------------------
 */

static const char *const endings[] = {
    [BENCH_END_NONE] = "it has not ended",
    [BENCH_END_PRECISE] = "all intervals are within ±2 %",
    [BENCH_END_BUDGET] = "the budget was used up",
    [BENCH_END_STOPPED] = "it was interrupted",
    [BENCH_END_FAILED] = "it failed",
    [BENCH_END_NOTHING] = "the screening found no factor that matters",
};

static const char *nothing_known(const struct bench_sweep *s, char *text, size_t size)
{
    unsigned order[BENCH_POINTS_MAX + 1], runs = bench_sweep_order(s, s->stage, 0, order);
    char spent[48];

    if (s->ended == BENCH_END_BUDGET)
        snprintf(text, size,
                 "nothing is known yet: no block is complete; its %u runs take about %s here: give a larger "
                 "--budget, or fewer values",
                 runs, bench_text_seconds(runs * s->cost, spent, sizeof spent));
    else
        snprintf(text, size, "nothing is known yet: no block is complete");
    return text;
}

/* A few blocks cannot tell much. */
static const char *no_difference(const struct bench_sweep *s, char *text, size_t size)
{
    unsigned blocks = s->blocks[BENCH_GRID] ? s->blocks[BENCH_GRID] : s->blocks[BENCH_SCREENING];

    snprintf(text, size, "no difference: nothing that was tried is better than the base");
    if (blocks < BENCH_RACE_BLOCKS && s->ended != BENCH_END_PRECISE)
        snprintf(text + strlen(text), size - strlen(text), ", as far as %u block%s can tell", blocks,
                 blocks == 1 ? "" : "s");
    return text;
}

/* "rate +12.3 % [+10.1, +14.5]": the goal and, where that is the same, what the point was chosen for. */
static const char *what_differs(const struct bench_interval *ratio, enum bench_response_of goal, char *out,
                                size_t size)
{
    char text[128];
    size_t used = (size_t)snprintf(out, size, "%s %s", bench_response_names[goal],
                                   bench_text_ratio(&ratio[goal], text, sizeof text));

    for (unsigned r = 0; r < BENCH_RESPONSES && bench_interval_spans(&ratio[goal]); r++)
        if (r != goal && isfinite(ratio[r].estimate) && !bench_interval_spans(&ratio[r]) && used < size)
            used += (size_t)snprintf(out + used, size - used, ", %s %s", bench_response_names[r],
                                     bench_text_ratio(&ratio[r], text, sizeof text));
    return out;
}

const char *bench_tune_conclusion(const struct bench_tune_report *r, char *text, size_t size)
{
    const struct bench_findings *f = r->findings;
    const struct bench_sweep *s = r->sweep;
    enum bench_response_of goal = s->tune->goal;
    char point[BENCH_POINT_TEXT / 2], ratio[3 * 128];

    if (s->blocks[BENCH_GRID] + s->blocks[BENCH_SCREENING] == 0)
        return nothing_known(s, text, size);
    if (f->winner == 0)
        return no_difference(s, text, size);
    bench_text_point(s, f->estimates[f->winner].point, point, sizeof point);
    if (f->pairs > 0)
        snprintf(text, size, "%s: %s in %u fresh pair%s%s", point,
                 what_differs(f->confirmed, goal, ratio, sizeof ratio), f->pairs, f->pairs == 1 ? "" : "s",
                 f->is_confirmed ? "" : "; it was not confirmed to be better than the base");
    else
        snprintf(text, size, "%s: %s, not confirmed by fresh pairs", point,
                 what_differs(f->estimates[f->winner].ratio, goal, ratio, sizeof ratio));
    return text;
}

static void confirmation(FILE *out, const struct bench_tune_report *r)
{
    const struct bench_findings *f = r->findings;
    char ratio[128];

    if (f->pairs == 0)
        return;
    fprintf(out, "\nThe winner against the base in %u fresh pairs%s:\n", f->pairs,
            f->pairs < BENCH_CONFIRM ? " (ten were wanted)" : "");
    for (unsigned i = 0; i < BENCH_RESPONSES; i++)
        fprintf(out, "  %-4s  %s\n", bench_response_names[i],
                bench_text_ratio(&f->confirmed[i], ratio, sizeof ratio));
}

struct advising {
    FILE *out;
    bool next, begun;
};

static void advise(bool next, const char *text, void *arg)
{
    struct advising *a = arg;

    if (next != a->next)
        return;
    if (!a->begun)
        fputs(next ? "\nWhat to try next:\n" : "\nWhat limits the result:\n", a->out);
    a->begun = true;
    fprintf(a->out, "  - %s\n", text);
}

void bench_tune_table(FILE *out, const struct bench_tune_report *r)
{
    const struct bench_sweep *s = r->sweep;
    char text[BENCH_CONCLUSION_MAX], spent[48];

    if (s->blocks[BENCH_SCREENING] > 0)
        effects(out, r, true);
    if (s->blocks[BENCH_GRID] > 0) {
        points(out, r);
        effects(out, r, false);
        front(out, r);
        confirmation(out, r);
    }
    for (unsigned next = 0; next < 2; next++) {
        struct advising a = {.out = out, .next = next};
        bench_tune_advise(r, advise, &a);
    }
    fprintf(out, "\n%u blocks in %s, seed %llu; it ended because %s.\n",
            s->blocks[BENCH_SCREENING] + s->blocks[BENCH_GRID],
            bench_text_seconds(s->spent, spent, sizeof spent), (unsigned long long)s->tune->seed,
            endings[s->ended]);
    if (s->why[0])
        fprintf(out, "%s\n", s->why);
    fprintf(out, "Result: %s.\n", bench_tune_conclusion(r, text, sizeof text));
}
