/* The winner as sections of a configuration; see report.h. */
#include <math.h>
#include <string.h>

#include "bench/tune/report.h"
#include "bench/tune/text.h"

/* One value that is written. */
struct line {
    const struct bench_factor *factor;
    char value[VAL_TEXT_MAX], why[400];
};

/* "rate +12.3 % [+10.1, +14.5], p99 …; instead of 4M": what the value does by itself; if that is not certain,
 * what all of them do. */
static void explain(const struct bench_tune_report *r, unsigned factor, const struct bench_interval *ratio,
                    char *out, size_t size)
{
    const struct bench_factor *f = &r->sweep->tune->factors[factor];
    enum bench_response_of goal = r->sweep->tune->goal;
    char text[128], base[VAL_TEXT_MAX];
    size_t used = 0;

    for (unsigned k = 0; k < BENCH_RESPONSES; k++)
        if (isfinite(ratio[k].estimate) && !bench_interval_spans(&ratio[k]) && used < size)
            used += (size_t)snprintf(out + used, size - used, "%s%s %s", used ? ", " : "",
                                     bench_response_names[k], bench_text_ratio(&ratio[k], text, sizeof text));
    if (used == 0)
        used = (size_t)snprintf(
            out, size, "all values together: %s %s", bench_response_names[goal],
            bench_text_ratio(&r->findings->estimates[r->findings->winner].ratio[goal], text, sizeof text));
    if (used < size)
        snprintf(out + used, size - used, "; instead of %s",
                 bench_factor_text(f, f->base, base, sizeof base));
}

static unsigned gather(const struct bench_tune_report *r, bool of_broker, struct line *lines)
{
    const struct bench_sweep *s = r->sweep;
    unsigned point = r->findings->estimates[r->findings->winner].point, count = 0;
    struct bench_interval ratio[BENCH_RESPONSES];

    for (unsigned f = 0; f < s->tune->factor_count; f++) {
        const struct bench_factor *factor = &s->tune->factors[f];
        if (s->points[point].level[f] == factor->base || factor->of_broker != of_broker)
            continue;
        for (unsigned i = 0; i < BENCH_RESPONSES; i++)
            ratio[i] = (struct bench_interval){NAN, -INFINITY, INFINITY, 1, 0.95};
        bench_decide_value(s, point, f, ratio);
        struct line *line = &lines[count++];
        line->factor = factor;
        bench_factor_text(factor, s->points[point].level[f], line->value, sizeof line->value);
        explain(r, f, ratio, line->why, sizeof line->why);
    }
    return count;
}

/* The part of a name before the dot, without "broker."; *field is what follows, NULL if nothing does. */
static void split(const struct bench_factor *f, char *name, size_t size, const char **field)
{
    const char *text = f->of_broker ? strchr(f->name, '.') + 1 : f->name, *dot = strchr(text, '.');

    snprintf(name, size, "%.*s", (int)strcspn(text, "."), text);
    *field = dot ? dot + 1 : NULL;
}

static void section(FILE *out, const char *title, const struct line *lines, unsigned count)
{
    char name[64], other[64], last[64] = "";
    const char *field;

    if (count == 0)
        return;
    fprintf(out, "%s:\n", title);
    for (unsigned i = 0; i < count; i++) {
        split(lines[i].factor, name, sizeof name, &field);
        if (!field) {
            fprintf(out, "  %s: %s  # %s\n", name, lines[i].value, lines[i].why);
            continue;
        }
        if (strcmp(name, last) == 0)
            continue; /* written with the first one of its record */
        snprintf(last, sizeof last, "%s", name);
        fprintf(out, "  %s:\n", name);
        for (unsigned k = i; k < count; k++) {
            split(lines[k].factor, other, sizeof other, &field);
            if (field && strcmp(other, name) == 0)
                fprintf(out, "    %s: %s  # %s\n", field, lines[k].value, lines[k].why);
        }
    }
}

bool bench_tune_yaml(FILE *out, const struct bench_tune_report *r)
{
    struct line lines[BENCH_FACTORS_MAX];
    const struct bench_findings *f = r->findings;
    char text[BENCH_CONCLUSION_MAX];

    fprintf(out, "# junctor tune: %s.\n", bench_tune_conclusion(r, text, sizeof text));
    if (r->command)
        fprintf(out, "# %s\n", r->command);
    if (f->winner == 0 || (f->pairs > 0 && !f->is_confirmed)) {
        fputs(f->winner == 0 ? "# Nothing is worth changing.\n"
                             : "# It is not written here because it was not confirmed.\n",
              out);
        return false;
    }
    section(out, "sctp", lines, gather(r, false, lines));
    section(out, "broker", lines, gather(r, true, lines));
    return true;
}
