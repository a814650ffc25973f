/* The pairs of a map, with aliases and merge keys resolved. */
#ifndef JUNCTOR_CONFIG_YAML_PAIRS_PRIV_H
#define JUNCTOR_CONFIG_YAML_PAIRS_PRIV_H

#include "config/yaml_priv.h"

struct yaml_pair {
    const struct yaml_node *key, *value;
};

/* The pairs of a map: its own, then those that its merge keys (<<) add. Keys are scalars and unique; aliases
 * in values are resolved. *count is their number. Repeated keys, keys that are not scalars and merges of
 * something that is not a map are reported to *e and left out. */
const struct yaml_pair *yaml_pairs(struct arena *a, const struct yaml_node *map, unsigned *count,
                                   struct err_list *e);

#endif
