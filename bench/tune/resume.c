/* Keeping a sweep in a file; see resume.h. */
#include "bench/tune/resume.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/arguments_priv.h"
#include "bench/saved_priv.h"
#include "bench/tune/text.h"

struct reading {
    struct bench_saved saved;
    struct bench_sweep *s;
};

static bool complain(struct reading *r, const struct cfg_node *at, const char *what)
{
    cfg_document_complain(r->saved.document, at ? cfg_node_place(at) : (struct cfg_place){0}, "%s", what);
    return false;
}

static bool find_name(const char *text, const char *const *names, unsigned count, unsigned *out)
{
    for (unsigned i = 0; i < count; i++)
        if (strcmp(text, names[i]) == 0) {
            *out = i;
            return true;
        }
    return false;
}

/* A whole number from 0 on and below `most`. */
static bool whole(double value, double most, unsigned *out)
{
    *out = value >= 0 && value < most ? (unsigned)value : 0;
    return value >= 0 && value < most && value == floor(value);
}

/* ---- is it this experiment? ---------------------------------------------------------------------------- */

static bool same_values(const struct reading *r, const struct cfg_node *factor, const struct bench_factor *f)
{
    char text[VAL_TEXT_MAX];
    unsigned n = 0;

    for (const struct cfg_node *v = bench_saved_items(&r->saved, factor, "values"); v;
         v = cfg_node_next(v), n++)
        if (n >= f->count || cfg_node_kind(v) != CFG_NODE_SCALAR ||
            strcmp(cfg_node_text(v), bench_factor_text(f, n, text, sizeof text)) != 0)
            return false;
    return n == f->count && strcmp(bench_saved_text(&r->saved, factor, "name"), f->name) == 0 &&
           strcmp(bench_saved_text(&r->saved, factor, "base"),
                  bench_factor_text(f, f->base, text, sizeof text)) == 0;
}

/* The files that it was made of have not changed since. */
static bool check_inputs(struct reading *r, const struct bench_tune *t)
{
    const struct cfg_node *node = bench_saved_items(&r->saved, r->saved.root, "inputs");
    char text[BENCH_FILE_MAX + 200];
    unsigned n = 0;

    for (; node && n < t->inputs.count; node = cfg_node_next(node), n++) {
        const struct bench_input *input = &t->inputs.list[n];
        snprintf(text, sizeof text,
                 "%s %s has changed since the sweep was begun: go on with what it was, or begin a new one in "
                 "another file",
                 input->option, input->file);
        if (strcmp(bench_saved_text(&r->saved, node, "digest"), input->digest) != 0)
            return complain(r, node, text);
    }
    return (!node && n == t->inputs.count) || complain(r, r->saved.root, "\"inputs\" are not those of it");
}

static bool check_experiment(struct reading *r, const struct bench_tune *t)
{
    const struct cfg_node *root = r->saved.root, *factor = bench_saved_items(&r->saved, root, "factors");
    char text[sizeof t->experiment + 200];
    unsigned n = 0;

    if (strcmp(bench_saved_text(&r->saved, root, "kind"), "tune") != 0)
        return complain(r, root, "this is not a sweep of `junctor tune`");
    if (bench_saved_number(&r->saved, root, "version") != BENCH_TUNE_VERSION)
        return complain(r, root, "saved by another version of junctor: \"version\" is not 1");
    if (strcmp(bench_saved_text(&r->saved, root, "experiment"), t->experiment) != 0) {
        snprintf(text, sizeof text, "it is of another experiment: junctor tune %s",
                 bench_saved_text(&r->saved, root, "experiment"));
        return complain(r, bench_saved_get(&r->saved, root, "experiment"), text);
    }
    for (; factor; factor = cfg_node_next(factor), n++)
        if (n >= t->factor_count || !same_values(r, factor, &t->factors[n]))
            return complain(r, factor,
                            "the base configuration has changed since: this factor has another base");
    return (n == t->factor_count || complain(r, root, "it lacks factors")) && check_inputs(r, t);
}

/* ---- the state ------------------------------------------------------------------------------------------
 */

static bool read_points(struct reading *r)
{
    const struct bench_tune *t = r->s->tune;

    for (const struct cfg_node *p = bench_saved_items(&r->saved, r->saved.root, "points"); p;
         p = cfg_node_next(p)) {
        uint8_t level[BENCH_FACTORS_MAX] = {0};
        unsigned n = 0, value;
        double *levels = bench_saved_numbers(&r->saved, p, "levels", &n);
        bool good = n == t->factor_count;
        for (unsigned f = 0; good && f < n; f++) {
            good = whole(levels[f], t->factors[f].count, &value);
            level[f] = (uint8_t)value;
        }
        free(levels);
        unsigned point = good ? bench_sweep_point(r->s, level) : UINT_MAX;
        if (point == UINT_MAX || point >= BENCH_POINTS_MAX)
            return complain(r, p, "\"levels\" of this point are wrong");
        struct bench_tune_point *to = &r->s->points[point];
        const char *why = bench_saved_text(&r->saved, p, "disqualified");
        to->in_grid = strcmp(bench_saved_text(&r->saved, p, "grid"), "true") == 0;
        to->out = *why != 0;
        snprintf(to->why, sizeof to->why, "%s", why);
        if (!whole(bench_saved_number(&r->saved, p, "dropped_after"), 1e6, &to->dropped))
            return complain(r, p, "\"dropped_after\" of this point is wrong");
    }
    return true;
}

static void read_kept(struct reading *r)
{
    const struct cfg_node *factor = bench_saved_items(&r->saved, r->saved.root, "factors");

    for (unsigned f = 0; factor; factor = cfg_node_next(factor), f++)
        r->s->kept[f] = strcmp(bench_saved_text(&r->saved, factor, "kept"), "true") == 0;
}

/* One stage: columns of equal length. */
static bool read_trials(struct reading *r, enum bench_stage stage)
{
    static const char *const columns[] = {"block", "place", "point"};
    const struct cfg_node *all = bench_saved_get(&r->saved, r->saved.root, "trials");
    const struct cfg_node *table = bench_saved_get(&r->saved, all, bench_stage_names[stage]);
    double *column[3 + BENCH_RESPONSES];
    unsigned n[3 + BENCH_RESPONSES], blocks;
    bool good = whole(bench_saved_number(&r->saved, table, "blocks"), 1e6, &blocks);

    for (unsigned c = 0; c < 3 + BENCH_RESPONSES; c++)
        column[c] =
            bench_saved_numbers(&r->saved, table, c < 3 ? columns[c] : bench_response_keys[c - 3], &n[c]);
    for (unsigned c = 0; c < 3 + BENCH_RESPONSES; c++)
        good = good && n[c] == n[0];
    for (unsigned i = 0; good && i < n[0]; i++) {
        struct bench_trial t = {.stage = stage};
        good = whole(column[0][i], blocks, &t.block) && whole(column[1][i], 1e6, &t.place) &&
               whole(column[2][i], r->s->point_count, &t.point);
        for (unsigned k = 0; good && k < BENCH_RESPONSES; k++)
            t.value[k] = column[3 + k][i];
        good = good && bench_sweep_add(r->s, &t);
    }
    for (unsigned c = 0; c < 3 + BENCH_RESPONSES; c++)
        free(column[c]);
    r->s->blocks[stage] = blocks;
    return good ||
           complain(r, table ? table : r->saved.root, "the measurements (\"trials\") are not complete");
}

static bool read_state(struct reading *r)
{
    const struct cfg_node *root = r->saved.root;
    struct bench_sweep *s = r->s;
    unsigned stage, ended;

    if (!find_name(bench_saved_text(&r->saved, root, "stage"), bench_stage_names, BENCH_SWEEP_OVER + 1,
                   &stage) ||
        !find_name(bench_saved_text(&r->saved, root, "racing_ended"), bench_ending_names,
                   BENCH_END_NOTHING + 1, &ended))
        return complain(r, root, "\"stage\" or \"racing_ended\" is wrong");
    s->stage = (enum bench_stage)stage;
    s->racing_ended = (enum bench_ending)ended;
    s->spent = bench_saved_number(&r->saved, root, "spent_seconds");
    s->rate = bench_saved_number(&r->saved, root, "latency_rate");
    s->budget = bench_saved_number(&r->saved, root, "budget_seconds");
    if (!(s->spent >= 0) || !(s->rate >= 0) || !(s->budget >= 0))
        return complain(r, root, "\"spent_seconds\", \"budget_seconds\" or \"latency_rate\" is wrong");
    read_kept(r);
    if (!read_points(r))
        return false;
    for (unsigned i = 0; i < BENCH_SWEEP_OVER; i++)
        if (!read_trials(r, (enum bench_stage)i))
            return false;
    return whole(bench_saved_number(&r->saved, root, "winner"), s->point_count, &s->winner) ||
           complain(r, root, "\"winner\" is wrong");
}

static bool check_seed(struct reading *r, struct bench_tune *t, bool given)
{
    unsigned seed;

    if (!whole(bench_saved_number(&r->saved, r->saved.root, "seed"), 4294967296.0, &seed))
        return complain(r, r->saved.root, "\"seed\" is wrong");
    if (given && seed != t->seed)
        return complain(r, bench_saved_get(&r->saved, r->saved.root, "seed"),
                        "it has another seed than --seed: leave that out");
    t->seed = seed;
    return true;
}

/* ---- the host ------------------------------------------------------------------------------------------ */

/* "Linux 6.1.0 x86_64 on gateway" */
static const char *place_of(const char *kernel, const char *host, char *out, size_t size)
{
    snprintf(out, size, "%s on %s", kernel, host);
    return out;
}

/* Whether it may go on here. */
static bool check_host(struct reading *r, const struct bench_host *host, char *warning, size_t size)
{
    const struct cfg_node *root = r->saved.root;
    const char *name = bench_saved_text(&r->saved, root, "host");
    const char *kernel = bench_saved_text(&r->saved, root, "kernel");
    char here[300], there[300], text[800];

    place_of(kernel, name, there, sizeof there);
    place_of(host->kernel, host->name, here, sizeof here);
    if (strcmp(kernel, host->kernel) != 0) {
        snprintf(text, sizeof text,
                 "it was measured with %s, this is %s: what was measured with two kernels is not put "
                 "together; begin a new one in another file",
                 there, here);
        return complain(r, bench_saved_get(&r->saved, root, "kernel"), text);
    }
    if (strcmp(name, host->name) != 0)
        snprintf(warning, size, "it was begun on %s, and goes on on %s: is that the same machine?", there,
                 here);
    return true;
}

/* What had been seen in earlier runs. */
static void read_seen(const struct reading *r, struct bench_host *host)
{
    const struct bench_saved *saved = &r->saved;
    const struct cfg_node *seen = bench_saved_get(saved, saved->root, "seen");

    snprintf(host->transport, sizeof host->transport, "%s",
             bench_saved_text(saved, saved->root, "transport"));
    snprintf(host->granted, sizeof host->granted, "%s", bench_saved_text(saved, seen, "granted"));
    host->busy = fmax(0, bench_saved_number(saved, seen, "busy")); /* 0 if there is none */
    host->middle_busy = fmax(0, bench_saved_number(saved, seen, "broker_busy"));
    host->mbits = fmax(0, bench_saved_number(saved, seen, "megabits_per_second"));
    if (!whole(bench_saved_number(saved, seen, "runs"), 1e9, &host->runs) ||
        !whole(bench_saved_number(saved, seen, "unsteady"), 1e9, &host->unsteady))
        host->runs = host->unsteady = 0;
}

static bool read_host(struct reading *r, const struct bench_tune *t, struct bench_host *host, char *warning,
                      size_t size)
{
    if (r->s->stage == BENCH_SWEEP_OVER && t->budget <= r->s->budget) { /* nothing is measured any more */
        snprintf(host->name, sizeof host->name, "%s", bench_saved_text(&r->saved, r->saved.root, "host"));
        snprintf(host->kernel, sizeof host->kernel, "%s",
                 bench_saved_text(&r->saved, r->saved.root, "kernel"));
    } else if (!check_host(r, host, warning, size)) {
        return false;
    }
    read_seen(r, host);
    return true;
}

bool bench_tune_resume(const char *file, struct bench_tune *tune, bool given_seed, struct bench_sweep *s,
                       struct bench_host *host, char *why, size_t size)
{
    struct reading r = {.s = s};
    struct cfg_remarks remarks;

    *why = 0;
    if (access(file, F_OK) != 0 && errno == ENOENT)
        return true;
    r.saved.document = cfg_document_read(file);
    r.saved.root = cfg_document_root(r.saved.document);
    if (r.saved.root && check_experiment(&r, tune) && check_seed(&r, tune, given_seed) && read_state(&r))
        read_host(&r, tune, host, why, size);
    bool good = cfg_document_finish(r.saved.document, &remarks);
    if (!good && remarks.count > 0 && remarks.list[0].line > 0)
        bench_say(why, size, "%s:%u:%u: %s", file, remarks.list[0].line, remarks.list[0].column,
                  remarks.list[0].text);
    else if (!good)
        bench_say(why, size, "%s: %s", file, remarks.count > 0 ? remarks.list[0].text : "cannot be read");
    cfg_remarks_free(&remarks);
    return good;
}

bool bench_tune_keep(const char *file, const struct bench_tune_report *r, char *why, size_t size)
{
    char name[BENCH_FILE_MAX + 8];

    snprintf(name, sizeof name, "%s.new", file);
    FILE *out = fopen(name, "we");
    bool written = out != NULL;
    if (out) {
        bench_tune_json(out, r);
        written = fflush(out) == 0 && fsync(fileno(out)) == 0;
        written = fclose(out) == 0 && written;
    }
    if (written && rename(name, file) == 0)
        return true;
    bench_say(why, size, "%s: %s", file, strerror(errno));
    unlink(name);
    return false;
}
