/* A load as one validated struct; see plan.h. */
#include "bench/plan.h"

#include <stdio.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "bench/payload.h"
#include "config/sctp/value.h"
#include "transport/transport.h"

#define DEFAULT_ENCAPS_PORT 9899
#define ECHO_STREAMS        1024 /* an echo does not know what its sources use; they request what they need */
#define SNDBUF_TOTAL        (16 << 20)
#define SNDBUF_LEAST        (128 << 10)

void bench_plan_defaults(struct bench_plan *plan)
{
    memset(plan, 0, sizeof *plan);
    plan->to.encaps_port = DEFAULT_ENCAPS_PORT;
    plan->associations = plan->streams = plan->ppid_count = plan->workers = 1;
    plan->size_min = plan->size_max = 64;
    plan->drain_ms = 5000;
    plan->connect_ms = 10000;
    plan->speed = 1;
    plan->interval_ms = 1000;
    plan->batch = 64;
}

bool bench_plan_sends(const struct bench_plan *plan)
{
    return plan->role == BENCH_BOTH || plan->role == BENCH_SOURCE;
}

bool bench_plan_has(const struct bench_plan *plan, bool down)
{
    for (unsigned i = 0; i < plan->flow_count; i++)
        if (plan->flows[i].down == down)
            return true;
    return false;
}

void bench_plan_set_rate(struct bench_plan *plan, double rate)
{
    double before = 0;

    for (unsigned i = 0; i < plan->flow_count; i++)
        before += plan->flows[i].rate;
    for (unsigned i = 0; i < plan->flow_count; i++)
        plan->flows[i].rate = before > 0 ? plan->flows[i].rate * rate / before : rate / plan->flow_count;
    if (plan->replay[0])
        plan->speed = before > 0 ? plan->speed * rate / before : rate > 0 ? 1 : 0;
    plan->rate = rate;
}

/* ---- flows ------------------------------------------------------------------------------------------- */

struct bench_flow bench_plan_flow(const struct bench_plan *plan)
{
    struct bench_flow f = {.streams = plan->streams,
                           .rate = plan->rate,
                           .arrivals = plan->arrivals,
                           .count = plan->count,
                           .size = plan->size,
                           .ppid_count = plan->ppid_count,
                           .unordered = plan->unordered};

    memcpy(f.ppids, plan->ppids, sizeof f.ppids);
    if (bench_plan_raw(plan)) /* settle_raw knows */
        f.size = (struct bench_distribution){.min = BENCH_PAYLOAD_MIN, .max = BENCH_PAYLOAD_MIN};
    else if (f.size.max == 0)
        f.size = (struct bench_distribution){.shape = plan->size_min == plan->size_max ? BENCH_CONSTANT
                                                                                       : BENCH_UNIFORM,
                                             .min = plan->size_min,
                                             .max = plan->size_max};
    return f;
}

static unsigned end_of(const struct bench_flow *f)
{
    return f->first_stream + f->streams;
}

/* Whether two flows would use the same stream of the same association. */
static bool collide(const struct bench_flow *a, const struct bench_flow *b)
{
    return a->down == b->down && a->first_association < b->first_association + b->associations &&
           b->first_association < a->first_association + a->associations && a->first_stream < end_of(b) &&
           b->first_stream < end_of(a);
}

/* The first flow of the same direction that it collides with, of those whose streams the user gave and those
 * before it. */
static const struct bench_flow *in_the_way(const struct bench_plan *plan, const struct bench_flow *f)
{
    for (unsigned i = 0; i < plan->flow_count; i++) {
        const struct bench_flow *other = &plan->flows[i];
        if (other != f && (other->placed || other < f) && collide(f, other))
            return other;
    }
    return NULL;
}

static bool place_flow(const struct bench_plan *plan, struct bench_flow *f, char *why, size_t size)
{
    const struct bench_flow *other;

    if (f->placed) {
        if (!(other = in_the_way(plan, f)))
            return true;
        return bench_say(why, size, "flow %s: streams %u-%u of the same associations are used by flow %s",
                         f->name, f->first_stream, end_of(f) - 1, other->name);
    }
    f->first_stream = 0;
    while ((other = in_the_way(plan, f)))
        f->first_stream = end_of(other);
    return end_of(f) <= UINT16_MAX || bench_say(why, size, "flow %s: no streams are left", f->name);
}

/* Settles one flow, except for its streams. */
static bool settle_flow(struct bench_plan *plan, struct bench_flow *f, char *why, size_t size)
{
    char reason[VAL_WHY_MAX];

    if (!f->name[0])
        snprintf(f->name, sizeof f->name, "%u", (unsigned)(f - plan->flows) + 1);
    if (!bench_flow_check(f, reason, sizeof reason))
        return bench_say(why, size, "flow %s: %s", f->name, reason);
    if (f->associations == 0)
        f->associations = plan->associations - f->first_association;
    return true;
}

static bool settle_flows(struct bench_plan *plan, char *why, size_t size)
{
    if (plan->flow_count == 0 || plan->implicit_flow) {
        plan->flows[0] = bench_plan_flow(plan);
        plan->flow_count = 1;
        plan->implicit_flow = true;
    }
    if (plan->idle && plan->busy)
        plan->associations = plan->busy;
    for (unsigned i = 0; i < plan->flow_count; i++) {
        const struct bench_flow *f = &plan->flows[i];
        if (f->first_association + f->associations > plan->associations)
            plan->associations = f->first_association + f->associations;
    }
    plan->streams = 0;
    plan->rate = 0;
    plan->size_min = BENCH_SIZE_MAX;
    plan->size_max = 0;
    for (unsigned i = 0; i < plan->flow_count; i++)
        if (!settle_flow(plan, &plan->flows[i], why, size))
            return false;
    for (unsigned i = 0; i < plan->flow_count; i++) {
        struct bench_flow *f = &plan->flows[i];
        if (!place_flow(plan, f, why, size))
            return false;
        plan->streams = end_of(f) > plan->streams ? end_of(f) : plan->streams;
        plan->rate += f->rate;
        plan->size_min = f->size.min < plan->size_min ? (uint32_t)f->size.min : plan->size_min;
        plan->size_max = f->size.max > plan->size_max ? (uint32_t)f->size.max : plan->size_max;
    }
    plan->busy = plan->associations;
    plan->associations += plan->idle;
    return plan->associations <= BENCH_ASSOCIATIONS_MAX ||
           bench_say(why, size, "%u associations, the idle ones included, are more than %u",
                     plan->associations, BENCH_ASSOCIATIONS_MAX);
}

/* ---- messages as they are ----------------------------------------------------------------------------- */

struct bench_script *bench_plan_script(const struct bench_plan *plan, char *why, size_t size)
{
    char reason[BENCH_TROUBLE_MAX * 2];
    const char *file = plan->raw ? plan->payload : plan->replay;
    struct bench_script *s = plan->raw ? bench_script_raw(file, reason, sizeof reason)
                                       : bench_script_replay(file, plan->replay_from, reason, sizeof reason);

    if (!s) /* libpcap's own reasons name the file */
        bench_say(why, size, strncmp(reason, file, strlen(file)) == 0 ? "--%s: %.0s%s" : "--%s: %s: %s",
                  plan->raw ? "payload" : "replay", file, reason);
    return s;
}

static bool check_raw(const struct bench_plan *plan, char *why, size_t size)
{
    if (plan->raw && !plan->payload[0])
        return bench_say(why, size, "--raw sends the content of a file as it is: give --payload FILE");
    if (plan->replay[0] && plan->payload[0])
        return bench_say(why, size, "--replay and --payload are two different contents: leave one out");
    if (!plan->replay[0] && (plan->replay_from[0] || plan->loop || plan->speed != 1))
        return bench_say(why, size, "--replay-from, --speed and --loop are for --replay FILE");
    if (!bench_plan_raw(plan))
        return true;
    if (!plan->implicit_flow)
        return bench_say(why, size, "--replay and --raw are the only flow: leave --flow out");
    if (plan->churn.rate > 0 || plan->warmup_ms > 0)
        return bench_say(why, size, "--churn and --warmup are not for --replay and --raw");
    return true;
}

/* What follows from the messages themselves. */
static bool settle_raw(struct bench_plan *plan, char *why, size_t size)
{
    struct bench_flow *f = &plan->flows[0];
    struct bench_script *s;

    if (!check_raw(plan, why, size))
        return false;
    if (!bench_plan_raw(plan))
        return true;
    if (!(s = bench_plan_script(plan, why, size)))
        return false;
    plan->size_min = s->size_min;
    plan->size_max = s->size_max;
    if (plan->replay[0]) {
        f->first_stream = 0;
        f->streams = plan->streams = s->streams;
        f->rate = plan->rate = plan->speed * f->associations * s->count * 1e9 / (double)s->period_ns;
        if (f->rate > BENCH_RATE_MAX)
            f->rate = plan->rate = BENCH_RATE_MAX;
        f->arrivals = (struct bench_distribution){.shape = BENCH_CONSTANT};
        if (!plan->loop && (!plan->count || plan->count > (uint64_t)s->count * f->associations))
            f->count = (uint64_t)s->count * f->associations;
    }
    bench_script_free(s);
    return true;
}

/* ---- the whole --------------------------------------------------------------------------------------- */

static bool check_ends(const struct bench_plan *plan, char *why, size_t size)
{
    bool sends = bench_plan_sends(plan), listens = plan->role != BENCH_SOURCE;

    if (listens && plan->listen_count == 0)
        return bench_say(why, size, "--listen ADDR:PORT is missing%s",
                         plan->role == BENCH_BOTH ? " (or --role source, to send only)" : "");
    if (!listens && plan->listen_count > 0)
        return bench_say(why, size, "--role source does not listen: leave --listen out");
    if (plan->role == BENCH_SOURCE && plan->to.port == 0)
        return bench_say(why, size, "--to ADDR:PORT is missing");
    if (!sends && plan->to.port != 0)
        return bench_say(why, size, "a sink does not connect: leave --to out, or use --role both");
    if (plan->baseline && (plan->role != BENCH_BOTH || plan->to.port == 0))
        return bench_say(why, size,
                         "--baseline compares runs with and without a broker: it needs --to and --listen");
    if (plan->fanout && (plan->reply || plan->role == BENCH_SOURCE))
        return bench_say(why, size, "--fanout is for a sink that does not reply");
    if (plan->baseline && plan->fanout)
        return bench_say(why, size, "--baseline sends to one endpoint: leave --fanout out");
    if (plan->collect && plan->role != BENCH_SOURCE)
        return bench_say(why, size, "--collect is for --role source: it asks a sink or echo elsewhere");
    if ((plan->partial || plan->keep) && sends)
        return bench_say(why, size, "--partial and --keep are for --role sink or echo");
    return true;
}

static bool every_flow_ends(const struct bench_plan *plan)
{
    for (unsigned i = 0; i < plan->flow_count; i++)
        if (plan->flows[i].count == 0)
            return false;
    return true;
}

static bool settle_churn(struct bench_plan *plan, char *why, size_t size)
{
    struct bench_churn *c = &plan->churn;

    if (c->rate > 0 && c->count == 0)
        c->count = plan->associations - c->first;
    if (c->first + c->count <= plan->associations)
        return true;
    return bench_say(why, size, "--churn: there is no association %u; the last one is %u",
                     c->first + c->count - 1, plan->associations - 1);
}

static bool check_load(struct bench_plan *plan, char *why, size_t size)
{
    if (bench_plan_sends(plan) && plan->duration_ms == 0 && !every_flow_ends(plan))
        plan->duration_ms = 10000;
    if ((uint64_t)plan->associations * plan->streams > BENCH_TRACKS_MAX)
        return bench_say(why, size, "%u associations of %u streams exceed %u streams in all",
                         plan->associations, plan->streams, BENCH_TRACKS_MAX);
    if (bench_plan_has(plan, true) && (plan->reply || plan->role == BENCH_ECHO))
        return bench_say(why, size,
                         "a sink that sends everything back sends no flows of its own: leave --reply "
                         "out, or the flows with direction=down");
    if (bench_plan_has(plan, true) && plan->fanout)
        return bench_say(why, size, "--fanout is for flows to the sink");
    return true;
}

/* Buffers: those of all associations together stay well below what the stack may use (net.sctp.sctp_mem), and
 * each holds two of the largest messages. */
static void default_buffers(const struct bench_plan *plan, struct opt_set *options)
{
    int64_t two = 2 * (int64_t)plan->size_max, sndbuf = SNDBUF_TOTAL / plan->associations;
    int64_t most = opt_num(options, OPTF_SNDBUF, SNDBUF_TOTAL), recbuf = opt_num(options, OPTF_RECBUF, 0);

    sndbuf = sndbuf < SNDBUF_LEAST ? SNDBUF_LEAST : sndbuf > most ? most : sndbuf;
    opt_put(options, OPTF_SNDBUF, sndbuf > two ? sndbuf : two);
    opt_put(options, OPTF_RECBUF, recbuf > two ? recbuf : two);
}

/* The options that the plan needs unless the user gives others: the streams that are used, and buffers.
 */
static void default_options(struct bench_plan *plan)
{
    struct opt_set options = {0};

    opt_defaults(&options);
    opt_put(&options, OPTF_INIT_OSTREAMS,
            plan->role == BENCH_ECHO && plan->streams < ECHO_STREAMS ? ECHO_STREAMS : plan->streams);
    if (bench_plan_sends(plan) && (plan->reply || bench_plan_has(plan, true)))
        opt_put(&options, OPTF_INIT_INSTREAMS, plan->streams);
    default_buffers(plan, &options);
    opt_merge(&options, &plan->options);
    plan->options = options;
}

bool bench_plan_settle(struct bench_plan *plan, char *why, size_t size)
{
    if (!check_ends(plan, why, size) || !settle_flows(plan, why, size) || !settle_raw(plan, why, size) ||
        !settle_churn(plan, why, size) || !check_load(plan, why, size))
        return false;
    default_options(plan);
    plan->workers = plan->workers ? plan->workers : 1;
    for (unsigned i = 0; i < plan->listen_count; i++)
        if (plan->listen[i].encaps_port == 0)
            plan->listen[i].encaps_port = DEFAULT_ENCAPS_PORT;
    if (plan->role == BENCH_ECHO)
        plan->reply = true;
    return true;
}
