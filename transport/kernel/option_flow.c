/* Options of the flow on an association: when it is acknowledged, how much goes out at once, and the number
 * that messages received carry.
 *
 * Linux has time and frequency of delayed SACKs in one record, and a switch beside them. Frequency 1 switches
 * them off: the record then reads as time 0, frequency 1, and setting a time switches them on again. So that
 * neither option changes the other, the time is read where it stays unchanged meanwhile (the path
 * parameters), and it is set together with the frequency that stands. */
#include "transport/kernel/option_priv.h"

#include <string.h>

static int read_sack(struct tr_endpoint *ep, uint32_t assoc, struct sctp_sack_info *s)
{
    *s = (struct sctp_sack_info){.sack_assoc_id = (sctp_assoc_t)assoc};
    return kernel_get_raw(ep, IPPROTO_SCTP, SCTP_DELAYED_SACK, s, sizeof *s);
}

enum tr_code kernel_get_DELAYED_ACK_TIME(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    struct sctp_paddrparams p;
    memset(&p, 0, sizeof p);
    p.spp_assoc_id = (sctp_assoc_t)assoc;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_PEER_ADDR_PARAMS, &p, sizeof p) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DELAYED_ACK_TIME, "", error);
    opt_put(out, OPTF_DELAYED_ACK_TIME, p.spp_sackdelay);
    return TR_OK;
}

static enum tr_code set_time(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                             struct tr_error *error)
{
    struct sctp_sack_info s;
    if (read_sack(ep, assoc, &s) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DELAYED_ACK_TIME, "", error);
    s.sack_delay = (uint32_t)opt_num(in, OPTF_DELAYED_ACK_TIME, 0);
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_DELAYED_SACK, &s, sizeof s) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_DELAYED_ACK_TIME, "", error);
}

enum tr_code kernel_set_DELAYED_ACK_TIME(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    return kernel_set_each(ep, assoc, in, error, set_time);
}

enum tr_code kernel_get_DELAYED_ACK_FREQUENCY(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                              struct tr_error *error)
{
    struct sctp_sack_info s;
    if (read_sack(ep, assoc, &s) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DELAYED_ACK_FREQUENCY, "", error);
    opt_put(out, OPTF_DELAYED_ACK_FREQUENCY, s.sack_freq);
    return TR_OK;
}

enum tr_code kernel_set_DELAYED_ACK_FREQUENCY(struct tr_endpoint *ep, uint32_t assoc,
                                              const struct opt_set *in, struct tr_error *error)
{
    struct sctp_sack_info s = {.sack_freq = (uint32_t)opt_num(in, OPTF_DELAYED_ACK_FREQUENCY, 0)};
    if (kernel_set_for_all(ep, assoc, SCTP_DELAYED_SACK, &s, sizeof s, &s.sack_assoc_id) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_DELAYED_ACK_FREQUENCY, "", error);
}

enum tr_code kernel_set_MAX_BURST(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                  struct tr_error *error)
{
    return kernel_set_value(ep, assoc, OPT_MAX_BURST, SCTP_MAX_BURST, opt_num(in, OPTF_MAX_BURST, 0), error);
}

enum tr_code kernel_get_MAX_BURST(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                  struct tr_error *error)
{
    return kernel_get_value(ep, assoc, OPT_MAX_BURST, SCTP_MAX_BURST, out, error);
}

enum tr_code kernel_set_CONTEXT(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                struct tr_error *error)
{
    return kernel_set_value(ep, assoc, OPT_CONTEXT, SCTP_CONTEXT, opt_num(in, OPTF_CONTEXT, 0), error);
}

enum tr_code kernel_get_CONTEXT(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                struct tr_error *error)
{
    return kernel_get_value(ep, assoc, OPT_CONTEXT, SCTP_CONTEXT, out, error);
}
