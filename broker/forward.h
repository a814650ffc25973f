/* The way of a message through a worker. */
#ifndef JUNCTOR_BROKER_FORWARD_H
#define JUNCTOR_BROKER_FORWARD_H

#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* One message that `from` received, still in its receive slot; the caller has counted it as received. */
void brk_forward(struct brk_worker *w, struct brk_assoc *from, const struct tr_msg *m);

#endif
