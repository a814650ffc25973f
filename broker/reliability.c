/* Messages that may be given up: a route's `partial_reliability` (RFC 3758, RFC 7496).
 *
 * rtx and prio are the stack's affair; the broker passes them on. A ttl counts from when the message was
 * received, whatever then happens to it, and costs no clock call a message: a worker looks at the clock once
 * a turn, so a message that leaves in the turn it came in has its whole ttl left, and one that must wait
 * remembers when it came (rt_message.entered_ms; all workers read one clock). What is left goes to the stack
 * with the message. One whose time is over while it waits here is dropped by the next tick: also behind
 * others, because what waits uses up its source's credit, and the fresh would stand behind the stale.
 *
 * A note on messages that come back. The stack gives back what it gave up, and what an association left when
 * it ended; the first is dropped as `expired`, the second is sent to another member. Nothing in the event
 * tells the two apart: seen on Linux 6.1 and usrsctp 0.9.5, its error is 0 for a message given up, but may be
 * 0 for a lost association, too. The association's state does. Linux says COMM_LOST first and gives back
 * afterwards, so what comes back before was given up. usrsctp gives back first, but in one go with
 * COMM_LOST: when a socket has been read until it is empty, which is what has to be done anyway before
 * undelivered messages move (reading.c), either both have been read or neither. So: what came back with error
 * 0 from an association that is still up when its socket is empty has been given up. Where both happen
 * between two readings (a message given up, and right afterwards its association lost) rtx and prio messages
 * count as left by the association and are sent again: allowed, since a policy permits giving up and does not
 * demand it. With ttl there is no such doubt: whatever comes back too old is dropped, which is why the age of
 * what was sent is remembered (sent.h).
 *
 * What the stacks do not tell. Linux 6.1 gives back what ran out of time before it went out. What went out
 * and was then given up instead of being retransmitted, and what had to make room for a message of higher
 * priority, it forgets without a word: 3000 messages of rising priority to a peer that does not read, and 82
 * came back when it died. These count as delivered; how many they are the association's pr_assoc_status
 * tells, so the account names them beside (notice.c). usrsctp gives everything back, as long as its receive
 * buffer takes the event. And a stack looks at a message's time when it would send or retransmit it, not by a
 * clock: usrsctp leaves what a closed window holds back alone until then. What was given up after it went out
 * may have arrived all the same. */
#include "broker/reliability.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/state.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "routing/message.h"
#include "routing/table.h"
#include "transport/transport.h"

bool brk_has_ttl(const struct cfg_config *c, uint32_t route)
{
    return route != RT_NO_ROUTE && c->routes[route].pr_policy == OPT_PR_TTL;
}

static uint64_t age_ms(const struct brk_worker *w, uint64_t entered_ms)
{
    return w->now_ms > entered_ms ? w->now_ms - entered_ms
                                  : 0; /* another worker's clock may be a turn ahead */
}

void brk_policy(const struct brk_worker *w, struct tr_msg *m, uint32_t route, uint64_t entered_ms)
{
    static const enum tr_pr_policy policies[] = {[OPT_PR_NONE] = TR_PR_NONE,
                                                 [OPT_PR_TTL] = TR_PR_TTL,
                                                 [OPT_PR_RTX] = TR_PR_RTX,
                                                 [OPT_PR_PRIO] = TR_PR_PRIO};
    const struct cfg_route *r = route == RT_NO_ROUTE ? NULL : &w->config->routes[route];
    m->pr_policy = TR_PR_NONE;
    if (!r || r->pr_policy == OPT_PR_NONE)
        return;
    m->pr_policy = (uint8_t)policies[r->pr_policy];
    m->pr_value = r->pr_value;
    if (r->pr_policy != OPT_PR_TTL)
        return;
    uint64_t age = age_ms(w, entered_ms);
    m->pr_value = age < r->pr_value ? r->pr_value - (uint32_t)age : 1;
}

/* When a parcel's time is over; 0: never. */
uint64_t brk_deadline(const struct brk_worker *w, const struct rt_parcel *p)
{
    return brk_has_ttl(w->config, p->route) ? p->message->entered_ms + w->config->routes[p->route].pr_value
                                            : 0;
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
