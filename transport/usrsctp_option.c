/* Options, one pair of functions for each row of options.def; the table at the end does not compile while one
 * is missing. What the stack lacks is named NULL there, with the reason.
 *
 * Quirks of the stack that are evened out here: zero means "as it is" in most of its records, so fields that
 * are not given need no reading first; its largest segment counts an IP header that AF_CONN does not have;
 * some settings of an endpoint reach only associations to come, and have to be repeated for each that is
 * there where the option's row says that a change acts at once. */
#include "transport/usrsctp_priv.h"

#include <errno.h>
#include <string.h>

static enum tr_code option_failed(enum opt_id id, const char *what, int error_number, struct tr_error *error)
{
    enum tr_code code = usr_code(error_number);
    const char *why = strerror(error_number);
    if (code == TR_NO_ASSOC)
        why = "there is no such association";
    if (code == TR_INVALID)
        why = "the stack does not accept this value or combination";
    return tr_fail(error, code, error_number, "%s %s: %s", what, opt_rows[id].name, why);
}

enum tr_code usr_set(struct tr_endpoint *ep, enum opt_id id, int option, const void *value, socklen_t len,
                     struct tr_error *error)
{
    if (usrsctp_setsockopt(usr_ep(ep)->so, IPPROTO_SCTP, option, value, len) == 0)
        return TR_OK;
    return option_failed(id, "set", errno, error);
}

enum tr_code usr_get(struct tr_endpoint *ep, enum opt_id id, int option, void *value, socklen_t len,
                     struct tr_error *error)
{
    if (usrsctp_getsockopt(usr_ep(ep)->so, IPPROTO_SCTP, option, value, &len) == 0)
        return TR_OK;
    return option_failed(id, "read", errno, error);
}

/* For options that act at once: an endpoint's setting is that of its associations, too. */
static uint32_t all_or_one(const struct tr_endpoint *ep, uint32_t assoc)
{
    return assoc == 0 && ep->style == TR_ONE_TO_MANY ? SCTP_ALL_ASSOC : assoc;
}

/* ---- Socket level ----------------------------------------------------------------------------------- */

static enum tr_code set_buffer(struct tr_endpoint *ep, enum opt_id id, int option, int bytes,
                               struct tr_error *error)
{
    if (usrsctp_setsockopt(usr_ep(ep)->so, SOL_SOCKET, option, &bytes, sizeof bytes) == 0)
        return TR_OK;
    return option_failed(id, "set", errno, error);
}

static enum tr_code usr_set_SNDBUF(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    int bytes = (int)opt_num(in, OPTF_SNDBUF, 0);
    (void)assoc;
    enum tr_code code = set_buffer(ep, OPT_SNDBUF, SO_SNDBUF, bytes, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.sndbuf = bytes;
    return code;
}

static enum tr_code usr_get_SNDBUF(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                   struct tr_error *error)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;
    (void)assoc;
    if (usrsctp_getsockopt(usr_ep(ep)->so, SOL_SOCKET, SO_SNDBUF, &bytes, &len) != 0)
        return option_failed(OPT_SNDBUF, "read", errno, error);
    opt_put(out, OPTF_SNDBUF, bytes);
    return TR_OK;
}

static enum tr_code usr_set_RECBUF(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    int bytes = (int)opt_num(in, OPTF_RECBUF, 0);
    (void)assoc;
    enum tr_code code = set_buffer(ep, OPT_RECBUF, SO_RCVBUF, bytes, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.recbuf = bytes;
    return code;
}

static enum tr_code usr_get_RECBUF(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                   struct tr_error *error)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;
    (void)assoc;
    if (usrsctp_getsockopt(usr_ep(ep)->so, SOL_SOCKET, SO_RCVBUF, &bytes, &len) != 0)
        return option_failed(OPT_RECBUF, "read", errno, error);
    opt_put(out, OPTF_RECBUF, bytes);
    return TR_OK;
}

/* SCTP ports are this process's own, so nothing of an earlier run can hold one: true without doing anything.
 */
static enum tr_code usr_set_REUSEADDR(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    (void)assoc;
    (void)error;
    usr_ep(ep)->kept.reuseaddr = opt_num(in, OPTF_REUSEADDR, 0) != 0;
    return TR_OK;
}

static enum tr_code usr_get_REUSEADDR(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_REUSEADDR, usr_ep(ep)->kept.reuseaddr);
    return TR_OK;
}

static enum tr_code usr_set_LINGER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    struct linger *l = &usr_ep(ep)->kept.linger;
    (void)assoc;
    (void)error;
    l->l_onoff = (int)opt_num(in, OPTF_LINGER_ENABLED, l->l_onoff);
    l->l_linger = (int)opt_num(in, OPTF_LINGER_TIME, l->l_linger);
    return TR_OK;
}

static enum tr_code usr_get_LINGER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                   struct tr_error *error)
{
    const struct linger *l = &usr_ep(ep)->kept.linger;
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_LINGER_ENABLED, l->l_onoff);
    opt_put(out, OPTF_LINGER_TIME, l->l_linger);
    return TR_OK;
}

/* ---- Single values ---------------------------------------------------------------------------------- */

static enum tr_code set_int(struct tr_endpoint *ep, enum opt_id id, int option, int value,
                            struct tr_error *error)
{
    return usr_set(ep, id, option, &value, sizeof value, error);
}

static enum tr_code usr_set_AUTOCLOSE(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    int seconds = (int)opt_num(in, OPTF_AUTOCLOSE, 0);
    enum tr_code code = TR_OK;
    (void)assoc;
    if (ep->style == TR_ONE_TO_MANY)
        code = set_int(ep, OPT_AUTOCLOSE, SCTP_AUTOCLOSE, seconds, error);
    else if (seconds != 0)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "set autoclose: with usrsctp only one-to-many endpoints have it (RFC 6458 8.1.8)");
    if (code == TR_OK)
        usr_ep(ep)->kept.autoclose = seconds;
    return code;
}

/* A peeled-off association keeps the time, the stack's socket for it does not know. */
static enum tr_code usr_get_AUTOCLOSE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_AUTOCLOSE, usr_ep(ep)->kept.autoclose);
    return TR_OK;
}

static enum tr_code usr_set_NODELAY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                    struct tr_error *error)
{
    bool on = opt_num(in, OPTF_NODELAY, 0) != 0;
    (void)assoc;
    enum tr_code code = set_int(ep, OPT_NODELAY, SCTP_NODELAY, on, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.nodelay = on;
    return code;
}

static enum tr_code usr_get_NODELAY(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_NODELAY, usr_ep(ep)->kept.nodelay);
    return TR_OK;
}

static enum tr_code usr_set_DISABLE_FRAGMENTS(struct tr_endpoint *ep, uint32_t assoc,
                                              const struct opt_set *in, struct tr_error *error)
{
    bool on = opt_num(in, OPTF_DISABLE_FRAGMENTS, 0) != 0;
    (void)assoc;
    enum tr_code code = set_int(ep, OPT_DISABLE_FRAGMENTS, SCTP_DISABLE_FRAGMENTS, on, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.no_fragments = on;
    return code;
}

static enum tr_code usr_get_DISABLE_FRAGMENTS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                              struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_DISABLE_FRAGMENTS, usr_ep(ep)->kept.no_fragments);
    return TR_OK;
}

/* The stack adds an IPv4 header to what it is told and leaves it out when it cuts. */
enum { COUNTED_HEADER = 20 };

static enum tr_code usr_set_MAXSEG(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    int64_t bytes = opt_num(in, OPTF_MAXSEG, 0);
    struct sctp_assoc_value v = {.assoc_id = assoc};
    if (bytes == COUNTED_HEADER)
        bytes++; /* else it would read as 0; the stack rounds down to a multiple of 4 anyway */
    v.assoc_value = bytes != 0 ? (uint32_t)(bytes - COUNTED_HEADER) : 0;
    return usr_set(ep, OPT_MAXSEG, SCTP_MAXSEG, &v, sizeof v, error);
}

static enum tr_code usr_get_MAXSEG(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                   struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = assoc};
    struct sctp_status status;
    enum tr_code code = usr_get(ep, OPT_MAXSEG, SCTP_MAXSEG, &v, sizeof v, error);
    if (code != TR_OK)
        return code;
    bool of_assoc = assoc != 0 || (ep->style == TR_ONE_TO_ONE && usr_status(usr_ep(ep), 0, &status));
    if (!of_assoc && v.assoc_value != 0)
        v.assoc_value += COUNTED_HEADER;
    opt_put(out, OPTF_MAXSEG, v.assoc_value);
    return TR_OK;
}

/* Addresses are ours here, so the stack has no part in it. */
static enum tr_code usr_set_MAPPED_V4(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    (void)assoc;
    (void)error;
    usr_ep(ep)->kept.mapped_v4 = opt_num(in, OPTF_MAPPED_V4, 0) != 0;
    return TR_OK;
}

static enum tr_code usr_get_MAPPED_V4(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_MAPPED_V4, usr_ep(ep)->kept.mapped_v4);
    return TR_OK;
}

static enum tr_code usr_set_ADAPTATION_LAYER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                             struct tr_error *error)
{
    struct sctp_setadaptation a = {.ssb_adaptation_ind = (uint32_t)opt_num(in, OPTF_ADAPTATION_LAYER, 0)};
    (void)assoc;
    return usr_set(ep, OPT_ADAPTATION_LAYER, SCTP_ADAPTATION_LAYER, &a, sizeof a, error);
}

static enum tr_code usr_get_ADAPTATION_LAYER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                             struct tr_error *error)
{
    struct sctp_setadaptation a = {0};
    (void)assoc;
    enum tr_code code = usr_get(ep, OPT_ADAPTATION_LAYER, SCTP_ADAPTATION_LAYER, &a, sizeof a, error);
    if (code == TR_OK)
        opt_put(out, OPTF_ADAPTATION_LAYER, a.ssb_adaptation_ind);
    return code;
}

static enum tr_code usr_set_DELAYED_ACK_TIME(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                             struct tr_error *error)
{
    struct sctp_sack_info s = {.sack_assoc_id = all_or_one(ep, assoc),
                               .sack_delay = (uint32_t)opt_num(in, OPTF_DELAYED_ACK_TIME, 0)};
    return usr_set(ep, OPT_DELAYED_ACK_TIME, SCTP_DELAYED_SACK, &s, sizeof s, error);
}

static enum tr_code usr_get_DELAYED_ACK_TIME(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                             struct tr_error *error)
{
    struct sctp_sack_info s = {.sack_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_DELAYED_ACK_TIME, SCTP_DELAYED_SACK, &s, sizeof s, error);
    if (code == TR_OK)
        opt_put(out, OPTF_DELAYED_ACK_TIME, s.sack_delay);
    return code;
}

/* ---- Records ---------------------------------------------------------------------------------------- */

static enum tr_code usr_set_RTOINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                    struct tr_error *error)
{
    struct sctp_rtoinfo r = {.srto_assoc_id = assoc,
                             .srto_initial = (uint32_t)opt_num(in, OPTF_RTO_INITIAL, 0),
                             .srto_max = (uint32_t)opt_num(in, OPTF_RTO_MAX, 0),
                             .srto_min = (uint32_t)opt_num(in, OPTF_RTO_MIN, 0)};
    enum tr_code code = usr_set(ep, OPT_RTOINFO, SCTP_RTOINFO, &r, sizeof r, error);
    if (code == TR_INVALID)
        return tr_fail(error, code, EINVAL,
                       "set rtoinfo: wanted is min <= initial <= max, also with the "
                       "values that stay");
    return code;
}

static enum tr_code usr_get_RTOINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    struct sctp_rtoinfo r = {.srto_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_RTOINFO, SCTP_RTOINFO, &r, sizeof r, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_RTO_INITIAL, r.srto_initial);
    opt_put(out, OPTF_RTO_MAX, r.srto_max);
    opt_put(out, OPTF_RTO_MIN, r.srto_min);
    return TR_OK;
}

static enum tr_code usr_set_ASSOCINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    struct sctp_assocparams a = {.sasoc_assoc_id = assoc,
                                 .sasoc_asocmaxrxt = (uint16_t)opt_num(in, OPTF_ASOC_MAXRXT, 0),
                                 .sasoc_cookie_life = (uint32_t)opt_num(in, OPTF_ASOC_COOKIE_LIFE, 0)};
    return usr_set(ep, OPT_ASSOCINFO, SCTP_ASSOCINFO, &a, sizeof a, error);
}

static enum tr_code usr_get_ASSOCINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    struct sctp_assocparams a = {.sasoc_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_ASSOCINFO, SCTP_ASSOCINFO, &a, sizeof a, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_ASOC_MAXRXT, a.sasoc_asocmaxrxt);
    opt_put(out, OPTF_ASOC_DESTINATIONS, a.sasoc_number_peer_destinations);
    opt_put(out, OPTF_ASOC_PEER_RWND, a.sasoc_peer_rwnd);
    opt_put(out, OPTF_ASOC_LOCAL_RWND, a.sasoc_local_rwnd);
    opt_put(out, OPTF_ASOC_COOKIE_LIFE, a.sasoc_cookie_life);
    return TR_OK;
}

static enum tr_code usr_set_INITMSG(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                    struct tr_error *error)
{
    struct sctp_initmsg i = {.sinit_num_ostreams = (uint16_t)opt_num(in, OPTF_INIT_OSTREAMS, 0),
                             .sinit_max_instreams = (uint16_t)opt_num(in, OPTF_INIT_INSTREAMS, 0),
                             .sinit_max_attempts = (uint16_t)opt_num(in, OPTF_INIT_ATTEMPTS, 0),
                             .sinit_max_init_timeo = (uint16_t)opt_num(in, OPTF_INIT_TIMEO, 0)};
    (void)assoc;
    return usr_set(ep, OPT_INITMSG, SCTP_INITMSG, &i, sizeof i, error);
}

static enum tr_code usr_get_INITMSG(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    struct sctp_initmsg i = {0};
    (void)assoc;
    enum tr_code code = usr_get(ep, OPT_INITMSG, SCTP_INITMSG, &i, sizeof i, error);
    if (code != TR_OK)
        return code;
    opt_put(out, OPTF_INIT_OSTREAMS, i.sinit_num_ostreams);
    opt_put(out, OPTF_INIT_INSTREAMS, i.sinit_max_instreams);
    opt_put(out, OPTF_INIT_ATTEMPTS, i.sinit_max_attempts);
    opt_put(out, OPTF_INIT_TIMEO, i.sinit_max_init_timeo);
    return TR_OK;
}

/* ---- default_send_param ----------------------------------------------------------------------------- */

/* The contract's flags, lowest bit first, as the stack's. */
static const uint16_t send_flags[] = {SCTP_UNORDERED, SCTP_ADDR_OVER, SCTP_ABORT, SCTP_EOF};

static enum tr_code usr_get_DEFAULT_SEND_PARAM(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
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

static enum tr_code usr_set_DEFAULT_SEND_PARAM(struct tr_endpoint *ep, uint32_t assoc,
                                               const struct opt_set *in, struct tr_error *error)
{
    struct opt_set now = {0};
    enum tr_code code = usr_get_DEFAULT_SEND_PARAM(ep, assoc, &now, error);
    if (code != TR_OK)
        return code;
    opt_merge(&now, in);
    struct sctp_sndinfo s = {.snd_sid = (uint16_t)opt_num(&now, OPTF_DSP_STREAM, 0),
                             .snd_ppid = htonl((uint32_t)opt_num(&now, OPTF_DSP_PPID, 0)),
                             .snd_context = (uint32_t)opt_num(&now, OPTF_DSP_CONTEXT, 0),
                             .snd_assoc_id = all_or_one(ep, assoc)};
    for (unsigned i = 0; i < sizeof send_flags / sizeof *send_flags; i++)
        if (opt_num(&now, OPTF_DSP_FLAGS, 0) & 1 << i)
            s.snd_flags |= send_flags[i];
    uint32_t ttl = (uint32_t)opt_num(&now, OPTF_DSP_TIMETOLIVE, 0);
    struct sctp_default_prinfo p = {.pr_policy = ttl != 0 ? SCTP_PR_SCTP_TTL : SCTP_PR_SCTP_NONE,
                                    .pr_value = ttl,
                                    .pr_assoc_id = all_or_one(ep, assoc)};
    code = usr_set(ep, OPT_DEFAULT_SEND_PARAM, SCTP_DEFAULT_SNDINFO, &s, sizeof s, error);
    if (code == TR_OK)
        code = usr_set(ep, OPT_DEFAULT_SEND_PARAM, SCTP_DEFAULT_PRINFO, &p, sizeof p, error);
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
};

static enum tr_code usr_set_EVENTS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    struct usr_kept *kept = &usr_ep(ep)->kept;
    kept->data_io =
        opt_num(in, OPTF_EV_DATA_IO, kept->data_io) != 0; /* the contract's messages always have it */
    for (unsigned i = 0; i < sizeof event_types / sizeof *event_types; i++) {
        struct sctp_event e = {.se_assoc_id = all_or_one(ep, assoc),
                               .se_type = event_types[i].type,
                               .se_on = opt_num(in, event_types[i].field, 0) != 0};
        if (!opt_given(in, event_types[i].field))
            continue;
        enum tr_code code = usr_set(ep, OPT_EVENTS, SCTP_EVENT, &e, sizeof e, error);
        if (code != TR_OK)
            return code;
    }
    return TR_OK;
}

static enum tr_code usr_get_EVENTS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
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

/* ---- Beginnings ------------------------------------------------------------------------------------- */

enum tr_code usr_option_defaults(struct usr_endpoint *ep, struct tr_error *error)
{
    struct opt_set events = {0}, now = {0};
    for (unsigned i = 0; i < sizeof event_types / sizeof *event_types; i++)
        opt_put(&events, event_types[i].field,
                event_types[i].field != OPTF_EV_ADDRESS && event_types[i].field != OPTF_EV_PEER_ERROR);
    opt_put(&events, OPTF_EV_DATA_IO, 1);
    enum tr_code code = usr_set_EVENTS(&ep->base, 0, &events, error);
    if (code == TR_OK)
        code = set_int(&ep->base, OPT_EVENTS, SCTP_RECVRCVINFO, 1, error);
    if (code == TR_OK)
        code = usr_default_mtu(ep, error);
    if (code == TR_OK)
        code = usr_get_RECBUF(&ep->base, 0, &now, error);
    if (code == TR_OK)
        code = usr_get_SNDBUF(&ep->base, 0, &now, error);
    ep->kept.recbuf = (int)opt_num(&now, OPTF_RECBUF, 0);
    ep->kept.sndbuf = (int)opt_num(&now, OPTF_SNDBUF, 0);
    return code;
}

void usr_option_inherit(struct usr_endpoint *from, struct usr_endpoint *to)
{
    static const enum opt_id beside[] = {
        OPT_INITMSG, OPT_ADAPTATION_LAYER, OPT_NODELAY, OPT_DISABLE_FRAGMENTS,
        OPT_RECBUF,  OPT_SNDBUF,           OPT_LINGER};
    to->kept = from->kept;
    for (unsigned i = 0; i < sizeof beside / sizeof *beside; i++) {
        struct opt_set value = {0};
        if (usr_option_ops[beside[i]].get(&from->base, 0, &value, NULL) == TR_OK)
            (void)usr_option_ops[beside[i]].set(&to->base, 0, &value, NULL);
    }
}

/* One UDP socket serves many endpoints: what is a property of the socket cannot be one endpoint's. */
#define usr_set_PRIORITY  NULL
#define usr_get_PRIORITY  NULL
#define usr_set_DONTROUTE NULL
#define usr_get_DONTROUTE NULL
/* The peer knows one address of ours only. */
#define usr_set_SET_PEER_PRIMARY_ADDR NULL
#define usr_get_SET_PEER_PRIMARY_ADDR NULL
/* Read-only. */
#define usr_set_STATUS         NULL
#define usr_set_PEER_ADDR_INFO NULL

/* Not there yet. */
#define usr_set_DELAYED_ACK_FREQUENCY  NULL
#define usr_get_DELAYED_ACK_FREQUENCY  NULL
#define usr_set_MAX_BURST              NULL
#define usr_get_MAX_BURST              NULL
#define usr_set_CONTEXT                NULL
#define usr_get_CONTEXT                NULL
#define usr_set_FRAGMENT_INTERLEAVE    NULL
#define usr_get_FRAGMENT_INTERLEAVE    NULL
#define usr_set_INTERLEAVING_SUPPORTED NULL
#define usr_get_INTERLEAVING_SUPPORTED NULL
#define usr_set_STREAM_SCHEDULER       NULL
#define usr_get_STREAM_SCHEDULER       NULL
#define usr_set_STREAM_SCHEDULER_VALUE NULL
#define usr_get_STREAM_SCHEDULER_VALUE NULL
#define usr_set_PR_SUPPORTED           NULL
#define usr_get_PR_SUPPORTED           NULL
#define usr_set_DEFAULT_PRINFO         NULL
#define usr_get_DEFAULT_PRINFO         NULL
#define usr_set_AUTH_SUPPORTED         NULL
#define usr_get_AUTH_SUPPORTED         NULL
#define usr_set_AUTH_CHUNKS            NULL
#define usr_get_AUTH_CHUNKS            NULL
#define usr_set_PEER_AUTH_CHUNKS       NULL
#define usr_get_PEER_AUTH_CHUNKS       NULL
#define usr_set_HMAC_IDENT             NULL
#define usr_get_HMAC_IDENT             NULL
#define usr_set_AUTH_KEYS              NULL
#define usr_get_AUTH_KEYS              NULL
#define usr_set_AUTH_ACTIVE_KEY        NULL
#define usr_get_AUTH_ACTIVE_KEY        NULL
#define usr_set_AUTH_DEACTIVATE_KEY    NULL
#define usr_get_AUTH_DEACTIVATE_KEY    NULL
#define usr_set_AUTH_DELETE_KEY        NULL
#define usr_get_AUTH_DELETE_KEY        NULL
#define usr_set_ASCONF_SUPPORTED       NULL
#define usr_get_ASCONF_SUPPORTED       NULL
#define usr_set_AUTO_ASCONF            NULL
#define usr_get_AUTO_ASCONF            NULL
#define usr_set_RECONFIG_SUPPORTED     NULL
#define usr_get_RECONFIG_SUPPORTED     NULL
#define usr_set_ENABLE_STREAM_RESET    NULL
#define usr_get_ENABLE_STREAM_RESET    NULL
#define usr_set_PEER_ADDR_THRESHOLDS   NULL
#define usr_get_PEER_ADDR_THRESHOLDS   NULL
#define usr_set_EXPOSE_PF_STATE        NULL
#define usr_get_EXPOSE_PF_STATE        NULL
#define usr_set_REMOTE_UDP_ENCAPS_PORT NULL
#define usr_get_REMOTE_UDP_ENCAPS_PORT NULL
#define usr_set_ASSOC_STATS            NULL
#define usr_get_ASSOC_STATS            NULL
#define usr_set_PR_ASSOC_STATUS        NULL
#define usr_get_PR_ASSOC_STATUS        NULL

const struct tr_option_ops usr_option_ops[OPT_ID_COUNT] = {
#define OPTION(id, name, when, effect, source, help) [OPT_##id] = {usr_set_##id, usr_get_##id},
#define FIELD(option, id, name, type, unit, min, max, dflt, names, help)
#include "config/options.def"
};
