/* Half-received messages in this loop: the patience with them, on the loop's own timer, and who is not read
 * meanwhile. */
#include "transport/usrsctp/usrsctp_priv.h"

void usr_pieces_wait(struct usr_loop *loop, bool tick)
{
    struct adm *a = &loop->reassembly.admission;
    struct adm_owner *o;
    if (tick && loop->now_ms - loop->patience_ms >= tr_patience_tick_ms(&loop->base)) {
        loop->patience_ms = loop->now_ms;
        loop->base.stats.stalled += tr_patience_tick(&loop->reassembly);
    }
    while (a->line != NULL && (o = adm_admit(a)) != NULL)
        usr_ready_mark(usr_ep(tr_endpoint_of(o)));
}

void usr_pieces_read(struct usr_loop *loop, struct usr_endpoint *ep)
{
    if (loop->reassembly.admission.holders == NULL)
        return;
    if (adm_hold_back(&loop->reassembly.admission, &ep->base.reading))
        usr_ready_mark(ep); /* its end may stand unread already */
    else if (ep->base.reading.shared)
        loop->base.stats.stalled += tr_patience_check(&loop->reassembly);
}

const struct reasm_pool *usr_pieces_pool(const struct tr_loop *loop)
{
    return &((const struct usr_loop *)(const void *)loop)->reassembly;
}
