/* Ids that stay: a configuration that replaces another gives its listeners, peers, groups and routes the
 * numbers that their namesakes had.
 *
 * So whatever names one of them by number (a message under way, a counter, a route that a lost association's
 * messages had taken) means the same thing before and after. What is new gets the next free number. What has
 * gone keeps its own, as an entry that is `gone`: it never means something else later, and should it come
 * back it goes on counting where it was. The price is an entry for every name and unnamed route that a broker
 * has ever had.
 *
 * Listeners, peers and groups are known by their names. Routes are known by `name`, or where they have none
 * by all that they say: the same line elsewhere in the file is the same route, a changed one is a new one. */
#ifndef JUNCTOR_CONFIG_IDS_H
#define JUNCTOR_CONFIG_IDS_H

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Renumbers `c`, which nothing refers to yet, after `old`. Keeps no reference to `old`. The arrays of `c` are
 * new ones afterwards, and c->route_order is set. */
void cfg_keep_ids(struct cfg_config *c, const struct cfg_config *old);

#ifdef __cplusplus
}
#endif
#endif
