/* Stable ids: a configuration that replaces another gives its listeners, peers, groups and routes the numbers
 * of those with the same name.
 *
 * So a number (in a message in flight, a counter, a route that a lost association's messages had taken) means
 * the same before and after. New entries get the next free number. Removed ones keep theirs, as an entry that
 * is `gone`: the number is never reused, and an entry that comes back continues its counters. The cost is an
 * entry for every name and unnamed route that a broker has ever had.
 *
 * Listeners, peers and groups are known by their names. Routes are known by `name`, or without a name by all
 * their keys: the same line elsewhere in the file is the same route, a changed one is a new one. */
#ifndef JUNCTOR_CONFIG_IDS_H
#define JUNCTOR_CONFIG_IDS_H

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Renumbers `c`, to which nothing refers yet, according to `old`. Keeps no reference to `old`. Afterwards the
 * arrays of `c` are new ones, and c->route_order is set. */
void cfg_keep_ids(struct cfg_config *c, const struct cfg_config *old);

#ifdef __cplusplus
}
#endif
#endif
