/* A worker's part in the end of the broker. */
#ifndef JUNCTOR_BROKER_DRAIN_H
#define JUNCTOR_BROKER_DRAIN_H

#include <stdint.h>

struct brk_assoc;
struct brk_worker;

/* How much of a drain's time is reserved for aborting what has not ended by then, in milliseconds: half a
 * millisecond for each association, which a slow processor needs, but at most a quarter of the time. So
 * drain_timeout is the bound for both. */
static inline uint64_t brk_abort_time_ms(uint64_t timeout_ms, uint64_t associations)
{
    uint64_t wanted = associations / 2, most = timeout_ms / 4;
    return wanted < most ? wanted : most;
}

/* Listeners stop accepting, and associations that only send to the broker are shut down. */
void brk_stop_accepting(struct brk_worker *w);

/* Associations that messages are taken from are shut down when what waits for them has been sent, even if
 * they are destinations, too. */
void brk_end_sources(struct brk_worker *w);

/* All associations are shut down when what waits for them has been sent. */
void brk_end_associations(struct brk_worker *w);

/* An association that another worker has handed over: the same, as far as the drain is. */
void brk_drain_one(struct brk_worker *w, struct brk_assoc *a);

/* The time is over, or a second request came: aborts all associations, and counts what comes back. */
void brk_abort_everything(struct brk_worker *w);

/* Each turn, while draining: reports the progress to the control thread. */
void brk_report_progress(struct brk_worker *w);

#endif
