/* Options of the socket as a whole: buffers, linger, IP fields, switches (options.def, upper part). */
#include "transport/kernel/option_priv.h"

#include <errno.h>
#include <string.h>

/* An int option: a function pair from one line. */
#define INT_OPTION(ID, level, name)                                                                          \
    enum tr_code kernel_set_##ID(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,           \
                                 struct tr_error *error)                                                     \
    {                                                                                                        \
        (void)assoc;                                                                                         \
        int value = (int)opt_num(in, OPTF_##ID, 0);                                                          \
        return kernel_set_raw(ep, level, name, &value, sizeof value) == 0                                    \
                   ? TR_OK                                                                                   \
                   : kernel_opt_failed(ep, assoc, OPT_##ID, "", error);                                      \
    }                                                                                                        \
    enum tr_code kernel_get_##ID(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,                \
                                 struct tr_error *error)                                                     \
    {                                                                                                        \
        (void)assoc;                                                                                         \
        int value = 0;                                                                                       \
        if (kernel_get_raw(ep, level, name, &value, sizeof value) != 0)                                      \
            return kernel_opt_failed(ep, assoc, OPT_##ID, "", error);                                        \
        opt_put(out, OPTF_##ID, value);                                                                      \
        return TR_OK;                                                                                        \
    }

/* Linux doubles what is asked for (its own bookkeeping counts too) and answers with the double: half of that
 * is in the unit that was asked. The FORCE forms are not clipped to net.core.*mem_max but need CAP_NET_ADMIN.
 */
static enum tr_code set_buffer(struct tr_endpoint *ep, enum opt_id id, int64_t bytes, int force, int plain,
                               struct tr_error *error)
{
    enum { FEW = 4096 };
    int value = (int)bytes;
    struct kernel_loop *l = ep->loop != NULL ? kernel_loop(ep->loop) : NULL;
    if (l == NULL || !l->no_force || kernel_endpoint(ep)->foreign) {
        if (kernel_set_raw(ep, SOL_SOCKET, force, &value, sizeof value) == 0) {
            if (id == OPT_SNDBUF) /* twice that, and never less than a few thousand */
                kernel_endpoint(ep)->sndbuf = value > FEW ? 2 * value : 2 * FEW;
            return TR_OK;
        }
        if (l != NULL && errno == EPERM && !kernel_endpoint(ep)->foreign)
            l->no_force = true;
    }
    if (kernel_set_raw(ep, SOL_SOCKET, plain, &value, sizeof value) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, 0, id, "", error);
}

static enum tr_code get_buffer(struct tr_endpoint *ep, enum opt_id id, int name, struct opt_set *out,
                               struct tr_error *error)
{
    int value = 0;
    if (kernel_get_raw(ep, SOL_SOCKET, name, &value, sizeof value) != 0)
        return kernel_opt_failed(ep, 0, id, "", error);
    opt_put(out, opt_rows[id].first, value / 2);
    return TR_OK;
}

enum tr_code kernel_set_SNDBUF(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    (void)assoc;
    struct kernel_endpoint *k = kernel_endpoint(ep);
    k->room = k->sndbuf = 0; /* send.c looks anew: it may be smaller now */
    return set_buffer(ep, OPT_SNDBUF, opt_num(in, OPTF_SNDBUF, 0), SO_SNDBUFFORCE, SO_SNDBUF, error);
}

enum tr_code kernel_get_SNDBUF(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    (void)assoc;
    return get_buffer(ep, OPT_SNDBUF, SO_SNDBUF, out, error);
}

enum tr_code kernel_set_RECBUF(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    (void)assoc;
    return set_buffer(ep, OPT_RECBUF, opt_num(in, OPTF_RECBUF, 0), SO_RCVBUFFORCE, SO_RCVBUF, error);
}

enum tr_code kernel_get_RECBUF(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    (void)assoc;
    return get_buffer(ep, OPT_RECBUF, SO_RCVBUF, out, error);
}

INT_OPTION(REUSEADDR, SOL_SOCKET, SO_REUSEADDR)
INT_OPTION(DONTROUTE, SOL_SOCKET, SO_DONTROUTE)

enum tr_code kernel_get_LINGER(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                               struct tr_error *error)
{
    (void)assoc;
    struct linger l = {0};
    if (kernel_get_raw(ep, SOL_SOCKET, SO_LINGER, &l, sizeof l) != 0)
        return kernel_opt_failed(ep, assoc, OPT_LINGER, "", error);
    opt_put(out, OPTF_LINGER_ENABLED, l.l_onoff != 0);
    opt_put(out, OPTF_LINGER_TIME, l.l_linger);
    return TR_OK;
}

enum tr_code kernel_set_LINGER(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                               struct tr_error *error)
{
    (void)assoc;
    struct linger l = {0};
    if (kernel_get_raw(ep, SOL_SOCKET, SO_LINGER, &l, sizeof l) != 0)
        return kernel_opt_failed(ep, assoc, OPT_LINGER, "", error);
    l.l_onoff = (int)opt_num(in, OPTF_LINGER_ENABLED, l.l_onoff);
    l.l_linger = (int)opt_num(in, OPTF_LINGER_TIME, l.l_linger);
    return kernel_set_raw(ep, SOL_SOCKET, SO_LINGER, &l, sizeof l) == 0
               ? TR_OK
               : kernel_opt_failed(ep, assoc, OPT_LINGER, "", error);
}

/* An IPv6 socket also carries IPv4 associations, whose packets take the IPv4 field. */
enum tr_code kernel_set_TOS(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                            struct tr_error *error)
{
    (void)assoc;
    int tos = (int)opt_num(in, OPTF_TOS, 0);
    if (kernel_set_raw(ep, IPPROTO_IP, IP_TOS, &tos, sizeof tos) != 0)
        return kernel_opt_failed(ep, assoc, OPT_TOS, "", error);
    if (kernel_endpoint(ep)->family == AF_INET6 &&
        kernel_set_raw(ep, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos) != 0)
        return kernel_opt_failed(ep, assoc, OPT_TOS, "", error);
    return TR_OK;
}

enum tr_code kernel_get_TOS(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                            struct tr_error *error)
{
    (void)assoc;
    int tos = 0;
    bool v6 = kernel_endpoint(ep)->family == AF_INET6;
    if (kernel_get_raw(ep, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof tos) != 0)
        return kernel_opt_failed(ep, assoc, OPT_TOS, "", error);
    opt_put(out, OPTF_TOS, tos);
    return TR_OK;
}

enum tr_code kernel_set_PRIORITY(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                 struct tr_error *error)
{
    (void)assoc;
    int value = (int)opt_num(in, OPTF_PRIORITY, 0);
    if (kernel_set_raw(ep, SOL_SOCKET, SO_PRIORITY, &value, sizeof value) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_PRIORITY,
                             errno == EPERM ? "; above 6 it needs CAP_NET_ADMIN" : "", error);
}

enum tr_code kernel_get_PRIORITY(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                 struct tr_error *error)
{
    (void)assoc;
    int value = 0;
    if (kernel_get_raw(ep, SOL_SOCKET, SO_PRIORITY, &value, sizeof value) != 0)
        return kernel_opt_failed(ep, assoc, OPT_PRIORITY, "", error);
    opt_put(out, OPTF_PRIORITY, value);
    return TR_OK;
}

/* Linux has autoclose on one-to-many sockets only. "Never" is what the others do anyway. */
enum tr_code kernel_set_AUTOCLOSE(struct tr_endpoint *ep, uint32_t assoc, const struct opt_set *in,
                                  struct tr_error *error)
{
    (void)assoc;
    int value = (int)opt_num(in, OPTF_AUTOCLOSE, 0);
    if (!kernel_shared(ep) && value == 0)
        return TR_OK;
    if (!kernel_shared(ep))
        return tr_fail(error, TR_UNSUPPORTED, 0, "autoclose: only one-to-many endpoints have it");
    if (kernel_set_raw(ep, IPPROTO_SCTP, SCTP_AUTOCLOSE, &value, sizeof value) == 0)
        return TR_OK;
    return kernel_opt_failed(ep, assoc, OPT_AUTOCLOSE, "", error);
}

enum tr_code kernel_get_AUTOCLOSE(struct tr_endpoint *ep, uint32_t assoc, struct opt_set *out,
                                  struct tr_error *error)
{
    (void)assoc;
    int value = 0;
    if (kernel_shared(ep) && kernel_get_raw(ep, IPPROTO_SCTP, SCTP_AUTOCLOSE, &value, sizeof value) != 0)
        return kernel_opt_failed(ep, assoc, OPT_AUTOCLOSE, "", error);
    opt_put(out, OPTF_AUTOCLOSE, value);
    return TR_OK;
}

INT_OPTION(NODELAY, IPPROTO_SCTP, SCTP_NODELAY)
INT_OPTION(DISABLE_FRAGMENTS, IPPROTO_SCTP, SCTP_DISABLE_FRAGMENTS)
INT_OPTION(MAPPED_V4, IPPROTO_SCTP, SCTP_I_WANT_MAPPED_V4_ADDR)
