/* See clients.h. */
#include "broker/clients.h"

#include <stdlib.h>

#include "broker/assoc.h"
#include "broker/check.h"
#include "broker/dest.h"
#include "broker/state.h"
#include "routing/inbox.h"

bool brk_client_enter(struct brk_worker *w, struct brk_assoc *a)
{
    unsigned workers = w->broker->worker_count;
    if (a->client.farewell)
        return true;
    struct brk_farewell *f = calloc(1, sizeof *f + workers * sizeof f->parcels[0]);
    if (!f)
        return false;
    f->magic = BRK_FAREWELL_MAGIC;
    f->origin = a->origin;
    f->readers = workers - 1;
    for (unsigned i = 0; i < workers; i++)
        f->parcels[i] =
            (struct rt_parcel){.kind = RT_CONTROL, .control = BRK_FAREWELL, .to = f, .embedded = true};
    a->client.farewell = f;
    return true;
}

struct brk_assoc *brk_client_find(struct brk_worker *w, uint64_t origin)
{
    struct brk_assoc *a = brk_assoc_by_origin(w, origin);
    return a && a->client.farewell ? a : NULL;
}

static struct brk_farewell *take(struct brk_assoc *a)
{
    struct brk_farewell *f = a->client.farewell;
    a->client.farewell = NULL;
    return f;
}

void brk_client_leave(struct brk_worker *w, struct brk_assoc *a)
{
    struct brk_farewell *f = take(a);
    if (!f)
        return;
    f->streams = a->in_streams;
    if (!f->readers) { /* there is no other worker */
        free(f);
        return;
    }
    for (unsigned i = 0; i < w->broker->worker_count; i++)
        if (i != w->index)
            rt_batch_add(&w->out[i], &f->parcels[i]);
}

void brk_client_forget(struct brk_assoc *a)
{
    free(take(a));
}

void brk_farewell_done(struct brk_farewell *f)
{
    /* Acquire and release: each reader's reads of it come before the last one frees it. */
    if (__atomic_sub_fetch(&f->readers, 1, __ATOMIC_ACQ_REL) == 0)
        free(f);
}
