/* What can only be read of an association: what it has given up. */
#include "transport/usrsctp/option_priv.h"

/* The stack counts policy by policy only where it was built to. */
enum tr_code usr_get_given_up(const struct tr_place *at, struct opt_set *out)
{
    enum { ANY_POLICY = 0xf }; /* SCTP_PR_SCTP_ALL, which usrsctp.h leaves out */
    struct sctp_prstatus s = {.sprstat_assoc_id = at->assoc, .sprstat_policy = ANY_POLICY};
    if (usr_get_raw(at->ep, SCTP_PR_ASSOC_STATUS, &s, sizeof s) != 0)
        return tr_option_failed(at);
    opt_put(out, OPTF_PRS_UNSENT, (int64_t)s.sprstat_abandoned_unsent);
    opt_put(out, OPTF_PRS_SENT, (int64_t)s.sprstat_abandoned_sent);
    opt_put(out, OPTF_PRS_SENT_RTX, 0);
    opt_put(out, OPTF_PRS_SILENT, 0);
    return TR_OK;
}
