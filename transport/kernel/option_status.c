/* What can only be read of an association: its state, and what it has sent, received and given up. */
#include "transport/kernel/option_priv.h"

#include <string.h>
#include <time.h>

/* Linux has no states "bound" and "listen" between closed and cookie_wait. */
static int64_t state_index(int32_t state)
{
    return state >= SCTP_COOKIE_WAIT ? state + 2 : state;
}

enum tr_code kernel_get_STATUS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    struct sctp_status s;
    memset(&s, 0, sizeof s);
    s.sstat_assoc_id = (sctp_assoc_t)assoc;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_STATUS, &s, sizeof s) != 0)
        return kernel_no_association(ep, assoc, OPT_STATUS, error);
    opt_put(out, OPTF_STATUS_STATE, state_index(s.sstat_state));
    opt_put(out, OPTF_STATUS_RWND, s.sstat_rwnd);
    opt_put(out, OPTF_STATUS_UNACKDATA, s.sstat_unackdata);
    opt_put(out, OPTF_STATUS_PENDDATA, s.sstat_penddata);
    opt_put(out, OPTF_STATUS_INSTRMS, s.sstat_instrms);
    opt_put(out, OPTF_STATUS_OUTSTRMS, s.sstat_outstrms);
    opt_put(out, OPTF_STATUS_FRAG_POINT, s.sstat_fragmentation_point);
    struct sockaddr_storage primary = s.sstat_primary.spinfo_address;
    kernel_put_address(out, OPTF_STATUS_PRIMARY, &primary);
    return TR_OK;
}

/* Linux counts this one time in ticks of its clock. Their length shows as the resolution of the clocks that
 * advance with them. */
static int64_t milliseconds(uint64_t ticks)
{
    struct timespec tick = {0};
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return (int64_t)(ticks * (uint64_t)tick.tv_nsec / 1000000);
}

enum tr_code kernel_get_ASSOC_STATS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                    struct tr_error *error)
{
    struct sctp_assoc_stats s;
    memset(&s, 0, sizeof s);
    s.sas_assoc_id = (sctp_assoc_t)assoc;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_GET_ASSOC_STATS, &s, sizeof s) != 0)
        return kernel_no_association(ep, assoc, OPT_ASSOC_STATS, error);
    const struct {
        enum opt_field field;
        uint64_t count;
    } counts[] = {
        {OPTF_STATS_OPACKETS, s.sas_opackets},       {OPTF_STATS_IPACKETS, s.sas_ipackets},
        {OPTF_STATS_RTXCHUNKS, s.sas_rtxchunks},     {OPTF_STATS_OUTOFSEQTSNS, s.sas_outofseqtsns},
        {OPTF_STATS_IDUPCHUNKS, s.sas_idupchunks},   {OPTF_STATS_GAPCNT, s.sas_gapcnt},
        {OPTF_STATS_OSACKS, s.sas_osacks},           {OPTF_STATS_ISACKS, s.sas_isacks},
        {OPTF_STATS_OUODCHUNKS, s.sas_ouodchunks},   {OPTF_STATS_IUODCHUNKS, s.sas_iuodchunks},
        {OPTF_STATS_OODCHUNKS, s.sas_oodchunks},     {OPTF_STATS_IODCHUNKS, s.sas_iodchunks},
        {OPTF_STATS_OCTRLCHUNKS, s.sas_octrlchunks}, {OPTF_STATS_ICTRLCHUNKS, s.sas_ictrlchunks},
    };
    for (unsigned i = 0; i < sizeof counts / sizeof counts[0]; i++)
        opt_put(out, counts[i].field, (int64_t)counts[i].count);
    opt_put(out, OPTF_STATS_MAXRTO, milliseconds(s.sas_maxrto));
    kernel_put_address(out, OPTF_STATS_MAXRTO_ADDRESS, &s.sas_obs_rto_ipaddr);
    return TR_OK;
}

/* Counted policy by policy; a sum over all came only with Linux 4.20. */
enum tr_code kernel_get_PR_ASSOC_STATUS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                        struct tr_error *error)
{
    static const uint16_t policies[] = {SCTP_PR_SCTP_TTL, SCTP_PR_SCTP_RTX, SCTP_PR_SCTP_PRIO};
    uint64_t unsent = 0, sent = 0, rtx = 0;
    for (unsigned i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        struct sctp_prstatus s = {.sprstat_assoc_id = (sctp_assoc_t)assoc, .sprstat_policy = policies[i]};
        if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, &s, sizeof s) != 0)
            return kernel_no_association(ep, assoc, OPT_PR_ASSOC_STATUS, error);
        unsent += s.sprstat_abandoned_unsent;
        sent += s.sprstat_abandoned_sent;
        rtx += policies[i] == SCTP_PR_SCTP_RTX ? s.sprstat_abandoned_sent : 0;
    }
    opt_put(out, OPTF_PRS_UNSENT, (int64_t)unsent);
    opt_put(out, OPTF_PRS_SENT, (int64_t)sent);
    opt_put(out, OPTF_PRS_SENT_RTX, (int64_t)rtx);
    return TR_OK;
}
