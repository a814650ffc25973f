/* The command line of `junctor load`, read and checked as a whole; see plan.h. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/payload.h"
#include "bench/plan.h"
#include "config/sctp/nearest.h"
#include "config/sctp/ppid.h"
#include "config/sctp/value.h"

#define DEFAULT_ENCAPS_PORT 9899
#define ECHO_STREAMS        1024 /* an echo does not know what its sources use; they take what they need */
#define SNDBUF_TOTAL        (16 << 20)
#define SNDBUF_LEAST        (128 << 10)

static bool say(char *why, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes the reason; always false, so that a check can return it. */
static bool say(char *why, size_t size, const char *format, ...)
{
    va_list list;

    va_start(list, format);
    vsnprintf(why, size, format, list);
    va_end(list);
    return false;
}

/* ---- values -------------------------------------------------------------------------------------- */

static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *out, char *why, size_t size)
{
    struct val_spec spec = {.type = OPT_UINT, .unit = OPT_NO_UNIT, .min = min, .max = max};

    return val_parse(&spec, text, out, why, size);
}

static bool parse_unsigned(const char *text, int64_t min, int64_t max, unsigned *out, char *why, size_t size)
{
    int64_t number;

    if (!parse_number(text, min, max, &number, why, size))
        return false;
    *out = (unsigned)number;
    return true;
}

static bool parse_count(const char *text, uint64_t *out, char *why, size_t size)
{
    int64_t number;

    if (!parse_number(text, 1, INT64_MAX / 2, &number, why, size))
        return false;
    *out = (uint64_t)number;
    return true;
}

static bool parse_port(const char *text, uint16_t *out, char *why, size_t size)
{
    int64_t number;

    if (!parse_number(text, 1, UINT16_MAX, &number, why, size))
        return false;
    *out = (uint16_t)number;
    return true;
}

/* "10" counts in seconds, as everybody types it; with a unit anything goes. */
static bool parse_time(const char *text, uint32_t *ms, char *why, size_t size)
{
    struct val_spec spec = {.type = OPT_UINT, .unit = OPT_MSEC, .min = 0, .max = INT32_MAX};
    char seconds[32];
    int64_t number;

    if (text[0] && strlen(text) < sizeof seconds - 1 && strspn(text, "0123456789") == strlen(text)) {
        snprintf(seconds, sizeof seconds, "%ss", text);
        text = seconds;
    }
    if (!val_parse(&spec, text, &number, why, size))
        return false;
    *ms = (uint32_t)number;
    return true;
}

static bool parse_rate(const char *text, double *out, char *why, size_t size)
{
    char *end;

    *out = strtod(text, &end);
    if (end == text || *end || !(*out >= 0.001 && *out <= 1e9))
        return say(why, size, "\"%s\" is no number of messages a second; write 0.001 to 1e9", text);
    return true;
}

static bool parse_bytes(const char *text, uint32_t *out, char *why, size_t size)
{
    struct val_spec spec = {
        .type = OPT_UINT, .unit = OPT_BYTES, .min = BENCH_PAYLOAD_MIN, .max = BENCH_SIZE_MAX};
    int64_t number;

    if (!val_parse(&spec, text, &number, why, size))
        return false;
    *out = (uint32_t)number;
    return true;
}

static bool parse_size(const char *text, struct bench_plan *plan, char *why, size_t size)
{
    char low[32];
    const char *dash = strchr(text, '-');

    if (!dash) {
        if (!parse_bytes(text, &plan->size_min, why, size))
            return false;
        plan->size_max = plan->size_min;
        return true;
    }
    if ((size_t)(dash - text) >= sizeof low)
        return say(why, size, "\"%s\" is no size; write bytes or MIN-MAX", text);
    snprintf(low, sizeof low, "%.*s", (int)(dash - text), text);
    if (!parse_bytes(low, &plan->size_min, why, size) || !parse_bytes(dash + 1, &plan->size_max, why, size))
        return false;
    if (plan->size_min > plan->size_max)
        return say(why, size, "\"%s\" has its larger end first", text);
    return true;
}

/* `out` is an enum that counts from 0. */
static bool parse_word(const char *text, const char *names, unsigned *out, char *why, size_t size)
{
    struct val_spec spec = {.type = OPT_ENUM, .unit = OPT_NO_UNIT, .min = 0, .names = names};
    int64_t number;
    size_t len;

    while (val_name(names, (unsigned)spec.max + 1, &len))
        spec.max++;
    if (!val_parse(&spec, text, &number, why, size))
        return false;
    *out = (unsigned)number;
    return true;
}

static bool parse_ppids(const char *text, struct bench_plan *plan, char *why, size_t size)
{
    char list[512], *rest = list, *item;

    if (strlen(text) >= sizeof list)
        return say(why, size, "the list is too long");
    strcpy(list, text);
    plan->ppid_count = 0;
    while ((item = strsep(&rest, ","))) {
        if (plan->ppid_count == BENCH_PPIDS_MAX)
            return say(why, size, "more than %d PPIDs", BENCH_PPIDS_MAX);
        struct val_spec spec = {.type = OPT_PPID, .unit = OPT_NO_UNIT, .min = 0, .max = UINT32_MAX};
        int64_t number;
        if (!val_parse(&spec, item, &number, why, size))
            return false;
        plan->ppids[plan->ppid_count++] = (uint32_t)number;
    }
    return true;
}

/* ---- addresses ----------------------------------------------------------------------------------- */

/* Takes "ADDRESS" or "[ADDRESS]". */
static bool add_address(const char *text, struct bench_end *end, char *why, size_t size)
{
    char plain[INET6_ADDRSTRLEN + 32];
    size_t len = strlen(text);

    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    if (end->count == BENCH_ADDRESSES_MAX)
        return say(why, size, "more than %d addresses", BENCH_ADDRESSES_MAX);
    if (len < sizeof plain) {
        memcpy(plain, text, len);
        plain[len] = 0;
        if (net_addr_parse(plain, end->port, &end->addresses[end->count])) {
            end->count++;
            return true;
        }
    }
    return say(why, size, "\"%.*s\" is no numeric IPv4 or IPv6 address", (int)len, text);
}

bool bench_end_parse(const char *text, bool with_port, struct bench_end *end, char *why, size_t size)
{
    char list[BENCH_ADDRESSES_MAX * 64], *rest = list, *item;

    if (strlen(text) >= sizeof list)
        return say(why, size, "\"%.40s...\" is too long", text);
    strcpy(list, text);
    end->count = 0;
    end->port = 0;
    if (with_port) {
        char *colon = strrchr(list, ':');
        char *last = strrchr(list, ',') ? strrchr(list, ',') : list;
        bool several = colon > last && memchr(last, ':', (size_t)(colon - last));
        if (!colon || colon < last || (several && colon[-1] != ']'))
            return say(why, size, "\"%s\" has no port; write %s", text,
                       several ? "[ADDRESS]:PORT" : "ADDRESS:PORT, such as 127.0.0.1:2905");
        *colon = 0;
        if (!parse_port(colon + 1, &end->port, why, size))
            return false;
    }
    while ((item = strsep(&rest, ",")))
        if (!add_address(item, end, why, size))
            return false;
    return true;
}

/* A host name and a port, or addresses. */
static bool parse_target(const char *text, struct bench_end *end, char *why, size_t size)
{
    const char *colon = strrchr(text, ':');

    end->count = 0;
    snprintf(end->name, sizeof end->name, "%.*s", colon ? (int)(colon - text) : 0, text);
    if (net_host_name_valid(end->name))
        return parse_port(colon + 1, &end->port, why, size);
    end->name[0] = 0;
    return bench_end_parse(text, true, end, why, size);
}

/* ---- --option ------------------------------------------------------------------------------------ */

static bool no_such_option(const char *name, char *why, size_t size)
{
    struct nearest near;

    nearest_begin(&near, name);
    for (unsigned i = 0; i < OPT_ID_COUNT; i++)
        nearest_try(&near, opt_rows[i].name);
    const char *found = nearest_found(&near);
    return say(why, size, "no SCTP option \"%s\"%s%s%s", name, found ? "; did you mean \"" : "",
               found ? found : "", found ? "\"?" : "");
}

/* A record's field must be named, a single value has none. */
static bool find_field(enum opt_id id, const char *field, enum opt_field *out, char *why, size_t size)
{
    const struct opt_row *row = &opt_rows[id];
    char fields[256] = "";

    *out = opt_find_field(id, field ? field : "");
    if (*out != OPTF_COUNT)
        return true;
    for (unsigned i = 0; i < row->fields; i++) {
        const char *name = opt_field_rows[row->first + i].name;
        if (!*name)
            return say(why, size, "%s is a single value; write %s=VALUE", row->name, row->name);
        size_t used = strlen(fields);
        snprintf(fields + used, sizeof fields - used, "%s%s", used ? ", " : "", name);
    }
    return say(why, size, "%s is a record; write %s.FIELD=VALUE with one of: %s", row->name, row->name,
               fields);
}

bool bench_option_parse(const char *text, struct opt_set *set, char *why, size_t size)
{
    const char *equals = strchr(text, '=');
    char name[64], reason[VAL_WHY_MAX], *field;
    enum opt_field f;
    int64_t number;

    if (!equals || equals == text || (size_t)(equals - text) >= sizeof name)
        return say(why, size, "\"%s\" is not NAME=VALUE or NAME.FIELD=VALUE", text);
    snprintf(name, sizeof name, "%.*s", (int)(equals - text), text);
    if ((field = strchr(name, '.')))
        *field++ = 0;
    enum opt_id id = opt_find(name);
    if (id == OPT_ID_COUNT)
        return no_such_option(name, why, size);
    if (!(opt_rows[id].when & OPT_AT_OPEN))
        return say(why, size, "%s cannot be set when an endpoint is opened", opt_rows[id].name);
    if (!find_field(id, field, &f, why, size))
        return false;
    if (opt_field_rows[f].type == OPT_ADDR) {
        opt_put_text(set, f, equals + 1);
    } else if (opt_field_rows[f].type == OPT_FILE) {
        opt_put_file(set, f, equals + 1);
    } else {
        struct val_spec spec = val_spec_of(f);
        if (!val_parse(&spec, equals + 1, &number, reason, sizeof reason))
            return say(why, size, "%.*s: %s", (int)(equals - text), text, reason);
        opt_put(set, f, number);
    }
    if (opt_check(set, reason, sizeof reason) != OPTF_COUNT)
        return say(why, size, "%.*s: %s", (int)(equals - text), text, reason);
    return true;
}

/* ---- the command line ------------------------------------------------------------------------------ */

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

static bool add_listen(const char *text, struct bench_plan *plan, char *why, size_t size)
{
    if (plan->listen_count == BENCH_PLACES_MAX)
        return say(why, size, "more than %d endpoints", BENCH_PLACES_MAX);
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
        return parse_target(text, &plan->to, why, size);
    case ARG_FROM:
        return bench_end_parse(text, false, &plan->from, why, size);
    case ARG_LISTEN:
        return add_listen(text, plan, why, size);
    case ARG_TO_ENCAPS:
        return parse_port(text, &plan->to.encaps_port, why, size);
    case ARG_LISTEN_ENCAPS:
        return parse_port(text, listen_encaps, why, size);
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
        if (!parse_word(text, "both,source,sink,echo", &number, why, size))
            return false;
        plan->role = (enum bench_role)number;
        return true;
    case ARG_TRANSPORT:
        if (!parse_word(text, "auto,kernel,usrsctp", &number, why, size))
            return false;
        plan->transport = (enum bench_transport)number;
        return true;
    case ARG_ASSOCIATIONS:
        return parse_unsigned(text, 1, 60000, &plan->associations, why, size);
    case ARG_STREAMS:
        return parse_unsigned(text, 1, UINT16_MAX, &plan->streams, why, size);
    case ARG_PPID:
        return parse_ppids(text, plan, why, size);
    case ARG_SIZE:
        return parse_size(text, plan, why, size);
    case ARG_RATE:
        return parse_rate(text, &plan->rate, why, size);
    case ARG_COUNT:
        return parse_count(text, &plan->count, why, size);
    case ARG_DURATION:
        return parse_time(text, &plan->duration_ms, why, size);
    case ARG_WARMUP:
        return parse_time(text, &plan->warmup_ms, why, size);
    case ARG_DRAIN:
        return parse_time(text, &plan->drain_ms, why, size);
    case ARG_CONNECT_TIMEOUT:
        return parse_time(text, &plan->connect_ms, why, size);
    case ARG_BATCH:
        return parse_unsigned(text, 1, BENCH_BATCH_MAX, &plan->batch, why, size);
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
        return say(why, size, "where should it listen? --listen ADDR:PORT is missing%s",
                   plan->role == BENCH_BOTH ? " (or --role source, to send only)" : "");
    if (!listens && plan->listen_count > 0)
        return say(why, size, "--role source does not listen: leave --listen out");
    if (plan->role == BENCH_SOURCE && plan->to.port == 0)
        return say(why, size, "where should it send? --to ADDR:PORT is missing");
    if (!sends && plan->to.port != 0)
        return say(why, size, "a sink does not connect: leave --to out, or use --role both");
    if (plan->baseline && (plan->role != BENCH_BOTH || plan->to.port == 0))
        return say(why, size, "--baseline compares a broker with none: it needs --to and --listen");
    if (plan->fanout && (plan->reply || plan->role == BENCH_SOURCE))
        return say(why, size, "--fanout is for a sink that does not reply");
    if (plan->baseline && plan->fanout)
        return say(why, size, "--baseline sends to one endpoint: leave --fanout out");
    if ((plan->partial || plan->keep) && sends)
        return say(why, size, "--partial and --keep are for --role sink or echo");
    return true;
}

static bool check_load(struct bench_plan *plan, char *why, size_t size)
{
    bool sends = plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE;

    if (sends && plan->duration_ms == 0 && plan->count == 0)
        plan->duration_ms = 10000;
    if ((uint64_t)plan->associations * plan->streams > BENCH_FLOWS_MAX)
        return say(why, size, "%u associations of %u streams are more than %u flows", plan->associations,
                   plan->streams, BENCH_FLOWS_MAX);
    if (plan->reply && plan->role == BENCH_SINK)
        return say(why, size, "a sink that replies is --role echo");
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
    struct opt_set options = {{0}, {{0}}};

    opt_defaults(&options);
    opt_put(&options, OPTF_INIT_OSTREAMS,
            plan->role == BENCH_ECHO && plan->streams < ECHO_STREAMS ? ECHO_STREAMS : plan->streams);
    if (sends && plan->reply)
        opt_put(&options, OPTF_INIT_INSTREAMS, plan->streams);
    default_buffers(plan, &options);
    opt_merge(&options, &plan->options);
    plan->options = options;
}

static const char *option_name(int which)
{
    for (unsigned i = 0; long_options[i].name; i++)
        if (long_options[i].val == which)
            return long_options[i].name;
    return "";
}

static enum bench_parsed bad(const char *name, const char *why)
{
    fprintf(stderr, "junctor load: %s%s%s%s\n", name ? "--" : "", name ? name : "", name ? ": " : "", why);
    fputs("Try `junctor load --help`.\n", stderr);
    return BENCH_PARSED_BAD;
}

enum bench_parsed bench_plan_parse(int argc, char **argv, struct bench_plan *plan)
{
    uint16_t listen_encaps = DEFAULT_ENCAPS_PORT;
    char why[VAL_WHY_MAX + 128];
    int which;

    memset(plan, 0, sizeof *plan);
    plan->to.encaps_port = DEFAULT_ENCAPS_PORT;
    plan->associations = plan->streams = plan->ppid_count = 1;
    plan->size_min = plan->size_max = 64;
    plan->drain_ms = 5000;
    plan->connect_ms = 10000;
    plan->batch = 64;

    optind = 0;
    while ((which = getopt_long(argc, argv, "h", long_options, NULL)) != -1) {
        if (which == 'h') {
            fputs(bench_load_manual, stdout);
            return BENCH_PARSED_HELP;
        }
        if (which == '?') {
            fputs("Try `junctor load --help`.\n", stderr);
            return BENCH_PARSED_BAD;
        }
        bool mine;
        if (!take_end(plan, which, optarg, &listen_encaps, &mine, why, sizeof why) ||
            (!mine && !take_value(plan, which, optarg, why, sizeof why)))
            return bad(option_name(which), why);
    }
    if (optind < argc) {
        snprintf(why, sizeof why, "\"%s\" is no option", argv[optind]);
        return bad(NULL, why);
    }
    if (!check_ends(plan, why, sizeof why) || !check_load(plan, why, sizeof why))
        return bad(NULL, why);
    default_options(plan);
    for (unsigned i = 0; i < plan->listen_count; i++)
        plan->listen[i].encaps_port = listen_encaps;
    if (plan->role == BENCH_ECHO)
        plan->reply = true;
    return BENCH_PARSED_OK;
}
