/* Warnings about values that are each allowed but harmful together, at the value that is written closest to
 * the endpoint, so that endpoints which share the value share the warning. A warning says what happens and
 * what to write.
 *
 * The configuration describes one side of an association. If the harm depends on the other side's value, that
 * side is assumed to be configured the same way, or with the stacks' defaults. There is no warning if both
 * values of a pair are written and fit each other. */
#include "config/advice_priv.h"

#include <stdio.h>

#include "config/advice_buffers_priv.h"
#include "config/advice_subject_priv.h"
#include "config/check_endpoints_priv.h"
#include "config/origin_priv.h"
#include "config/sctp/ppid.h"

/* The place for a warning about two values, of which at least one is written. */
static struct cfg_place closer(const struct cfg_origin *o, enum opt_field a, enum opt_field b)
{
    return o->effective->at[origin_closeness(o, b) > origin_closeness(o, a) ? b : a];
}

/* ---- pairs ---------------------------------------------------------------------------------------- */

/* The delay of our SACKs; 0 if they are not delayed, or every packet is acknowledged at once. */
static int64_t sack_delay(const struct opt_set *s)
{
    if (opt_num(s, OPTF_PAP_FLAGS, 0) & OPT_SACKDELAY_DISABLE ||
        opt_num(s, OPTF_DELAYED_ACK_FREQUENCY, 2) == 1)
        return 0;
    return opt_num(s, OPTF_DELAYED_ACK_TIME, or_stack(s, OPTF_PAP_SACKDELAY));
}

/* The sender's minimum timeout against the receiver's SACK delay: ours against the peer's, and the other way
 * round. RFC 9260 6.3.1 and 6.2 keep them apart by 1 s and 200 ms. Linux 6.1, two messages a second, 100 ms
 * against 200 ms: 15 of 16 messages were sent twice. */
static void advise_rto(struct loader *l, const struct subject *u)
{
    const struct opt_set *s = u->options;
    int64_t min = or_stack(s, OPTF_RTO_MIN), delay = sack_delay(s);
    enum opt_field by = opt_given(s, OPTF_PAP_SACKDELAY) ? OPTF_PAP_SACKDELAY : OPTF_DELAYED_ACK_TIME;
    struct shown a, b, c;
    char instead[120];
    if (min > delay)
        return;
    if (min >= 2)
        snprintf(instead, sizeof instead, "%s: %s",
                 by == OPTF_PAP_SACKDELAY ? "peer_addr_params.sackdelay" : "delayed_ack_time",
                 show(by, min / 2, &c));
    else
        snprintf(instead, sizeof instead, "peer_addr_params: {flags: [sackdelay_disable]}");
    err_add(&l->warnings, closer(u->origin, OPTF_RTO_MIN, by),
            "rtoinfo.min: %s is not above the SACK delay, %s%s; if the other side is configured the same "
            "way, a single message is retransmitted before its SACK is due; write %s on both sides, or an "
            "rtoinfo.min above %s",
            show(OPTF_RTO_MIN, min, &a), show(by, delay, &b),
            opt_given(s, OPTF_PAP_SACKDELAY) || opt_given(s, OPTF_DELAYED_ACK_TIME) ? "" : " (the stack's)",
            instead, b.text);
}

/* Nagle's algorithm waits for a SACK, and the SACK for the next message (RFC 6458 8.1.5). That may be wanted
 * for bulk traffic, so the warning is given only if messages are known to be small. */
static void advise_nodelay(struct loader *l, const struct subject *u)
{
    int64_t delay = sack_delay(u->options);
    bool all_small = origin_has(&l->broker, CFG_KEY_MAX_MESSAGE) && l->config->max_message <= SMALL_MESSAGE;
    char why[120];
    struct shown a;
    if (opt_num(u->options, OPTF_NODELAY, 1) || delay == 0 || !(all_small || u->signals))
        return;
    if (all_small)
        snprintf(why, sizeof why, "no message is longer than broker.max_message");
    else
        snprintf(why, sizeof why, "%s (the route in line %u) consists of small messages", ppid_name(u->ppid),
                 u->signals->line);
    err_add(&l->warnings, u->origin->effective->at[OPTF_NODELAY],
            "nodelay: false holds a small message back until the one before it is acknowledged, which takes "
            "%s if the other side delays its SACKs as we do, and %s; write nodelay: true",
            show(OPTF_DELAYED_ACK_TIME, delay, &a), why);
}

/* A failed path takes no data, but without a lost association no other member takes over. */
static void advise_retransmissions(struct loader *l, const struct subject *u)
{
    const struct opt_set *s = u->options;
    bool thresholds = opt_given(s, OPTF_PAT_PATHMAXRXT); /* the same parameter, set later */
    enum opt_field by = thresholds ? OPTF_PAT_PATHMAXRXT : OPTF_PAP_PATHMAXRXT;
    bool one_path = opt_given(s, thresholds ? OPTF_PAT_ADDRESS : OPTF_PAP_ADDRESS);
    int whole = (int)or_stack(s, OPTF_ASOC_MAXRXT);
    int path = (int)or_stack(s, by);
    int sum = path + ((int)u->paths - 1) * (one_path ? (int)opt_stack(by, OPT_KERNEL) : path);
    if (u->paths == 0 || whole <= sum || !(opt_given(s, OPTF_ASOC_MAXRXT) || opt_given(s, by)))
        return;
    err_add(&l->warnings, closer(u->origin, OPTF_ASOC_MAXRXT, by),
            "associnfo.asocmaxrxt: %d%s is more than %s.pathmaxrxt of all paths to peer '%s' together, %d; "
            "after %d retransmissions no path is left, but the association still counts as up (RFC 9260, "
            "8.2); write associnfo: {asocmaxrxt: %d}",
            whole, opt_given(s, OPTF_ASOC_MAXRXT) ? "" : " (the stack's)",
            opt_rows[opt_field_rows[by].option].name, u->name, sum, sum, sum);
}

/* ---- a dead peer ---------------------------------------------------------------------------------- */

/* The options that determine how long it takes to detect that a peer is gone. */
static const struct {
    enum opt_field field;
    const char *name;
} patience[] = {{OPTF_ASOC_MAXRXT, "associnfo.asocmaxrxt"},
                {OPTF_RTO_MAX, "rtoinfo.max"},
                {OPTF_RTO_MIN, "rtoinfo.min"},
                {OPTF_PAP_HBINTERVAL, "peer_addr_params.hbinterval"}};

#define PATIENCES (sizeof patience / sizeof patience[0])

/* Milliseconds until an idle association is lost when its peer is gone (RFC 9260 8.1, 8.3): the necessary
 * number of timeouts in a row, each doubled up to the maximum, each after a heartbeat interval. Without
 * heartbeats the time from the first message. */
static int64_t unnoticed(const struct opt_set *s)
{
    int64_t rto = or_stack(s, OPTF_RTO_MIN), max = or_stack(s, OPTF_RTO_MAX);
    int64_t pause = or_stack(s, OPTF_PAP_HBINTERVAL), sum = 0;
    if (opt_num(s, OPTF_PAP_FLAGS, 0) & OPT_HB_DISABLE)
        pause = 0;
    for (int64_t i = 0; i <= or_stack(s, OPTF_ASOC_MAXRXT); i++) {
        sum += rto + pause;
        rto = rto * 2 < max ? rto * 2 : max;
    }
    return sum;
}

/* The RFC's own values take minutes; more than twice as long is hardly intended. */
static void advise_patience(struct loader *l, const struct subject *u)
{
    const struct opt_set nothing = {0};
    int64_t took = unnoticed(u->options), usual = unnoticed(&nothing), most = 0;
    unsigned at = 0;
    struct shown a, b;
    if (took <= 2 * usual)
        return;
    for (unsigned i = 0; i < PATIENCES; i++) {
        int64_t times =
            opt_num(u->options, patience[i].field, 0) * 1000 / opt_stack(patience[i].field, OPT_KERNEL);
        at = times > most ? i : at;
        most = times > most ? times : most;
    }
    enum opt_field f = patience[at].field;
    err_add(&l->warnings, u->origin->effective->at[f],
            "%s: %s lets an association whose peer is gone count as up for %d minutes, %d with the stacks' "
            "defaults; write %s or less",
            patience[at].name, show(f, opt_num(u->options, f, 0), &a), (int)(took / 60000),
            (int)(usual / 60000), show(f, opt_stack(f, OPT_KERNEL), &b));
}

/* ---- single values -------------------------------------------------------------------------------- */

/* tos: 46 is usually meant as DSCP 46. */
static void advise_tos(struct loader *l, const struct subject *u)
{
    int64_t tos = opt_num(u->options, OPTF_TOS, 0);
    if ((tos & 3) == 0)
        return;
    if (tos < 64)
        err_add(&l->warnings, u->origin->effective->at[OPTF_TOS],
                "tos: %d has the lowest two bits set, which do not belong to the DSCP but to ECN (RFC 3168); "
                "write tos: %d for DSCP %d",
                (int)tos, (int)tos * 4, (int)tos);
    else
        err_add(&l->warnings, u->origin->effective->at[OPTF_TOS],
                "tos: %d has the lowest two bits set, which do not belong to the DSCP but to ECN (RFC 3168); "
                "write tos: %d",
                (int)tos, (int)(tos & ~3));
}

static void advise_linger(struct loader *l, const struct subject *u)
{
    int64_t time = opt_num(u->options, OPTF_LINGER_TIME, 0);
    struct shown a;
    if (opt_num(u->options, OPTF_LINGER_ENABLED, 0) && time > 0)
        err_add(
            &l->warnings, u->origin->effective->at[OPTF_LINGER_TIME],
            "linger.time: %s is how long closing an association with undelivered data may block the whole "
            "worker, with all its associations; leave linger out, and the data is sent in the background",
            show(OPTF_LINGER_TIME, time, &a));
}

/* The stacks' default is 2. usrsctp with 10: a relay stalled in each of 5 runs.
 */
static void advise_sack_frequency(struct loader *l, const struct subject *u)
{
    int64_t packets = opt_num(u->options, OPTF_DELAYED_ACK_FREQUENCY, 2);
    struct shown a;
    if (packets > 2 && sack_delay(u->options))
        err_add(&l->warnings, u->origin->effective->at[OPTF_DELAYED_ACK_FREQUENCY],
                "delayed_ack_frequency: %d makes a sender wait %s for each SACK while it has fewer packets "
                "than that in flight (RFC 9260, 6.2, requires one for at least every second packet); write "
                "2, or leave "
                "it out",
                (int)packets, show(OPTF_DELAYED_ACK_TIME, sack_delay(u->options), &a));
}

/* ---- options that depend on routes ---------------------------------------------------------------- */

static void advise_interleave(struct loader *l, const struct subject *u)
{
    if (u->shares_socket && opt_num(u->options, OPTF_FRAGMENT_INTERLEAVE, 1) == 0)
        err_add(&l->warnings, u->origin->effective->at[OPTF_FRAGMENT_INTERLEAVE],
                "fragment_interleave: 0 with peeloff: never lets a partly received large message block every "
                "other association of listener '%s'; write fragment_interleave: 1, or peeloff: always",
                u->name);
}

static void advise_autoclose(struct loader *l, const struct subject *u)
{
    int64_t idle = opt_num(u->options, OPTF_AUTOCLOSE, 0);
    struct shown a;
    if (u->standing && idle > 0)
        err_add(&l->warnings, u->origin->effective->at[OPTF_AUTOCLOSE],
                "autoclose: %s shuts the association to peer '%s' down whenever it is idle that long, and "
                "the broker, which keeps it up, sets it up again each time; leave autoclose out",
                show(OPTF_AUTOCLOSE, idle, &a), u->name);
}

/* Nothing is sent to a standby, so only heartbeats detect that it is gone. */
static void advise_heartbeats(struct loader *l, const struct subject *u)
{
    if (u->standby && opt_num(u->options, OPTF_PAP_FLAGS, 0) & OPT_HB_DISABLE)
        err_add(&l->warnings, u->origin->effective->at[OPTF_PAP_FLAGS],
                "peer_addr_params.flags: with hb_disable it is not detected when '%s', a standby in group "
                "'%s', is gone, until messages are sent to it; write hb_enable",
                u->name, u->standby->name);
}

/* ---- all of them ---------------------------------------------------------------------------------- */

typedef void advice(struct loader *l, const struct subject *u);

static advice *const all[] = {
    advise_rto,        advise_nodelay,   advise_retransmissions, advise_patience,
    advise_buffers,    advise_tos,       advise_linger,          advise_sack_frequency,
    advise_interleave, advise_autoclose, advise_heartbeats,
};

static void advise_one(struct loader *l, const struct subject *u)
{
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        all[i](l, u);
}

/* All listeners and peers. */
struct cast {
    struct subject *listeners, *peers;
};

static struct subject *find(const struct cast *cast, struct cfg_member m)
{
    return &(m.kind == CFG_MEMBER_PEER ? cast->peers : cast->listeners)[m.index];
}

static void sends(struct subject *u, const struct cfg_route *route, const uint32_t *signalling)
{
    if (u->signals || !signalling)
        return;
    u->signals = route;
    u->ppid = *signalling;
}

/* The first route with a signalling PPID, or NULL. */
static const uint32_t *find_signalling(const struct cfg_route *r)
{
    for (unsigned i = 0; i < r->ppid_count; i++)
        if (ppid_is_signalling(r->ppids[i]))
            return &r->ppids[i];
    return NULL;
}

/* Messages go to the members of a route's group, and unless the session is shared answers to its sources.
 * Sources that are peers, and members of sessions that are not paired, have standing associations. */
static void cast_roles(const struct cfg_config *c, const struct cfg_route *r, const struct cast *cast)
{
    const struct cfg_group *g = &c->groups[r->group];
    const uint32_t *signalling = find_signalling(r);
    for (unsigned i = 0; i < g->member_count; i++) {
        struct subject *u = find(cast, g->members[i]);
        bool shared = cfg_uses_group(r->session);
        sends(u, r, signalling);
        u->standing |= shared && g->members[i].kind == CFG_MEMBER_PEER;
        if (shared && g->mode == CFG_OVERRIDE && i > 0 && !u->standby)
            u->standby = g;
    }
    for (unsigned i = 0; i < r->from_count && !r->otherwise; i++) {
        struct subject *u = find(cast, r->from[i]);
        if (r->session != CFG_SHARED)
            sends(u, r, signalling);
        u->standing |= r->from[i].kind == CFG_MEMBER_PEER;
    }
}

/* How many addresses a host name has is known only when it has been looked up. */
static unsigned known_paths(const struct cfg_peer *p)
{
    for (unsigned i = 0; i < p->host_count; i++)
        if (p->hosts[i].name)
            return 0;
    return p->host_count;
}

void advise(struct loader *l)
{
    const struct cfg_config *c = l->config;
    const struct cast cast = {arena_array(&l->scratch, c->listener_count, sizeof *cast.listeners),
                              arena_array(&l->scratch, c->peer_count, sizeof *cast.peers)};
    for (unsigned i = 0; i < c->listener_count; i++)
        cast.listeners[i] = (struct subject){.origin = &l->listeners[i],
                                             .options = &c->listeners[i].sctp,
                                             .name = c->listeners[i].name,
                                             .shares_socket = c->listeners[i].peeloff == CFG_PEELOFF_NEVER};
    for (unsigned i = 0; i < c->peer_count; i++)
        cast.peers[i] = (struct subject){.origin = &l->peers[i],
                                         .options = &c->peers[i].sctp,
                                         .name = c->peers[i].name,
                                         .paths = known_paths(&c->peers[i])};
    for (unsigned i = 0; i < c->route_count; i++)
        cast_roles(c, &c->routes[i], &cast);
    for (unsigned i = 0; i < c->listener_count; i++)
        advise_one(l, &cast.listeners[i]);
    for (unsigned i = 0; i < c->peer_count; i++)
        advise_one(l, &cast.peers[i]);
}
