/* Which member of a group a client of a session is connected to, and which one is tried next if that one
 * cannot be connected.
 *
 * The members have an order. Override: that of the configuration. Loadshare: an order of each client's
 * own, by weight in rendezvous hashing (hash_priv.h). The first one tried is, of those that seem to be
 * available, the first in that order, or with round robin the next in turn. If a member cannot be
 * connected, its successor follows, and so on, around the list. So the clients of an unavailable member
 * spread over all others instead of loading a single one. Members that are to get nothing now (`weights`) are
 * left out.
 *
 * Pure; the time grows with the number of members. */
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

#define RT_NO_PEER UINT32_MAX

/* A group as the clients of sessions see it: all members are peers; `weights` as rt_group.member_weights. */
struct rt_choice {
    const struct cfg_group *group;
    const uint32_t *weights;
};

/* How many members take clients. */
unsigned rt_choice_count(struct rt_choice c);

/* The first peer (its id) for a client; `client` is a number that identifies it. If none is usable it is
 * chosen among all that take clients. `turn`: the calling thread's state for the group, used with round
 * robin. RT_NO_PEER: none takes clients. */
unsigned rt_choice_first(struct rt_choice c, uint64_t client, struct rt_pick_state *turn, rt_usable *usable,
                         void *arg);
/* The one after `peer`. After as many calls as there are members that take clients each of the others has
 * been returned once, and then it again; `peer` need not be a member any more. Where none takes clients it is
 * `peer`. */
unsigned rt_choice_next(struct rt_choice c, uint64_t client, unsigned peer);

#ifdef __cplusplus
}
#endif
#endif
