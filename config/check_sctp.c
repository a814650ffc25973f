/* SCTP options that contradict each other. Each check examines the effective set of one listener or peer and
 * reports at the place of the wrong value; if both come from the common section, all endpoints report the
 * same and the error list drops the repetitions. */
#include "config/check_sctp_priv.h"

#include <stdio.h>

#include "config/sctp/auth_keys.h"
#include "config/check_features_priv.h"
#include "config/origin_priv.h"

/* The room for user data in the smallest packet that Linux makes, 512 bytes, over IPv4. */
#define STACK_MAXSEG_MIN 464

static const char *text(enum opt_field f, int64_t num, char *out, size_t size)
{
    const struct val_spec spec = val_spec_of(f);
    return val_format(&spec, num, out, size);
}

static void check_rto(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    int64_t min = or_stack(s, OPTF_RTO_MIN), max = or_stack(s, OPTF_RTO_MAX);
    int64_t initial = opt_num(s, OPTF_RTO_INITIAL, min);
    char a[VAL_TEXT_MAX], b[VAL_TEXT_MAX];

    if (min > max && !opt_given(s, OPTF_RTO_MIN))
        err_add(&l->errors, option_place(o, OPTF_RTO_MAX),
                "rtoinfo.max: %s is below the stacks' default minimum (%s); write rtoinfo.min too",
                text(OPTF_RTO_MAX, max, a, sizeof a), text(OPTF_RTO_MIN, min, b, sizeof b));
    else if (min > max && !opt_given(s, OPTF_RTO_MAX))
        err_add(&l->errors, option_place(o, OPTF_RTO_MIN),
                "rtoinfo.min: %s is above the stacks' default maximum (%s); write "
                "rtoinfo.max too",
                text(OPTF_RTO_MIN, min, a, sizeof a), text(OPTF_RTO_MAX, max, b, sizeof b));
    else if (min > max)
        err_add(&l->errors, option_place(o, OPTF_RTO_MIN),
                "rtoinfo.min: %s is above rtoinfo.max; write at most %s",
                text(OPTF_RTO_MIN, min, a, sizeof a), text(OPTF_RTO_MAX, max, b, sizeof b));
    else if (initial < min)
        err_add(&l->errors, option_place(o, OPTF_RTO_INITIAL),
                "rtoinfo.initial: %s is below rtoinfo.min; write at least %s",
                text(OPTF_RTO_INITIAL, initial, a, sizeof a), text(OPTF_RTO_MIN, min, b, sizeof b));
    else if (initial > max)
        err_add(&l->errors, option_place(o, OPTF_RTO_INITIAL),
                "rtoinfo.initial: %s is above rtoinfo.max; write at most %s",
                text(OPTF_RTO_INITIAL, initial, a, sizeof a), text(OPTF_RTO_MAX, max, b, sizeof b));
}

static void check_pair(struct loader *l, const struct cfg_origin *o, int64_t both, const char *names)
{
    if ((opt_num(&o->effective->set, OPTF_PAP_FLAGS, 0) & both) == both)
        err_add(&l->errors, option_place(o, OPTF_PAP_FLAGS),
                "peer_addr_params.flags: %s exclude each other; write one", names);
}

static void check_paths(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    int64_t flags = opt_num(s, OPTF_PAP_FLAGS, 0);

    check_pair(l, o, OPT_HB_ENABLE | OPT_HB_DISABLE, "hb_enable and hb_disable");
    check_pair(l, o, OPT_PMTUD_ENABLE | OPT_PMTUD_DISABLE, "pmtud_enable and pmtud_disable");
    check_pair(l, o, OPT_SACKDELAY_ENABLE | OPT_SACKDELAY_DISABLE, "sackdelay_enable and sackdelay_disable");
    if (flags & OPT_HB_DEMAND)
        err_add(
            &l->errors, option_place(o, OPTF_PAP_FLAGS),
            "peer_addr_params.flags: hb_demand sends one heartbeat on an existing association; leave it out "
            "(hb_enable sends them regularly)");
    if (opt_given(s, OPTF_PAP_HBINTERVAL) && flags & OPT_HB_DISABLE)
        err_add(&l->errors, option_place(o, OPTF_PAP_HBINTERVAL),
                "peer_addr_params.hbinterval has no effect with flag hb_disable; leave one of them out");
    if (opt_given(s, OPTF_PAP_PATHMTU) && !(flags & OPT_PMTUD_DISABLE))
        err_add(
            &l->errors, option_place(o, OPTF_PAP_PATHMTU),
            "peer_addr_params.pathmtu needs path MTU discovery off; write `flags: [pmtud_disable]` with it");
    if (opt_given(s, OPTF_PAP_SACKDELAY) && !(flags & OPT_SACKDELAY_ENABLE))
        err_add(
            &l->errors, option_place(o, OPTF_PAP_SACKDELAY),
            "peer_addr_params.sackdelay needs delayed SACKs on; write `flags: [sackdelay_enable]` with it");
}

static void check_sack(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    char a[VAL_TEXT_MAX];
    if (!opt_given(s, OPTF_DELAYED_ACK_TIME))
        return;
    int64_t time = opt_num(s, OPTF_DELAYED_ACK_TIME, 0);
    if (opt_num(s, OPTF_PAP_FLAGS, 0) & OPT_SACKDELAY_DISABLE)
        err_add(&l->errors, option_place(o, OPTF_DELAYED_ACK_TIME),
                "delayed_ack_time has no effect with peer_addr_params flag sackdelay_disable; leave one of "
                "them out");
    else if (opt_num(s, OPTF_PAP_SACKDELAY, time) != time)
        err_add(&l->errors, option_place(o, OPTF_DELAYED_ACK_TIME),
                "delayed_ack_time: %s contradicts peer_addr_params.sackdelay, which is the same parameter; "
                "leave one out",
                text(OPTF_DELAYED_ACK_TIME, time, a, sizeof a));
}

static void check_linger(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    if (opt_given(s, OPTF_LINGER_TIME) && !opt_given(s, OPTF_LINGER_ENABLED))
        err_add(&l->errors, option_place(o, OPTF_LINGER_TIME),
                "linger.time needs linger.enabled; write `enabled: true` with it");
}

static void check_maxseg(struct loader *l, const struct cfg_origin *o)
{
    int64_t maxseg = opt_num(&o->effective->set, OPTF_MAXSEG, 0);
    if (maxseg != 0 && maxseg < STACK_MAXSEG_MIN)
        err_add(&l->errors, option_place(o, OPTF_MAXSEG),
                "maxseg: %d is below the stacks' smallest fragment size; write 0 (as the path allows) or at "
                "least %d",
                (int)maxseg, STACK_MAXSEG_MIN);
}

/* The broker depends on these events. */
static void check_events(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    if (!opt_num(s, OPTF_EV_ASSOCIATION, 1))
        err_add(&l->errors, option_place(o, OPTF_EV_ASSOCIATION),
                "events.association: the broker needs it to keep track of associations; leave it out");
    if (!opt_num(s, OPTF_EV_SEND_FAILURE, 1))
        err_add(&l->errors, option_place(o, OPTF_EV_SEND_FAILURE),
                "events.send_failure: it returns undelivered messages to the broker; leave it out");
    if (!opt_num(s, OPTF_EV_DATA_IO, 1))
        err_add(&l->errors, option_place(o, OPTF_EV_DATA_IO),
                "events.data_io: it gives the stream and PPID by which a message is routed; leave it out");
}

static void check_keys(struct loader *l, const struct cfg_origin *o)
{
    const struct opt_set *s = &o->effective->set;
    const char *file = opt_text(s, OPTF_AUTH_KEYS);
    struct auth_keys keys;
    char why[512];
    if (!file)
        return;
    int64_t active = opt_num(s, OPTF_AUTH_ACTIVE_KEY, 0);
    if (!auth_keys_read(file, &keys, why, sizeof why))
        err_add(&l->errors, option_place(o, OPTF_AUTH_KEYS), "auth_keys: %s", why);
    else if (active != 0 && !auth_keys_find(&keys, (uint16_t)active))
        err_add(&l->errors, option_place(o, OPTF_AUTH_ACTIVE_KEY),
                "auth_active_key: there is no key %d in %s; write the number of a key in it", (int)active,
                file);
    auth_keys_wipe(&keys);
}

void check_options(struct loader *l, const struct cfg_origin *o)
{
    check_keys(l, o);
    check_rto(l, o);
    check_paths(l, o);
    check_sack(l, o);
    check_linger(l, o);
    check_maxseg(l, o);
    check_events(l, o);
    check_features(l, o);
}
