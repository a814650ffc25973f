/* The findings and the whole state of a sweep as JSON; see report.h. `junctor tune --help` lists the members.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "bench/json.h"
#include "bench/tune/report.h"
#include "bench/tune/text.h"

const char *const bench_stage_names[] = {"screening", "grid", "confirmation", "over"};
const char *const bench_ending_names[] = {"",       "precise",        "budget", "interrupted",
                                          "failed", "nothing matters"};

static void origin(struct bench_json *j, const struct bench_tune_report *r)
{
    char text[512];
    struct tm tm;

    if (r->command)
        bench_json_text(j, "command", r->command);
    if (gmtime_r(&r->begun, &tm) && strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm))
        bench_json_text(j, "time", text);
    bench_json_text(j, "host", r->host->name);
    bench_json_text(j, "kernel", r->host->kernel);
}

static void seen(struct bench_json *j, const struct bench_host *h)
{
    bench_json_open(j, "seen", '{');
    bench_json_text(j, "granted", h->granted);
    bench_json_real(j, "busy", h->busy);
    bench_json_real(j, "broker_busy", h->middle_busy);
    bench_json_real(j, "megabits_per_second", h->mbits);
    bench_json_uint(j, "runs", h->runs);
    bench_json_uint(j, "unsteady", h->unsteady);
    bench_json_close(j, '}');
}

static void inputs(struct bench_json *j, const struct bench_inputs *in)
{
    bench_json_open(j, "inputs", '[');
    for (unsigned i = 0; i < in->count; i++) {
        bench_json_open(j, NULL, '{');
        bench_json_text(j, "option", in->list[i].option);
        bench_json_text(j, "file", in->list[i].file);
        bench_json_text(j, "digest", in->list[i].digest);
        bench_json_close(j, '}');
    }
    bench_json_close(j, ']');
}

static void interval(struct bench_json *j, const char *key, const struct bench_interval *i)
{
    bench_json_open(j, key, '{');
    bench_json_real(j, "log_ratio", i->estimate);
    bench_json_real(j, "low", i->low);
    bench_json_real(j, "high", i->high);
    bench_json_real(j, "p", i->p);
    bench_json_bool(j, "difference", isfinite(i->estimate) && !bench_interval_spans(i));
    bench_json_close(j, '}');
}

static void factors(struct bench_json *j, const struct bench_sweep *s)
{
    char text[VAL_TEXT_MAX];

    bench_json_open(j, "factors", '[');
    for (unsigned i = 0; i < s->tune->factor_count; i++) {
        const struct bench_factor *f = &s->tune->factors[i];
        bench_json_open(j, NULL, '{');
        bench_json_text(j, "name", f->name);
        bench_json_text(j, "base", bench_factor_text(f, f->base, text, sizeof text));
        bench_json_open(j, "values", '[');
        for (unsigned v = 0; v < f->count; v++)
            bench_json_text(j, NULL, bench_factor_text(f, v, text, sizeof text));
        bench_json_close(j, ']');
        bench_json_bool(j, "kept", s->kept[i]);
        bench_json_close(j, '}');
    }
    bench_json_close(j, ']');
}

static const struct bench_estimate *estimate_of(const struct bench_findings *f, unsigned point)
{
    for (unsigned i = 0; i < f->estimate_count; i++)
        if (f->estimates[i].point == point)
            return &f->estimates[i];
    return NULL;
}

static void figures(struct bench_json *j, const struct bench_tune_report *r, const struct bench_estimate *e)
{
    bool fronted = false;

    bench_json_uint(j, "blocks", e->blocks);
    for (unsigned k = 0; k < BENCH_RESPONSES; k++) {
        bench_json_open(j, bench_response_keys[k], '{');
        bench_json_real(j, "value", e->value[k]);
        if (e->point != 0)
            interval(j, "to_base", &e->ratio[k]);
        bench_json_close(j, '}');
    }
    for (unsigned i = 0; i < r->findings->front_count; i++)
        fronted = fronted || &r->findings->estimates[r->findings->front[i]] == e;
    bench_json_bool(j, "front", fronted);
    if (fronted)
        bench_json_bool(j, "knee", &r->findings->estimates[r->findings->knee] == e);
}

static void points(struct bench_json *j, const struct bench_tune_report *r)
{
    const struct bench_sweep *s = r->sweep;
    char text[VAL_TEXT_MAX];

    bench_json_open(j, "points", '[');
    for (unsigned i = 0; i < s->point_count; i++) {
        const struct bench_tune_point *p = &s->points[i];
        const struct bench_estimate *e = estimate_of(r->findings, i);
        bench_json_open(j, NULL, '{');
        bench_json_open(j, "values", '{');
        for (unsigned f = 0; f < s->tune->factor_count; f++)
            bench_json_text(j, s->tune->factors[f].name,
                            bench_factor_text(&s->tune->factors[f], p->level[f], text, sizeof text));
        bench_json_close(j, '}');
        bench_json_open(j, "levels", '[');
        for (unsigned f = 0; f < s->tune->factor_count; f++)
            bench_json_uint(j, NULL, p->level[f]);
        bench_json_close(j, ']');
        bench_json_bool(j, "grid", p->in_grid);
        bench_json_uint(j, "dropped_after", p->dropped);
        if (p->out)
            bench_json_text(j, "disqualified", p->why);
        if (e)
            figures(j, r, e);
        bench_json_close(j, '}');
    }
    bench_json_close(j, ']');
}

static void effects(struct bench_json *j, const struct bench_tune_report *r)
{
    char text[VAL_TEXT_MAX];

    bench_json_open(j, "effects", '[');
    for (unsigned i = 0; i < r->findings->effect_count; i++) {
        const struct bench_effect *e = &r->findings->effects[i];
        const struct bench_factor *f = &r->sweep->tune->factors[e->factor];
        bench_json_open(j, NULL, '{');
        bench_json_text(j, "factor", f->name);
        bench_json_text(j, "from", bench_factor_text(f, e->screened ? 0 : f->base, text, sizeof text));
        bench_json_text(j, "to", bench_factor_text(f, e->value, text, sizeof text));
        bench_json_bool(j, "screening", e->screened);
        for (unsigned k = 0; k < BENCH_RESPONSES; k++)
            interval(j, bench_response_keys[k], &e->ratio[k]);
        bench_json_close(j, '}');
    }
    bench_json_close(j, ']');
}

static void confirmation(struct bench_json *j, const struct bench_findings *f)
{
    if (f->pairs == 0)
        return;
    bench_json_open(j, "confirmation", '{');
    bench_json_uint(j, "pairs", f->pairs);
    bench_json_bool(j, "confirmed", f->is_confirmed);
    for (unsigned k = 0; k < BENCH_RESPONSES; k++)
        interval(j, bench_response_keys[k], &f->confirmed[k]);
    bench_json_close(j, '}');
}

struct advising {
    struct bench_json *j;
    bool next;
};

static void advise(bool next, const char *text, void *arg)
{
    struct advising *a = arg;

    if (next == a->next)
        bench_json_text(a->j, NULL, text);
}

static void advice(struct bench_json *j, const struct bench_tune_report *r)
{
    for (unsigned next = 0; next < 2; next++) {
        struct advising a = {j, next};
        bench_json_open(j, next ? "next" : "limits", '[');
        bench_tune_advise(r, advise, &a);
        bench_json_close(j, ']');
    }
}

static void configuration(struct bench_json *j, const struct bench_tune_report *r)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    if (!out)
        return;
    bool worth = bench_tune_yaml(out, r);
    fclose(out);
    bench_json_bool(j, "change", worth);
    bench_json_text(j, "configuration", text);
    free(text);
}

/* The measurements of one stage: a column for each figure. */
static void trials(struct bench_json *j, const struct bench_sweep *s, enum bench_stage stage)
{
    static const char *const columns[] = {"block", "place", "point"};

    bench_json_open(j, bench_stage_names[stage], '{');
    bench_json_uint(j, "blocks", s->blocks[stage]);
    for (unsigned c = 0; c < 3; c++) {
        bench_json_open(j, columns[c], '[');
        for (unsigned i = 0; i < s->trial_count; i++)
            if (s->trials[i].stage == stage)
                bench_json_uint(j, NULL,
                                c == 0   ? s->trials[i].block
                                : c == 1 ? s->trials[i].place
                                         : s->trials[i].point);
        bench_json_close(j, ']');
    }
    for (unsigned k = 0; k < BENCH_RESPONSES; k++) {
        bench_json_open(j, bench_response_keys[k], '[');
        for (unsigned i = 0; i < s->trial_count; i++)
            if (s->trials[i].stage == stage)
                bench_json_real(j, NULL, s->trials[i].value[k]);
        bench_json_close(j, ']');
    }
    bench_json_close(j, '}');
}

void bench_tune_json(FILE *out, const struct bench_tune_report *r)
{
    const struct bench_sweep *s = r->sweep;
    struct bench_json j = {.out = out};
    char text[BENCH_CONCLUSION_MAX];

    bench_json_open(&j, NULL, '{');
    bench_json_text(&j, "kind", "tune");
    bench_json_uint(&j, "version", BENCH_TUNE_VERSION);
    origin(&j, r);
    bench_json_bool(&j, "ok",
                    s->ended != BENCH_END_FAILED && s->blocks[BENCH_GRID] + s->blocks[BENCH_SCREENING] > 0);
    if (s->why[0])
        bench_json_text(&j, "error", s->why);
    bench_json_text(&j, "conclusion", bench_tune_conclusion(r, text, sizeof text));
    bench_json_text(&j, "experiment", s->tune->experiment);
    inputs(&j, &s->tune->inputs);
    bench_json_text(&j, "transport", r->host->transport);
    seen(&j, r->host);
    bench_json_text(&j, "goal", bench_response_keys[s->tune->goal]);
    bench_json_uint(&j, "seed", s->tune->seed);
    bench_json_real(&j, "budget_seconds", s->tune->budget);
    bench_json_real(&j, "spent_seconds", s->spent);
    bench_json_real(&j, "latency_rate", s->rate);
    bench_json_text(&j, "stage", bench_stage_names[s->stage]);
    bench_json_text(&j, "racing_ended", bench_ending_names[s->racing_ended]);
    bench_json_text(&j, "ended", bench_ending_names[s->ended]);
    factors(&j, s);
    points(&j, r);
    bench_json_uint(&j, "winner",
                    r->findings->estimate_count ? r->findings->estimates[r->findings->winner].point : 0);
    effects(&j, r);
    confirmation(&j, r->findings);
    bench_json_real(&j, "noise", r->findings->noise);
    advice(&j, r);
    configuration(&j, r);
    bench_json_open(&j, "trials", '{');
    for (unsigned stage = 0; stage < BENCH_SWEEP_OVER; stage++)
        trials(&j, s, (enum bench_stage)stage);
    bench_json_close(&j, '}');
    bench_json_close(&j, '}');
    fputc('\n', out);
}

void bench_tune_json_error(FILE *out, const char *error)
{
    struct bench_json j = {.out = out};

    bench_json_open(&j, NULL, '{');
    bench_json_text(&j, "kind", "tune");
    bench_json_uint(&j, "version", BENCH_TUNE_VERSION);
    bench_json_bool(&j, "ok", false);
    bench_json_text(&j, "error", error);
    bench_json_close(&j, '}');
    fputc('\n', out);
}
