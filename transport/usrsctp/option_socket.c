/* Options of an endpoint's socket. Most are not the stack's matter at all, or it does not tell them back:
 * what was set is kept (struct usr_kept). */
#include "transport/usrsctp/option_priv.h"

#define KEPT(field, member)                                                                                  \
    [OPTF_##                                                                                                 \
        field] = {offsetof(struct usr_kept, member), sizeof((struct usr_kept *)0)->member, TR_NUMBER, NULL}

static const struct tr_member kept[OPTF_COUNT] = {
    KEPT(SNDBUF, sndbuf),
    KEPT(RECBUF, recbuf),
    KEPT(REUSEADDR, reuseaddr),
    KEPT(LINGER_ENABLED, linger.l_onoff),
    KEPT(LINGER_TIME, linger.l_linger),
    KEPT(AUTOCLOSE, autoclose),
    KEPT(NODELAY, nodelay),
    KEPT(DISABLE_FRAGMENTS, no_fragments),
    KEPT(MAPPED_V4, mapped_v4),
    KEPT(EV_DATA_IO, data_io),
    KEPT(INTERLEAVING_SUPPORTED, interleaving_offered),
    KEPT(PR_SUPPORTED, pr_offered),
    KEPT(AUTH_SUPPORTED, auth_offered),
    KEPT(AUTH_CHUNKS, auth_chunks),
    KEPT(RECONFIG_SUPPORTED, reconfig_offered),
};

void usr_keep(const struct tr_place *at, const struct opt_set *in)
{
    tr_store(at, kept, in, &usr_ep(at->ep)->kept);
}

enum tr_code usr_get_kept(const struct tr_place *at, struct opt_set *out)
{
    return tr_load(at, kept, &usr_ep(at->ep)->kept, out);
}

enum tr_code usr_set_kept(const struct tr_place *at, const struct opt_set *in)
{
    usr_keep(at, in);
    return TR_OK;
}

enum tr_code usr_set_and_keep(const struct tr_place *at, const struct opt_set *in)
{
    enum tr_code code = tr_set_record(at, in);
    if (code == TR_OK)
        usr_keep(at, in);
    return code;
}

/* The stack tells of an endpoint with one association what that was granted, and lets nobody change it then;
 * so what the endpoint offers counts for the next association only, and is told to the stack before that
 * (renew.c). */
enum tr_code usr_set_offer(const struct tr_place *at, const struct opt_set *in)
{
    struct sctp_status status;
    bool has_one = at->ep->style == TR_ONE_TO_ONE && usr_status(usr_ep(at->ep), 0, &status);
    return has_one ? usr_set_kept(at, in) : usr_set_and_keep(at, in);
}

/* A peeled-off association keeps the time, the stack's socket for it does not know (RFC 6458 8.1.8). */
enum tr_code usr_set_autoclose(const struct tr_place *at, const struct opt_set *in)
{
    if (at->ep->style == TR_ONE_TO_MANY)
        return usr_set_and_keep(at, in);
    return opt_num(in, OPTF_AUTOCLOSE, 0) == 0
               ? usr_set_kept(at, in)
               : tr_refuse(at, TR_UNSUPPORTED, "only one-to-many endpoints have it");
}
