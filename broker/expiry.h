/* Dropping messages that have waited longer than their ttl. */
#ifndef JUNCTOR_BROKER_EXPIRY_H
#define JUNCTOR_BROKER_EXPIRY_H

#include <stdbool.h>

struct brk_worker;

/* Each tick: drops what has waited too long. */
void brk_expire(struct brk_worker *w);

/* True while a tick is needed for it. */
bool brk_expiry_pending(const struct brk_worker *w);

#endif
