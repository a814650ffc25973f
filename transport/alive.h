/* Which associations of an endpoint the program believes to be up: it has been given their TR_COMM_UP and not
 * their end. A backend compares them with what its stack says, to find an end that stands unread behind data
 * (TR_ENDED). Private to transport/; belongs to the thread of the endpoint. */
#ifndef JUNCTOR_TRANSPORT_ALIVE_H
#define JUNCTOR_TRANSPORT_ALIVE_H

#include "transport/transport.h"

struct tr_alive {
    uint32_t *ids; /* in no order */
    unsigned count, room;
};

/* Does nothing where it is there already. Out of memory: it is left out, and its end is only seen when it is
 * read. */
void tr_alive_add(struct tr_alive *a, uint32_t assoc);
void tr_alive_remove(struct tr_alive *a, uint32_t assoc);
/* An association change is given to the program. */
void tr_alive_follow(struct tr_alive *a, const struct tr_event *change);
/* True where one of them is missing in `ids`, which are those that the stack has; sorts `ids`. */
bool tr_alive_any_missing(const struct tr_alive *a, uint32_t *ids, unsigned count);
/* Afterwards it is empty and can be used again. */
void tr_alive_clear(struct tr_alive *a);

#endif
