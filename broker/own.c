/* Peers that are the broker itself. What is sent to one arrives at a listener and is sent again, and with
 * paired sessions it opens another association each time round. `check` refuses what can be seen from the
 * file; here are host names, and listeners at all addresses of the host. A path through another host and
 * back (address translation) cannot be recognised. */
#include "broker/own.h"

#include <stdio.h>

#include <utlist.h>

#include "broker/socket.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/sctp/address.h"
#include "transport/transport.h"

/* Whether the listener's sockets have this address; for listeners at all addresses of the host. */
static bool listens_there(struct brk_worker *w, unsigned listener, const struct net_addr *a)
{
    enum { MOST = 64 };
    struct net_addr own[MOST];
    struct brk_socket *s;
    DL_FOREACH(w->sockets, s)
    if (s->kind == BRK_LISTENING && s->member.index == listener)
        for (unsigned i = 0, n = tr_addresses(s->ep, 0, false, own, MOST); i < n && i < MOST; i++)
            if (net_addr_equal(&own[i], a))
                return true;
    return false;
}

enum tr_code brk_refuse_own(struct brk_worker *w, const struct cfg_peer *p, const struct tr_target *target,
                            struct tr_error *error)
{
    const struct cfg_config *c = w->config;
    bool over_udp = tr_backend_caps(w->broker->backend) & TR_CAP_ENCAPS;
    char text[NET_ADDR_TEXT];
    for (unsigned l = 0; l < c->listener_count; l++)
        for (unsigned i = 0; cfg_may_be_own(&c->listeners[l], p, over_udp) && i < target->address_count;
             i++) {
            const struct net_addr *a = &target->addresses[i];
            if (!cfg_is_own(&c->listeners[l], p, a, over_udp) && !listens_there(w, l, a))
                continue;
            error->code = TR_INVALID;
            snprintf(error->text, sizeof error->text,
                     "%s is this broker's own listener '%s': what is sent there comes back; write the "
                     "address of another program",
                     net_addr_format(a, text, sizeof text), c->listeners[l].name);
            return TR_INVALID;
        }
    return TR_OK;
}
