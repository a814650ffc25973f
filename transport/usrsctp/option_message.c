/* Options about messages: what a send without a record of its own uses, when messages are given up, and which
 * events come between those that are received. */
#include "transport/usrsctp/option_priv.h"

/* ---- default_send_param ----------------------------------------------------------------------------- */

/* The contract's flags, lowest bit first, as the stack's. */
static const uint16_t send_flags[] = {SCTP_UNORDERED, SCTP_ADDR_OVER, SCTP_ABORT, SCTP_EOF};

enum tr_code usr_get_DEFAULT_SEND_PARAM(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                        struct tr_error *error)
{
    struct sctp_sndinfo s = {.snd_assoc_id = assoc};
    struct sctp_default_prinfo p = {.pr_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_DEFAULT_SEND_PARAM, SCTP_DEFAULT_SNDINFO, &s, sizeof s, error);
    if (code == TR_OK)
        code = usr_get(ep, OPT_DEFAULT_SEND_PARAM, SCTP_DEFAULT_PRINFO, &p, sizeof p, error);
    if (code != TR_OK)
        return code;
    int64_t flags = 0;
    for (unsigned i = 0; i < sizeof send_flags / sizeof *send_flags; i++)
        flags |= s.snd_flags & send_flags[i] ? 1 << i : 0;
    opt_put(out, OPTF_DSP_STREAM, s.snd_sid);
    opt_put(out, OPTF_DSP_FLAGS, flags);
    opt_put(out, OPTF_DSP_PPID, ntohl(s.snd_ppid));
    opt_put(out, OPTF_DSP_CONTEXT, s.snd_context);
    opt_put(out, OPTF_DSP_TIMETOLIVE, p.pr_policy == SCTP_PR_SCTP_TTL ? p.pr_value : 0);
    return TR_OK;
}

/* A time to live is the policy ttl. None takes that away, and leaves another policy alone. */
static enum tr_code set_lifetime(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                 struct tr_error *error)
{
    uint32_t ttl = (uint32_t)opt_num(in, OPTF_DSP_TIMETOLIVE, 0);
    struct sctp_default_prinfo now = {.pr_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_DEFAULT_SEND_PARAM, SCTP_DEFAULT_PRINFO, &now, sizeof now, error);
    if (code != TR_OK || (ttl == 0 && now.pr_policy != SCTP_PR_SCTP_TTL))
        return code;
    now = (struct sctp_default_prinfo){
        .pr_policy = ttl != 0 ? SCTP_PR_SCTP_TTL : SCTP_PR_SCTP_NONE, .pr_value = ttl, .pr_assoc_id = assoc};
    return usr_set(ep, OPT_DEFAULT_SEND_PARAM, SCTP_DEFAULT_PRINFO, &now, sizeof now, error);
}

static enum tr_code set_send_param(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    struct opt_set now = {0};
    enum tr_code code = usr_get_DEFAULT_SEND_PARAM(ep, assoc, &now, error);
    if (code != TR_OK)
        return code;
    opt_merge(&now, in);
    struct sctp_sndinfo s = {.snd_sid = (uint16_t)opt_num(&now, OPTF_DSP_STREAM, 0),
                             .snd_ppid = htonl((uint32_t)opt_num(&now, OPTF_DSP_PPID, 0)),
                             .snd_context = (uint32_t)opt_num(&now, OPTF_DSP_CONTEXT, 0),
                             .snd_assoc_id = assoc};
    for (unsigned i = 0; i < sizeof send_flags / sizeof *send_flags; i++)
        if (opt_num(&now, OPTF_DSP_FLAGS, 0) & 1 << i)
            s.snd_flags |= send_flags[i];
    code = usr_set(ep, OPT_DEFAULT_SEND_PARAM, SCTP_DEFAULT_SNDINFO, &s, sizeof s, error);
    return code == TR_OK && opt_given(in, OPTF_DSP_TIMETOLIVE) ? set_lifetime(ep, assoc, in, error) : code;
}

enum tr_code usr_set_DEFAULT_SEND_PARAM(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                        struct tr_error *error)
{
    return usr_set_each(ep, assoc, in, error, set_send_param);
}

/* ---- Partial reliability ---------------------------------------------------------------------------- */

/* The stack's policies in the contract's order. */
static const uint16_t pr_policies[] = {[OPT_PR_NONE] = SCTP_PR_SCTP_NONE,
                                       [OPT_PR_TTL] = SCTP_PR_SCTP_TTL,
                                       [OPT_PR_RTX] = SCTP_PR_SCTP_RTX,
                                       [OPT_PR_PRIO] = SCTP_PR_SCTP_BUF};

enum tr_code usr_get_DEFAULT_PRINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    struct sctp_default_prinfo p = {.pr_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_DEFAULT_PRINFO, SCTP_DEFAULT_PRINFO, &p, sizeof p, error);
    if (code != TR_OK)
        return code;
    for (unsigned i = 0; i < sizeof pr_policies / sizeof *pr_policies; i++)
        if (pr_policies[i] == p.pr_policy)
            opt_put(out, OPTF_PRINFO_POLICY, i);
    opt_put(out, OPTF_PRINFO_VALUE, p.pr_policy != SCTP_PR_SCTP_NONE ? p.pr_value : 0);
    return TR_OK;
}

/* A value without a policy would be a time to live for the stack. */
static enum tr_code set_prinfo(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    struct opt_set now = {0};
    enum tr_code code = usr_get_DEFAULT_PRINFO(ep, assoc, &now, error);
    if (code != TR_OK)
        return code;
    opt_merge(&now, in);
    int64_t policy = opt_num(&now, OPTF_PRINFO_POLICY, OPT_PR_NONE);
    if (policy == OPT_PR_NONE && opt_num(in, OPTF_PRINFO_VALUE, 0) != 0)
        return tr_fail(error, TR_INVALID, 0, "set default_prinfo: a value needs a policy that it is for");
    struct sctp_default_prinfo p = {
        .pr_policy = pr_policies[policy],
        .pr_value = policy != OPT_PR_NONE ? (uint32_t)opt_num(&now, OPTF_PRINFO_VALUE, 0) : 0,
        .pr_assoc_id = assoc};
    return usr_set(ep, OPT_DEFAULT_PRINFO, SCTP_DEFAULT_PRINFO, &p, sizeof p, error);
}

enum tr_code usr_set_DEFAULT_PRINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                    struct tr_error *error)
{
    return usr_set_each(ep, assoc, in, error, set_prinfo);
}

enum tr_code usr_set_PR_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                  struct tr_error *error)
{
    (void)assoc;
    return usr_set_offer(ep, OPT_PR_SUPPORTED, SCTP_PR_SUPPORTED, opt_num(in, OPTF_PR_SUPPORTED, 0) != 0,
                         &usr_ep(ep)->kept.pr_offered, error);
}

enum tr_code usr_get_PR_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                  struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_PR_SUPPORTED, usr_ep(ep)->kept.pr_offered);
    return TR_OK;
}

enum tr_code usr_get_PR_ASSOC_STATUS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                     struct tr_error *error)
{
    enum { ANY_POLICY = 0xf }; /* SCTP_PR_SCTP_ALL, which usrsctp.h leaves out */
    struct sctp_prstatus s = {.sprstat_assoc_id = assoc, .sprstat_policy = ANY_POLICY};
    struct sctp_status status;
    if (!usr_status(usr_ep(ep), assoc, &status))
        return tr_fail(error, TR_NO_ASSOC, 0, "read pr_assoc_status: association %u does not exist", assoc);
    enum tr_code code = usr_get(ep, OPT_PR_ASSOC_STATUS, SCTP_PR_ASSOC_STATUS, &s, sizeof s, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_PRS_UNSENT, (int64_t)s.sprstat_abandoned_unsent);
    opt_put(out, OPTF_PRS_SENT, (int64_t)s.sprstat_abandoned_sent);
    opt_put(out, OPTF_PRS_SENT_RTX, 0); /* it counts policy by policy only where it was built to */
    return TR_OK;
}

/* ---- Receiving -------------------------------------------------------------------------------------- */

enum tr_code usr_set_CONTEXT(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                             struct tr_error *error)
{
    return usr_set_value(ep, usr_all_or_one(ep, assoc), OPT_CONTEXT, SCTP_CONTEXT,
                         (uint32_t)opt_num(in, OPTF_CONTEXT, 0), error);
}

enum tr_code usr_get_CONTEXT(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                             struct tr_error *error)
{
    uint32_t value;
    enum tr_code code = usr_get_value(ep, assoc, OPT_CONTEXT, SCTP_CONTEXT, &value, error);
    if (code == TR_OK)
        opt_put(out, OPTF_CONTEXT, value);
    return code;
}

/* Below level 2 there is no interleaving_supported either. */
enum tr_code usr_set_FRAGMENT_INTERLEAVE(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    enum { STREAMS_TOO = 2 };
    int level = (int)opt_num(in, OPTF_FRAGMENT_INTERLEAVE, 0);
    struct opt_set none = {0};
    opt_put(&none, OPTF_INTERLEAVING_SUPPORTED, 0);
    if (level < STREAMS_TOO) {
        enum tr_code code = usr_set_INTERLEAVING_SUPPORTED(ep, assoc, &none, error);
        if (code != TR_OK)
            return code;
    }
    return usr_set_int(ep, OPT_FRAGMENT_INTERLEAVE, SCTP_FRAGMENT_INTERLEAVE, level, error);
}

enum tr_code usr_get_FRAGMENT_INTERLEAVE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    uint32_t level = 0;
    (void)assoc;
    enum tr_code code =
        usr_get(ep, OPT_FRAGMENT_INTERLEAVE, SCTP_FRAGMENT_INTERLEAVE, &level, sizeof level, error);
    if (code == TR_OK)
        opt_put(out, OPTF_FRAGMENT_INTERLEAVE, level);
    return code;
}

/* ---- events ----------------------------------------------------------------------------------------- */

static const struct {
    enum opt_field field;
    uint16_t type;
} event_types[] = {
    {OPTF_EV_ASSOCIATION, SCTP_ASSOC_CHANGE},
    {OPTF_EV_ADDRESS, SCTP_PEER_ADDR_CHANGE},
    {OPTF_EV_SEND_FAILURE, SCTP_SEND_FAILED_EVENT},
    {OPTF_EV_PEER_ERROR, SCTP_REMOTE_ERROR},
    {OPTF_EV_SHUTDOWN, SCTP_SHUTDOWN_EVENT},
    {OPTF_EV_PARTIAL_DELIVERY, SCTP_PARTIAL_DELIVERY_EVENT},
    {OPTF_EV_ADAPTATION_LAYER, SCTP_ADAPTATION_INDICATION},
    {OPTF_EV_AUTHENTICATION, SCTP_AUTHENTICATION_EVENT},
    {OPTF_EV_SENDER_DRY, SCTP_SENDER_DRY_EVENT},
    {OPTF_EV_STREAM_RESET, SCTP_STREAM_RESET_EVENT},
    {OPTF_EV_ASSOC_RESET, SCTP_ASSOC_RESET_EVENT},
    {OPTF_EV_STREAM_CHANGE, SCTP_STREAM_CHANGE_EVENT},
};

static void set_event_of(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct sctp_event e = *(const struct sctp_event *)arg;
    e.se_assoc_id = s->sstat_assoc_id;
    (void)usrsctp_setsockopt(ep->so, IPPROTO_SCTP, SCTP_EVENT, &e, sizeof e);
}

/* An association that has nothing to send says so at once where it is asked to (sender_dry). For all of an
 * endpoint in one call the stack refuses that, so each is asked. */
static enum tr_code set_event(struct tr_endpoint *ep, uint32_t assoc, uint16_t type, bool on,
                              struct tr_error *error)
{
    struct sctp_event e = {.se_assoc_id = assoc, .se_type = type, .se_on = on};
    enum tr_code code = usr_set(ep, OPT_EVENTS, SCTP_EVENT, &e, sizeof e, error);
    if (code == TR_OK && assoc == 0 && ep->style == TR_ONE_TO_MANY)
        usr_each_assoc(usr_ep(ep), set_event_of, &e);
    return code;
}

enum tr_code usr_set_EVENTS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                            struct tr_error *error)
{
    struct usr_kept *kept = &usr_ep(ep)->kept;
    kept->data_io =
        opt_num(in, OPTF_EV_DATA_IO, kept->data_io) != 0; /* the contract's messages always have it */
    for (unsigned i = 0; i < sizeof event_types / sizeof *event_types; i++) {
        if (!opt_given(in, event_types[i].field))
            continue;
        enum tr_code code =
            set_event(ep, assoc, event_types[i].type, opt_num(in, event_types[i].field, 0) != 0, error);
        if (code != TR_OK)
            return code;
    }
    usr_ready_mark(usr_ep(ep));
    return TR_OK;
}

enum tr_code usr_get_EVENTS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                            struct tr_error *error)
{
    opt_put(out, OPTF_EV_DATA_IO, usr_ep(ep)->kept.data_io);
    for (unsigned i = 0; i < sizeof event_types / sizeof *event_types; i++) {
        struct sctp_event e = {.se_assoc_id = assoc, .se_type = event_types[i].type};
        enum tr_code code = usr_get(ep, OPT_EVENTS, SCTP_EVENT, &e, sizeof e, error);
        if (code != TR_OK)
            return code;
        opt_put(out, event_types[i].field, e.se_on != 0);
    }
    return TR_OK;
}
