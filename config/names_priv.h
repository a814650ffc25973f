/* The names of listeners, peers and groups: one name space, because a route's `to` may mean any of them. */
#ifndef JUNCTOR_CONFIG_NAMES_PRIV_H
#define JUNCTOR_CONFIG_NAMES_PRIV_H

#include "config/arena_priv.h"
#include "config/errors_priv.h"

enum name_kind { NAME_LISTENER, NAME_PEER, NAME_GROUP, NAME_ROUTE };

struct name_entry {
    const char *name;
    enum name_kind kind;
    unsigned index;
    struct cfg_place at;
    const struct name_entry *next; /* in the order they were added */
};

struct names {  /* zero-initialised it is empty */
    void *tree; /* tsearch */
    struct name_entry *first, *last;
};

const char *name_kind_text(enum name_kind kind); /* "listener" */

/* Adds a name; if it is taken, adds nothing and returns its holder. Keeps no copy of `name`. */
const struct name_entry *names_add(struct names *n, struct arena *a, const char *name, enum name_kind kind,
                                   unsigned index, struct cfg_place at);

/* NULL if there is none. */
const struct name_entry *names_find(const struct names *n, const char *name);

void names_free(struct names *n);

#endif
