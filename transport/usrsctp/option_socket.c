/* Options of an endpoint's socket. Most are not the stack's matter at all, or it does not tell them back:
 * what was set is kept (struct usr_kept). */
#include "transport/usrsctp/option_priv.h"

#include <errno.h>

/* ---- Socket level ----------------------------------------------------------------------------------- */

static enum tr_code set_buffer(struct tr_endpoint *ep, enum opt_id id, int option, int bytes,
                               struct tr_error *error)
{
    if (usrsctp_setsockopt(usr_ep(ep)->so, SOL_SOCKET, option, &bytes, sizeof bytes) == 0)
        return TR_OK;
    return usr_option_failed(id, "set", errno, error);
}

enum tr_code usr_set_SNDBUF(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                            struct tr_error *error)
{
    int bytes = (int)opt_num(in, OPTF_SNDBUF, 0);
    (void)assoc;
    enum tr_code code = set_buffer(ep, OPT_SNDBUF, SO_SNDBUF, bytes, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.sndbuf = bytes;
    return code;
}

enum tr_code usr_get_SNDBUF(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                            struct tr_error *error)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;
    (void)assoc;
    if (usrsctp_getsockopt(usr_ep(ep)->so, SOL_SOCKET, SO_SNDBUF, &bytes, &len) != 0)
        return usr_option_failed(OPT_SNDBUF, "read", errno, error);
    opt_put(out, OPTF_SNDBUF, bytes);
    return TR_OK;
}

enum tr_code usr_set_RECBUF(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                            struct tr_error *error)
{
    int bytes = (int)opt_num(in, OPTF_RECBUF, 0);
    (void)assoc;
    enum tr_code code = set_buffer(ep, OPT_RECBUF, SO_RCVBUF, bytes, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.recbuf = bytes;
    return code;
}

enum tr_code usr_get_RECBUF(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                            struct tr_error *error)
{
    int bytes = 0;
    socklen_t len = sizeof bytes;
    (void)assoc;
    if (usrsctp_getsockopt(usr_ep(ep)->so, SOL_SOCKET, SO_RCVBUF, &bytes, &len) != 0)
        return usr_option_failed(OPT_RECBUF, "read", errno, error);
    opt_put(out, OPTF_RECBUF, bytes);
    return TR_OK;
}

/* SCTP ports are this process's own, so nothing of an earlier run can hold one: true without doing anything.
 */
enum tr_code usr_set_REUSEADDR(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    (void)assoc;
    (void)error;
    usr_ep(ep)->kept.reuseaddr = opt_num(in, OPTF_REUSEADDR, 0) != 0;
    return TR_OK;
}

enum tr_code usr_get_REUSEADDR(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_REUSEADDR, usr_ep(ep)->kept.reuseaddr);
    return TR_OK;
}

enum tr_code usr_set_LINGER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                            struct tr_error *error)
{
    struct linger *l = &usr_ep(ep)->kept.linger;
    (void)assoc;
    (void)error;
    l->l_onoff = (int)opt_num(in, OPTF_LINGER_ENABLED, l->l_onoff);
    l->l_linger = (int)opt_num(in, OPTF_LINGER_TIME, l->l_linger);
    return TR_OK;
}

enum tr_code usr_get_LINGER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                            struct tr_error *error)
{
    const struct linger *l = &usr_ep(ep)->kept.linger;
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_LINGER_ENABLED, l->l_onoff);
    opt_put(out, OPTF_LINGER_TIME, l->l_linger);
    return TR_OK;
}

/* ---- Single values ---------------------------------------------------------------------------------- */

enum tr_code usr_set_AUTOCLOSE(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    int seconds = (int)opt_num(in, OPTF_AUTOCLOSE, 0);
    enum tr_code code = TR_OK;
    (void)assoc;
    if (ep->style == TR_ONE_TO_MANY)
        code = usr_set_int(ep, OPT_AUTOCLOSE, SCTP_AUTOCLOSE, seconds, error);
    else if (seconds != 0)
        return tr_fail(error, TR_UNSUPPORTED, 0,
                       "set autoclose: with usrsctp only one-to-many endpoints have it (RFC 6458 8.1.8)");
    if (code == TR_OK)
        usr_ep(ep)->kept.autoclose = seconds;
    return code;
}

/* A peeled-off association keeps the time, the stack's socket for it does not know. */
enum tr_code usr_get_AUTOCLOSE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_AUTOCLOSE, usr_ep(ep)->kept.autoclose);
    return TR_OK;
}

enum tr_code usr_set_NODELAY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                             struct tr_error *error)
{
    bool on = opt_num(in, OPTF_NODELAY, 0) != 0;
    (void)assoc;
    enum tr_code code = usr_set_int(ep, OPT_NODELAY, SCTP_NODELAY, on, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.nodelay = on;
    return code;
}

enum tr_code usr_get_NODELAY(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                             struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_NODELAY, usr_ep(ep)->kept.nodelay);
    return TR_OK;
}

enum tr_code usr_set_DISABLE_FRAGMENTS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                       struct tr_error *error)
{
    bool on = opt_num(in, OPTF_DISABLE_FRAGMENTS, 0) != 0;
    (void)assoc;
    enum tr_code code = usr_set_int(ep, OPT_DISABLE_FRAGMENTS, SCTP_DISABLE_FRAGMENTS, on, error);
    if (code == TR_OK)
        usr_ep(ep)->kept.no_fragments = on;
    return code;
}

enum tr_code usr_get_DISABLE_FRAGMENTS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                       struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_DISABLE_FRAGMENTS, usr_ep(ep)->kept.no_fragments);
    return TR_OK;
}

/* Addresses are ours here, so the stack has no part in it. */
enum tr_code usr_set_MAPPED_V4(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    (void)assoc;
    (void)error;
    usr_ep(ep)->kept.mapped_v4 = opt_num(in, OPTF_MAPPED_V4, 0) != 0;
    return TR_OK;
}

enum tr_code usr_get_MAPPED_V4(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    (void)assoc;
    (void)error;
    opt_put(out, OPTF_MAPPED_V4, usr_ep(ep)->kept.mapped_v4);
    return TR_OK;
}
