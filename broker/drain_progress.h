/* How far the workers are with the end of the broker: what the control thread reads of them. */
#ifndef JUNCTOR_BROKER_DRAIN_PROGRESS_H
#define JUNCTOR_BROKER_DRAIN_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct brk_broker;

/* All have reported at least this enum brk_progress. */
bool brk_all_reached(const struct brk_broker *b, int progress);

/* The same, and no message is between two of them, both of which may have reported before it was posted.
 * Counted in two rounds (Mattern's four counters): all messages handed out, read now, had been taken when the
 * takers last reported. A message is counted as handed out before it is posted, so the second round does not
 * miss one that a report counts as taken. */
bool brk_all_settled(const struct brk_broker *b, int progress);

/* Associations that have come up and not ended. */
uint64_t brk_open_associations(const struct brk_broker *b);

#endif
