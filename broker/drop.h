/* Dropped messages: counting and logging. */
#ifndef JUNCTOR_BROKER_DROP_H
#define JUNCTOR_BROKER_DROP_H

#include <stdint.h>

#include "broker/stats/counts.h"
#include "routing/message.h"

struct brk_worker;
struct brk_socket;

/* A dropped message, for the log. */
struct brk_dropped {
    const struct brk_socket *from; /* the socket it was read from; NULL: no longer known */
    uint32_t route, ppid;
    uint16_t stream; /* the stream it arrived on */
};

struct brk_dropped brk_dropped_message(const struct rt_message *m, uint32_t route);

/* Counts and logs it; if there are many, the first in each second is logged. */
void brk_count_drop(struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason);

#endif
