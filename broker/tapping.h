/* Tapping: how an observer gets what the workers capture (capture.h).
 *
 * A ring for each worker (capture_ring.h): the worker puts, the observer takes. No worker ever waits for an
 * observer; what an observer does not take in time is missed, and counted. At most one observer of a broker
 * taps.
 *
 * Threads: the observer's; brk_tap_free when its thread and the workers have ended. */
#ifndef JUNCTOR_BROKER_TAPPING_H
#define JUNCTOR_BROKER_TAPPING_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/capture.h"
#include "broker/observe.h"

/* From their next turns on all workers capture, the first `snaplen` bytes of each message; may be called
 * again to change that. False: out of memory, nothing changed. */
bool brk_tap_on(struct brk_observer *o, uint32_t snaplen);

/* They capture nothing any more, from their next turns on; what has been captured is forgotten. */
void brk_tap_off(struct brk_observer *o);

/* The oldest message that has been captured, as far as the clocks of the workers' processors agree and all of
 * them have put theirs; its data follows. Valid until the next call. NULL: none. */
const struct brk_captured *brk_tap_next(struct brk_observer *o);

/* Messages that did not fit into the rings, since the broker started. */
uint64_t brk_tap_missed(const struct brk_observer *o);

void brk_tap_free(struct brk_observer *o); /* by brk_observer_free */

#endif
