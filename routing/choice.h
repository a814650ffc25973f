/* Which member of a group a client of a paired session is connected to, and which one after that where it
 * cannot be.
 *
 * Members stand in an order. Override: that of the configuration. Loadshare: one of each client's own, that
 * of the weights in rendezvous hashing (hash_priv.h). The first to be tried is, of those that seem to be
 * there, the first in that order, or with share round-robin the next in turn. Whoever cannot be connected is
 * followed by its successor, round and round. So the clients of a member that is not there spread over all
 * others, and do not all burden the same one.
 *
 * Pure; time grows with the number of members. */
#ifndef JUNCTOR_ROUTING_CHOICE_H
#define JUNCTOR_ROUTING_CHOICE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Whether it makes sense to connect to a peer now. */
typedef bool rt_usable(void *arg, unsigned peer);

/* The first peer (its id) for a client that `client` stands for, a number of its own. Where nobody is usable
 * it is chosen among all. `turn`: the calling thread's memory of the group, used with share round-robin. All
 * members are peers. */
unsigned rt_choice_first(const struct cfg_group *g, uint64_t client, struct rt_pick_state *turn,
                         rt_usable *usable, void *arg);
/* The one after `peer`. As many calls as there are members lead back to it, past each of the others; also
 * from a peer that is no member any more. */
unsigned rt_choice_next(const struct cfg_group *g, uint64_t client, unsigned peer);

#ifdef __cplusplus
}
#endif
#endif
