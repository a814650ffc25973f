/* The end of a broker, a worker's part. */
#ifndef JUNCTOR_BROKER_DRAIN_H
#define JUNCTOR_BROKER_DRAIN_H

#include <stdint.h>

struct brk_worker;

/* How much of a drain's time is kept for aborting what has not ended by then, in milliseconds: half a
 * millisecond for each association, which is what it takes on a slow processor, and at most a quarter of the
 * time. So that the bound is one for all of it. */
static inline uint64_t brk_abort_time_ms(uint64_t timeout_ms, uint64_t associations)
{
    uint64_t wanted = associations / 2, most = timeout_ms / 4;
    return wanted < most ? wanted : most;
}

/* Listeners accept nobody any more, and associations that only send to us are shut down. */
void brk_stop_accepting(struct brk_worker *w);

/* All associations are shut down once what waits for them has been sent. */
void brk_end_associations(struct brk_worker *w);

/* The time is over, or somebody insists: aborts them, and counts what comes back. */
void brk_abort_everything(struct brk_worker *w);

/* Each turn, while draining: tells control how far it has come. */
void brk_report_progress(struct brk_worker *w);

#endif
