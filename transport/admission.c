/* See admission.h. A handful of holders and shares when large messages are under way, mostly none: lists. */
#include "transport/admission.h"

#include <stdatomic.h>
#include <stdlib.h>

#include <utlist.h>

struct adm_share {
    uint64_t number;
    unsigned holders; /* with a place or not */
    unsigned placed;
    unsigned waiting; /* endpoints in line */
    struct adm_share *prev, *next;
};

uint64_t adm_new_share(void)
{
    static _Atomic uint64_t last;
    return atomic_fetch_add_explicit(&last, 1, memory_order_relaxed) + 1;
}

void adm_init(struct adm *a, unsigned places)
{
    *a = (struct adm){.places = places};
}

/* ---- Shares ---------------------------------------------------------------------------------------- */

static struct adm_share *find_share(const struct adm *a, uint64_t number)
{
    struct adm_share *s;
    DL_SEARCH_SCALAR(a->shares, s, number, number);
    return s;
}

static struct adm_share *get_share(struct adm *a, uint64_t number)
{
    struct adm_share *s = find_share(a, number);
    if (s == NULL && (s = calloc(1, sizeof *s)) != NULL) {
        s->number = number;
        DL_APPEND(a->shares, s);
    }
    return s;
}

static void put_share(struct adm *a, struct adm_share *s)
{
    if (s->holders > 0 || s->waiting > 0)
        return;
    DL_DELETE(a->shares, s);
    free(s);
}

/* ---- Holders --------------------------------------------------------------------------------------- */

static struct adm_holder *find_holder(const struct adm *a, const struct adm_owner *owner, uint32_t assoc)
{
    struct adm_holder *h;
    DL_FOREACH(a->holders, h)
    {
        if (h->owner == owner && h->assoc == assoc)
            return h;
    }
    return NULL;
}

static struct adm_holder *new_holder(struct adm *a, struct adm_owner *owner, uint32_t assoc)
{
    struct adm_holder *h = calloc(1, sizeof *h);
    struct adm_share *share = h != NULL ? get_share(a, owner->share) : NULL;
    if (share == NULL) {
        free(h);
        return NULL;
    }
    h->owner = owner;
    h->assoc = assoc;
    h->share = share;
    share->holders++;
    DL_APPEND(a->holders, h);
    return h;
}

static bool needs_place(const struct adm_holder *h)
{
    return h->kept > 0 && !h->placed;
}

static void give_place(struct adm_holder *h)
{
    h->placed = true;
    h->share->placed++;
    h->idle = 0;
    h->grown = 0;
}

static void take_place(struct adm_holder *h)
{
    if (h->placed)
        h->share->placed--;
    h->placed = false;
}

struct adm_holder *adm_begin(struct adm *a, struct adm_owner *owner, uint32_t assoc)
{
    struct adm_holder *h = find_holder(a, owner, assoc);
    if (h == NULL)
        h = new_holder(a, owner, assoc);
    if (h == NULL)
        return NULL;
    h->messages++;
    h->kept++;
    if (h->placed)
        return h;
    /* who comes later does not overtake the line */
    if (owner->shared || (h->share->placed < a->places && h->share->waiting == 0))
        give_place(h);
    else
        owner->has_waiter = true;
    return h;
}

void adm_drop(struct adm *a, struct adm_holder *h)
{
    (void)a;
    if (--h->kept == 0)
        take_place(h);
}

void adm_end(struct adm *a, struct adm_holder *h, bool kept)
{
    h->grown += ADM_STEP; /* a message that ends is growth */
    if (kept)
        adm_drop(a, h);
    if (--h->messages > 0)
        return;
    struct adm_share *share = h->share;
    DL_DELETE(a->holders, h);
    free(h);
    share->holders--;
    put_share(a, share);
}

bool adm_crowded(const struct adm *a, const struct adm_owner *owner)
{
    if (a->holders == NULL)
        return false;
    const struct adm_share *s = find_share(a, owner->share);
    return s != NULL && (s->placed >= a->places || s->waiting > 0);
}

/* ---- The line -------------------------------------------------------------------------------------- */

static bool has_waiter(const struct adm *a, const struct adm_owner *owner)
{
    const struct adm_holder *h;
    DL_FOREACH(a->holders, h)
    {
        if (h->owner == owner && needs_place(h))
            return true;
    }
    return false;
}

static void leave_line(struct adm *a, struct adm_owner *owner)
{
    struct adm_share *s = find_share(a, owner->share);
    DL_DELETE(a->line, owner);
    owner->held_back = false;
    s->waiting--; /* is there: somebody waits */
    put_share(a, s);
}

bool adm_hold_back(struct adm *a, struct adm_owner *owner)
{
    if (!owner->has_waiter)
        return false;
    owner->has_waiter = has_waiter(a, owner);
    if (owner->has_waiter && !owner->held_back) {
        find_share(a, owner->share)->waiting++; /* is there: the waiter's */
        owner->held_back = true;
        DL_APPEND(a->line, owner);
    }
    return owner->held_back;
}

struct adm_owner *adm_admit(struct adm *a)
{
    struct adm_owner *o;
    DL_FOREACH(a->line, o)
    {
        const struct adm_share *s = find_share(a, o->share);
        struct adm_holder *h;
        o->has_waiter = has_waiter(a, o);
        if (o->has_waiter && s->placed >= a->places)
            continue;
        DL_FOREACH(a->holders, h)
        {
            if (h->owner == o && needs_place(h))
                give_place(h);
        }
        o->has_waiter = false;
        leave_line(a, o);
        return o;
    }
    return NULL;
}

void adm_forget(struct adm *a, struct adm_owner *owner)
{
    owner->has_waiter = false;
    if (owner->held_back)
        leave_line(a, owner);
}

/* ---- Time ------------------------------------------------------------------------------------------ */

void adm_tick(struct adm *a, bool (*is_read)(const struct adm_owner *owner))
{
    struct adm_holder *h;
    DL_FOREACH(a->holders, h)
    {
        if (h->grown >= ADM_STEP || !is_read(h->owner)) {
            h->grown = 0;
            h->idle = 0;
        } else {
            h->idle++;
        }
    }
}

static unsigned patience(const struct adm *a, const struct adm_holder *h)
{
    const struct adm_share *s = h->share;
    if (s->placed > 2 * a->places)
        return 0;
    return s->waiting > 0 || s->placed > a->places ? ADM_SHORT : ADM_PATIENCE;
}

const struct adm_holder *adm_overdue(const struct adm *a, bool *crowded)
{
    const struct adm_holder *h, *latest = NULL;
    DL_FOREACH(a->holders, h)
    {
        unsigned most = h->placed ? patience(a, h) : ADM_PATIENCE;
        if (h->idle >= most && (latest == NULL || h->idle > latest->idle)) {
            latest = h;
            *crowded = most != ADM_PATIENCE;
        }
    }
    return latest;
}

unsigned adm_count(const struct adm *a)
{
    unsigned n = 0;
    for (const struct adm_holder *h = a->holders; h; h = h->next)
        n++;
    return n;
}

unsigned adm_begun(const struct adm *a, const struct adm_owner *owner, uint32_t *assocs, unsigned max)
{
    unsigned n = 0;
    for (const struct adm_holder *h = a->holders; h && n < max; h = h->next)
        if (h->owner == owner)
            assocs[n++] = h->assoc;
    return n;
}

bool adm_has_begun(const struct adm *a, const struct adm_owner *owner)
{
    for (const struct adm_holder *h = a->holders; h; h = h->next)
        if (h->owner == owner)
            return true;
    return false;
}
