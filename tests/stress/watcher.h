/* A thread that observes a broker all the time, by means of broker/observe.h. */
#ifndef JUNCTOR_TESTS_STRESS_WATCHER_H
#define JUNCTOR_TESTS_STRESS_WATCHER_H

#include "broker/broker.h"

/* Fills *s. Between start and stop a thread of its own walks, opens sights, reads counters, and now and then
 * asks for a reload, or for one association to be shut down or aborted. */
void watcher_service(struct brk_service *s);

/* After stop: fails if it has seen nothing, or an answer is missing. */
void watcher_check(void);

#endif
