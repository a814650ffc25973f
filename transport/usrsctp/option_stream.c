/* Options about streams: which one sends next, whether large messages of one hold up the others, and what
 * peers may ask for about them.
 *
 * A change of scheduler makes the stack forget that it is in the middle of a message, and the next fragment
 * it sends may be another message's: peers take that for a broken association. So an association changes its
 * scheduler only while it has nothing to send. */
#include "transport/usrsctp/option_priv.h"

/* ---- Schedulers ------------------------------------------------------------------------------------- */

/* The stack's number of an association's; `otherwise` where it has none. */
static uint32_t scheduler_of(struct tr_endpoint *ep, uint32_t assoc, uint32_t otherwise)
{
    struct sctp_assoc_value v = {.assoc_id = assoc};
    return usr_get_raw(ep, SCTP_PLUGGABLE_SS, &v, sizeof v) == 0 ? v.assoc_value : otherwise;
}

struct change {
    const struct tr_place *at;
    uint32_t scheduler; /* to be set; an association that has it already is left alone: setting it would be a
                           change, too */
    uint32_t busy;      /* one that has something to send; 0: none */
    enum tr_code code;
};

static bool is_change(const struct change *c, const struct sctp_status *s)
{
    return scheduler_of(c->at->ep, s->sstat_assoc_id, c->scheduler + 1) != c->scheduler;
}

static void look_whether_busy(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct change *c = arg;
    if (is_change(c, s) && usr_unsent(ep, s->sstat_assoc_id))
        c->busy = s->sstat_assoc_id;
}

/* The stack leaves it to chance which priorities its streams have when an association changes to them. */
static void begin_priorities(struct usr_endpoint *ep, const struct sctp_status *s)
{
    struct sctp_stream_value v = {.assoc_id = s->sstat_assoc_id};
    for (unsigned i = 0; i < s->sstat_outstrms; i++) {
        v.stream_id = (uint16_t)i;
        (void)usr_set_raw(&ep->base, SCTP_SS_VALUE, &v, sizeof v);
    }
}

static enum tr_code set_scheduler_of(const struct change *c, uint32_t assoc)
{
    struct sctp_assoc_value v = {.assoc_id = assoc, .assoc_value = c->scheduler};
    return usr_set_raw(c->at->ep, SCTP_PLUGGABLE_SS, &v, sizeof v) == 0 ? TR_OK : tr_option_failed(c->at);
}

static void change_scheduler(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct change *c = arg;
    if (c->code != TR_OK || !is_change(c, s))
        return;
    c->code = set_scheduler_of(c, s->sstat_assoc_id);
    if (c->code == TR_OK && c->scheduler == SCTP_SS_PRIORITY)
        begin_priorities(ep, s);
}

/* Calls fn for the association, or for all that the endpoint has; how many those are. */
static unsigned each_meant(const struct tr_place *at,
                           void (*fn)(struct usr_endpoint *, const struct sctp_status *, void *),
                           struct change *c)
{
    struct sctp_status status;
    if (at->assoc == 0)
        return usr_each_assoc(usr_ep(at->ep), fn, c);
    if (!usr_status(usr_ep(at->ep), at->assoc, &status))
        return 0;
    fn(usr_ep(at->ep), &status, c);
    return 1;
}

enum tr_code usr_set_scheduler(const struct tr_place *at, const struct opt_set *in)
{
    struct sctp_assoc_value wanted;
    struct change c = {.at = at};
    enum tr_code code = tr_store(at, usr_records.member, in, &wanted);
    if (code != TR_OK)
        return code;
    c.scheduler = wanted.assoc_value;
    each_meant(at, look_whether_busy, &c);
    if (c.busy != 0)
        return tr_refuse(at, TR_AGAIN,
                         "association %u has something to send; try again when it has not (event sender_dry)",
                         c.busy);
    unsigned meant = each_meant(at, change_scheduler, &c);
    if (at->assoc != 0 && meant == 0)
        return tr_refuse(at, TR_NO_ASSOC, "there is no association %u", at->assoc);
    return c.code == TR_OK && (meant == 0 || tr_is_shared(at)) ? set_scheduler_of(&c, 0) : c.code;
}

static enum tr_code need_stream(const struct tr_place *at, int64_t stream)
{
    struct sctp_status status;
    if (!usr_status(usr_ep(at->ep), at->assoc, &status))
        return tr_refuse(at, TR_NO_ASSOC, "association %u does not exist", at->assoc);
    if (stream >= status.sstat_outstrms)
        return tr_refuse(at, TR_INVALID, "there is no stream %u, the association has %u", (unsigned)stream,
                         status.sstat_outstrms);
    return TR_OK;
}

static bool has_values(const struct tr_place *at)
{
    return scheduler_of(at->ep, at->assoc, SCTP_SS_DEFAULT) == SCTP_SS_PRIORITY;
}

enum tr_code usr_set_stream_value(const struct tr_place *at, const struct opt_set *in)
{
    if (!opt_given(in, OPTF_SSV_STREAM) || !opt_given(in, OPTF_SSV_VALUE))
        return tr_refuse(at, TR_INVALID, "give both stream and value");
    enum tr_code code = need_stream(at, opt_num(in, OPTF_SSV_STREAM, 0));
    if (code == TR_OK && !has_values(at))
        return tr_refuse(at, TR_INVALID, "streams have one with stream_scheduler prio only");
    return code == TR_OK ? tr_set_record(at, in) : code;
}

/* 0 where the scheduler knows no values. */
enum tr_code usr_get_stream_value(const struct tr_place *at, struct opt_set *out)
{
    int64_t stream = opt_num(out, OPTF_SSV_STREAM, 0);
    enum tr_code code = need_stream(at, stream);
    if (code == TR_OK && has_values(at))
        return tr_get_record(at, out);
    opt_put(out, OPTF_SSV_STREAM, stream);
    opt_put(out, OPTF_SSV_VALUE, 0);
    return code;
}

/* ---- Interleaving (RFC 8260) ------------------------------------------------------------------------ */

/* From which size on the stack hands out a message that is only half there. Where many arrive at a time, each
 * below that size, they could fill the receive window among them and none ever end; so then it is any. */
static enum tr_code set_partial_delivery(const struct tr_place *at, bool on)
{
    enum { FROM_ANY = 1, FROM_LARGE = USR_PARTIAL_FROM };
    int from = on ? FROM_ANY : FROM_LARGE, most = usr_ep(at->ep)->kept.recbuf;
    if (from > most)
        from = most;
    return usr_set_raw(at->ep, SCTP_PARTIAL_DELIVERY_POINT, &from, sizeof from) == 0 ? TR_OK
                                                                                     : tr_option_failed(at);
}

enum tr_code usr_set_interleaving(const struct tr_place *at, const struct opt_set *in)
{
    const bool *kept = &usr_ep(at->ep)->kept.interleaving_offered, before = *kept;
    enum tr_code code = usr_set_offer(at, in);
    return code == TR_OK && *kept != before ? set_partial_delivery(at, *kept) : code;
}

/* Below level 2 there is no interleaving_supported either. */
enum tr_code usr_set_interleave(const struct tr_place *at, const struct opt_set *in)
{
    enum { STREAMS_TOO = 2 };
    struct tr_place interleaving = tr_beside(at, OPT_INTERLEAVING_SUPPORTED);
    struct opt_set none = {0};
    opt_put(&none, OPTF_INTERLEAVING_SUPPORTED, 0);
    enum tr_code code = opt_num(in, OPTF_FRAGMENT_INTERLEAVE, 0) < STREAMS_TOO
                            ? usr_set_interleaving(&interleaving, &none)
                            : TR_OK;
    return code == TR_OK ? tr_set_record(at, in) : code;
}

/* ---- Re-configuration (RFC 6525) -------------------------------------------------------------------- */

/* The stack asks one permission, that of adding streams, for resetting the association as well. Granting what
 * was not asked for would be worse than saying so. */
enum tr_code usr_set_permissions(const struct tr_place *at, const struct opt_set *in)
{
    int64_t both = OPT_RESET_ASSOC | OPT_CHANGE_ASSOC,
            asked = opt_num(in, OPTF_ENABLE_STREAM_RESET, 0) & both;
    if (asked != 0 && asked != both)
        return tr_refuse(at, TR_UNSUPPORTED,
                         "usrsctp cannot tell reset_assoc from change_assoc; give both or neither");
    return tr_set_record(at, in);
}
