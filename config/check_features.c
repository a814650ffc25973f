/* SCTP extensions that need one another, and options that set the same parameter twice: combinations in the
 * effective set of one listener or peer that cannot work or contradict each other. What depends on the host
 * (a sysctl that is an extension's default) or on the other side is not checked here. */
#include "config/check_features_priv.h"

#include <stdio.h>
#include <string.h>

#include "config/origin_priv.h"

/* "name" or "name.field" */
static const char *full_name(enum opt_field f, char *out, size_t size)
{
    const struct opt_field_row *row = &opt_field_rows[f];
    snprintf(out, size, "%s%s%s", opt_rows[row->option].name, *row->name ? "." : "", row->name);
    return out;
}

/* True if it is written and, for a switch, true. */
static bool in_use(const struct opt_set *s, enum opt_field f)
{
    enum opt_type type = opt_field_rows[f].type;
    bool has_off = type == OPT_BOOL || type == OPT_FLAGS || type == OPT_ENUM;
    return opt_given(s, f) && (!has_off || opt_num(s, f, 0) != 0);
}

/* ---- extensions ----------------------------------------------------------------------------------- */

/* An extension that is switched off, and options that need it. */
static void check_supported(struct loader *l, const struct cfg_origin *o)
{
    static const struct {
        enum opt_field what, needs;
    } pairs[] = {
        {OPTF_AUTH_CHUNKS, OPTF_AUTH_SUPPORTED},
        {OPTF_AUTH_KEYS, OPTF_AUTH_SUPPORTED},
        {OPTF_AUTH_ACTIVE_KEY, OPTF_AUTH_SUPPORTED},
        {OPTF_HMAC_IDENT, OPTF_AUTH_SUPPORTED},
        {OPTF_ASCONF_SUPPORTED, OPTF_AUTH_SUPPORTED},
        {OPTF_AUTO_ASCONF, OPTF_ASCONF_SUPPORTED},
        {OPTF_SET_PEER_PRIMARY_ADDR, OPTF_ASCONF_SUPPORTED},
        {OPTF_ENABLE_STREAM_RESET, OPTF_RECONFIG_SUPPORTED},
        {OPTF_PRINFO_POLICY, OPTF_PR_SUPPORTED},
        {OPTF_DSP_TIMETOLIVE, OPTF_PR_SUPPORTED},
    };
    const struct opt_set *s = &o->effective->set;
    char a[80], b[80];
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (in_use(s, pairs[i].what) && !opt_num(s, pairs[i].needs, true))
            err_add(&l->errors, option_place(o, pairs[i].what),
                    "%s needs %s, which is false (line %u); write true there, or leave %s out",
                    full_name(pairs[i].what, a, sizeof a), full_name(pairs[i].needs, b, sizeof b),
                    option_place(o, pairs[i].needs).line, a);
}

static void check_interleaving(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    if (in_use(s, OPTF_INTERLEAVING_SUPPORTED) && !opt_num(s, OPTF_FRAGMENT_INTERLEAVE, 0))
        err_add(
            &l->errors, option_place(o, OPTF_INTERLEAVING_SUPPORTED),
            "interleaving_supported needs fragment_interleave 1 or 2; write `fragment_interleave: 2` with "
            "it");
}

static void check_scheduler(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    int64_t scheduler = opt_num(s, OPTF_STREAM_SCHEDULER, OPT_SS_FCFS);
    if (!opt_any(s, OPT_STREAM_SCHEDULER_VALUE))
        return;
    enum opt_field f = opt_given(s, OPTF_SSV_VALUE) ? OPTF_SSV_VALUE : OPTF_SSV_STREAM;
    if (scheduler != OPT_SS_PRIO && scheduler != OPT_SS_WFQ)
        err_add(&l->errors, option_place(o, f),
                "stream_scheduler_value has an effect only with `stream_scheduler: prio` (a priority) or wfq "
                "(a weight); write one of them, or leave it out");
}

/* ---- the same parameter twice ------------------------------------------------------------------------- */

static bool same_path(const struct opt_set *s, enum opt_field a, enum opt_field b)
{
    const char *x = opt_text(s, a), *y = opt_text(s, b);
    return x == y || (x && y && strcmp(x, y) == 0);
}

/* Quick failover: RFC 7829. */
static void check_thresholds(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    bool same = same_path(s, OPTF_PAP_ADDRESS, OPTF_PAT_ADDRESS);
    int64_t other = same ? opt_num(s, OPTF_PAP_PATHMAXRXT, INT64_MAX) : INT64_MAX;
    int64_t down = opt_num(s, OPTF_PAT_PATHMAXRXT, other), failed = opt_num(s, OPTF_PAT_PATHPFTHLD, 0);
    int64_t change = opt_num(s, OPTF_PAT_PATHCPTHLD, INT64_MAX);
    if (other != INT64_MAX && other != down)
        err_add(&l->errors, option_place(o, OPTF_PAT_PATHMAXRXT),
                "peer_addr_thresholds.pathmaxrxt: %d contradicts peer_addr_params.pathmaxrxt, %d, which is "
                "the same parameter; write only one of them",
                (int)down, (int)other);
    else if (failed > down)
        err_add(
            &l->errors, option_place(o, OPTF_PAT_PATHPFTHLD),
            "peer_addr_thresholds.pathpfthld: %d is above pathmaxrxt, so that a path is down before it is "
            "potentially failed; write less than %d",
            (int)failed, (int)down);
    else if (failed > change)
        err_add(&l->errors, option_place(o, OPTF_PAT_PATHCPTHLD),
                "peer_addr_thresholds.pathcpthld: %d is below pathpfthld; write at least %d", (int)change,
                (int)failed);
}

static void check_sack_frequency(struct loader *l, const struct cfg_origin *o)
{
    static const enum opt_field delays[] = {OPTF_DELAYED_ACK_TIME, OPTF_PAP_SACKDELAY};
    const struct opt_set *s = &o->effective->set;
    int64_t packets = opt_num(s, OPTF_DELAYED_ACK_FREQUENCY, 2);
    char a[80];
    for (size_t i = 0; i < sizeof delays / sizeof delays[0] && packets == 1; i++)
        if (opt_given(s, delays[i]))
            err_add(&l->errors, option_place(o, delays[i]),
                    "%s has no effect with `delayed_ack_frequency: 1`, which acknowledges every packet at "
                    "once; leave one of them out",
                    full_name(delays[i], a, sizeof a));
}

static void check_prinfo(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    int64_t ttl = opt_num(s, OPTF_DSP_TIMETOLIVE, 0), policy = opt_num(s, OPTF_PRINFO_POLICY, OPT_PR_NONE);
    int64_t value = opt_num(s, OPTF_PRINFO_VALUE, 0);
    if (ttl == 0 || !opt_any(s, OPT_DEFAULT_PRINFO))
        return;
    if (policy != OPT_PR_TTL || value != ttl)
        err_add(&l->errors, option_place(o, OPTF_DSP_TIMETOLIVE),
                "default_send_param.timetolive contradicts default_prinfo, whose policy ttl it is; leave "
                "one of them out");
}

void check_features(struct loader *l, const struct cfg_origin *o)
{
    check_supported(l, o);
    check_interleaving(l, o);
    check_scheduler(l, o);
    check_thresholds(l, o);
    check_sack_frequency(l, o);
    check_prinfo(l, o);
}
