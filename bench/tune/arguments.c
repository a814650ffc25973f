/* Parses the command line of `junctor tune`: its own options and those of `junctor load`; see tune.h. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/arguments_priv.h"
#include "bench/tune/sweep.h"
#include "config/sctp/value.h"
#include "transport/transport.h"

#define LISTEN "127.0.0.1:29900"
#define ENCAPS 29900

enum {
    ARG_VARY = 1024,
    ARG_GOAL,
    ARG_THROUGH,
    ARG_LINK,
    ARG_BUDGET,
    ARG_WINDOW,
    ARG_MEASURE,
    ARG_NO_LATENCY,
    ARG_SEED,
    ARG_WRITE,
    ARG_RESUME
};

const char bench_tune_letters[] = ":c:h";
const struct option bench_tune_options[] = {
    {"config", required_argument, NULL, 'c'},
    {"vary", required_argument, NULL, ARG_VARY},
    {"goal", required_argument, NULL, ARG_GOAL},
    {"through", required_argument, NULL, ARG_THROUGH},
    {"link", required_argument, NULL, ARG_LINK},
    {"budget", required_argument, NULL, ARG_BUDGET},
    {"window", required_argument, NULL, ARG_WINDOW},
    {"measure", required_argument, NULL, ARG_MEASURE},
    {"no-latency", no_argument, NULL, ARG_NO_LATENCY},
    {"seed", required_argument, NULL, ARG_SEED},
    {"write", required_argument, NULL, ARG_WRITE},
    {"resume", required_argument, NULL, ARG_RESUME},
    {"to", required_argument, NULL, 0},
    {"from", required_argument, NULL, 0},
    {"listen", required_argument, NULL, 0},
    {"listen-encaps", required_argument, NULL, 0},
    {"to-encaps", required_argument, NULL, 0},
    {"connect-timeout", required_argument, NULL, 0},
    {"transport", required_argument, NULL, 0},
    {"option", required_argument, NULL, 0},
    {"associations", required_argument, NULL, 0},
    {"idle", required_argument, NULL, 0},
    {"workers", required_argument, NULL, 0},
    {"open-rate", required_argument, NULL, 0},
    {"streams", required_argument, NULL, 0},
    {"ppid", required_argument, NULL, 0},
    {"size", required_argument, NULL, 0},
    {"payload", required_argument, NULL, 0},
    {"flow", required_argument, NULL, 0},
    {"scenario", required_argument, NULL, 0},
    {"batch", required_argument, NULL, 0},
    {"rate", required_argument, NULL, 0},
    {"warmup", required_argument, NULL, 0},
    {"drain", required_argument, NULL, 0},
    {"reply", no_argument, NULL, 0},
    {"unordered", no_argument, NULL, 0},
    {"verify", no_argument, NULL, 0},
    {"report", required_argument, NULL, 0},
    {"json", no_argument, NULL, 0},
    {"quiet", no_argument, NULL, 0},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

/* ---- values -------------------------------------------------------------------------------------------- */

static bool add_factor(struct bench_tune *t, const char *text, char *why, size_t size)
{
    if (t->factor_count == BENCH_FACTORS_MAX)
        return bench_say(why, size, "more than %d factors", BENCH_FACTORS_MAX);
    struct bench_factor *f = &t->factors[t->factor_count];
    if (!bench_factor_parse(text, f, why, size))
        return false;
    for (unsigned i = 0; i < t->factor_count; i++)
        if (strcmp(t->factors[i].name, f->name) == 0)
            return bench_say(why, size, "%s is given twice; write all its values in one --vary", f->name);
    t->factor_count++;
    return true;
}

static bool take_file(const char *text, char *name, char *why, size_t size)
{
    if (!*text || strlen(text) >= BENCH_FILE_MAX)
        return bench_say(why, size, "give a name of 1 to %d bytes", BENCH_FILE_MAX - 1);
    strcpy(name, text);
    return true;
}

static bool take_time(const char *text, unsigned least_ms, uint32_t *ms, char *why, size_t size)
{
    return bench_parse_time(text, ms, why, size) &&
           (*ms >= least_ms || bench_say(why, size, "at least %u ms", least_ms));
}

static bool take_value(struct bench_tune *t, int which, const char *text, char *why, size_t size)
{
    unsigned number;
    uint32_t ms;

    switch (which) {
    case 'c':
        if (t->base_file)
            return bench_say(why, size, "given twice (%s, %s); a configuration is one file", t->base_file,
                             text);
        t->base_file = text;
        return true;
    case ARG_VARY:
        return add_factor(t, text, why, size);
    case ARG_GOAL:
        if (!bench_parse_word(text, "rate,latency,cpu", &number, why, size))
            return false;
        t->goal = (enum bench_response_of)number;
        return true;
    case ARG_THROUGH:
        t->through_broker = true;
        return bench_parse_word(text, "broker", &number, why, size);
    case ARG_LINK:
        return bench_link_parse(text, &t->link, why, size);
    case ARG_BUDGET:
        if (!take_time(text, 1000, &ms, why, size))
            return false;
        t->budget = ms / 1e3;
        return true;
    case ARG_WINDOW:
        return take_time(text, 20, &t->window_ms, why, size);
    case ARG_MEASURE:
        return take_time(text, 50, &t->measure_ms, why, size);
    case ARG_NO_LATENCY:
        t->no_latency = true;
        return true;
    case ARG_SEED:
        if (!bench_parse_unsigned(text, 0, UINT32_MAX, &number, why, size))
            return false;
        t->seed = number;
        t->given_seed = true;
        return true;
    case ARG_WRITE:
        return take_file(text, t->write, why, size);
    default:
        return take_file(text, t->resume, why, size);
    }
}

static const char *name_of(int which)
{
    for (const struct option *o = bench_tune_options; o->name; o++)
        if (o->val == which)
            return o->name;
    return "";
}

static bool take(void *arg, int which, const char *text, char *why, size_t size)
{
    char reason[VAL_WHY_MAX];

    if (take_value(arg, which, text, reason, sizeof reason))
        return true;
    return bench_say(why, size, which == 'c' ? "-c: %s" : "--%2$s: %1$s", reason, name_of(which));
}

/* ---- the base -------------------------------------------------------------------------------------------
 */

static bool read_base(struct bench_tune *t, const struct bench_plan *plan, char *why, size_t size)
{
    struct opt_set base = {0};
    struct cfg_remarks remarks;

    opt_defaults(&base);
    if (t->base_file) {
        t->base_config = cfg_load_common(t->base_file, &remarks);
        FILE *out = t->base_config ? NULL : fmemopen(why, size, "w");
        if (out) {
            cfg_remarks_print(t->base_file, &remarks, out);
            fclose(out);
            if (*why && why[strlen(why) - 1] == '\n')
                why[strlen(why) - 1] = 0;
        }
        cfg_remarks_free(&remarks);
        if (!t->base_config)
            return false;
        base = t->base_config->sctp;
    }
    opt_merge(&base, &plan->options);
    memset(&t->base, 0, sizeof t->base);
    for (unsigned id = 0; id < OPT_ID_COUNT; id++) /* others are for an association that is up */
        if (opt_rows[id].when & OPT_AT_OPEN)
            opt_take_option(&t->base, &base, id);
    return true;
}

/* ---- as a whole -----------------------------------------------------------------------------------------
 */

static bool check_load(const struct bench_plan *p, char *why, size_t size)
{
    if (p->fanout || p->partial || p->keep || p->baseline || p->late_ok || p->churn.rate > 0 ||
        p->count > 0 || p->raw || p->replay[0] || p->collect)
        return bench_say(why, size,
                         "the scenario has keys that `junctor tune` does not take: fanout, partial, keep, "
                         "baseline, late-ok, churn, count, raw, replay, collect");
    for (unsigned i = 0; i < p->flow_count; i++)
        if (p->flows[i].count > 0)
            return bench_say(why, size,
                             "flow %s: a count is not for `junctor tune`, which measures for a time",
                             p->flows[i].name);
        else if (p->flows[i].pace.count > 0)
            return bench_say(
                why, size,
                "flow %s: a ramp or steps are not for `junctor tune`, which measures at a steady rate",
                p->flows[i].name);
    return true;
}

static bool check_target(const struct bench_tune *t, const struct bench_plan *p, char *why, size_t size)
{
    if (p->to.port && t->through_broker)
        return bench_say(why, size,
                         "--through broker starts a broker of its own on this host: leave --to out");
    if (p->to.port && p->listen_count > 0)
        return bench_say(why, size, "--to sends to a sink or echo elsewhere: leave --listen out");
    if (t->link.used && (p->to.port || p->listen_count > 0 || p->from.count > 0))
        return bench_say(why, size,
                         "--link has a source and a sink of its own: leave --to, --from and --listen out");
    if (p->listen_count > 1)
        return bench_say(why, size, "--listen: one endpoint is enough");
    for (unsigned f = 0; f < t->factor_count && !t->through_broker; f++)
        if (t->factors[f].of_broker)
            return bench_say(why, size, "--vary %s: a key of the broker needs --through broker",
                             t->factors[f].name);
    if (t->goal == BENCH_P99 && t->no_latency)
        return bench_say(why, size, "--goal latency needs the runs that --no-latency leaves out");
    if (t->goal == BENCH_P99 && p->to.port && !p->reply)
        return bench_say(why, size, "--goal latency: that of another host takes an echo there, and --reply");
    return true;
}

/* The stack whose defaults apply, and with --transport auto the one for all runs. */
static bool choose_transport(struct bench_tune *t, struct bench_plan *p, enum opt_stack_of *stack, char *why,
                             size_t size)
{
    struct tr_error error;

    if (p->transport == BENCH_TRANSPORT_AUTO)
        p->transport =
            tr_backend_probe(tr_kernel(), &error) == TR_OK ? BENCH_TRANSPORT_KERNEL : BENCH_TRANSPORT_USRSCTP;
    else if (p->transport == BENCH_TRANSPORT_KERNEL && tr_backend_probe(tr_kernel(), &error) != TR_OK)
        return bench_say(why, size, "no kernel SCTP here: %s", error.text);
    *stack = p->transport == BENCH_TRANSPORT_KERNEL ? OPT_KERNEL : OPT_USRSCTP;
    if (t->link.used && p->transport != BENCH_TRANSPORT_KERNEL)
        return bench_say(why, size, "--link needs the kernel's SCTP; usrsctp knows no network namespaces");
    return true;
}

static bool check_budget(const struct bench_tune *t, char *why, size_t size)
{
    struct bench_sweep sweep;

    if (!bench_sweep_init(&sweep, t, why, size))
        return false;
    unsigned order[BENCH_POINTS_MAX + 1];
    unsigned runs = bench_sweep_order(&sweep, sweep.stage, 0, order);
    bench_sweep_free(&sweep);
    double least = (runs + 1) * bench_sweep_least(t);
    return least <= t->budget ||
           bench_say(
               why, size,
               "--budget: one block of %u runs takes at least %.0f s, more than %.0f s; give more time or "
               "fewer values",
               runs, ceil(least), t->budget);
}

/* What the file of the sweep says about the files that it is made of. */
static bool read_inputs(struct bench_tune *t, char *why, size_t size)
{
    return !t->resume[0] || (bench_inputs_add(&t->inputs, "-c", t->base_file, why, size) &&
                             bench_inputs_add(&t->inputs, "--scenario", t->load.scenario, why, size) &&
                             bench_inputs_add(&t->inputs, "--payload", t->load.payload, why, size));
}

static bool complete(void *arg, struct bench_plan *p, char *why, size_t size)
{
    struct bench_tune *t = arg;
    enum opt_stack_of stack;

    if (t->factor_count == 0)
        return bench_say(why, size, "nothing to vary: give --vary KEY=VALUE,VALUE…");
    if (!check_load(p, why, size) || !check_target(t, p, why, size) ||
        !choose_transport(t, p, &stack, why, size) || !read_base(t, p, why, size))
        return false;
    for (unsigned f = 0; f < t->factor_count; f++)
        if (!bench_factor_settle(&t->factors[f], &t->base, t->base_config, stack, why, size))
            return false;
    p->role = p->to.port ? BENCH_SOURCE : BENCH_BOTH;
    if (p->role == BENCH_BOTH && p->listen_count == 0) {
        bench_end_parse(LISTEN, true, &p->listen[0], why, size);
        p->listen[0].encaps_port = ENCAPS;
        p->listen_count = 1;
    }
    t->load = *p;
    return read_inputs(t, why, size) && check_budget(t, why, size);
}

static void defaults(struct bench_tune *t)
{
    memset(t, 0, sizeof *t);
    t->seed = (uint64_t)time(NULL) & UINT32_MAX;
    t->budget = 300;
    t->window_ms = 500;
    t->measure_ms = 1000;
}

/* The command line without what may be another one when the sweep goes on. */
static bool describe(int argc, char **argv, char *out, size_t size, char *why, size_t why_size)
{
    static const char *const free_ones[] = {"budget", "resume", "report", "json", "write", "quiet", "seed"};
    size_t used = 0;

    for (int i = 1; i < argc; i++) {
        const char *word = argv[i] + strspn(argv[i], "-");
        bool skip = false, has_value = false;
        for (unsigned k = 0; word != argv[i] && k < sizeof free_ones / sizeof free_ones[0]; k++) {
            size_t len = strcspn(word, "=");
            if (len == strlen(free_ones[k]) && strncmp(word, free_ones[k], len) == 0) {
                skip = true;
                has_value =
                    !word[len] && strcmp(free_ones[k], "json") != 0 && strcmp(free_ones[k], "quiet") != 0;
            }
        }
        if (!skip)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", argv[i]);
        if (used >= size)
            return bench_say(why, why_size, "--resume: the command line is too long for it");
        i += has_value;
    }
    return true;
}

enum bench_parsed bench_tune_parse(int argc, char **argv, struct bench_tune *tune, char *why, size_t size)
{
    struct bench_more more = {.name = "tune",
                              .options = bench_tune_options,
                              .letters = bench_tune_letters,
                              .take = take,
                              .complete = complete,
                              .arg = tune};
    struct bench_plan *plan = malloc(sizeof *plan);

    defaults(tune);
    if (!plan) {
        bench_say(why, size, "out of memory");
        return BENCH_PARSED_BAD;
    }
    enum bench_parsed parsed = bench_plan_parse_more(argc, argv, &more, plan, why, size);
    if (parsed == BENCH_PARSED_OK &&
        !describe(argc, argv, tune->experiment, sizeof tune->experiment, why, size))
        parsed = BENCH_PARSED_BAD;
    if (parsed == BENCH_PARSED_OK && tune->load.warmup_ms == 0)
        tune->load.warmup_ms = 10 * tune->window_ms;
    free(plan);
    return parsed;
}

void bench_tune_free(struct bench_tune *tune)
{
    cfg_free(tune->base_config);
    tune->base_config = NULL;
}
