/* Messages that are dropped: counted, and told in the log. */
#ifndef JUNCTOR_BROKER_DROP_H
#define JUNCTOR_BROKER_DROP_H

#include <stdint.h>

#include "broker/stats/counts.h"
#include "routing/message.h"

struct brk_worker;
struct brk_socket;

/* A message that is dropped, for the log. */
struct brk_dropped {
    const struct brk_socket *from; /* that it was read from; NULL: not known any more */
    uint32_t route, ppid;
    uint16_t stream; /* that it came on */
};

struct brk_dropped brk_dropped_message(const struct rt_message *m, uint32_t route);

/* Counts and logs it; of many the first in each second. */
void brk_count_drop(struct brk_worker *w, const struct brk_dropped *d, enum brk_drop reason);

#endif
