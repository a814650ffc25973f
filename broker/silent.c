/* Messages of which nobody will know whether they arrived. Linux reports a message that it gives up by ttl
 * (RFC 7496) only if nothing of it had been sent; what it gives up instead of retransmitting it, and all that
 * makes room for messages of higher priority, it only counts. When the association has ended the number can
 * no longer be read, and where the peer or a cable ends it nobody is warned. So it is read every
 * BRK_SILENT_MS while there is traffic, and at the end the account says how many messages may have been given
 * up since:
 *
 *     the DATA chunks that were unacknowledged when it was last read,
 *     and those messages whose time ended after that, or that prio permits to be given up (sent.h),
 *     less those of them that came back.
 *
 * A message with a ttl whose time had ended before was acknowledged, given up and counted, reported, or
 * unacknowledged. One whose time has not ended yet has not been given up. If nothing was unacknowledged, only
 * messages sent afterwards are in question. Linux takes a message's time from the moment when it gets it,
 * which is later than this worker's clock by what a turn takes: LATE_MS.
 *
 * Both numbers are upper bounds. Linux counts a message as given up if the acknowledgement of what has
 * arrived comes after its time, and gives back at the end what the peer has not been told of, though it is
 * counted. */
#include "broker/silent.h"

#include "broker/assoc.h"
#include "broker/sent.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "routing/table.h"
#include "transport/transport.h"

enum { LATE_MS = 100 };

static void set_count(struct brk_worker *w, struct brk_silent *s, uint64_t count)
{
    brk_uncount(&w->counts.abandoned_unseen, s->count);
    brk_count(&w->counts.abandoned_unseen, count);
    s->count = count;
}

void brk_silent_ask(struct brk_worker *w, struct brk_assoc *a)
{
    const struct tr_backend *b = w->broker->backend;
    struct brk_silent *s = &a->silent;
    struct opt_set given_up = {0}, status = {0};
    struct tr_error error;
    if (!tr_backend_can_get(b, OPT_PR_ASSOC_STATUS) || !tr_backend_can_get(b, OPT_STATUS) ||
        tr_get_option(a->socket->ep, a->id, OPT_STATUS, &status, &error) != TR_OK ||
        tr_get_option(a->socket->ep, a->id, OPT_PR_ASSOC_STATUS, &given_up, &error) != TR_OK)
        return;
    s->all = (uint64_t)(opt_num(&given_up, OPTF_PRS_UNSENT, 0) + opt_num(&given_up, OPTF_PRS_SENT, 0) -
                        opt_num(&given_up, OPTF_PRS_SENT_RTX, 0)); /* includes those that were delivered */
    if (!(tr_backend_caps(b) & TR_CAP_GIVES_UP_SILENTLY))
        return;
    s->known = true;
    s->asked_ms = w->now_ms;
    s->chunks = (uint64_t)opt_num(&status, OPTF_STATUS_UNACKDATA, 0);
    s->first = s->chunks || a->outbox.blocked ? 0 : a->outbox.sent.next;
    s->back = 0;
    set_count(w, s, (uint64_t)opt_num(&given_up, OPTF_PRS_SILENT, 0));
}

/* The stack may have given it up since it was asked. */
static bool in_question(const struct brk_worker *w, const struct brk_silent *s, const struct brk_sent *sent,
                        uint64_t now_ms)
{
    const struct cfg_route *r = sent->route == RT_NO_ROUTE ? NULL : &w->config->routes[sent->route];
    if (!r || r->pr_policy == OPT_PR_NONE || r->pr_policy == OPT_PR_RTX)
        return false;
    uint64_t ends_ms = sent->entered_ms + r->pr_value;
    return r->pr_policy == OPT_PR_PRIO || (ends_ms + LATE_MS >= s->asked_ms && ends_ms <= now_ms + LATE_MS);
}

void brk_silent_returned(const struct brk_worker *w, struct brk_assoc *a, uint32_t context,
                         const struct brk_sent *sent)
{
    struct brk_silent *s = &a->silent;
    if (s->known && brk_sent_number(&a->outbox.sent, context) >= s->first &&
        in_question(w, s, sent, w->now_ms))
        s->back++;
}

void brk_silent_end(struct brk_worker *w, struct brk_assoc *a, uint64_t now_ms)
{
    struct brk_silent *s = &a->silent;
    struct brk_sent sent;
    uint64_t number = s->first, end, in_all = 0;
    if (!s->known)
        return;
    while ((end = brk_sent_run(&a->outbox.sent, &number, &sent))) {
        if (in_question(w, s, &sent, now_ms))
            in_all += end - number;
        number = end;
    }
    brk_count(&w->counts.abandoned_unknown, s->chunks + (in_all > s->back ? in_all - s->back : 0));
}

void brk_silent_leave(struct brk_worker *w, const struct brk_assoc *a)
{
    brk_uncount(&w->counts.abandoned_unseen, a->silent.count);
}

void brk_silent_arrive(struct brk_worker *w, const struct brk_assoc *a)
{
    brk_count(&w->counts.abandoned_unseen, a->silent.count);
}
