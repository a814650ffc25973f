/* An array: endpoints of many associations are rare, and only their ends look through it. */
#include "transport/alive.h"

#include <stdlib.h>

static unsigned place_of(const struct tr_alive *a, uint32_t assoc)
{
    unsigned i = 0;
    while (i < a->count && a->ids[i] != assoc)
        i++;
    return i;
}

void tr_alive_add(struct tr_alive *a, uint32_t assoc)
{
    if (place_of(a, assoc) < a->count)
        return;
    if (a->count == a->room) {
        unsigned room = a->room ? 2 * a->room : 1;
        uint32_t *more = realloc(a->ids, room * sizeof *more);
        if (more == NULL)
            return;
        a->ids = more;
        a->room = room;
    }
    a->ids[a->count++] = assoc;
}

void tr_alive_remove(struct tr_alive *a, uint32_t assoc)
{
    unsigned i = place_of(a, assoc);
    if (i < a->count)
        a->ids[i] = a->ids[--a->count];
}

void tr_alive_follow(struct tr_alive *a, const struct tr_event *change)
{
    switch (change->change.state) {
    case TR_COMM_UP:
        tr_alive_add(a, change->assoc);
        return;
    case TR_RESTART:
        return;
    case TR_COMM_LOST:
    case TR_CANT_ASSOC:
    case TR_SHUTDOWN_COMP:
        tr_alive_remove(a, change->assoc);
        return;
    }
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

bool tr_alive_any_missing(const struct tr_alive *a, uint32_t *ids, unsigned count)
{
    qsort(ids, count, sizeof *ids, by_number);
    for (unsigned i = 0; i < a->count; i++)
        if (bsearch(&a->ids[i], ids, count, sizeof *ids, by_number) == NULL)
            return true;
    return false;
}

void tr_alive_clear(struct tr_alive *a)
{
    free(a->ids);
    *a = (struct tr_alive){0};
}
