/* Whether everything that an association was given has been acknowledged: asked before another destination
 * takes streams over (joining.h), and before the last one of a session ends (brk_assoc_eof). */
#ifndef JUNCTOR_BROKER_DRY_H
#define JUNCTOR_BROKER_DRY_H

#include <stdbool.h>
#include <stdint.h>

struct brk_worker;
struct brk_assoc;
struct brk_dest;

/* Part of an association. */
struct brk_dry {
    bool wanted, asked; /* by control; the stack by us */
    bool over;          /* of the last one of a session: it has acknowledged everything, or does not go on */
    uint64_t since_ms, progress_ms, position;
};

/* BRK_EMPTY has come: answers with BRK_EMPTIED, now or later. */
void brk_dry_want(struct brk_worker *w, struct brk_dest *d);
/* TR_EV_SENDER_DRY. */
void brk_dry_told(struct brk_worker *w, struct brk_assoc *a);
/* Ends: `lost` before its state changes to that, `leaves` when its MEMBER_DOWN has been posted. */
void brk_dry_lost(struct brk_worker *w, struct brk_assoc *a);
void brk_dry_leaves(struct brk_worker *w, struct brk_assoc *a);
/* Each tick. */
void brk_dry_tick(struct brk_worker *w);

#endif
