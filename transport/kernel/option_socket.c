/* Options of the socket as a whole that are more than an int: buffers, type of service, autoclose. */
#include "transport/kernel/option_priv.h"

#include <errno.h>

/* Linux doubles what is asked for (its own bookkeeping counts too) and answers with the double: half of that
 * is in the unit that was asked. The FORCE forms are not clipped to net.core.*mem_max but need CAP_NET_ADMIN.
 */
static bool force_buffer(const struct tr_place *at, int bytes)
{
    enum { FEW = 4096 };
    struct kernel_endpoint *ep = kernel_endpoint(at->ep);
    struct kernel_loop *l = at->ep->loop != NULL ? kernel_loop(at->ep->loop) : NULL;
    bool send = at->id == OPT_SNDBUF;
    if (l != NULL && l->no_force && !ep->foreign)
        return false;
    if (kernel_set_raw(at->ep, SOL_SOCKET, send ? SO_SNDBUFFORCE : SO_RCVBUFFORCE, &bytes, sizeof bytes) ==
        0) {
        if (send) /* twice that, and never less than a few thousand */
            ep->sndbuf = bytes > FEW ? 2 * bytes : 2 * FEW;
        return true;
    }
    if (l != NULL && errno == EPERM && !ep->foreign)
        l->no_force = true;
    return false;
}

enum tr_code kernel_set_buffer(const struct tr_place *at, const struct opt_set *in)
{
    struct kernel_endpoint *ep = kernel_endpoint(at->ep);
    if (at->id == OPT_SNDBUF)
        ep->room = ep->sndbuf = 0; /* send.c looks anew: it may be smaller now */
    return force_buffer(at, (int)opt_num(in, opt_rows[at->id].first, 0)) ? TR_OK : tr_set_record(at, in);
}

enum tr_code kernel_get_buffer(const struct tr_place *at, struct opt_set *out)
{
    enum opt_field f = opt_rows[at->id].first;
    enum tr_code code = tr_get_record(at, out);
    opt_put(out, f, opt_num(out, f, 0) / 2);
    return code;
}

/* An IPv6 socket also carries IPv4 associations, whose packets take the IPv4 field. */
enum tr_code kernel_set_tos(const struct tr_place *at, const struct opt_set *in)
{
    int tos = (int)opt_num(in, OPTF_TOS, 0);
    bool v6 = kernel_endpoint(at->ep)->family == AF_INET6;
    if (kernel_set_raw(at->ep, IPPROTO_IP, IP_TOS, &tos, sizeof tos) != 0 ||
        (v6 && kernel_set_raw(at->ep, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof tos) != 0))
        return tr_option_failed(at);
    return TR_OK;
}

enum tr_code kernel_get_tos(const struct tr_place *at, struct opt_set *out)
{
    int tos = 0;
    bool v6 = kernel_endpoint(at->ep)->family == AF_INET6;
    if (kernel_get_raw(at->ep, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, &tos, sizeof tos) !=
        0)
        return tr_option_failed(at);
    opt_put(out, OPTF_TOS, tos);
    return TR_OK;
}

/* Linux has autoclose on one-to-many sockets only. "Never" is what the others do anyway. */
enum tr_code kernel_set_autoclose(const struct tr_place *at, const struct opt_set *in)
{
    if (at->ep->style == TR_ONE_TO_MANY)
        return tr_set_record(at, in);
    return opt_num(in, OPTF_AUTOCLOSE, 0) == 0
               ? TR_OK
               : tr_refuse(at, TR_UNSUPPORTED, "only one-to-many endpoints have it");
}

enum tr_code kernel_get_autoclose(const struct tr_place *at, struct opt_set *out)
{
    if (at->ep->style == TR_ONE_TO_MANY)
        return tr_get_record(at, out);
    opt_put(out, OPTF_AUTOCLOSE, 0);
    return TR_OK;
}
