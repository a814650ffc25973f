/* What a send uses that brings no record of its own, and partial reliability (RFC 3758, RFC 7496).
 *
 * Linux keeps one set of defaults behind two options: SCTP_DEFAULT_SEND_PARAM and SCTP_DEFAULT_PRINFO share
 * the flags, where the policy is two bits, and the number that is the time to live, the retransmissions or
 * the priority. A time to live without a policy acts like policy ttl. So here the number belongs to
 * timetolive only while it is a time, and each option is set so that the other's fields stay. */
#include "transport/kernel/option_priv.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

/* The flags' bits in options.def and in the kernel. */
static const struct {
    unsigned ours;
    uint16_t theirs;
} send_flags[] = {{1, SCTP_UNORDERED}, {2, SCTP_ADDR_OVER}, {4, SCTP_ABORT}, {8, SCTP_EOF}};

/* enum opt_prinfo's, in Linux. */
static const uint16_t policies[] = {[OPT_PR_NONE] = SCTP_PR_SCTP_NONE,
                                    [OPT_PR_TTL] = SCTP_PR_SCTP_TTL,
                                    [OPT_PR_RTX] = SCTP_PR_SCTP_RTX,
                                    [OPT_PR_PRIO] = SCTP_PR_SCTP_PRIO};

struct reliability {
    enum opt_prinfo policy;
    uint32_t value;
};

static int read_reliability(struct tr_endpoint *ep, uint32_t assoc, struct reliability *out)
{
    struct sctp_default_prinfo p = {.pr_assoc_id = (sctp_assoc_t)assoc};
    if (kernel_get_raw(ep, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, &p, sizeof p) != 0)
        return -1;
    out->policy = OPT_PR_NONE;
    for (unsigned i = 0; i < sizeof policies / sizeof policies[0]; i++)
        if (policies[i] == p.pr_policy)
            out->policy = (enum opt_prinfo)i;
    if (out->policy == OPT_PR_NONE && p.pr_value != 0)
        out->policy = OPT_PR_TTL;
    out->value = p.pr_value;
    return 0;
}

static int write_reliability(struct tr_endpoint *ep, uint32_t assoc, const struct reliability *r)
{
    struct sctp_default_prinfo p = {
        .pr_assoc_id = (sctp_assoc_t)assoc, .pr_policy = policies[r->policy], .pr_value = r->value};
    return kernel_set_raw(ep, IPPROTO_SCTP, SCTP_DEFAULT_PRINFO, &p, sizeof p);
}

/* ---- default_send_param ---------------------------------------------------------------------------- */

static int read_send_param(struct tr_endpoint *ep, uint32_t assoc, struct sctp_sndrcvinfo *s)
{
    memset(s, 0, sizeof *s);
    s->sinfo_assoc_id = (sctp_assoc_t)assoc;
    return kernel_get_raw(ep, IPPROTO_SCTP, SCTP_DEFAULT_SEND_PARAM, s, sizeof *s);
}

/* A kernel without SCTP_DEFAULT_PRINFO (before 4.3) has times only. */
static struct reliability reliability_of(struct tr_endpoint *ep, uint32_t assoc,
                                         const struct sctp_sndrcvinfo *s)
{
    struct reliability r;
    if (read_reliability(ep, assoc, &r) != 0)
        r = (struct reliability){s->sinfo_timetolive != 0 ? OPT_PR_TTL : OPT_PR_NONE, s->sinfo_timetolive};
    return r;
}

enum tr_code kernel_get_DEFAULT_SEND_PARAM(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                           struct tr_error *error)
{
    struct sctp_sndrcvinfo s;
    if (read_send_param(ep, assoc, &s) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DEFAULT_SEND_PARAM, "", error);
    struct reliability r = reliability_of(ep, assoc, &s);
    unsigned flags = 0;
    for (unsigned i = 0; i < sizeof send_flags / sizeof send_flags[0]; i++)
        if (s.sinfo_flags & send_flags[i].theirs)
            flags |= send_flags[i].ours;
    opt_put(out, OPTF_DSP_STREAM, s.sinfo_stream);
    opt_put(out, OPTF_DSP_FLAGS, flags);
    opt_put(out, OPTF_DSP_PPID, ntohl(s.sinfo_ppid));
    opt_put(out, OPTF_DSP_CONTEXT, s.sinfo_context);
    opt_put(out, OPTF_DSP_TIMETOLIVE, r.policy == OPT_PR_TTL ? r.value : 0);
    return TR_OK;
}

static uint16_t merged_flags(uint16_t standing, const struct opt_set *in)
{
    uint16_t flags = 0;
    for (unsigned i = 0; i < sizeof send_flags / sizeof send_flags[0]; i++) {
        bool on = opt_given(in, OPTF_DSP_FLAGS) ? opt_num(in, OPTF_DSP_FLAGS, 0) & send_flags[i].ours
                                                : standing & send_flags[i].theirs;
        if (on)
            flags |= send_flags[i].theirs;
    }
    return flags;
}

/* A time takes the place of any policy; none ends only a time. */
static void merge_time(struct reliability *r, const struct opt_set *in)
{
    if (!opt_given(in, OPTF_DSP_TIMETOLIVE))
        return;
    uint32_t time = (uint32_t)opt_num(in, OPTF_DSP_TIMETOLIVE, 0);
    if (time != 0)
        *r = (struct reliability){OPT_PR_TTL, time};
    else if (r->policy == OPT_PR_TTL)
        *r = (struct reliability){OPT_PR_NONE, 0};
}

/* The record must not have the policy's bits, so setting it takes them away; they are put back. */
static enum tr_code set_send_param(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                   struct tr_error *error)
{
    struct sctp_sndrcvinfo s;
    if (read_send_param(ep, assoc, &s) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DEFAULT_SEND_PARAM, "", error);
    struct reliability r = reliability_of(ep, assoc, &s);
    merge_time(&r, in);
    s.sinfo_assoc_id = (sctp_assoc_t)assoc;
    s.sinfo_flags = merged_flags(s.sinfo_flags, in);
    s.sinfo_stream = (uint16_t)opt_num(in, OPTF_DSP_STREAM, s.sinfo_stream);
    s.sinfo_ppid = htonl((uint32_t)opt_num(in, OPTF_DSP_PPID, ntohl(s.sinfo_ppid)));
    s.sinfo_context = (uint32_t)opt_num(in, OPTF_DSP_CONTEXT, s.sinfo_context);
    s.sinfo_timetolive = r.value;
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_DEFAULT_SEND_PARAM, &s, sizeof s) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DEFAULT_SEND_PARAM, "", error);
    if (r.policy != OPT_PR_NONE && write_reliability(ep, assoc, &r) != 0 && errno != ENOPROTOOPT)
        return kernel_opt_failed(ep, assoc, OPT_DEFAULT_SEND_PARAM, "", error);
    return TR_OK;
}

enum tr_code kernel_set_DEFAULT_SEND_PARAM(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                           struct tr_error *error)
{
    return kernel_set_each(ep, assoc, in, error, set_send_param);
}

/* ---- Partial reliability --------------------------------------------------------------------------- */

enum tr_code kernel_get_DEFAULT_PRINFO(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                       struct tr_error *error)
{
    struct reliability r;
    if (read_reliability(ep, assoc, &r) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DEFAULT_PRINFO, "", error);
    opt_put(out, OPTF_PRINFO_POLICY, r.policy);
    opt_put(out, OPTF_PRINFO_VALUE, r.value);
    return TR_OK;
}

static enum tr_code set_prinfo(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    struct reliability r;
    if (read_reliability(ep, assoc, &r) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DEFAULT_PRINFO, "", error);
    r.policy = (enum opt_prinfo)opt_num(in, OPTF_PRINFO_POLICY, r.policy);
    r.value = (uint32_t)opt_num(in, OPTF_PRINFO_VALUE, r.value);
    if (r.policy == OPT_PR_NONE && opt_num(in, OPTF_PRINFO_VALUE, 0) != 0)
        return tr_fail(error, TR_INVALID, 0,
                       "default_prinfo: value means nothing with policy none; say policy");
    if (write_reliability(ep, assoc, &r) != 0)
        return kernel_opt_failed(ep, assoc, OPT_DEFAULT_PRINFO, "", error);
    return TR_OK;
}

enum tr_code kernel_set_DEFAULT_PRINFO(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                       struct tr_error *error)
{
    return kernel_set_each(ep, assoc, in, error, set_prinfo);
}

enum tr_code kernel_set_PR_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                     struct tr_error *error)
{
    return kernel_set_offer(ep, assoc, OPT_PR_SUPPORTED, SCTP_PR_SUPPORTED, in, error);
}

enum tr_code kernel_get_PR_SUPPORTED(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                     struct tr_error *error)
{
    return kernel_get_offer(ep, assoc, OPT_PR_SUPPORTED, SCTP_PR_SUPPORTED, out, error);
}
