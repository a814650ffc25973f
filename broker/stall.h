/* Destinations that take no messages. */
#ifndef JUNCTOR_BROKER_STALL_H
#define JUNCTOR_BROKER_STALL_H

#include <stdint.h>

struct brk_worker;
struct brk_assoc;

/* The stack refused a message for `a`; it took some of the pending ones; the association has ended. */
void brk_stall_begin(struct brk_worker *w, struct brk_assoc *a);
void brk_stall_moved(struct brk_worker *w, struct brk_assoc *a);
void brk_stall_forget(struct brk_worker *w, struct brk_assoc *a);

/* How long such an association may make no progress before it is aborted; 0: for ever. */
unsigned brk_stall_limit_ms(const struct brk_assoc *a);

#endif
