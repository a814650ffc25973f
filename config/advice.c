/* Values that are each allowed and together a mistake that signalling people pay for later: one warning each,
 * at the value that is written closest to the endpoint, so that endpoints which share the value share the
 * warning. It says what happens and what to write.
 *
 * The configuration knows one side of an association. Where harm comes from our value and the other side's,
 * the other side is taken to be configured alike, or to have what stacks begin with. Whoever writes both
 * values of a pair has thought of it: nothing is said where they fit each other. */
#include <stdio.h>

#include "config/load_priv.h"
#include "config/ppid.h"

/* What stacks begin with (RFC 9260, section 16; SACK delay: 6.2). */
#define STACK_RTO_MIN    1000
#define STACK_RTO_MAX    60000
#define STACK_ASOCMAXRXT 10
#define STACK_PATHMAXRXT 5
#define STACK_HBINTERVAL 30000
#define STACK_SACK_DELAY 200

/* A message up to this size leaves room in a packet, so that Nagle's algorithm holds it back. */
#define SMALL_MESSAGE 1200

/* One listener or peer. */
struct subject {
    const struct cfg_origin *origin;
    const struct opt_set *options;
    const char *name;
    unsigned paths;                  /* to a peer; 0: not known */
    const struct cfg_route *signals; /* the first route whose signalling it sends, or NULL */
    uint32_t ppid;                   /* of that signalling */
};

struct shown {
    char text[VAL_TEXT_MAX];
};

static const char *show(enum opt_field f, int64_t num, struct shown *out)
{
    const union opt_value value = {.num = num};
    return opt_format(f, &value, out->text, sizeof out->text);
}

/* How close to the endpoint a value stands: its own 3, in its profile 2, in the common section 1; 0: it is
 * not written. */
static int closeness(const struct cfg_origin *o, enum opt_field f)
{
    if (o->own && opt_given(&o->own->set, f))
        return 3;
    if (o->profile && opt_given(&o->profile->options.set, f))
        return 2;
    return o->effective->at[f].line != 0;
}

/* Where to speak of two values, of which at least one is written. */
static struct cfg_place closer(const struct cfg_origin *o, enum opt_field a, enum opt_field b)
{
    return o->effective->at[closeness(o, b) > closeness(o, a) ? b : a];
}

/* ---- pairs ---------------------------------------------------------------------------------------- */

/* Of our delayed SACKs; 0 where they are off, or every packet is acknowledged as it comes. */
static int64_t sack_delay(const struct opt_set *s)
{
    if (opt_num(s, OPTF_PAP_FLAGS, 0) & OPT_SACKDELAY_DISABLE ||
        opt_num(s, OPTF_DELAYED_ACK_FREQUENCY, 2) == 1)
        return 0;
    return opt_num(s, OPTF_DELAYED_ACK_TIME, opt_num(s, OPTF_PAP_SACKDELAY, STACK_SACK_DELAY));
}

/* The sender's minimum timeout against the receiver's SACK delay: ours against the peer's, and the other way
 * round. RFC 9260 6.3.1 and 6.2 keep them apart by 1 s and 200 ms. Linux 6.1, two messages a second, 100 ms
 * against 200 ms: 15 of 16 messages were sent twice. */
static void advise_rto(struct loader *l, const struct subject *u)
{
    const struct opt_set *s = u->options;
    int64_t min = opt_num(s, OPTF_RTO_MIN, STACK_RTO_MIN), delay = sack_delay(s);
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
            "rtoinfo.min: %s is not above the SACK delay, %s%s; where the other side is configured alike, a "
            "message that travels alone is sent again before its SACK is due; write %s on both sides, or an "
            "rtoinfo.min above %s",
            show(OPTF_RTO_MIN, min, &a), show(by, delay, &b),
            opt_given(s, OPTF_PAP_SACKDELAY) || opt_given(s, OPTF_DELAYED_ACK_TIME) ? "" : " (the stack's)",
            instead, b.text);
}

/* Nagle's algorithm waits for a SACK, and the SACK for the next message (RFC 6458 8.1.5). Somebody may want
 * that for large volumes, so it is told only where messages are known to be small. */
static void advise_nodelay(struct loader *l, const struct subject *u)
{
    int64_t delay = sack_delay(u->options);
    bool all_small = origin_has(&l->broker, CFG_KEY_MAX_MESSAGE) && l->config->max_message <= SMALL_MESSAGE;
    char why[120];
    struct shown a;
    if (opt_num(u->options, OPTF_NODELAY, 1) || delay == 0 || !(all_small || u->signals))
        return;
    if (all_small)
        snprintf(why, sizeof why, "none here is longer than broker.max_message");
    else
        snprintf(why, sizeof why, "%s (the route in line %u) is made of such", ppid_name(u->ppid),
                 u->signals->line);
    err_add(&l->warnings, u->origin->effective->at[OPTF_NODELAY],
            "nodelay: false holds a small message back until the one before it is acknowledged, which takes "
            "%s where the other side delays its SACKs as we do, and %s; write nodelay: true",
            show(OPTF_DELAYED_ACK_TIME, delay, &a), why);
}

/* A path that is lost takes no data; an association that is not yet lost makes nobody take over. */
static void advise_retransmissions(struct loader *l, const struct subject *u)
{
    const struct opt_set *s = u->options;
    bool thresholds = opt_given(s, OPTF_PAT_PATHMAXRXT); /* the same thing, and set later */
    enum opt_field by = thresholds ? OPTF_PAT_PATHMAXRXT : OPTF_PAP_PATHMAXRXT;
    bool one_path = opt_given(s, thresholds ? OPTF_PAT_ADDRESS : OPTF_PAP_ADDRESS);
    int whole = (int)opt_num(s, OPTF_ASOC_MAXRXT, STACK_ASOCMAXRXT);
    int path = (int)opt_num(s, by, STACK_PATHMAXRXT);
    int sum = path + ((int)u->paths - 1) * (one_path ? STACK_PATHMAXRXT : path);
    if (u->paths == 0 || whole <= sum || !(opt_given(s, OPTF_ASOC_MAXRXT) || opt_given(s, by)))
        return;
    err_add(&l->warnings, closer(u->origin, OPTF_ASOC_MAXRXT, by),
            "associnfo.asocmaxrxt: %d%s is more than %s.pathmaxrxt of all paths to peer '%s' together, %d; "
            "after %d retransmissions no path is left, and the association still counts as up (RFC 9260, "
            "8.2); write associnfo: {asocmaxrxt: %d}",
            whole, opt_given(s, OPTF_ASOC_MAXRXT) ? "" : " (the stack's)",
            opt_rows[opt_field_rows[by].option].name, u->name, sum, sum, sum);
}

/* ---- a dead peer ---------------------------------------------------------------------------------- */

/* What decides how long a peer that is gone counts as there. */
static const struct {
    enum opt_field field;
    const char *name;
    int64_t stack;
} patience[] = {{OPTF_ASOC_MAXRXT, "associnfo.asocmaxrxt", STACK_ASOCMAXRXT},
                {OPTF_RTO_MAX, "rtoinfo.max", STACK_RTO_MAX},
                {OPTF_RTO_MIN, "rtoinfo.min", STACK_RTO_MIN},
                {OPTF_PAP_HBINTERVAL, "peer_addr_params.hbinterval", STACK_HBINTERVAL}};

#define PATIENCES (sizeof patience / sizeof patience[0])

/* Milliseconds until an association is lost that nothing is sent on (RFC 9260 8.1, 8.3): as many timeouts in
 * a row as it takes, each doubled up to the longest, each after a heartbeat's interval. Without heartbeats
 * the time from the first message. */
static int64_t unnoticed(const struct opt_set *s)
{
    int64_t rto = opt_num(s, OPTF_RTO_MIN, STACK_RTO_MIN), max = opt_num(s, OPTF_RTO_MAX, STACK_RTO_MAX);
    int64_t pause = opt_num(s, OPTF_PAP_HBINTERVAL, STACK_HBINTERVAL), sum = 0;
    if (opt_num(s, OPTF_PAP_FLAGS, 0) & OPT_HB_DISABLE)
        pause = 0;
    for (int64_t i = 0; i <= opt_num(s, OPTF_ASOC_MAXRXT, STACK_ASOCMAXRXT); i++) {
        sum += rto + pause;
        rto = rto * 2 < max ? rto * 2 : max;
    }
    return sum;
}

/* Minutes are what the RFC's own values take; more than twice as many nobody means. */
static void advise_patience(struct loader *l, const struct subject *u)
{
    const struct opt_set nothing = {0};
    int64_t took = unnoticed(u->options), usual = unnoticed(&nothing), most = 0;
    unsigned at = 0;
    struct shown a, b;
    if (took <= 2 * usual)
        return;
    for (unsigned i = 0; i < PATIENCES; i++) {
        int64_t times = opt_num(u->options, patience[i].field, 0) * 1000 / patience[i].stack;
        at = times > most ? i : at;
        most = times > most ? times : most;
    }
    enum opt_field f = patience[at].field;
    err_add(&l->warnings, u->origin->effective->at[f],
            "%s: %s lets an association whose peer is gone count as up for as long as %d minutes, against %d "
            "with what stacks begin with; write %s or less",
            patience[at].name, show(f, opt_num(u->options, f, 0), &a), (int)(took / 60000),
            (int)(usual / 60000), show(f, patience[at].stack, &b));
}

/* ---- buffers -------------------------------------------------------------------------------------- */

/* Where broker.max_message is written, a send buffer that does not hold it is an error (check_endpoints.c).
 */
static void advise_sndbuf(struct loader *l, const struct subject *u)
{
    int64_t sndbuf = opt_num(u->options, OPTF_SNDBUF, MAX_MESSAGE_DEFAULT);
    struct shown a, b;
    if (origin_has(&l->broker, CFG_KEY_MAX_MESSAGE) || sndbuf >= MAX_MESSAGE_DEFAULT ||
        (uint64_t)sndbuf != l->config->max_message)
        return;
    show(OPTF_SNDBUF, sndbuf, &a);
    err_add(&l->warnings, u->origin->effective->at[OPTF_SNDBUF],
            "sndbuf: %s makes the broker refuse messages longer than %s, whoever they are for, as they would "
            "not fit; write broker.max_message: %s where none is longer, or sndbuf: %s",
            a.text, a.text, a.text, show(OPTF_SNDBUF, MAX_MESSAGE_DEFAULT, &b));
}

/* What is not yet whole cannot be read, so the window closes inside a long message and is opened by timeouts
 * only. Linux 6.1 on loopback, messages of 1,000,000 bytes: recbuf 64K 2 Mbit/s, 1M 6, 2M 4,900. */
static void advise_recbuf(struct loader *l, const struct subject *u)
{
    int64_t most = (int64_t)l->config->max_message, recbuf = opt_num(u->options, OPTF_RECBUF, 2 * most);
    struct cfg_place at = u->origin->effective->at[OPTF_RECBUF];
    struct shown a, b, c, d;
    if (!origin_has(&l->broker, CFG_KEY_MAX_MESSAGE) || recbuf >= 2 * most)
        return;
    err_add(
        &l->warnings, at.line ? at : origin_place(&l->broker, CFG_KEY_MAX_MESSAGE),
        "recbuf: %s is less than two messages of broker.max_message, %s; the receive window closes inside "
        "one that long, and its rest waits for retransmission timeouts; write recbuf: %s or max_message: "
        "%s",
        show(OPTF_RECBUF, recbuf, &a), show(OPTF_RECBUF, most, &b), show(OPTF_RECBUF, 2 * most, &c),
        show(OPTF_RECBUF, recbuf / 2, &d));
}

/* ---- single values -------------------------------------------------------------------------------- */

/* Whoever writes tos: 46 means DSCP 46. */
static void advise_tos(struct loader *l, const struct subject *u)
{
    int64_t tos = opt_num(u->options, OPTF_TOS, 0);
    if ((tos & 3) == 0)
        return;
    if (tos < 64)
        err_add(&l->warnings, u->origin->effective->at[OPTF_TOS],
                "tos: %d has the lowest two bits set, which are not the DSCP's but the stack's, for ECN (RFC "
                "3168); write tos: %d for DSCP %d",
                (int)tos, (int)tos * 4, (int)tos);
    else
        err_add(&l->warnings, u->origin->effective->at[OPTF_TOS],
                "tos: %d has the lowest two bits set, which are not the DSCP's but the stack's, for ECN (RFC "
                "3168); write tos: %d",
                (int)tos, (int)(tos & ~3));
}

static void advise_linger(struct loader *l, const struct subject *u)
{
    int64_t time = opt_num(u->options, OPTF_LINGER_TIME, 0);
    struct shown a;
    if (opt_num(u->options, OPTF_LINGER_ENABLED, 0) && time > 0)
        err_add(
            &l->warnings, u->origin->effective->at[OPTF_LINGER_TIME],
            "linger.time: %s is how long a close with undelivered data may hold up the whole worker, with "
            "all its associations; leave linger out, and the data goes out in the background",
            show(OPTF_LINGER_TIME, time, &a));
}

/* ---- all of them ---------------------------------------------------------------------------------- */

typedef void advice(struct loader *l, const struct subject *u);

static advice *const all[] = {advise_rto,      advise_nodelay, advise_retransmissions,
                              advise_patience, advise_sndbuf,  advise_recbuf,
                              advise_tos,      advise_linger};

static void advise_one(struct loader *l, const struct subject *u)
{
    for (unsigned i = 0; i < sizeof all / sizeof all[0]; i++)
        all[i](l, u);
}

static void mark(struct subject *listeners, struct subject *peers, const struct cfg_member *list,
                 unsigned count, const struct cfg_route *route, uint32_t ppid)
{
    for (unsigned i = 0; i < count; i++) {
        struct subject *u = &(list[i].kind == CFG_MEMBER_PEER ? peers : listeners)[list[i].index];
        if (u->signals)
            continue;
        u->signals = route;
        u->ppid = ppid;
    }
}

/* Who sends signalling: the members of a route's group, and with session paired its sources, which get the
 * answers. */
static void find_signalling(const struct cfg_config *c, struct subject *listeners, struct subject *peers)
{
    for (unsigned i = 0; i < c->route_count; i++) {
        const struct cfg_route *r = &c->routes[i];
        const struct cfg_group *g = &c->groups[r->group];
        unsigned p = 0;
        while (p < r->ppid_count && !ppid_is_signalling(r->ppids[p]))
            p++;
        if (p == r->ppid_count)
            continue;
        mark(listeners, peers, g->members, g->member_count, r, r->ppids[p]);
        if (r->session == CFG_PAIRED)
            mark(listeners, peers, r->from, r->from_count, r, r->ppids[p]);
    }
}

/* How many addresses a name stands for is known when it has been looked up. */
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
    struct subject *listeners = arena_array(&l->scratch, c->listener_count, sizeof *listeners);
    struct subject *peers = arena_array(&l->scratch, c->peer_count, sizeof *peers);
    for (unsigned i = 0; i < c->listener_count; i++)
        listeners[i] = (struct subject){
            .origin = &l->listeners[i], .options = &c->listeners[i].sctp, .name = c->listeners[i].name};
    for (unsigned i = 0; i < c->peer_count; i++)
        peers[i] = (struct subject){.origin = &l->peers[i],
                                    .options = &c->peers[i].sctp,
                                    .name = c->peers[i].name,
                                    .paths = known_paths(&c->peers[i])};
    find_signalling(c, listeners, peers);
    for (unsigned i = 0; i < c->listener_count; i++)
        advise_one(l, &listeners[i]);
    for (unsigned i = 0; i < c->peer_count; i++)
        advise_one(l, &peers[i]);
}
