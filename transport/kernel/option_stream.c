/* Options of streams: how large messages and small ones share an association (RFC 8260), which stream goes
 * first, and which requests to re-configure streams are granted (RFC 6525). */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <string.h>

/* ---- Interleaving ---------------------------------------------------------------------------------- */

enum tr_code kernel_get_FRAGMENT_INTERLEAVE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                            struct tr_error *error)
{
    int level = 0;
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, &level, sizeof level) != 0)
        return kernel_opt_failed(ep, assoc, OPT_FRAGMENT_INTERLEAVE, "", error);
    opt_put(out, OPTF_FRAGMENT_INTERLEAVE, level);
    return TR_OK;
}

/* Level 0 takes interleaving_supported away. */
enum tr_code kernel_set_FRAGMENT_INTERLEAVE(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                            struct tr_error *error)
{
    int level = (int)opt_num(in, OPTF_FRAGMENT_INTERLEAVE, 0);
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, &level, sizeof level) != 0)
        return kernel_opt_failed(ep, assoc, OPT_FRAGMENT_INTERLEAVE, "", error);
    if (level == 0)
        kernel_remember_offer(ep, OPT_INTERLEAVING_SUPPORTED, 0);
    return TR_OK;
}

/* Linux says EPERM both where the host does not allow it and where the endpoint is not set up for it. */
static enum tr_code interleaving_refused(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    int level = 0;
    kernel_get_raw(ep, IPPROTO_SCTP, SCTP_FRAGMENT_INTERLEAVE, &level, sizeof level);
    if (level == 0)
        return tr_fail(error, TR_INVALID, EPERM, "interleaving_supported: needs fragment_interleave 1 or 2");
    errno = EPERM;
    return kernel_opt_failed(ep, assoc, OPT_INTERLEAVING_SUPPORTED, "; write sysctl net.sctp.intl_enable=1",
                             error);
}

enum tr_code kernel_set_INTERLEAVING_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc,
                                               const struct opt_set *in, struct tr_error *error)
{
    struct sctp_assoc_value v = {.assoc_id = (sctp_assoc_t)assoc,
                                 .assoc_value = (uint32_t)opt_num(in, OPTF_INTERLEAVING_SUPPORTED, 0)};
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_INTERLEAVING_SUPPORTED, &v, sizeof v) == 0) {
        kernel_remember_offer(ep, OPT_INTERLEAVING_SUPPORTED, v.assoc_value);
        return TR_OK;
    }
    if (errno != EPERM)
        return kernel_opt_failed(ep, assoc, OPT_INTERLEAVING_SUPPORTED, "", error);
    if (v.assoc_value == 0) /* refused, and so it is off */
        return TR_OK;
    return interleaving_refused(ep, assoc, error);
}

enum tr_code kernel_get_INTERLEAVING_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                               struct tr_error *error)
{
    return kernel_get_offer(ep, assoc, OPT_INTERLEAVING_SUPPORTED, SCTP_INTERLEAVING_SUPPORTED, out, error);
}

/* ---- Scheduler ------------------------------------------------------------------------------------- */

/* enum opt_scheduler's, in Linux. The last two came with 6.4; headers may be older than the kernel. */
enum { NO_SUCH = -1, SS_FCFS = 0, SS_PRIO = 1, SS_RR = 2, SS_FC = 3, SS_WFQ = 4 };
static const int schedulers[] = {[OPT_SS_FCFS] = SS_FCFS, [OPT_SS_RR] = SS_RR, [OPT_SS_RR_PKT] = NO_SUCH,
                                 [OPT_SS_PRIO] = SS_PRIO, [OPT_SS_FC] = SS_FC, [OPT_SS_WFQ] = SS_WFQ};

enum tr_code kernel_set_STREAM_SCHEDULER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                         struct tr_error *error)
{
    int64_t wanted = opt_num(in, OPTF_STREAM_SCHEDULER, 0);
    char name[32];
    opt_format_num(OPTF_STREAM_SCHEDULER, wanted, name, sizeof name);
    if (schedulers[wanted] == NO_SUCH)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "stream_scheduler: Linux does not have %s; rr is its nearest", name);
    enum tr_code code =
        kernel_set_value(ep, assoc, OPT_STREAM_SCHEDULER, SCTP_STREAM_SCHEDULER, schedulers[wanted], error);
    if (code == TR_INVALID && schedulers[wanted] >= SS_FC)
        return tr_fail(error, TR_UNSUPPORTED, EINVAL,
                       "stream_scheduler: this kernel does not have %s, which came with Linux 6.4", name);
    return code;
}

static int read_scheduler(struct tr_endpoint *ep, uint32_t assoc)
{
    struct sctp_assoc_value v = {.assoc_id = (sctp_assoc_t)assoc};
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER, &v, sizeof v) != 0)
        return -1;
    return (int)v.assoc_value;
}

enum tr_code kernel_get_STREAM_SCHEDULER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                         struct tr_error *error)
{
    int now = read_scheduler(ep, assoc);
    if (now < 0)
        return kernel_opt_failed(ep, assoc, OPT_STREAM_SCHEDULER, "", error);
    for (unsigned i = 0; i < sizeof schedulers / sizeof schedulers[0]; i++) {
        if (schedulers[i] != now)
            continue;
        opt_put(out, OPTF_STREAM_SCHEDULER, i);
        return TR_OK;
    }
    return tr_fail(error, TR_UNSUPPORTED, 0, "stream_scheduler: the kernel's number %d is not known here",
                   now);
}

static enum tr_code stream_value_failed(struct tr_endpoint *ep, uint32_t assoc, uint16_t stream,
                                        struct tr_error *error)
{
    struct opt_set status = {0};
    enum tr_code code = kernel_no_association(ep, assoc, OPT_STREAM_SCHEDULER_VALUE, error);
    if (code != TR_INVALID || kernel_get_STATUS(ep, assoc, &status, NULL) != TR_OK)
        return code;
    return tr_fail(error, TR_INVALID, EINVAL,
                   "stream_scheduler_value: stream %u is none of the association's %u outbound streams",
                   stream, (unsigned)opt_num(&status, OPTF_STATUS_OUTSTRMS, 0));
}

/* Where Linux refuses a value of a stream that the association has. */
static bool is_no_weight(struct tr_endpoint *ep, uint32_t assoc, const struct sctp_stream_value *v)
{
    return errno == EINVAL && v->stream_value == 0 && read_scheduler(ep, assoc) == SS_WFQ;
}

/* The schedulers that have no use for a number take it without a word and forget it. */
static bool takes_values(struct tr_endpoint *ep, uint32_t assoc)
{
    int now = read_scheduler(ep, assoc);
    return now < 0 || now == SS_PRIO || now == SS_WFQ;
}

enum tr_code kernel_set_STREAM_SCHEDULER_VALUE(struct tr_endpoint *ep, uint32_t assoc,
                                               const struct opt_set *in, struct tr_error *error)
{
    struct sctp_stream_value v = {.assoc_id = (sctp_assoc_t)assoc,
                                  .stream_id = (uint16_t)opt_num(in, OPTF_SSV_STREAM, 0),
                                  .stream_value = (uint16_t)opt_num(in, OPTF_SSV_VALUE, 0)};
    if (!opt_given(in, OPTF_SSV_STREAM) || !opt_given(in, OPTF_SSV_VALUE))
        return tr_fail(error, TR_INVALID, 0, "stream_scheduler_value: give both stream and value");
    if (assoc == 0 && kernel_shared(ep))
        return tr_fail(error, TR_NO_ASSOC, 0, "stream_scheduler_value: needs an association");
    if (!takes_values(ep, assoc))
        return tr_fail(error, TR_INVALID, 0,
                       "stream_scheduler_value: means nothing unless stream_scheduler is prio or wfq");
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER_VALUE, &v, sizeof v) == 0)
        return TR_OK;
    if (is_no_weight(ep, assoc, &v))
        return tr_fail(error, TR_INVALID, EINVAL, "stream_scheduler_value: a weight of wfq is 1 or more");
    return stream_value_failed(ep, assoc, v.stream_id, error);
}

enum tr_code kernel_get_STREAM_SCHEDULER_VALUE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                               struct tr_error *error)
{
    struct sctp_stream_value v = {.assoc_id = (sctp_assoc_t)assoc,
                                  .stream_id = (uint16_t)opt_num(out, OPTF_SSV_STREAM, 0)};
    if (!opt_given(out, OPTF_SSV_STREAM))
        return tr_fail(error, TR_INVALID, 0, "stream_scheduler_value: give the stream to be read");
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_STREAM_SCHEDULER_VALUE, &v, sizeof v) != 0)
        return stream_value_failed(ep, assoc, v.stream_id, error);
    opt_put(out, OPTF_SSV_VALUE, v.stream_value);
    return TR_OK;
}

/* ---- Re-configuration ------------------------------------------------------------------------------ */

enum tr_code kernel_set_RECONFIG_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                           struct tr_error *error)
{
    return kernel_set_offer(ep, assoc, OPT_RECONFIG_SUPPORTED, SCTP_RECONFIG_SUPPORTED, in, error);
}

enum tr_code kernel_get_RECONFIG_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                           struct tr_error *error)
{
    return kernel_get_offer(ep, assoc, OPT_RECONFIG_SUPPORTED, SCTP_RECONFIG_SUPPORTED, out, error);
}

/* The flags' bits in options.def are Linux's. */
_Static_assert((int)OPT_RESET_STREAMS == SCTP_ENABLE_RESET_STREAM_REQ &&
                   (int)OPT_RESET_ASSOC == SCTP_ENABLE_RESET_ASSOC_REQ &&
                   (int)OPT_CHANGE_ASSOC == SCTP_ENABLE_CHANGE_ASSOC_REQ,
               "bits of enable_stream_reset");

enum tr_code kernel_set_ENABLE_STREAM_RESET(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                            struct tr_error *error)
{
    return kernel_set_value(ep, assoc, OPT_ENABLE_STREAM_RESET, SCTP_ENABLE_STREAM_RESET,
                            opt_num(in, OPTF_ENABLE_STREAM_RESET, 0), error);
}

enum tr_code kernel_get_ENABLE_STREAM_RESET(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                            struct tr_error *error)
{
    return kernel_get_value(ep, assoc, OPT_ENABLE_STREAM_RESET, SCTP_ENABLE_STREAM_RESET, out, error);
}
