/* Dropped messages: counting and logging. */
#ifndef JUNCTOR_BROKER_DROP_H
#define JUNCTOR_BROKER_DROP_H

#include <stdint.h>

#include "broker/stats/counts.h"
#include "routing/message.h"

struct brk_assoc;
struct brk_worker;
struct tr_msg;

#define BRK_NO_SOURCE UINT32_MAX

/* A dropped message, for the log and the tap. */
struct brk_dropped {
    uint32_t source; /* the listener or peer that it came from: rt_source; or BRK_NO_SOURCE */
    uint32_t route, ppid;
    uint16_t stream; /* the stream it arrived on */
    uint16_t flags;  /* enum tr_msg_flag bits */
    uint32_t len;
    uint64_t origin; /* the association that it came from; 0: not known */
    const void *data;
};

struct brk_dropped brk_dropped_of(const struct brk_assoc *from, const struct tr_msg *m, uint32_t route);
struct brk_dropped brk_dropped_message(const struct rt_message *m, uint32_t route);

/* Counts and logs it; if there are many, the first in each second is logged. */
void brk_count_drop(struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason);

#endif
