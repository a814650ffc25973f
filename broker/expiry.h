/* Drops what waits and is too old. */
#ifndef JUNCTOR_BROKER_EXPIRY_H
#define JUNCTOR_BROKER_EXPIRY_H

#include <stdbool.h>

struct brk_worker;

/* Each tick: drops what waits and is too old. */
void brk_expire(struct brk_worker *w);

/* True when there is something to come for it. */
bool brk_expiry_pending(const struct brk_worker *w);

#endif
