/* Whether everything sent to an association has been acknowledged: asked before another destination takes
 * over some of its streams (joining.h), and before the last association of a session ends (brk_assoc_eof). */
#ifndef JUNCTOR_BROKER_DRY_H
#define JUNCTOR_BROKER_DRY_H

#include <stdbool.h>
#include <stdint.h>

struct brk_worker;
struct brk_assoc;
struct brk_dest;

/* Part of an association. */
struct brk_dry {
    bool wanted, asked; /* control wants to know; the stack has been asked */
    bool over; /* the last association of a session: everything is acknowledged, or nothing more will be */
    uint64_t since_ms, progress_ms, position;
    uint64_t look_ms; /* when the stack is asked for its position next */
};

/* BRK_EMPTY has arrived: answers with BRK_EMPTIED, at once or later. */
void brk_dry_want(struct brk_worker *w, struct brk_dest *d);
/* A TR_EV_SENDER_DRY has been read. Whether it is so still; if not, another one will come. */
bool brk_dry_is_so(struct brk_worker *w, struct brk_assoc *a);
/* It is. */
void brk_dry_told(struct brk_worker *w, struct brk_assoc *a);
/* It ends: `lost` is called before its state changes, `leaves` after its MEMBER_DOWN has been posted. */
void brk_dry_lost(struct brk_worker *w, struct brk_assoc *a);
void brk_dry_leaves(struct brk_worker *w, struct brk_assoc *a);
/* Each tick. */
void brk_dry_tick(struct brk_worker *w);

#endif
