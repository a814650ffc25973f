/* What the documents that are lists by the configuration in force share: pages, and what is counted for them.
 * A sight is open while a page is written, and no longer. */
#ifndef JUNCTOR_BROKER_ADMIN_DOC_LIST_H
#define JUNCTOR_BROKER_ADMIN_DOC_LIST_H

#include <jansson.h>

#include "broker/admin/state_priv.h"
#include "broker/observe.h"

/* A page of a list, as ?offset= and ?limit= ask for it. */
struct doc_page {
    unsigned offset, limit, passed;
    json_t *items;
};

/* What waits in the broker for a listener or peer. */
struct doc_waiting {
    uint64_t messages, bytes; /* for all its associations */
    unsigned most;            /* messages for the one that has most */
};

/* What a handler needs; opened before a page, closed after it. */
struct doc_scene {
    const struct brk_observer *observer;
    struct brk_sight sight;
    struct brk_counts sum;
    unsigned *up;    /* associations that are up, by listener, then by peer; NULL: not asked for */
    unsigned *setup; /* and those that are being set up, */
    unsigned *in;    /* and those in the group that is being told */
    struct doc_waiting *waiting; /* by listener, then by peer; NULL likewise */
};

/* Whether the next item is one of the page; counts it. */
bool doc_on_page(struct doc_page *p);

/* Its place in the arrays of a scene. */
unsigned doc_place(const struct cfg_config *c, struct cfg_member m);

/* Answers with a page of the list `name`, to which `add` gives the items that are on it. `counts`: it wants
 * to know of associations, for which the workers are asked first. */
enum admin_step doc_answer_page(struct admin *a, struct admin_call *call, const char *name, bool counts,
                                void (*add)(const struct doc_scene *, struct doc_page *));

#endif
