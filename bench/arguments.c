/* The command line of `junctor load`, read and checked as a whole; see plan.h. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "config/sctp/nearest.h"

#define DEFAULT_ENCAPS_PORT 9899
#define ECHO_STREAMS        1024 /* an echo does not know what its sources use; they take what they need */
#define SNDBUF_TOTAL        (16 << 20)
#define SNDBUF_LEAST        (128 << 10)

enum {
    ARG_ROLE = 256,
    ARG_TO,
    ARG_FROM,
    ARG_LISTEN,
    ARG_REPLY,
    ARG_FANOUT,
    ARG_PARTIAL,
    ARG_KEEP,
    ARG_ASSOCIATIONS,
    ARG_STREAMS,
    ARG_PPID,
    ARG_SIZE,
    ARG_UNORDERED,
    ARG_RATE,
    ARG_DURATION,
    ARG_COUNT,
    ARG_WARMUP,
    ARG_DRAIN,
    ARG_BATCH,
    ARG_VERIFY,
    ARG_BASELINE,
    ARG_TRANSPORT,
    ARG_OPTION,
    ARG_TO_ENCAPS,
    ARG_LISTEN_ENCAPS,
    ARG_CONNECT_TIMEOUT,
    ARG_JSON,
    ARG_QUIET
};

static const struct option long_options[] = {
    {"role", required_argument, NULL, ARG_ROLE},
    {"to", required_argument, NULL, ARG_TO},
    {"from", required_argument, NULL, ARG_FROM},
    {"listen", required_argument, NULL, ARG_LISTEN},
    {"reply", no_argument, NULL, ARG_REPLY},
    {"fanout", no_argument, NULL, ARG_FANOUT},
    {"partial", no_argument, NULL, ARG_PARTIAL},
    {"keep", no_argument, NULL, ARG_KEEP},
    {"associations", required_argument, NULL, ARG_ASSOCIATIONS},
    {"streams", required_argument, NULL, ARG_STREAMS},
    {"ppid", required_argument, NULL, ARG_PPID},
    {"size", required_argument, NULL, ARG_SIZE},
    {"unordered", no_argument, NULL, ARG_UNORDERED},
    {"rate", required_argument, NULL, ARG_RATE},
    {"duration", required_argument, NULL, ARG_DURATION},
    {"count", required_argument, NULL, ARG_COUNT},
    {"warmup", required_argument, NULL, ARG_WARMUP},
    {"drain", required_argument, NULL, ARG_DRAIN},
    {"batch", required_argument, NULL, ARG_BATCH},
    {"verify", no_argument, NULL, ARG_VERIFY},
    {"baseline", no_argument, NULL, ARG_BASELINE},
    {"transport", required_argument, NULL, ARG_TRANSPORT},
    {"option", required_argument, NULL, ARG_OPTION},
    {"to-encaps", required_argument, NULL, ARG_TO_ENCAPS},
    {"listen-encaps", required_argument, NULL, ARG_LISTEN_ENCAPS},
    {"connect-timeout", required_argument, NULL, ARG_CONNECT_TIMEOUT},
    {"json", no_argument, NULL, ARG_JSON},
    {"quiet", no_argument, NULL, ARG_QUIET},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static const char *option_name(int which)
{
    for (unsigned i = 0; long_options[i].name; i++)
        if (long_options[i].val == which)
            return long_options[i].name;
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
    case ARG_UNORDERED:
        plan->unordered = true;
        break;
    case ARG_VERIFY:
        plan->verify = true;
        break;
    case ARG_BASELINE:
        plan->baseline = true;
        break;
    case ARG_JSON:
        plan->json = true;
        break;
    case ARG_QUIET:
        plan->quiet = true;
        break;
    }
}

/* Where to send and listen. False in *mine where `which` is about something else. */
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
        return bench_parse_unsigned(text, 1, 60000, &plan->associations, why, size);
    case ARG_STREAMS:
        return bench_parse_unsigned(text, 1, UINT16_MAX, &plan->streams, why, size);
    case ARG_PPID:
        return bench_parse_ppids(text, plan, why, size);
    case ARG_SIZE:
        return bench_parse_size(text, plan, why, size);
    case ARG_RATE:
        return bench_parse_rate(text, &plan->rate, why, size);
    case ARG_COUNT:
        return bench_parse_count(text, &plan->count, why, size);
    case ARG_DURATION:
        if (!bench_parse_time(text, &plan->duration_ms, why, size))
            return false;
        return plan->duration_ms > 0 ||
               bench_say(why, size, "0 is no time to run; leave it out for the default, see --help");
    case ARG_WARMUP:
        return bench_parse_time(text, &plan->warmup_ms, why, size);
    case ARG_DRAIN:
        return bench_parse_time(text, &plan->drain_ms, why, size);
    case ARG_CONNECT_TIMEOUT:
        return bench_parse_time(text, &plan->connect_ms, why, size);
    case ARG_BATCH:
        return bench_parse_unsigned(text, 1, BENCH_BATCH_MAX, &plan->batch, why, size);
    case ARG_OPTION:
        return bench_option_parse(text, &plan->options, why, size);
    default:
        take_switch(plan, which);
        return true;
    }
}

static bool check_ends(const struct bench_plan *plan, char *why, size_t size)
{
    bool sends = plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE;
    bool listens = plan->role != BENCH_SOURCE;

    if (listens && plan->listen_count == 0)
        return bench_say(why, size, "where should it listen? --listen ADDR:PORT is missing%s",
                         plan->role == BENCH_BOTH ? " (or --role source, to send only)" : "");
    if (!listens && plan->listen_count > 0)
        return bench_say(why, size, "--role source does not listen: leave --listen out");
    if (plan->role == BENCH_SOURCE && plan->to.port == 0)
        return bench_say(why, size, "where should it send? --to ADDR:PORT is missing");
    if (!sends && plan->to.port != 0)
        return bench_say(why, size, "a sink does not connect: leave --to out, or use --role both");
    if (plan->baseline && (plan->role != BENCH_BOTH || plan->to.port == 0))
        return bench_say(why, size, "--baseline compares a broker with none: it needs --to and --listen");
    if (plan->fanout && (plan->reply || plan->role == BENCH_SOURCE))
        return bench_say(why, size, "--fanout is for a sink that does not reply");
    if (plan->baseline && plan->fanout)
        return bench_say(why, size, "--baseline sends to one endpoint: leave --fanout out");
    if ((plan->partial || plan->keep) && sends)
        return bench_say(why, size, "--partial and --keep are for --role sink or echo");
    return true;
}

/* What only a source does is refused where there is none: it would be believed to act. */
static bool check_roles(const struct bench_plan *plan, uint64_t given, char *why, size_t size)
{
    static const int of_source[] = {ARG_RATE,      ARG_COUNT,     ARG_WARMUP,         ARG_ASSOCIATIONS,
                                    ARG_PPID,      ARG_BATCH,     ARG_FROM,           ARG_REPLY,
                                    ARG_UNORDERED, ARG_TO_ENCAPS, ARG_CONNECT_TIMEOUT};

    if (plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE)
        return true;
    if (plan->reply && plan->role == BENCH_SINK)
        return bench_say(why, size, "a sink that replies is --role echo");
    for (unsigned i = 0; i < sizeof of_source / sizeof of_source[0]; i++)
        if (given & UINT64_C(1) << (of_source[i] - ARG_ROLE))
            return bench_say(why, size, "--%s is for a source; --role %s only listens",
                             option_name(of_source[i]), plan->role == BENCH_ECHO ? "echo" : "sink");
    return true;
}

static bool check_load(struct bench_plan *plan, char *why, size_t size)
{
    bool sends = plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE;

    if (sends && plan->duration_ms == 0 && plan->count == 0)
        plan->duration_ms = 10000;
    if ((uint64_t)plan->associations * plan->streams > BENCH_FLOWS_MAX)
        return bench_say(why, size, "%u associations of %u streams are more than %u flows",
                         plan->associations, plan->streams, BENCH_FLOWS_MAX);
    return true;
}

/* Buffers: those of many associations together stay well below what the stack allows itself
 * (net.sctp.sctp_mem), and each holds two of the largest messages. */
static void default_buffers(const struct bench_plan *plan, struct opt_set *options)
{
    int64_t two = 2 * (int64_t)plan->size_max, sndbuf = SNDBUF_TOTAL / plan->associations;
    int64_t most = opt_num(options, OPTF_SNDBUF, SNDBUF_TOTAL), recbuf = opt_num(options, OPTF_RECBUF, 0);

    sndbuf = sndbuf < SNDBUF_LEAST ? SNDBUF_LEAST : sndbuf > most ? most : sndbuf;
    opt_put(options, OPTF_SNDBUF, sndbuf > two ? sndbuf : two);
    opt_put(options, OPTF_RECBUF, recbuf > two ? recbuf : two);
}

/* What the plan needs of the stack, unless the user asks otherwise: the streams that are used, and buffers.
 */
static void default_options(struct bench_plan *plan)
{
    bool sends = plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE;
    struct opt_set options = {0};

    opt_defaults(&options);
    opt_put(&options, OPTF_INIT_OSTREAMS,
            plan->role == BENCH_ECHO && plan->streams < ECHO_STREAMS ? ECHO_STREAMS : plan->streams);
    if (sends && plan->reply)
        opt_put(&options, OPTF_INIT_INSTREAMS, plan->streams);
    default_buffers(plan, &options);
    opt_merge(&options, &plan->options);
    plan->options = options;
}

/* What getopt found wrong with argv[optind - 1]. */
static void usage(int which, char **argv, char *why, size_t size)
{
    struct nearest near;

    if (which == ':') {
        bench_say(why, size, "--%s: the value is missing", option_name(optopt));
    } else if (optopt >= ARG_ROLE) {
        bench_say(why, size, "--%s takes no value", option_name(optopt));
    } else {
        const char *word = argv[optind - 1];
        nearest_begin(&near, word + strspn(word, "-"));
        for (unsigned i = 0; long_options[i].name; i++)
            nearest_try(&near, long_options[i].name);
        const char *found = nearest_found(&near);
        bench_say(why, size, "no option \"%s\"%s%s%s", word, found ? "; did you mean --" : "",
                  found ? found : "", found ? "?" : "");
    }
}

static bool take(struct bench_plan *plan, int which, const char *text, uint16_t *listen_encaps, char *why,
                 size_t size)
{
    char reason[BENCH_TROUBLE_MAX / 2];
    bool mine;

    if (take_end(plan, which, text, listen_encaps, &mine, reason, sizeof reason) &&
        (mine || take_value(plan, which, text, reason, sizeof reason)))
        return true;
    return bench_say(why, size, "--%s: %s", option_name(which), reason);
}

void bench_plan_defaults(struct bench_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->to.encaps_port = DEFAULT_ENCAPS_PORT;
    plan->associations = plan->streams = plan->ppid_count = 1;
    plan->size_min = plan->size_max = 64;
    plan->drain_ms = 5000;
    plan->connect_ms = 10000;
    plan->batch = 64;
}

bool bench_plan_settle(struct bench_plan *plan, char *why, size_t size)
{
    if (!check_ends(plan, why, size) || !check_load(plan, why, size))
        return false;
    default_options(plan);
    for (unsigned i = 0; i < plan->listen_count; i++)
        if (plan->listen[i].encaps_port == 0)
            plan->listen[i].encaps_port = DEFAULT_ENCAPS_PORT;
    if (plan->role == BENCH_ECHO)
        plan->reply = true;
    return true;
}

enum bench_parsed bench_plan_parse(int argc, char **argv, struct bench_plan *plan, char *why, size_t size)
{
    uint16_t listen_encaps = DEFAULT_ENCAPS_PORT;
    uint64_t given = 0;
    int which;

    bench_plan_defaults(plan);

    optind = opterr = 0;
    while ((which = getopt_long(argc, argv, ":h", long_options, NULL)) != -1) {
        if (which == 'h')
            return BENCH_PARSED_HELP;
        if (which == '?' || which == ':') {
            usage(which, argv, why, size);
            return BENCH_PARSED_BAD;
        }
        given |= UINT64_C(1) << (which - ARG_ROLE);
        if (!take(plan, which, optarg, &listen_encaps, why, size))
            return BENCH_PARSED_BAD;
    }
    if (optind < argc) {
        bench_say(why, size, "\"%s\" is no option", argv[optind]);
        return BENCH_PARSED_BAD;
    }
    for (unsigned i = 0; i < plan->listen_count; i++)
        plan->listen[i].encaps_port = listen_encaps;
    if (!check_roles(plan, given, why, size) || !bench_plan_settle(plan, why, size))
        return BENCH_PARSED_BAD;
    return BENCH_PARSED_OK;
}
