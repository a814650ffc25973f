/* Parses one flow as --flow and scenario files give it; see flow.h. */
#include "bench/flow.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/arguments_priv.h"
#include "bench/payload.h"
#include "config/sctp/nearest.h"
#include "config/sctp/value.h"
#include "transport/transport.h"

#define FACTOR_MAX  1000.0
#define PPID_SPLITS "+,"

/* ---- values ------------------------------------------------------------------------------------------ */

static bool set_name(struct bench_flow *f, const char *text, char *why, size_t size)
{
    if (!*text || strlen(text) >= sizeof f->name)
        return bench_say(why, size, "\"%s\" is not a name of 1 to %zu characters", text, sizeof f->name - 1);
    for (const char *c = text; *c; c++)
        if ((unsigned char)*c < 0x20 || *c == 0x7f)
            return bench_say(why, size, "a name cannot contain control characters");
    strcpy(f->name, text);
    return true;
}

/* "N": that many, from the first that is free; "A-B": these. */
static bool read_range(const char *text, unsigned most, unsigned *first, unsigned *count, bool *placed,
                       char *why, size_t size)
{
    char low[16];
    const char *dash = strchr(text, '-');
    unsigned last;

    *placed = dash != NULL;
    if (!dash)
        return bench_parse_unsigned(text, 1, most, count, why, size);
    if ((size_t)(dash - text) >= sizeof low)
        return bench_say(why, size, "\"%s\" is not a range; write how many, or FIRST-LAST", text);
    snprintf(low, sizeof low, "%.*s", (int)(dash - text), text);
    if (!bench_parse_unsigned(low, 0, most - 1, first, why, size) ||
        !bench_parse_unsigned(dash + 1, 0, most - 1, &last, why, size))
        return false;
    if (last < *first)
        return bench_say(why, size, "\"%s\" is not in ascending order", text);
    *count = last - *first + 1;
    return true;
}

static bool set_streams(struct bench_flow *f, const char *text, char *why, size_t size)
{
    return read_range(text, UINT16_MAX, &f->first_stream, &f->streams, &f->placed, why, size);
}

static bool set_associations(struct bench_flow *f, const char *text, char *why, size_t size)
{
    bool range;

    f->first_association = 0;
    return read_range(text, BENCH_ASSOCIATIONS_MAX, &f->first_association, &f->associations, &range, why,
                      size);
}

static bool set_direction(struct bench_flow *f, const char *text, char *why, size_t size)
{
    unsigned number;

    if (!bench_parse_word(text, "up,down", &number, why, size))
        return false;
    f->down = number == 1;
    return true;
}

static bool rate_number(const char *text, double *out, char *why, size_t size)
{
    return bench_parse_rate(text, out, why, size);
}

bool bench_parse_arrivals(const char *text, double *rate, struct bench_distribution *arrivals, char *why,
                          size_t size)
{
    struct bench_distribution read;

    if (!bench_distribution_parse(text, rate_number, 0, BENCH_RATE_MAX, &read, why, size))
        return false;
    *rate = bench_distribution_mean(&read);
    *arrivals = read.shape == BENCH_CONSTANT ? (struct bench_distribution){0} : read;
    return *rate > 0;
}

static bool set_rate(struct bench_flow *f, const char *text, char *why, size_t size)
{
    if (strcmp(text, "max") != 0)
        return bench_parse_arrivals(text, &f->rate, &f->arrivals, why, size);
    f->rate = 0;
    f->arrivals = (struct bench_distribution){0};
    return true;
}

/* "50%" or "0.5": a factor of the rate. */
static bool read_factor(const char *text, double *out, char *why, size_t size)
{
    char *end;

    *out = strtod(text, &end);
    if (end != text && *end == '%') {
        *out /= 100;
        end++;
    }
    if (end != text && !*end && *out >= 0 && *out <= FACTOR_MAX)
        return true;
    return bench_say(why, size, "\"%s\" is not a share of the rate; write 50%% or 0.5", text);
}

static bool read_ns(const char *text, uint64_t *ns, char *why, size_t size)
{
    uint32_t ms;

    if (!bench_parse_time(text, &ms, why, size))
        return false;
    if (ms == 0)
        return bench_say(why, size, "\"%s\" is not a time", text);
    *ns = (uint64_t)ms * 1000000;
    return true;
}

/* "FROM:TO:TIME" */
static bool set_ramp(struct bench_flow *f, const char *text, char *why, size_t size)
{
    char copy[128], *rest = copy;
    struct bench_leg *leg = &f->pace.legs[0];

    if (f->pace.count)
        return bench_say(why, size, "a flow has one ramp, or steps");
    snprintf(copy, sizeof copy, "%s", text);
    char *from = strsep(&rest, ":"), *to = strsep(&rest, ":"), *time = strsep(&rest, ":");
    if (!time || rest)
        return bench_say(why, size, "\"%s\" is not a ramp; write FROM:TO:TIME, such as 10%%:100%%:30s", text);
    f->pace.count = 1;
    return read_factor(from, &leg->from, why, size) && read_factor(to, &leg->to, why, size) &&
           read_ns(time, &leg->ns, why, size);
}

/* "SHARE@TIME:SHARE@TIME…" */
static bool set_steps(struct bench_flow *f, const char *text, char *why, size_t size)
{
    char copy[512], *rest = copy, *step;

    if (f->pace.count)
        return bench_say(why, size, "a flow has one ramp, or steps");
    if (strlen(text) >= sizeof copy)
        return bench_say(why, size, "\"%.40s...\" is too long", text);
    strcpy(copy, text);
    while ((step = strsep(&rest, ":"))) {
        char *at = strchr(step, '@');
        if (!at)
            return bench_say(why, size, "\"%s\" is not a step; write SHARE@TIME, such as 50%%@10s", step);
        if (f->pace.count == BENCH_LEGS_MAX)
            return bench_say(why, size, "more than %d steps", BENCH_LEGS_MAX);
        *at++ = 0;
        struct bench_leg *leg = &f->pace.legs[f->pace.count++];
        if (!read_factor(step, &leg->from, why, size) || !read_ns(at, &leg->ns, why, size))
            return false;
        leg->to = leg->from;
    }
    return true;
}

static bool set_on(struct bench_flow *f, const char *text, char *why, size_t size)
{
    return read_ns(text, &f->pace.on_ns, why, size);
}

static bool set_off(struct bench_flow *f, const char *text, char *why, size_t size)
{
    return read_ns(text, &f->pace.off_ns, why, size);
}

static bool size_number(const char *text, double *out, char *why, size_t size)
{
    uint32_t bytes;

    if (!bench_parse_bytes(text, &bytes, why, size))
        return false;
    *out = bytes;
    return true;
}

bool bench_parse_sizes(const char *text, struct bench_distribution *out, char *why, size_t size)
{
    if (strchr(text, ','))
        return bench_say(why, size,
                         "\"%s\" has a comma; write one size, MIN-MAX to draw uniformly, or list:64@7:1400@3",
                         text);
    return bench_distribution_parse(text, size_number, BENCH_PAYLOAD_MIN, BENCH_SIZE_MAX, out, why, size);
}

static bool set_size(struct bench_flow *f, const char *text, char *why, size_t size)
{
    return bench_parse_sizes(text, &f->size, why, size);
}

bool bench_parse_ppids(const char *text, uint32_t *ppids, unsigned *count, char *why, size_t size)
{
    char list[512], *rest = list, *item;

    if (strlen(text) >= sizeof list)
        return bench_say(why, size, "the list is too long");
    strcpy(list, text);
    *count = 0;
    while ((item = strsep(&rest, PPID_SPLITS))) {
        if (*count == BENCH_PPIDS_MAX)
            return bench_say(why, size, "more than %d PPIDs", BENCH_PPIDS_MAX);
        struct val_spec spec = {.type = OPT_PPID, .unit = OPT_NO_UNIT, .min = 0, .max = UINT32_MAX};
        int64_t number;
        if (!val_parse(&spec, item, &number, why, size))
            return false;
        ppids[(*count)++] = (uint32_t)number;
    }
    return true;
}

static bool set_ppid(struct bench_flow *f, const char *text, char *why, size_t size)
{
    return bench_parse_ppids(text, f->ppids, &f->ppid_count, why, size);
}

static bool set_unordered(struct bench_flow *f, const char *text, char *why, size_t size)
{
    unsigned number;

    if (bench_parse_word(text, "false,true", &number, why, size)) {
        f->unordered = number;
        return true;
    }
    if (read_factor(text, &f->unordered, why, size) && f->unordered <= 1)
        return true;
    return bench_say(why, size, "\"%s\" is not a share of the messages; write true, false, 30%% or 0.3",
                     text);
}

/* "none", "ttl:TIME", "rtx:N", "prio:N" */
static bool set_pr(struct bench_flow *f, const char *text, char *why, size_t size)
{
    char policy[8];
    const char *colon = strchr(text, ':');
    unsigned number;

    snprintf(policy, sizeof policy, "%.*s", (int)(colon ? colon - text : 7), text);
    if (!bench_parse_word(policy, "none,ttl,rtx,prio", &number, why, size))
        return false;
    f->pr_policy = (uint8_t)number; /* in the order of enum tr_pr_policy */
    if (number == TR_PR_NONE)
        return !colon || bench_say(why, size, "none takes no value");
    if (!colon)
        return bench_say(why, size, "write ttl:TIME, rtx:RETRANSMISSIONS or prio:NUMBER");
    if (number == TR_PR_TTL)
        return bench_parse_time(colon + 1, &f->pr_value, why, size) &&
               (f->pr_value > 0 || bench_say(why, size, "the time to live must be above 0"));
    return bench_parse_unsigned(colon + 1, 0, INT32_MAX, &f->pr_value, why, size);
}

static bool set_count(struct bench_flow *f, const char *text, char *why, size_t size)
{
    return bench_parse_count(text, &f->count, why, size);
}

static bool set_churn(struct bench_churn *churn, const char *key, const char *value, char *why, size_t size)
{
    unsigned number;
    bool range;

    if (strcmp(key, "associations") == 0)
        return read_range(value, BENCH_ASSOCIATIONS_MAX, &churn->first, &churn->count, &range, why, size);
    if (strcmp(key, "by") != 0)
        return bench_say(why, size, "no \"%s\"; write RATE[,associations=N|A-B][,by=close|abort]", key);
    if (!bench_parse_word(value, "close,abort", &number, why, size))
        return false;
    churn->abort = number == 1;
    return true;
}

bool bench_parse_churn(const char *text, struct bench_churn *churn, char *why, size_t size)
{
    char copy[256], *rest = copy, *item;

    if (strlen(text) >= sizeof copy)
        return bench_say(why, size, "\"%.40s...\" is too long", text);
    strcpy(copy, text);
    *churn = (struct bench_churn){0};
    if (!bench_parse_rate(strsep(&rest, ","), &churn->rate, why, size))
        return false;
    while ((item = strsep(&rest, ","))) {
        char *value = strchr(item, '=');
        if (!value)
            return bench_say(why, size, "\"%s\" is not KEY=VALUE", item);
        *value++ = 0;
        if (!set_churn(churn, item, value, why, size))
            return false;
    }
    return true;
}

/* ---- keys -------------------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    bool (*set)(struct bench_flow *f, const char *text, char *why, size_t size);
} keys[] = {
    {"name", set_name},
    {"associations", set_associations},
    {"streams", set_streams},
    {"direction", set_direction},
    {"rate", set_rate},
    {"ramp", set_ramp},
    {"steps", set_steps},
    {"on", set_on},
    {"off", set_off},
    {"count", set_count},
    {"size", set_size},
    {"ppid", set_ppid},
    {"unordered", set_unordered},
    {"pr", set_pr},
};
#define KEYS (sizeof keys / sizeof keys[0])

bool bench_flow_set(struct bench_flow *flow, const char *key, const char *value, char *why, size_t size)
{
    char reason[VAL_WHY_MAX];
    struct nearest near;

    for (unsigned i = 0; i < KEYS; i++)
        if (strcmp(keys[i].name, key) == 0)
            return keys[i].set(flow, value, reason, sizeof reason) ||
                   bench_say(why, size, "%s: %s", key, reason);
    nearest_begin(&near, key);
    for (unsigned i = 0; i < KEYS; i++)
        nearest_try(&near, keys[i].name);
    const char *found = nearest_found(&near);
    return bench_say(why, size, "a flow has no key \"%s\"%s%s%s", key, found ? "; did you mean \"" : "",
                     found ? found : "", found ? "\"?" : "");
}

bool bench_flow_parse(struct bench_flow *flow, const char *text, char *why, size_t size)
{
    char copy[1024], *rest = copy, *item;
    uint64_t given = 0;

    if (strlen(text) >= sizeof copy)
        return bench_say(why, size, "\"%.40s...\" is too long", text);
    strcpy(copy, text);
    while ((item = strsep(&rest, ","))) {
        char *value = strchr(item, '=');
        if (!value)
            return bench_say(why, size, "\"%s\" is not KEY=VALUE", item);
        *value++ = 0;
        if (!bench_flow_set(flow, item, value, why, size))
            return false;
        for (unsigned i = 0; i < KEYS; i++)
            if (strcmp(keys[i].name, item) == 0) {
                if (given & UINT64_C(1) << i)
                    return bench_say(why, size, "%s is given twice", item);
                given |= UINT64_C(1) << i;
            }
    }
    return true;
}

bool bench_flow_check(const struct bench_flow *flow, char *why, size_t size)
{
    bool on = flow->pace.on_ns > 0, off = flow->pace.off_ns > 0;

    if (on != off)
        return bench_say(why, size, "\"%s\" is missing; a flow that pauses has both on and off",
                         on ? "off" : "on");
    if (flow->pace.count && flow->rate == 0)
        return bench_say(why, size, "a ramp or steps are shares of a rate; rate is missing");
    return true;
}
