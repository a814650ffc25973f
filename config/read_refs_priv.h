/* Values that refer to other entries by name. */
#ifndef JUNCTOR_CONFIG_READ_REFS_PRIV_H
#define JUNCTOR_CONFIG_READ_REFS_PRIV_H

#include "config/loader_priv.h"

cfg_reader read_profile, read_members, read_sources, read_target, read_unrouted, read_route_names;

/* The group that `item`, a scalar, names; a peer or listener has one of its own. False: there is none
 * (reported). */
bool find_target(struct loader *l, const char *key, const struct yaml_node *item, unsigned *group);

#endif
