/* Options about streams: which one sends next, whether large messages of one hold up the others, and what
 * peers may ask for about them.
 *
 * A change of scheduler makes the stack forget that it is in the middle of a message, and the next fragment
 * it sends may be another message's: peers take that for a broken association. So an association changes its
 * scheduler only while it has nothing to send. */
#include "transport/usrsctp/option_priv.h"

/* ---- Schedulers ------------------------------------------------------------------------------------- */

/* In the contract's order. Weighted fair queueing is not among them; the round robin by packet is, but does
 * not work (0.9.5): it forgets streams, and associations stand still. */
enum { NO_SUCH = UINT16_MAX };
static const uint32_t schedulers[] = {
    [OPT_SS_FCFS] = SCTP_SS_FIRST_COME, [OPT_SS_RR] = SCTP_SS_ROUND_ROBIN,   [OPT_SS_RR_PKT] = NO_SUCH,
    [OPT_SS_PRIO] = SCTP_SS_PRIORITY,   [OPT_SS_FC] = SCTP_SS_FAIR_BANDWITH, [OPT_SS_WFQ] = NO_SUCH};

enum { SCHEDULERS = sizeof schedulers / sizeof *schedulers };

struct busy {
    uint32_t scheduler; /* to be set; one that has it already does not count */
    uint32_t assoc;     /* one that has something to send; 0: none */
};

static void look_whether_busy(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct busy *b = arg;
    uint32_t now = b->scheduler + 1;
    (void)usr_get_value(&ep->base, s->sstat_assoc_id, OPT_STREAM_SCHEDULER, SCTP_PLUGGABLE_SS, &now, NULL);
    if (now != b->scheduler && usr_unsent(ep, s->sstat_assoc_id))
        b->assoc = s->sstat_assoc_id;
}

static struct busy who_is_busy(struct usr_endpoint *ep, uint32_t assoc, uint32_t scheduler)
{
    struct busy b = {.scheduler = scheduler};
    struct sctp_status status;
    if (assoc == 0)
        usr_each_assoc(ep, look_whether_busy, &b);
    else if (usr_status(ep, assoc, &status))
        look_whether_busy(ep, &status, &b);
    return b;
}

/* The stack leaves it to chance which priorities its streams have when an association changes to them. */
static void begin_priorities(struct usr_endpoint *ep, const struct sctp_status *s)
{
    struct sctp_stream_value v = {.assoc_id = s->sstat_assoc_id};
    for (unsigned i = 0; i < s->sstat_outstrms; i++) {
        v.stream_id = (uint16_t)i;
        (void)usrsctp_setsockopt(ep->so, IPPROTO_SCTP, SCTP_SS_VALUE, &v, sizeof v);
    }
}

struct change {
    uint32_t scheduler;
    enum tr_code code;
    struct tr_error *error;
};

/* Setting the scheduler that it has already would be a change, too. */
static void change_scheduler(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct change *c = arg;
    uint32_t now = c->scheduler + 1;
    (void)usr_get_value(&ep->base, s->sstat_assoc_id, OPT_STREAM_SCHEDULER, SCTP_PLUGGABLE_SS, &now, NULL);
    if (now == c->scheduler || c->code != TR_OK)
        return;
    c->code = usr_set_value(&ep->base, s->sstat_assoc_id, OPT_STREAM_SCHEDULER, SCTP_PLUGGABLE_SS,
                            c->scheduler, c->error);
    if (c->code == TR_OK && c->scheduler == SCTP_SS_PRIORITY)
        begin_priorities(ep, s);
}

/* `assoc` 0: of the endpoint, and of all associations that it has. */
static enum tr_code change_schedulers(struct tr_endpoint *ep, uint32_t assoc, uint32_t scheduler,
                                      struct tr_error *error)
{
    struct change c = {scheduler, TR_OK, error};
    struct sctp_status status;
    if (assoc != 0 && !usr_status(usr_ep(ep), assoc, &status))
        return tr_fail(error, TR_NO_ASSOC, 0, "set stream_scheduler: association %u does not exist", assoc);
    unsigned changed = 1;
    if (assoc != 0)
        change_scheduler(usr_ep(ep), &status, &c);
    else
        changed = usr_each_assoc(usr_ep(ep), change_scheduler, &c);
    bool of_endpoint = changed == 0 || (assoc == 0 && ep->style == TR_ONE_TO_MANY);
    if (c.code == TR_OK && of_endpoint)
        c.code = usr_set_value(ep, 0, OPT_STREAM_SCHEDULER, SCTP_PLUGGABLE_SS, scheduler, error);
    return c.code;
}

enum tr_code usr_set_STREAM_SCHEDULER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    uint32_t scheduler = schedulers[opt_num(in, OPTF_STREAM_SCHEDULER, 0)];
    if (scheduler == NO_SUCH)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "set stream_scheduler: usrsctp does not have this one; it has fcfs, rr, prio and fc");
    struct busy busy = who_is_busy(usr_ep(ep), assoc, scheduler);
    if (busy.assoc != 0)
        return tr_fail(error, TR_AGAIN, 0,
                       "set stream_scheduler: association %u has something to send; try again when it has "
                       "not (event sender_dry)",
                       busy.assoc);
    return change_schedulers(ep, assoc, scheduler, error);
}

/* What the stack begins with is a round robin, too: of streams in the order in which they have something. */
enum tr_code usr_get_STREAM_SCHEDULER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    uint32_t scheduler;
    int64_t found = OPT_SS_RR;
    enum tr_code code = usr_get_value(ep, assoc, OPT_STREAM_SCHEDULER, SCTP_PLUGGABLE_SS, &scheduler, error);
    if (code != TR_OK)
        return code;
    for (unsigned i = 0; i < SCHEDULERS; i++)
        if (schedulers[i] == scheduler)
            found = i;
    opt_put(out, OPTF_STREAM_SCHEDULER, found);
    return TR_OK;
}

static bool has_values(struct tr_endpoint *ep, uint32_t assoc)
{
    uint32_t scheduler = 0;
    return usr_get_value(ep, assoc, OPT_STREAM_SCHEDULER, SCTP_PLUGGABLE_SS, &scheduler, NULL) == TR_OK &&
           scheduler == SCTP_SS_PRIORITY;
}

static enum tr_code need_stream(struct tr_endpoint *ep, uint32_t assoc, const char *what, uint16_t stream,
                                struct tr_error *error)
{
    struct sctp_status status;
    if (!usr_status(usr_ep(ep), assoc, &status))
        return tr_fail(error, TR_NO_ASSOC, 0, "%s stream_scheduler_value: association %u does not exist",
                       what, assoc);
    if (stream >= status.sstat_outstrms)
        return tr_fail(error, TR_INVALID, 0,
                       "%s stream_scheduler_value: there is no stream %u, the association has %u", what,
                       stream, status.sstat_outstrms);
    return TR_OK;
}

enum tr_code usr_set_STREAM_SCHEDULER_VALUE(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                            struct tr_error *error)
{
    struct sctp_stream_value v = {.assoc_id = assoc,
                                  .stream_id = (uint16_t)opt_num(in, OPTF_SSV_STREAM, 0),
                                  .stream_value = (uint16_t)opt_num(in, OPTF_SSV_VALUE, 0)};
    if (!opt_given(in, OPTF_SSV_STREAM) || !opt_given(in, OPTF_SSV_VALUE))
        return tr_fail(error, TR_INVALID, 0, "set stream_scheduler_value: give both stream and value");
    enum tr_code code = need_stream(ep, assoc, "set", v.stream_id, error);
    if (code != TR_OK)
        return code;
    if (!has_values(ep, assoc))
        return tr_fail(error, TR_INVALID, 0,
                       "set stream_scheduler_value: streams have one with stream_scheduler prio only");
    return usr_set(ep, OPT_STREAM_SCHEDULER_VALUE, SCTP_SS_VALUE, &v, sizeof v, error);
}

/* 0 where the scheduler knows no values. */
enum tr_code usr_get_STREAM_SCHEDULER_VALUE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                            struct tr_error *error)
{
    struct sctp_stream_value v = {.assoc_id = assoc, .stream_id = (uint16_t)opt_num(out, OPTF_SSV_STREAM, 0)};
    enum tr_code code = need_stream(ep, assoc, "read", v.stream_id, error);
    if (code == TR_OK && has_values(ep, assoc))
        code = usr_get(ep, OPT_STREAM_SCHEDULER_VALUE, SCTP_SS_VALUE, &v, sizeof v, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_SSV_STREAM, v.stream_id);
    opt_put(out, OPTF_SSV_VALUE, v.stream_value);
    return TR_OK;
}

/* ---- Interleaving (RFC 8260) ------------------------------------------------------------------------- */

enum { SCTP_INTERLEAVING_SUPPORTED = 0x1206 }; /* usrsctp.h leaves it out */

/* From which size on the stack hands out a message that is only half there. Where many arrive at a time, each
 * below that size, they could fill the receive window among them and none ever end; so then it is any. */
enum { FROM_ANY = 1, FROM_LARGE = USR_PARTIAL_FROM };

static enum tr_code set_partial_delivery(struct tr_endpoint *ep, bool on, struct tr_error *error)
{
    int from = on ? FROM_ANY : FROM_LARGE, most = usr_ep(ep)->kept.recbuf;
    return usr_set_int(ep, OPT_INTERLEAVING_SUPPORTED, SCTP_PARTIAL_DELIVERY_POINT, from < most ? from : most,
                       error);
}

enum tr_code usr_set_INTERLEAVING_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                            struct tr_error *error)
{
    bool on = opt_num(in, OPTF_INTERLEAVING_SUPPORTED, 0) != 0;
    bool *kept = &usr_ep(ep)->kept.interleaving_offered, before = *kept;
    (void)assoc;
    enum tr_code code =
        usr_set_offer(ep, OPT_INTERLEAVING_SUPPORTED, SCTP_INTERLEAVING_SUPPORTED, on, kept, error);
    if (code == TR_INVALID)
        return tr_fail(error, code, 0,
                       "set interleaving_supported: with usrsctp it needs fragment_interleave 2");
    return code == TR_OK && on != before ? set_partial_delivery(ep, on, error) : code;
}

enum tr_code usr_get_INTERLEAVING_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                            struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_INTERLEAVING_SUPPORTED, usr_ep(ep)->kept.interleaving_offered);
    return TR_OK;
}

/* ---- Re-configuration (RFC 6525) --------------------------------------------------------------------- */

enum tr_code usr_set_RECONFIG_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                        struct tr_error *error)
{
    (void)assoc;
    return usr_set_offer(ep, OPT_RECONFIG_SUPPORTED, SCTP_RECONFIG_SUPPORTED,
                         opt_num(in, OPTF_RECONFIG_SUPPORTED, 0) != 0, &usr_ep(ep)->kept.reconfig_offered,
                         error);
}

enum tr_code usr_get_RECONFIG_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                        struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_RECONFIG_SUPPORTED, usr_ep(ep)->kept.reconfig_offered);
    return TR_OK;
}

/* The stack asks one permission, that of adding streams, for resetting the association as well. Granting what
 * was not asked for would be worse than saying so. */
enum tr_code usr_set_ENABLE_STREAM_RESET(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    int64_t flags = opt_num(in, OPTF_ENABLE_STREAM_RESET, 0), both = OPT_RESET_ASSOC | OPT_CHANGE_ASSOC;
    if ((flags & both) != 0 && (flags & both) != both)
        return tr_fail(
            error, TR_UNSUPPORTED, 0,
            "set enable_stream_reset: usrsctp cannot tell reset_assoc from change_assoc; give both or "
            "neither");
    return usr_set_value(ep, assoc, OPT_ENABLE_STREAM_RESET, SCTP_ENABLE_STREAM_RESET, (uint32_t)flags,
                         error);
}

enum tr_code usr_get_ENABLE_STREAM_RESET(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    uint32_t flags;
    enum tr_code code =
        usr_get_value(ep, assoc, OPT_ENABLE_STREAM_RESET, SCTP_ENABLE_STREAM_RESET, &flags, error);
    if (code == TR_OK)
        opt_put(out, OPTF_ENABLE_STREAM_RESET, flags);
    return code;
}
