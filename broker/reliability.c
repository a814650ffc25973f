/* Partial reliability: a route's `partial_reliability` (RFC 3758, RFC 7496).
 *
 * rtx and prio are implemented by the stack; the broker only passes them on. A ttl counts from when the
 * message was received, whatever happens to it afterwards. It needs no clock call for each message: a
 * worker reads the clock once a turn, so a message that leaves in the turn in which it arrived has its
 * whole ttl left, and one that must wait remembers when it arrived (rt_message.entered_ms; all workers use
 * the same clock). The remaining time goes to the stack with the message. A message whose ttl ends while
 * it waits here is dropped by the next tick, even behind others, because what waits uses its source's
 * credit, and new messages would wait behind expired ones.
 *
 * A note on messages that come back. The stack gives back what it gave up, and what an association had
 * left when it ended; the former is dropped as `expired`, the latter is sent to another member. The event
 * does not distinguish the two: on Linux 6.1 and usrsctp 0.9.5 its error is 0 for a message that was given
 * up, but may be 0 for a lost association, too. The state of the association does distinguish them. Linux
 * reports COMM_LOST first and gives back afterwards, so what comes back before that was given up. usrsctp
 * gives back first, but together with COMM_LOST: when a socket has been read until it is empty, which is
 * necessary anyway before undelivered messages move (reading.c), either both have been read or neither. So
 * a message that came back with error 0 from an association that is still up when its socket is empty was
 * given up. If both happen between two readings (a message is given up, and right afterwards its
 * association is lost), rtx and prio messages are taken as left by the association and sent again. That is
 * allowed, since a policy permits giving up and does not require it. With ttl there is no such doubt:
 * whatever comes back too late is dropped, which is why the time when it was received is remembered
 * (sent.h).
 *
 * What the stacks do not report. Linux 6.1 gives back messages whose time ended before they were sent.
 * Messages that were sent and then given up instead of being retransmitted, and those that made room for a
 * message of higher priority, are dropped without an event: of 3000 messages of rising priority to a peer
 * that did not read, 82 came back when it died. These count as delivered; their number is in the
 * association's pr_assoc_status, so the account reports it separately (silent.c). usrsctp gives everything
 * back, as long as its receive buffer has room for the event. A stack checks a message's time when it
 * would send or retransmit it, not by a clock: usrsctp does not look at what a closed window holds back. A
 * message that was given up after it was sent may have arrived all the same. */
#include "broker/reliability.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "routing/message.h"
#include "routing/table.h"
#include "transport/transport.h"

static bool has_ttl(const struct cfg_config *c, uint32_t route)
{
    return route != RT_NO_ROUTE && c->routes[route].pr_policy == OPT_PR_TTL;
}

static uint64_t age_ms(const struct brk_worker *w, uint64_t entered_ms)
{
    return w->now_ms > entered_ms ? w->now_ms - entered_ms
                                  : 0; /* another worker's clock may be a turn ahead */
}

void brk_policy(const struct brk_worker *w, struct tr_msg *m, const struct cfg_route *r, uint64_t entered_ms)
{
    static const enum tr_pr_policy policies[] = {[OPT_PR_NONE] = TR_PR_NONE,
                                                 [OPT_PR_TTL] = TR_PR_TTL,
                                                 [OPT_PR_RTX] = TR_PR_RTX,
                                                 [OPT_PR_PRIO] = TR_PR_PRIO};
    m->pr_policy = (uint8_t)policies[r->pr_policy];
    m->pr_value = r->pr_value;
    if (r->pr_policy != OPT_PR_TTL)
        return;
    uint64_t age = age_ms(w, entered_ms);
    m->pr_value = age < r->pr_value ? r->pr_value - (uint32_t)age : 1;
}

uint64_t brk_deadline(const struct brk_worker *w, const struct rt_parcel *p)
{
    return has_ttl(w->config, p->route) ? p->message->entered_ms + w->config->routes[p->route].pr_value : 0;
}

bool brk_is_expired(const struct brk_worker *w, const struct rt_parcel *p)
{
    uint64_t at = brk_deadline(w, p);
    return at && at <= w->now_ms;
}

uint64_t brk_earlier(uint64_t a, uint64_t b)
{
    return !a || (b && b < a) ? b : a;
}

void brk_wait_pending(struct brk_worker *w, struct brk_assoc *a, const struct rt_parcel *p)
{
    uint64_t at = brk_deadline(w, p);
    if (!at)
        return;
    if (!a->outbox.expires_ms)
        DL_APPEND2(w->expiring, a, outbox.prev_expiring, outbox.next_expiring);
    a->outbox.expires_ms = brk_earlier(a->outbox.expires_ms, at);
}

void brk_wait_parked(struct brk_worker *w, const struct rt_parcel *p)
{
    w->parked_expires_ms = brk_earlier(w->parked_expires_ms, brk_deadline(w, p));
}

void brk_expiry_forget(struct brk_worker *w, struct brk_assoc *a)
{
    if (a->outbox.expires_ms)
        DL_DELETE2(w->expiring, a, outbox.prev_expiring, outbox.next_expiring);
    a->outbox.expires_ms = 0;
}
