/* Associations: up, lost, gone. */
#ifndef JUNCTOR_BROKER_LIFE_H
#define JUNCTOR_BROKER_LIFE_H

#include <stdbool.h>

#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;
struct brk_dest;

void brk_assoc_up(struct brk_worker *w, struct brk_assoc *a, const struct tr_event *e);

/* The association is over, `clean` when by a shutdown of both sides. */
void brk_assoc_lost(struct brk_worker *w, struct brk_assoc *a, bool clean, const struct tr_event *e);

/* The peer of `old`, which is up, has begun anew (TR_RESTART; what `old` had not delivered came before that
 * event): `old` is lost and gone from its socket, and the association that takes its place there, not up yet,
 * is returned. NULL: aborted, for lack of memory, or because the session of `old` cannot begin anew. */
struct brk_assoc *brk_assoc_restart(struct brk_worker *w, struct brk_assoc *old, const struct tr_event *e);

/* Everything the stack gave back for a lost association has been read. */
void brk_assoc_finish(struct brk_worker *w, struct brk_assoc *a);

/* Its destination's retirement came round. */
void brk_assoc_retire(struct brk_worker *w, struct brk_dest *d);

#endif
