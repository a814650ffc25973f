/* Who may have an association with a listener: its `allow` and `deny`, and how many associations there may be
 * and how fast they may come, counted over all workers.
 *
 * Threads: the counts are shared by all workers, under a lock that is held for a few instructions, when an
 * association comes up and when it ends; never while messages are handled. So the limits are exact. */
#ifndef JUNCTOR_BROKER_ACCESS_H
#define JUNCTOR_BROKER_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/address.h"

struct brk_access;    /* what is counted */
struct brk_admission; /* the place of one association in it */

/* NULL: out of memory. */
struct brk_access *brk_access_new(void);
/* All places have been given back. NULL: nothing happens. */
void brk_access_free(struct brk_access *x);

#define BRK_ACCESS_ADDRESSES 64 /* of a peer; one with more is not let in where these are to be checked */

/* Whether a peer with these `count` addresses, of which the first BRK_ACCESS_ADDRESSES are given, is let in:
 * each is in `allow`, where it is given, and none in `deny`. With no addresses, which means that they are not
 * known: only where neither is given. Any thread. */
bool brk_access_permits(const struct cfg_access *rules, const struct net_addr *addresses, unsigned count);

/* Takes a place for an association that listener `listener` of `c` has accepted. `addresses` are those of its
 * peer, beginning with the one from which it was set up; none: they are not known, and max_per_address is not
 * applied. `now_ms` is the worker's clock. BRK_ADMITTED, and a place in *out, which is to be given back with
 * brk_access_leave; or why there is none. Any thread. */
enum brk_refusal brk_access_enter(struct brk_access *x, const struct cfg_config *c, unsigned listener,
                                  const struct net_addr *addresses, unsigned count, uint64_t now_ms,
                                  struct brk_admission **out);
/* The association has ended. Any thread. */
void brk_access_leave(struct brk_access *x, struct brk_admission *place);

#endif
