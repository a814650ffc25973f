/* Options of streams that are more than a record: how large messages and small ones share an association (RFC
 * 8260), and which stream goes first. */
#include "transport/kernel/option_priv.h"

#include <errno.h>

/* ---- Interleaving ----------------------------------------------------------------------------------- */

/* Level 0 takes interleaving_supported away. */
enum tr_code kernel_set_interleave(const struct tr_place *at, const struct opt_set *in)
{
    struct tr_place offer = tr_beside(at, OPT_INTERLEAVING_SUPPORTED);
    enum tr_code code = tr_set_record(at, in);
    if (code == TR_OK && opt_num(in, OPTF_FRAGMENT_INTERLEAVE, 0) == 0)
        kernel_remember_offer(&offer, 0);
    return code;
}

/* Linux says EPERM both where the host does not allow it and where the endpoint is not set up for it. */
enum tr_code kernel_set_interleaving(const struct tr_place *at, const struct opt_set *in)
{
    enum tr_code code = kernel_set_offer(at, in);
    if (code != TR_PERMISSION)
        return code;
    if (opt_num(in, OPTF_INTERLEAVING_SUPPORTED, 0) == 0) /* refused, and so it is off */
        return TR_OK;
    return tr_ask(at, OPTF_FRAGMENT_INTERLEAVE, 0) != 0
               ? code
               : tr_refuse(at, TR_INVALID, "needs fragment_interleave 1 or 2");
}

/* ---- Scheduler -------------------------------------------------------------------------------------- */

enum tr_code kernel_set_scheduler(const struct tr_place *at, const struct opt_set *in)
{
    int64_t wanted = opt_num(in, OPTF_STREAM_SCHEDULER, 0);
    char name[32];
    enum tr_code code = tr_set_record(at, in);
    if (code != TR_INVALID || wanted < OPT_SS_FC)
        return code;
    return tr_refuse(at, TR_UNSUPPORTED, "this kernel does not have %s, which came with Linux 6.4",
                     opt_format_num(OPTF_STREAM_SCHEDULER, wanted, name, sizeof name));
}

/* The schedulers that have no use for a number take it without a word and forget it. */
static bool takes_values(int64_t scheduler)
{
    return scheduler < 0 || scheduler == OPT_SS_PRIO || scheduler == OPT_SS_WFQ;
}

/* Linux takes a stream that there is not for any other wrong value. */
static enum tr_code explain(const struct tr_place *at, enum tr_code code, int64_t stream)
{
    int64_t streams = code == TR_INVALID ? tr_ask(at, OPTF_STATUS_OUTSTRMS, -1) : -1;
    return streams < 0
               ? code
               : tr_refuse(at, TR_INVALID, "stream %u is none of the association's %u outbound streams",
                           (unsigned)stream, (unsigned)streams);
}

enum tr_code kernel_set_stream_value(const struct tr_place *at, const struct opt_set *in)
{
    int64_t stream = opt_num(in, OPTF_SSV_STREAM, 0), scheduler;
    if (!opt_given(in, OPTF_SSV_STREAM) || !opt_given(in, OPTF_SSV_VALUE))
        return tr_refuse(at, TR_INVALID, "give both stream and value");
    if (tr_is_shared(at))
        return tr_refuse(at, TR_NO_ASSOC, "needs an association");
    scheduler = tr_ask(at, OPTF_STREAM_SCHEDULER, -1); /* -1: not known here */
    if (!takes_values(scheduler))
        return tr_refuse(at, TR_INVALID, "means nothing unless stream_scheduler is prio or wfq");
    enum tr_code code = tr_set_record(at, in);
    if (code == TR_INVALID && scheduler == OPT_SS_WFQ && opt_num(in, OPTF_SSV_VALUE, 0) == 0)
        return tr_refuse(at, TR_INVALID, "a weight of wfq is 1 or more");
    return explain(at, code, stream);
}

enum tr_code kernel_get_stream_value(const struct tr_place *at, struct opt_set *out)
{
    if (!opt_given(out, OPTF_SSV_STREAM))
        return tr_refuse(at, TR_INVALID, "give the stream to be read");
    return explain(at, tr_get_record(at, out), opt_num(out, OPTF_SSV_STREAM, 0));
}

/* The flags' bits of enable_stream_reset in options.def are Linux's. */
_Static_assert((int)OPT_RESET_STREAMS == SCTP_ENABLE_RESET_STREAM_REQ &&
                   (int)OPT_RESET_ASSOC == SCTP_ENABLE_RESET_ASSOC_REQ &&
                   (int)OPT_CHANGE_ASSOC == SCTP_ENABLE_CHANGE_ASSOC_REQ,
               "bits of enable_stream_reset");
