/* Options of associations: timers, limits, what is asked for at set-up. Zero means "as it is" in most of the
 * stack's records, so fields that are not given need no reading first. */
#include "transport/usrsctp/option_priv.h"

#include <errno.h>

/* ---- Records ---------------------------------------------------------------------------------------- */

enum tr_code usr_set_RTOINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
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
    struct usr_loop *loop = usr_loop_of(ep);
    if (code == TR_OK && r.srto_min != 0 && (loop->rto_ms == 0 || r.srto_min < loop->rto_ms))
        loop->rto_ms = r.srto_min;
    return code;
}

enum tr_code usr_get_RTOINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
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

enum tr_code usr_set_ASSOCINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    struct sctp_assocparams a = {.sasoc_assoc_id = assoc,
                                 .sasoc_asocmaxrxt = (uint16_t)opt_num(in, OPTF_ASOC_MAXRXT, 0),
                                 .sasoc_cookie_life = (uint32_t)opt_num(in, OPTF_ASOC_COOKIE_LIFE, 0)};
    return usr_set(ep, OPT_ASSOCINFO, SCTP_ASSOCINFO, &a, sizeof a, error);
}

enum tr_code usr_get_ASSOCINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
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

enum tr_code usr_set_INITMSG(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                             struct tr_error *error)
{
    struct sctp_initmsg i = {.sinit_num_ostreams = (uint16_t)opt_num(in, OPTF_INIT_OSTREAMS, 0),
                             .sinit_max_instreams = (uint16_t)opt_num(in, OPTF_INIT_INSTREAMS, 0),
                             .sinit_max_attempts = (uint16_t)opt_num(in, OPTF_INIT_ATTEMPTS, 0),
                             .sinit_max_init_timeo = (uint16_t)opt_num(in, OPTF_INIT_TIMEO, 0)};
    (void)assoc;
    return usr_set(ep, OPT_INITMSG, SCTP_INITMSG, &i, sizeof i, error);
}

enum tr_code usr_get_INITMSG(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
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

enum tr_code usr_set_ADAPTATION_LAYER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    struct sctp_setadaptation a = {.ssb_adaptation_ind = (uint32_t)opt_num(in, OPTF_ADAPTATION_LAYER, 0)};
    (void)assoc;
    return usr_set(ep, OPT_ADAPTATION_LAYER, SCTP_ADAPTATION_LAYER, &a, sizeof a, error);
}

enum tr_code usr_get_ADAPTATION_LAYER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    struct sctp_setadaptation a = {0};
    (void)assoc;
    enum tr_code code = usr_get(ep, OPT_ADAPTATION_LAYER, SCTP_ADAPTATION_LAYER, &a, sizeof a, error);
    if (code == TR_OK)
        opt_put(out, OPTF_ADAPTATION_LAYER, a.ssb_adaptation_ind);
    return code;
}

/* The stack adds an IPv4 header to what it is told and leaves it out when it cuts. */
enum { COUNTED_HEADER = 20 };

static enum tr_code set_maxseg(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    int64_t bytes = opt_num(in, OPTF_MAXSEG, 0);
    struct sctp_assoc_value v = {.assoc_id = assoc};
    if (bytes == COUNTED_HEADER)
        bytes++; /* else it would read as 0; the stack rounds down to a multiple of 4 anyway */
    v.assoc_value = bytes != 0 ? (uint32_t)(bytes - COUNTED_HEADER) : 0;
    return usr_set(ep, OPT_MAXSEG, SCTP_MAXSEG, &v, sizeof v, error);
}

enum tr_code usr_set_MAXSEG(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                            struct tr_error *error)
{
    return usr_set_each(ep, assoc, in, error, set_maxseg);
}

enum tr_code usr_get_MAXSEG(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
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

enum tr_code usr_set_DELAYED_ACK_TIME(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                      struct tr_error *error)
{
    struct sctp_sack_info s = {.sack_assoc_id = usr_all_or_one(ep, assoc),
                               .sack_delay = (uint32_t)opt_num(in, OPTF_DELAYED_ACK_TIME, 0)};
    return usr_set(ep, OPT_DELAYED_ACK_TIME, SCTP_DELAYED_SACK, &s, sizeof s, error);
}

enum tr_code usr_get_DELAYED_ACK_TIME(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                      struct tr_error *error)
{
    struct sctp_sack_info s = {.sack_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_DELAYED_ACK_TIME, SCTP_DELAYED_SACK, &s, sizeof s, error);
    if (code == TR_OK)
        opt_put(out, OPTF_DELAYED_ACK_TIME, s.sack_delay);
    return code;
}

enum tr_code usr_set_DELAYED_ACK_FREQUENCY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                           struct tr_error *error)
{
    struct sctp_sack_info s = {.sack_assoc_id = usr_all_or_one(ep, assoc),
                               .sack_freq = (uint32_t)opt_num(in, OPTF_DELAYED_ACK_FREQUENCY, 0)};
    return usr_set(ep, OPT_DELAYED_ACK_FREQUENCY, SCTP_DELAYED_SACK, &s, sizeof s, error);
}

enum tr_code usr_get_DELAYED_ACK_FREQUENCY(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                           struct tr_error *error)
{
    struct sctp_sack_info s = {.sack_assoc_id = assoc};
    enum tr_code code = usr_get(ep, OPT_DELAYED_ACK_FREQUENCY, SCTP_DELAYED_SACK, &s, sizeof s, error);
    if (code == TR_OK)
        opt_put(out, OPTF_DELAYED_ACK_FREQUENCY, s.sack_freq);
    return code;
}

enum tr_code usr_set_MAX_BURST(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    return usr_set_value(ep, usr_all_or_one(ep, assoc), OPT_MAX_BURST, SCTP_MAX_BURST,
                         (uint32_t)opt_num(in, OPTF_MAX_BURST, 0), error);
}

enum tr_code usr_get_MAX_BURST(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    uint32_t value;
    enum tr_code code = usr_get_value(ep, assoc, OPT_MAX_BURST, SCTP_MAX_BURST, &value, error);
    if (code == TR_OK)
        opt_put(out, OPTF_MAX_BURST, value);
    return code;
}
