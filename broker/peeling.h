/* Peeling off: giving associations sockets of their own. */
#ifndef JUNCTOR_BROKER_PEELING_H
#define JUNCTOR_BROKER_PEELING_H

#include <stdbool.h>

struct brk_worker;
struct brk_socket;
struct cfg_config;
struct brk_assoc;

/* After a batch: peels off the associations that have peel_wanted set. What has been read has been
 * forwarded by then, and what is queued in the stack moves along, so the order is preserved. */
void brk_peel_wanted(struct brk_worker *w, struct brk_socket *s);

/* There is another plan, which may say otherwise of the listener of this socket: sets its buffers, and marks
 * those of its associations that are to get a socket of their own. Call it before brk_options_adopt. */
void brk_peeling_adopt(struct brk_socket *s, const struct cfg_config *old);

/* Between two batches: the same for one that is up. False: it stays, for a reason that has been logged. */
bool brk_peel_off(struct brk_worker *w, struct brk_assoc *a);

#endif
