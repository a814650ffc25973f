/* The kinds of sessions there are, and which of them is told what happens to an association. */
#include "broker/session/session.h"

#include "broker/assoc.h"
#include "broker/session/mapped.h"
#include "broker/session/paired.h"
#include "broker/session/shared.h"

const struct brk_session *const brk_sessions[CFG_SESSIONS] = {
    [CFG_PAIRED] = &brk_paired,
    [CFG_SHARED] = &brk_shared,
    [CFG_MAPPED] = &brk_mapped,
};

/* The next kind, from *i on, that is told what happens to `a`; NULL: there is none. */
static const struct brk_session *next(const struct brk_assoc *a, unsigned *i)
{
    while (*i < CFG_SESSIONS) {
        const struct brk_session *k = brk_sessions[(*i)++];
        if (!a->session || a->session == k)
            return k;
    }
    return NULL;
}

void brk_session_plan(struct brk_worker *w, const struct cfg_config *old)
{
    for (unsigned i = 0; i < CFG_SESSIONS; i++)
        if (brk_sessions[i]->plan)
            brk_sessions[i]->plan(w, old);
}

bool brk_session_last(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m, uint32_t route)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(from, &i));)
        if (k->last && k->last(w, from, m, route))
            return true;
    return false;
}

void brk_session_up(struct brk_worker *w, struct brk_assoc *a)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->up)
            k->up(w, a);
}

void brk_session_adopt(struct brk_worker *w, struct brk_assoc *a)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->adopt)
            k->adopt(w, a);
}

void brk_session_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->lost)
            k->lost(w, a, clean, e);
}

void brk_session_streams(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->streams)
            k->streams(w, a, in, out);
}

void brk_session_streams_denied(struct brk_worker *w, struct brk_assoc *a)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->streams_denied)
            k->streams_denied(w, a);
}

const char *brk_session_fixed(const struct brk_worker *w, const struct brk_assoc *a)
{
    const struct brk_session *k;
    const char *why;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->fixed && (why = k->fixed(w, a)))
            return why;
    return NULL;
}

struct brk_assoc *brk_session_companion(const struct brk_assoc *a)
{
    const struct brk_session *k;
    struct brk_assoc *companion;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->companion && (companion = k->companion(a)))
            return companion;
    return NULL;
}

bool brk_session_numbers(const struct brk_worker *w, const struct brk_assoc *a)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->numbers && k->numbers(w, a))
            return true;
    return false;
}

bool brk_session_stays(const struct brk_worker *w, const struct brk_assoc *a, const struct cfg_config *old)
{
    const struct brk_session *k;
    for (unsigned i = 0; (k = next(a, &i));)
        if (k->stays && !k->stays(w, a, old))
            return false;
    return true;
}
