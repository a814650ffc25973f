/* What distinguishes a route from others when configurations are compared. */
#ifndef JUNCTOR_CONFIG_ROUTE_IDENTITY_PRIV_H
#define JUNCTOR_CONFIG_ROUTE_IDENTITY_PRIV_H

#include "config/arena_priv.h"
#include "config/config.h"

/* For a route without errors; allocated in `keep`. Its name, or without one all its keys; the latter text
 * contains a space, which names do not. */
const char *route_identity(struct arena *keep, const struct cfg_config *c, const struct cfg_route *r,
                           bool any_source);

#endif
