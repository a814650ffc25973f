/* Peeling off: giving associations sockets of their own. */
#ifndef JUNCTOR_BROKER_PEELING_H
#define JUNCTOR_BROKER_PEELING_H

struct brk_worker;
struct brk_socket;

/* After a batch: peels off the associations that have peel_wanted set. What has been read has been
 * forwarded by then, and what is queued in the stack moves along, so the order is preserved. */
void brk_peel_wanted(struct brk_worker *w, struct brk_socket *s);

#endif
