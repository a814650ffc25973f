/* The life of an association: up, lost, gone. */
#ifndef JUNCTOR_BROKER_LIFE_H
#define JUNCTOR_BROKER_LIFE_H

#include <stdbool.h>

#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct brk_dest;

void brk_assoc_up(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e);

/* The association has ended; `clean`: by a graceful shutdown. */
void brk_assoc_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);

/* The peer of `old`, which is up, has restarted (TR_RESTART; what `old` did not deliver was given back
 * before this event). `old` is lost and off its socket; the association that takes its place there, not up
 * yet, is returned. NULL: aborted, because memory ran out or the session of `old` cannot restart. */
struct brk_assoc *brk_assoc_restart(struct brk_worker *w, struct brk_assoc *old, const struct tr_event *e);

/* Everything the stack gave back for a lost association has been read. */
void brk_assoc_finish(struct brk_worker *w, struct brk_assoc *a);

/* Nobody posts to its destination any more. */
void brk_assoc_retire(struct brk_worker *w, struct brk_dest *d);

#endif
