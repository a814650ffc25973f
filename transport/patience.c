/* See patience_priv.h. The event is kept in the endpoint's stash, so that it comes before the end of the
 * association, which it explains. */
#include "transport/patience_priv.h"

#include <string.h>

#include "transport/wait_priv.h"

void tr_reading_init(struct tr_endpoint *ep, const struct tr_endpoint *origin)
{
    ep->reading.share = origin != NULL ? origin->reading.share : adm_new_share();
    ep->reading.shared = ep->style == TR_ONE_TO_MANY;
}

unsigned tr_patience_tick_ms(const struct tr_loop *loop)
{
    unsigned ms = loop->params.partial_timeout_ms / ADM_PATIENCE;
    return ms > 0 ? ms : 1;
}

static bool is_read(const struct adm_owner *owner)
{
    return tr_watched(tr_endpoint_of((struct adm_owner *)owner)) & TR_READABLE;
}

static void give_up(struct reasm_pool *p, const struct adm_holder *h, bool crowded)
{
    static const char late[] = "a message did not go on", place[] = "a message did not go on, others wait";
    struct tr_endpoint *ep = tr_endpoint_of(h->owner);
    struct tr_event e = {.type = TR_EV_STALLED, .assoc = h->assoc};
    const char *reason = crowded ? place : late;
    e.stalled.crowded = crowded;
    e.stalled.messages = h->messages;
    reasm_abort_assoc(p, h->owner, e.assoc); /* and h is gone */
    tr_stash_event(ep, &e);
    ep->backend->abort(ep, e.assoc, reason, (uint32_t)strlen(reason), NULL);
}

unsigned tr_patience_check(struct reasm_pool *p)
{
    const struct adm_holder *h;
    bool crowded;
    unsigned count = 0;
    for (; (h = adm_overdue(&p->admission, &crowded)) != NULL; count++)
        give_up(p, h, crowded);
    return count;
}

unsigned tr_patience_tick(struct reasm_pool *p)
{
    adm_tick(&p->admission, is_read);
    return tr_patience_check(p);
}
