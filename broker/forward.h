/* Forwarding received messages. */
#ifndef JUNCTOR_BROKER_FORWARD_H
#define JUNCTOR_BROKER_FORWARD_H

#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* Forwards a message that `from` received, still in its receive slot; the caller has counted it as
 * received. */
void brk_forward(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m);

#endif
