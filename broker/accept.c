/* See accept.h. The stack has accepted an association before the broker hears of it, so refusing means
 * aborting; messages that have come on it by then are dropped. */
#include "broker/accept.h"

#include <stdio.h>
#include <string.h>

#include "broker/access.h"
#include "broker/assoc.h"
#include "broker/log.h"
#include "broker/sending.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/address.h"
#include "transport/transport.h"

/* What the peer's program is told. */
static const char *told_to_peer(enum brk_refusal why)
{
    switch (why) {
    case BRK_REFUSED_DENIED:
        return "address not allowed";
    case BRK_REFUSED_TOO_FAST:
        return "too many associations a second";
    case BRK_REFUSED_NO_MEMORY:
        return "out of memory";
    default:
        return "too many associations";
    }
}

static void count_refused(struct brk_worker *w, struct brk_socket *s, enum brk_refusal why)
{
    brk_count(&w->counts.refused[why], 1);
    brk_count(&s->traffic->refused, 1);
}

static void refuse(struct brk_worker *w, struct brk_socket *s, uint32_t id, const struct net_addr *from,
                   enum brk_refusal why)
{
    static struct brk_log_budget lines = {.event = "refused", .level = CFG_LOG_WARNING};
    const char *text = told_to_peer(why);
    struct tr_msg end = {.data = text, .len = (uint32_t)strlen(text), .assoc = id, .flags = TR_ABORT};
    char remote[NET_ADDR_TEXT] = "?";
    unsigned sent;
    count_refused(w, s, why);
    if (from)
        net_addr_format(from, remote, sizeof remote);
    if (brk_log_admits(&lines, w->now_ms))
        brk_log(CFG_LOG_WARNING, "refused", "listener=%s assoc=%u remote=%s reason=%s",
                cfg_member_name(w->config, s->member), id, remote, brk_refusal_name(why));
    tr_send(s->ep, &end, 1, &sent);
}

/* All that are known. An association that has ended has one, that it was set up from. */
static unsigned addresses_of(struct brk_socket *s, const struct tr_event *e,
                             struct net_addr out[static BRK_ACCESS_ADDRESSES])
{
    unsigned count = tr_addresses(s->ep, e->assoc, true, out, BRK_ACCESS_ADDRESSES);
    if (count || e->change.from.sa.sa_family == AF_UNSPEC)
        return count;
    out[0] = e->change.from;
    return 1;
}

struct brk_assoc *brk_accept(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    struct net_addr addresses[BRK_ACCESS_ADDRESSES];
    struct brk_admission *place;
    unsigned count = addresses_of(s, e, addresses);
    enum brk_refusal why =
        brk_access_enter(w->broker->access, w->config, s->member.index, addresses, count, w->now_ms, &place);
    struct brk_assoc *a = why == BRK_ADMITTED ? brk_assoc_new(w, BRK_UP) : NULL;
    if (a) {
        a->place = place;
        if (count)
            a->remote = addresses[0];
        brk_assoc_attach(a, s, e->assoc);
        return a;
    }
    if (place) {
        brk_access_leave(w->broker->access, place);
        why = BRK_REFUSED_NO_MEMORY;
    }
    refuse(w, s, e->assoc, count ? &addresses[0] : NULL, why);
    return NULL;
}

/* Whether its listener lets these addresses in; counts it if not. */
static bool permits(struct brk_worker *w, const struct brk_assoc *a, const struct net_addr *addresses,
                    unsigned count)
{
    struct brk_socket *s = a->socket;
    if (brk_access_permits(&w->config->listeners[s->member.index].access, addresses, count))
        return true;
    count_refused(w, s, BRK_REFUSED_DENIED);
    return false;
}

bool brk_accept_again(struct brk_worker *w, const struct brk_assoc *a)
{
    struct net_addr addresses[BRK_ACCESS_ADDRESSES];
    return a->socket->kind == BRK_OUTBOUND ||
           permits(w, a, addresses,
                   tr_addresses(a->socket->ep, a->id, true, addresses, BRK_ACCESS_ADDRESSES));
}

void brk_accept_follow(struct brk_assoc *next, struct brk_assoc *old)
{
    next->place = old->place;
    old->place = NULL;
}

void brk_accept_path(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e)
{
    static const char why[] = "its peer has added an address that is not allowed";
    static const char told[] = "address not allowed";
    if (e->path.state == TR_PATH_ADDED && a->socket->kind != BRK_OUTBOUND && !a->ended_here &&
        !permits(w, a, &e->path.address, 1))
        brk_assoc_abort_for(w, a, why, told, sizeof told - 1);
}
