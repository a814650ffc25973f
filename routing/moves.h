/* Which streams get another destination when one snapshot replaces another, as far as their order depends on
 * it: what the former destination does not deliver may come back and follow newer messages. It does not
 * depend on it with round robin, which spreads a stream over the members anyway, nor for the copies of a
 * fan-out, which never go to another destination. */
#ifndef JUNCTOR_ROUTING_MOVES_H
#define JUNCTOR_ROUTING_MOVES_H

#include <stdbool.h>

#include "routing/snapshot.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Both snapshots have plans. Sets from[g] for each group of `before` that streams leave for another group or
 * for paired sessions, and to[g] for each group of `after` that gets streams from another group, or in which
 * streams change the member. Both arrays have after->group_count entries; entries that are set remain so.
 * Returns whether streams leave for paired sessions. */
bool rt_moves_find(const struct rt_snapshot *before, const struct rt_snapshot *after, bool *from, bool *to);

/* Calls `tell` for the destinations of `before` that had those streams, possibly several times for one.
 * `from` as set by rt_moves_find. */
void rt_moves_each(const struct rt_snapshot *before, const struct rt_snapshot *after, const bool *from,
                   void (*tell)(void *arg, struct rt_dest *d), void *arg);

#ifdef __cplusplus
}
#endif
#endif
