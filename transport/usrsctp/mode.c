/* Which streams carry unordered messages only.
 *
 * A failed message that was never on the wire comes back from the stack without the word whether it was
 * unordered. Where everything that was ever sent on its stream was, it was too; else it is given back as
 * ordered, which costs whoever sends it again some time but breaks nothing.
 *
 * A small table remembers it without allocating: a stream has one place in it. When two streams or
 * associations meet there, nothing certain is known any more about the later one. */
#include "transport/usrsctp/usrsctp_priv.h"

enum { ORDERED = 1, UNORDERED = 2 };

static uint32_t owner_of(const struct usr_endpoint *ep, uint32_t assoc)
{
    return ep->base.style == TR_ONE_TO_ONE ? 0 : assoc;
}

void usr_mode_note(struct usr_endpoint *ep, uint32_t assoc, uint16_t stream, bool unordered)
{
    struct usr_mode *m = &ep->modes[stream % USR_MODES];
    assoc = owner_of(ep, assoc);
    if (m->seen != 0 && (m->assoc != assoc || m->stream != stream))
        m->seen = ORDERED | UNORDERED;
    m->assoc = assoc;
    m->stream = stream;
    m->seen |= unordered ? UNORDERED : ORDERED;
}

bool usr_mode_is_unordered(const struct usr_endpoint *ep, uint32_t assoc, uint16_t stream)
{
    const struct usr_mode *m = &ep->modes[stream % USR_MODES];
    return m->seen == UNORDERED && m->assoc == owner_of(ep, assoc) && m->stream == stream;
}

void usr_mode_forget(struct usr_endpoint *ep, uint32_t assoc)
{
    for (unsigned i = 0; i < USR_MODES; i++)
        if (ep->modes[i].assoc == owner_of(ep, assoc))
            ep->modes[i].seen = 0;
}

void usr_mode_move(const struct usr_endpoint *from, uint32_t assoc, struct usr_endpoint *to)
{
    for (unsigned i = 0; i < USR_MODES; i++) {
        to->modes[i] = from->modes[i];
        to->modes[i].assoc = owner_of(to, assoc);
        if (from->modes[i].seen != 0 && from->modes[i].assoc != owner_of(from, assoc))
            to->modes[i].seen = ORDERED | UNORDERED;
    }
}
