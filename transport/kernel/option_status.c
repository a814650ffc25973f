/* What can only be read of an association: what it has sent, received and given up, and the state of its
 * paths. */
#include "transport/kernel/option_priv.h"

#include <time.h>

/* Linux counts this one time in ticks of its clock. Their length shows as the resolution of the clocks that
 * advance with them. */
static int64_t milliseconds(int64_t ticks)
{
    struct timespec tick = {0};
    clock_getres(CLOCK_MONOTONIC_COARSE, &tick);
    return ticks * tick.tv_nsec / 1000000;
}

enum tr_code kernel_get_statistics(const struct tr_place *at, struct opt_set *out)
{
    enum tr_code code = tr_get_record(at, out);
    if (code == TR_OK)
        opt_put(out, OPTF_STATS_MAXRTO, milliseconds(opt_num(out, OPTF_STATS_MAXRTO, 0)));
    return code;
}

/* Of all policies, and once more of two of them: what Linux gives up by ttl before anything of it was sent is
 * reported. */
enum tr_code kernel_get_given_up(const struct tr_place *at, struct opt_set *out)
{
    struct sctp_prstatus all = {.sprstat_assoc_id = (sctp_assoc_t)at->assoc,
                                .sprstat_policy = SCTP_PR_SCTP_ALL},
                         rtx = {.sprstat_assoc_id = (sctp_assoc_t)at->assoc,
                                .sprstat_policy = SCTP_PR_SCTP_RTX},
                         ttl = {.sprstat_assoc_id = (sctp_assoc_t)at->assoc,
                                .sprstat_policy = SCTP_PR_SCTP_TTL};
    if (kernel_get_raw(at->ep, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, &all, sizeof all) != 0 ||
        kernel_get_raw(at->ep, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, &rtx, sizeof rtx) != 0 ||
        kernel_get_raw(at->ep, IPPROTO_SCTP, SCTP_PR_ASSOC_STATUS, &ttl, sizeof ttl) != 0)
        return tr_option_failed(at);
    opt_put(out, OPTF_PRS_UNSENT, (int64_t)all.sprstat_abandoned_unsent);
    opt_put(out, OPTF_PRS_SENT, (int64_t)all.sprstat_abandoned_sent);
    opt_put(out, OPTF_PRS_SENT_RTX, (int64_t)rtx.sprstat_abandoned_sent);
    opt_put(out, OPTF_PRS_SILENT,
            (int64_t)(all.sprstat_abandoned_unsent - ttl.sprstat_abandoned_unsent +
                      all.sprstat_abandoned_sent - rtx.sprstat_abandoned_sent));
    return TR_OK;
}

/* A potentially failed path (RFC 7829) carries no data: inactive, unless its state is to be shown. */
enum tr_code kernel_get_path_state(const struct tr_place *at, struct opt_set *out)
{
    enum { INACTIVE, POTENTIALLY_FAILED = 3 };
    enum tr_code code = tr_get_record(at, out);
    if (code == TR_OK && opt_num(out, OPTF_PAI_STATE, INACTIVE) == POTENTIALLY_FAILED &&
        !tr_ask(at, OPTF_EXPOSE_PF_STATE, 0))
        opt_put(out, OPTF_PAI_STATE, INACTIVE);
    return code;
}
