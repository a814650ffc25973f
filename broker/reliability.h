/* Messages that may be given up: what a route says, and the time they have. */
#ifndef JUNCTOR_BROKER_RELIABILITY_H
#define JUNCTOR_BROKER_RELIABILITY_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* True when messages of a route (or RT_NO_ROUTE) have a ttl. */
bool brk_has_ttl(const struct cfg_config *c, uint32_t route);

/* Fills in the policy of a message to be sent. */
void brk_policy(const struct brk_worker *w, struct tr_msg *m, uint32_t route, uint64_t entered_ms);

/* True when a parcel's ttl is over. */
bool brk_is_expired(const struct brk_worker *w, const struct rt_parcel *p);

/* When a parcel's time is over; 0: never. */
uint64_t brk_deadline(const struct brk_worker *w, const struct rt_parcel *p);

/* Of two of those the one that comes first. */
uint64_t brk_earlier(uint64_t a, uint64_t b);

/* A parcel has been put into an association's `pending`, or is parked or about to be. */
void brk_wait_pending(struct brk_worker *w, struct brk_assoc *a, const struct rt_parcel *p);
void brk_wait_parked(struct brk_worker *w, const struct rt_parcel *p);

/* The association is about to be freed. */
void brk_expiry_forget(struct brk_worker *w, struct brk_assoc *a);

#endif
