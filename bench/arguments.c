/* Parses the command line of `junctor load` and checks it as a whole; see plan.h. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "bench/scenario.h"
#include "config/sctp/nearest.h"
#include "config/sctp/value.h"

#define INTERVAL_LEAST 10 /* milliseconds */

enum {
    ARG_ROLE = 256,
    ARG_TO,
    ARG_FROM,
    ARG_LISTEN,
    ARG_REPLY,
    ARG_FANOUT,
    ARG_PARTIAL,
    ARG_KEEP,
    ARG_COLLECT,
    ARG_ASSOCIATIONS,
    ARG_IDLE,
    ARG_OPEN_RATE,
    ARG_CHURN,
    ARG_STREAMS,
    ARG_PPID,
    ARG_SIZE,
    ARG_PAYLOAD,
    ARG_RAW,
    ARG_REPLAY,
    ARG_REPLAY_FROM,
    ARG_SPEED,
    ARG_LOOP,
    ARG_UNORDERED,
    ARG_FLOW,
    ARG_SCENARIO,
    ARG_RATE,
    ARG_DURATION,
    ARG_COUNT,
    ARG_WARMUP,
    ARG_DRAIN,
    ARG_BATCH,
    ARG_WORKERS,
    ARG_VERIFY,
    ARG_BASELINE,
    ARG_TRANSPORT,
    ARG_OPTION,
    ARG_TO_ENCAPS,
    ARG_LISTEN_ENCAPS,
    ARG_CONNECT_TIMEOUT,
    ARG_LATE_OK,
    ARG_INTERVAL,
    ARG_JSON,
    ARG_CSV,
    ARG_REPORT,
    ARG_QUIET
};

const char bench_plan_letters[] = ":h";
const struct option bench_plan_options[] = {
    {"role", required_argument, NULL, ARG_ROLE},
    {"to", required_argument, NULL, ARG_TO},
    {"from", required_argument, NULL, ARG_FROM},
    {"listen", required_argument, NULL, ARG_LISTEN},
    {"reply", no_argument, NULL, ARG_REPLY},
    {"fanout", no_argument, NULL, ARG_FANOUT},
    {"partial", no_argument, NULL, ARG_PARTIAL},
    {"keep", no_argument, NULL, ARG_KEEP},
    {"collect", no_argument, NULL, ARG_COLLECT},
    {"associations", required_argument, NULL, ARG_ASSOCIATIONS},
    {"idle", required_argument, NULL, ARG_IDLE},
    {"open-rate", required_argument, NULL, ARG_OPEN_RATE},
    {"churn", required_argument, NULL, ARG_CHURN},
    {"streams", required_argument, NULL, ARG_STREAMS},
    {"ppid", required_argument, NULL, ARG_PPID},
    {"size", required_argument, NULL, ARG_SIZE},
    {"payload", required_argument, NULL, ARG_PAYLOAD},
    {"raw", no_argument, NULL, ARG_RAW},
    {"replay", required_argument, NULL, ARG_REPLAY},
    {"replay-from", required_argument, NULL, ARG_REPLAY_FROM},
    {"speed", required_argument, NULL, ARG_SPEED},
    {"loop", no_argument, NULL, ARG_LOOP},
    {"unordered", no_argument, NULL, ARG_UNORDERED},
    {"flow", required_argument, NULL, ARG_FLOW},
    {"scenario", required_argument, NULL, ARG_SCENARIO},
    {"rate", required_argument, NULL, ARG_RATE},
    {"duration", required_argument, NULL, ARG_DURATION},
    {"count", required_argument, NULL, ARG_COUNT},
    {"warmup", required_argument, NULL, ARG_WARMUP},
    {"drain", required_argument, NULL, ARG_DRAIN},
    {"batch", required_argument, NULL, ARG_BATCH},
    {"workers", required_argument, NULL, ARG_WORKERS},
    {"verify", no_argument, NULL, ARG_VERIFY},
    {"baseline", no_argument, NULL, ARG_BASELINE},
    {"transport", required_argument, NULL, ARG_TRANSPORT},
    {"option", required_argument, NULL, ARG_OPTION},
    {"to-encaps", required_argument, NULL, ARG_TO_ENCAPS},
    {"listen-encaps", required_argument, NULL, ARG_LISTEN_ENCAPS},
    {"connect-timeout", required_argument, NULL, ARG_CONNECT_TIMEOUT},
    {"late-ok", no_argument, NULL, ARG_LATE_OK},
    {"interval", required_argument, NULL, ARG_INTERVAL},
    {"json", no_argument, NULL, ARG_JSON},
    {"csv", required_argument, NULL, ARG_CSV},
    {"report", required_argument, NULL, ARG_REPORT},
    {"quiet", no_argument, NULL, ARG_QUIET},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *option_name(int which)
{
    for (unsigned i = 0; bench_plan_options[i].name; i++)
        if (bench_plan_options[i].val == which)
            return bench_plan_options[i].name;
    return "";
}

static bool add_listen(const char *text, struct bench_plan *plan, char *why, size_t size)
{
    if (plan->listen_count == BENCH_PLACES_MAX)
        return bench_say(why, size, "more than %d endpoints", BENCH_PLACES_MAX);
    return bench_end_parse(text, true, &plan->listen[plan->listen_count++], why, size);
}

static void take_switch(struct bench_plan *plan, int which)
{
    switch (which) {
    case ARG_REPLY:
        plan->reply = true;
        break;
    case ARG_FANOUT:
        plan->fanout = true;
        break;
    case ARG_PARTIAL:
        plan->partial = true;
        break;
    case ARG_KEEP:
        plan->keep = true;
        break;
    case ARG_COLLECT:
        plan->collect = true;
        break;
    case ARG_UNORDERED:
        plan->unordered = true;
        break;
    case ARG_RAW:
        plan->raw = true;
        break;
    case ARG_LOOP:
        plan->loop = true;
        break;
    case ARG_VERIFY:
        plan->verify = true;
        break;
    case ARG_BASELINE:
        plan->baseline = true;
        break;
    case ARG_LATE_OK:
        plan->late_ok = true;
        break;
    case ARG_JSON:
        plan->json = true;
        break;
    case ARG_QUIET:
        plan->quiet = true;
        break;
    }
}

/* Where to send and listen. *mine is false if `which` is another option. */
static bool take_end(struct bench_plan *plan, int which, const char *text, uint16_t *listen_encaps,
                     bool *mine, char *why, size_t size)
{
    *mine = true;
    switch (which) {
    case ARG_TO:
        return bench_parse_target(text, &plan->to, why, size);
    case ARG_FROM:
        return bench_end_parse(text, false, &plan->from, why, size);
    case ARG_LISTEN:
        return add_listen(text, plan, why, size);
    case ARG_TO_ENCAPS:
        return bench_parse_port(text, &plan->to.encaps_port, why, size);
    case ARG_LISTEN_ENCAPS:
        return bench_parse_port(text, listen_encaps, why, size);
    default:
        *mine = false;
        return true;
    }
}

/* A name of at most `room` - 1 bytes: of a file, or of a sender in one. */
static bool take_name(const char *text, char *name, size_t room, char *why, size_t size)
{
    if (!*text || strlen(text) >= room)
        return bench_say(why, size, "give a name of 1 to %zu bytes", room - 1);
    strcpy(name, text);
    return true;
}

/* "2", "0.5", or "max". */
static bool take_speed(struct bench_plan *plan, const char *text, char *why, size_t size)
{
    char *end;

    plan->speed = 0;
    if (strcmp(text, "max") == 0)
        return true;
    plan->speed = strtod(text, &end);
    return (*text && !*end && plan->speed >= 1e-3 && plan->speed <= 1e6) ||
           bench_say(why, size, "\"%s\" is neither a factor from 0.001 to 1000000 nor max", text);
}

static bool take_duration(struct bench_plan *plan, const char *text, char *why, size_t size)
{
    return bench_parse_time(text, &plan->duration_ms, why, size) &&
           (plan->duration_ms > 0 ||
            bench_say(why, size, "0 is not a run time; leave it out for the default, see --help"));
}

static bool take_interval(struct bench_plan *plan, const char *text, char *why, size_t size)
{
    return bench_parse_time(text, &plan->interval_ms, why, size) &&
           (plan->interval_ms == 0 || plan->interval_ms >= INTERVAL_LEAST ||
            bench_say(why, size, "less than %d ms; at shorter intervals the recording would disturb the run",
                      INTERVAL_LEAST));
}

static bool take_value(struct bench_plan *plan, int which, const char *text, char *why, size_t size)
{
    unsigned number;

    switch (which) {
    case ARG_ROLE:
        if (!bench_parse_word(text, "both,source,sink,echo", &number, why, size))
            return false;
        plan->role = (enum bench_role)number;
        return true;
    case ARG_TRANSPORT:
        if (!bench_parse_word(text, "auto,kernel,usrsctp", &number, why, size))
            return false;
        plan->transport = (enum bench_transport)number;
        return true;
    case ARG_ASSOCIATIONS:
        return bench_parse_unsigned(text, 1, BENCH_ASSOCIATIONS_MAX, &plan->associations, why, size);
    case ARG_IDLE:
        return bench_parse_unsigned(text, 0, BENCH_ASSOCIATIONS_MAX, &plan->idle, why, size);
    case ARG_OPEN_RATE:
        return bench_parse_rate(text, &plan->open_rate, why, size);
    case ARG_CHURN:
        return bench_parse_churn(text, &plan->churn, why, size);
    case ARG_STREAMS:
        return bench_parse_unsigned(text, 1, UINT16_MAX, &plan->streams, why, size);
    case ARG_PPID:
        return bench_parse_ppids(text, plan->ppids, &plan->ppid_count, why, size);
    case ARG_SIZE:
        return bench_parse_sizes(text, &plan->size, why, size);
    case ARG_RATE:
        return bench_parse_arrivals(text, &plan->rate, &plan->arrivals, why, size);
    case ARG_COUNT:
        return bench_parse_count(text, &plan->count, why, size);
    case ARG_DURATION:
        return take_duration(plan, text, why, size);
    case ARG_WARMUP:
        return bench_parse_time(text, &plan->warmup_ms, why, size);
    case ARG_DRAIN:
        return bench_parse_time(text, &plan->drain_ms, why, size);
    case ARG_CONNECT_TIMEOUT:
        return bench_parse_time(text, &plan->connect_ms, why, size);
    case ARG_INTERVAL:
        return take_interval(plan, text, why, size);
    case ARG_PAYLOAD:
        return take_name(text, plan->payload, sizeof plan->payload, why, size);
    case ARG_REPLAY:
        return take_name(text, plan->replay, sizeof plan->replay, why, size);
    case ARG_REPLAY_FROM:
        return take_name(text, plan->replay_from, sizeof plan->replay_from, why, size);
    case ARG_SPEED:
        return take_speed(plan, text, why, size);
    case ARG_CSV:
        return take_name(text, plan->csv, sizeof plan->csv, why, size);
    case ARG_REPORT:
        return take_name(text, plan->report, sizeof plan->report, why, size);
    case ARG_BATCH:
        return bench_parse_unsigned(text, 1, BENCH_BATCH_MAX, &plan->batch, why, size);
    case ARG_WORKERS:
        return bench_parse_unsigned(text, 1, BENCH_WORKERS_MAX, &plan->workers, why, size);
    case ARG_OPTION:
        return bench_option_parse(text, &plan->options, why, size);
    default:
        take_switch(plan, which);
        return true;
    }
}

/* Options that only affect a source are refused if there is none, since they would have no effect. */
static bool check_roles(const struct bench_plan *plan, uint64_t given, char *why, size_t size)
{
    static const int of_source[] = {
        ARG_RATE,  ARG_COUNT,     ARG_WARMUP,    ARG_ASSOCIATIONS,    ARG_PPID,      ARG_BATCH, ARG_FROM,
        ARG_REPLY, ARG_UNORDERED, ARG_TO_ENCAPS, ARG_CONNECT_TIMEOUT, ARG_OPEN_RATE, ARG_CHURN, ARG_IDLE};

    if (plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE)
        return true;
    if (plan->reply && plan->role == BENCH_SINK)
        return bench_say(why, size, "for a sink that replies use --role echo");
    for (unsigned i = 0; i < sizeof of_source / sizeof of_source[0]; i++)
        if (given & UINT64_C(1) << (of_source[i] - ARG_ROLE))
            return bench_say(why, size, "--%s is for a source; --role %s only listens",
                             option_name(of_source[i]), plan->role == BENCH_ECHO ? "echo" : "sink");
    return true;
}

/* The own options of another command have values from here on. */
#define MORE_FIRST 1024
#define MORE_MAX   64

/* The options of a command line. */
struct line_options {
    struct option rows[MORE_MAX];
};

static const struct option *find_option(const struct option *o, const char *name)
{
    for (; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

/* Of another command: its table, in which the options of `junctor load` have no value of their own. */
static void list_options(const struct bench_more *more, struct line_options *all)
{
    const struct option *o = more ? more->options : bench_plan_options;

    memset(all, 0, sizeof *all);
    for (unsigned i = 0; o[i].name && i + 1 < MORE_MAX; i++) {
        all->rows[i] = o[i];
        if (o[i].val == 0)
            all->rows[i].val = find_option(bench_plan_options, o[i].name)->val;
    }
}

/* Whether the word of a command line is an option of `junctor load` that the other command does not take. */
static bool is_left_out(const struct bench_more *more, const char *word)
{
    char name[48];

    word += strspn(word, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word, "="), word);
    return more && find_option(bench_plan_options, name) && !find_option(more->options, name);
}

static const char *name_in(const struct line_options *all, int which)
{
    for (const struct option *o = all->rows; o->name; o++)
        if (o->val == which)
            return o->name;
    return "";
}

/* Reports what getopt found wrong with argv[optind - 1]. */
static void usage(const struct bench_more *more, const struct line_options *all, int which, char **argv,
                  char *why, size_t size)
{
    struct nearest near;

    if (which == ':') {
        bench_say(why, size, "--%s: the value is missing", name_in(all, optopt));
    } else if (optopt >= ARG_ROLE) {
        bench_say(why, size, "--%s takes no value", name_in(all, optopt));
    } else if (is_left_out(more, argv[optind - 1])) {
        bench_say(why, size, "%s is for `junctor load`; `junctor %s` decides that itself", argv[optind - 1],
                  more->name);
    } else {
        const char *word = argv[optind - 1];
        nearest_begin(&near, word + strspn(word, "-"));
        for (const struct option *o = all->rows; o->name; o++)
            nearest_try(&near, o->name);
        const char *found = nearest_found(&near);
        bench_say(why, size, "unknown option \"%s\"%s%s%s", word, found ? "; did you mean --" : "",
                  found ? found : "", found ? "?" : "");
    }
}

/* The state while a command line is parsed. */
struct parsing {
    struct bench_plan *plan;
    const struct bench_more *more;      /* NULL: none */
    uint16_t listen_encaps;             /* 0: not given */
    uint64_t on_line, given;            /* options of the command line; and of the scenario */
    const char *scenario;               /* the file */
    const char *flows[BENCH_FLOWS_MAX]; /* as written */
    unsigned flow_count;
};

static uint64_t bit(int which)
{
    return UINT64_C(1) << (which - ARG_ROLE);
}

/* Parses the value of one option. The reason names the option. */
static bool take(struct parsing *p, int which, const char *text, char *why, size_t size)
{
    char reason[VAL_WHY_MAX];
    bool mine;

    if (take_end(p->plan, which, text, &p->listen_encaps, &mine, reason, sizeof reason) &&
        (mine || take_value(p->plan, which, text, reason, sizeof reason)))
        return true;
    return bench_say(why, size, "%s: %s", option_name(which), reason);
}

/* Adds a flow with the plan's defaults; NULL: there are too many. */
static struct bench_flow *new_flow(struct bench_plan *plan, char *why, size_t size)
{
    if (plan->flow_count == BENCH_FLOWS_MAX) {
        bench_say(why, size, "more than %d flows", BENCH_FLOWS_MAX);
        return NULL;
    }
    plan->flows[plan->flow_count] = bench_plan_flow(plan);
    return &plan->flows[plan->flow_count++];
}

static bool add_flow(const char *text, struct bench_plan *plan, char *why, size_t size)
{
    char reason[VAL_WHY_MAX];
    struct bench_flow *flow = new_flow(plan, reason, sizeof reason);

    if (flow && bench_flow_parse(flow, text, reason, sizeof reason))
        return true;
    return bench_say(why, size, "--flow: %s", reason);
}

/* ---- scenario files --------------------------------------------------------------------------------- */

static bool is_key(const struct option *o)
{
    return o->val != ARG_FLOW && o->val != ARG_SCENARIO && o->val >= ARG_ROLE;
}

static bool key_knows(const char *name, bool *is_switch)
{
    for (const struct option *o = bench_plan_options; o->name; o++)
        if (strcmp(o->name, name) == 0 && is_key(o)) {
            *is_switch = o->has_arg == no_argument;
            return true;
        }
    return false;
}

static bool key_repeats(const char *name)
{
    return strcmp(name, option_name(ARG_LISTEN)) == 0;
}

static const char *key_name(unsigned index)
{
    for (const struct option *o = bench_plan_options; o->name; o++)
        if (is_key(o) && index-- == 0)
            return o->name;
    return NULL;
}

static int key_value(const char *name)
{
    for (const struct option *o = bench_plan_options; o->name; o++)
        if (strcmp(o->name, name) == 0)
            return o->val;
    return 0;
}

static bool key_take(void *arg, const char *name, const char *value, char *why, size_t size)
{
    struct parsing *p = arg;
    int which = key_value(name);

    p->given |= bit(which);
    return take(p, which, value, why, size);
}

static bool key_skips(void *arg, const char *name)
{
    return ((struct parsing *)arg)->on_line & bit(key_value(name));
}

static bool key_flow(void *arg, char *why, size_t size)
{
    return new_flow(((struct parsing *)arg)->plan, why, size) != NULL;
}

static bool key_flow_key(void *arg, const char *key, const char *value, char *why, size_t size)
{
    struct bench_plan *plan = ((struct parsing *)arg)->plan;

    return bench_flow_set(&plan->flows[plan->flow_count - 1], key, value, why, size);
}

static bool read_scenario(struct parsing *p, char *why, size_t size)
{
    struct bench_scenario_reader reader = {.knows = key_knows,
                                           .repeats = key_repeats,
                                           .name = key_name,
                                           .take = key_take,
                                           .skips = key_skips,
                                           .flow = key_flow,
                                           .flow_key = key_flow_key,
                                           .arg = p};

    return !p->scenario || bench_scenario_read(p->scenario, &reader, why, size);
}

/* ---- the whole --------------------------------------------------------------------------------------- */

/* One option of the command line. The defaults of flows must be known first, and the command line takes
 * precedence over a scenario, so --flow and --scenario are read later. */
static bool take_option(struct parsing *p, int which, const char *text, char *why, size_t size)
{
    char reason[VAL_WHY_MAX];

    if (which >= MORE_FIRST || which < ARG_ROLE)
        return p->more->take(p->more->arg, which, text, why, size);
    p->on_line |= bit(which);
    p->given |= bit(which);
    if (which == ARG_SCENARIO) {
        if (p->scenario)
            return bench_say(why, size, "--scenario is given twice");
        p->scenario = text;
        if (!take_name(text, p->plan->scenario, sizeof p->plan->scenario, reason, sizeof reason))
            return bench_say(why, size, "--scenario: %s", reason);
    } else if (which == ARG_FLOW) {
        if (p->flow_count == BENCH_FLOWS_MAX)
            return bench_say(why, size, "--flow: more than %d flows", BENCH_FLOWS_MAX);
        p->flows[p->flow_count++] = text;
    } else if (!take(p, which, text, reason, sizeof reason)) {
        return bench_say(why, size, "--%s", reason);
    }
    return true;
}

static bool read_line(struct parsing *p, int argc, char **argv, char *why, size_t size, bool *help)
{
    struct line_options all;
    char shorts[16];
    int which;

    list_options(p->more, &all);
    snprintf(shorts, sizeof shorts, "%s", p->more ? p->more->letters : bench_plan_letters);
    optind = opterr = 0;
    while ((which = getopt_long(argc, argv, shorts, all.rows, NULL)) != -1) {
        *help = which == 'h';
        if (*help)
            return true;
        if (which == '?' || which == ':') {
            usage(p->more, &all, which, argv, why, size);
            return false;
        }
        if (!take_option(p, which, optarg, why, size))
            return false;
    }
    return optind == argc || bench_say(why, size, "unexpected argument \"%s\"", argv[optind]);
}

enum bench_parsed bench_plan_parse(int argc, char **argv, struct bench_plan *plan, char *why, size_t size)
{
    return bench_plan_parse_more(argc, argv, NULL, plan, why, size);
}

enum bench_parsed bench_plan_parse_more(int argc, char **argv, const struct bench_more *more,
                                        struct bench_plan *plan, char *why, size_t size)
{
    struct parsing p = {.plan = plan, .more = more};
    bool help = false;

    bench_plan_defaults(plan);
    if (!read_line(&p, argc, argv, why, size, &help))
        return BENCH_PARSED_BAD;
    if (help)
        return BENCH_PARSED_HELP;
    if (!read_scenario(&p, why, size))
        return BENCH_PARSED_BAD;
    for (unsigned i = 0; i < p.flow_count; i++)
        if (!add_flow(p.flows[i], plan, why, size))
            return BENCH_PARSED_BAD;
    for (unsigned i = 0; i < plan->listen_count; i++)
        plan->listen[i].encaps_port = p.listen_encaps;
    if (more && !more->complete(more->arg, plan, why, size))
        return BENCH_PARSED_BAD;
    if (!check_roles(plan, p.given, why, size) || !bench_plan_settle(plan, why, size))
        return BENCH_PARSED_BAD;
    return BENCH_PARSED_OK;
}
