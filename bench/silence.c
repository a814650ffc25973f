/* See silence.h. */
#include "bench/silence.h"

#include "config/sctp/options.h"

#define ACTIVE 1 /* OPTF_PAI_STATE */

/* DATA chunks on the wire, and the primary path. False: not known. */
static bool ask(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *status, uint32_t *chunks)
{
    struct tr_error error;

    if (tr_get_option(ep, assoc, OPT_STATUS, status, &error) != TR_OK)
        return false;
    *chunks = (uint32_t)opt_num(status, OPTF_STATUS_UNACKDATA, 0);
    return true;
}

void bench_silence_watch(struct bench_silence *s, struct tr_endpoint *ep, uint32_t assoc, uint64_t now_ns)
{
    struct opt_set status = {0};

    *s = (struct bench_silence){0};
    if (ask(ep, assoc, &status, &s->chunks))
        s->since_ns = now_ns;
}

/* RFC 9260 6.3.1: with a steady round-trip time the timeout is at most three times that, or the minimum;
 * 6.3.3: each time it runs out it is doubled, until a new round-trip time is measured. */
static bool backed_off(const struct opt_set *path, const struct opt_set *limits)
{
    int64_t rto = opt_num(path, OPTF_PAI_RTO, 0), steady = 3 * opt_num(path, OPTF_PAI_SRTT, 0);
    int64_t least = opt_num(limits, OPTF_RTO_MIN, 0), most = opt_num(limits, OPTF_RTO_MAX, INT64_MAX);

    if (steady < least)
        steady = least;
    return rto >= 2 * steady || rto >= most;
}

bool bench_silence_lasts(const struct bench_silence *s, struct tr_endpoint *ep, uint32_t assoc)
{
    struct opt_set status = {0}, path = {0}, limits = {0};
    struct tr_error error;
    uint32_t chunks;
    const char *primary;

    if (!s->since_ns || s->chunks == 0 || !ask(ep, assoc, &status, &chunks) || chunks != s->chunks ||
        !(primary = opt_text(&status, OPTF_STATUS_PRIMARY)))
        return false;
    opt_put_text(&path, OPTF_PAI_ADDRESS, primary);
    if (tr_get_option(ep, assoc, OPT_PEER_ADDR_INFO, &path, &error) != TR_OK ||
        tr_get_option(ep, assoc, OPT_RTOINFO, &limits, &error) != TR_OK)
        return false;
    return opt_num(&path, OPTF_PAI_STATE, ACTIVE) != ACTIVE || backed_off(&path, &limits);
}
