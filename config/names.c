#include "config/names_priv.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

const char *name_kind_text(enum name_kind kind)
{
    static const char *const text[] = {"listener", "peer", "group", "route"};
    return text[kind];
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct name_entry *)a)->name, ((const struct name_entry *)b)->name);
}

const struct name_entry *names_add(struct names *n, struct arena *a, const char *name, enum name_kind kind,
                                   unsigned index, struct cfg_place at)
{
    struct name_entry *e = arena_alloc(a, sizeof *e);
    *e = (struct name_entry){name, kind, index, at, NULL};
    struct name_entry **found = tsearch(e, &n->tree, by_name);
    if (!found)
        abort();
    if (*found != e)
        return *found;
    if (n->last)
        n->last->next = e;
    else
        n->first = e;
    n->last = e;
    return NULL;
}

const struct name_entry *names_find(const struct names *n, const char *name)
{
    const struct name_entry wanted = {.name = name};
    struct name_entry **found = tfind(&wanted, &n->tree, by_name);
    return found ? *found : NULL;
}

static void keep(void *entry)
{
    (void)entry; /* the arena's */
}

void names_free(struct names *n)
{
    tdestroy(n->tree, keep);
    *n = (struct names){0};
}
