/* Partial reliability: the policy of a route, and how long its messages may wait. */
#ifndef JUNCTOR_BROKER_RELIABILITY_H
#define JUNCTOR_BROKER_RELIABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* Sets the policy of a message that is about to be sent on route `r`, and was received at `entered_ms`. */
void brk_policy(const struct brk_worker *w, struct tr_msg *m, const struct cfg_route *r, uint64_t entered_ms);

/* True when a parcel's ttl is over. */
bool brk_is_expired(const struct brk_worker *w, const struct rt_parcel *p);

/* When a parcel's ttl ends; 0: it has none. */
uint64_t brk_deadline(const struct brk_worker *w, const struct rt_parcel *p);

/* The earlier of two such times. */
uint64_t brk_earlier(uint64_t a, uint64_t b);

/* A parcel has been added to the pending messages of an association or to those that wait for its streams, or
 * is parked or about to be parked. */
void brk_wait_pending(struct brk_worker *w, struct brk_assoc *a, const struct rt_parcel *p);
void brk_wait_parked(struct brk_worker *w, const struct rt_parcel *p);

/* The association is about to be freed. */
void brk_expiry_forget(struct brk_worker *w, struct brk_assoc *a);

#endif
