/* Mappings, parsed by the rows of keys.def. */
#ifndef JUNCTOR_CONFIG_READ_KEYS_PRIV_H
#define JUNCTOR_CONFIG_READ_KEYS_PRIV_H

#include "config/loader_priv.h"

/* Parses the keys of a section into `object`; those that are not written get their defaults. */
void read_mapping(struct loader *l, enum cfg_section section, const struct yaml_node *map, void *object,
                  struct cfg_origin *origin);

/* Gives the scalars of `object` their defaults, as if nothing were written. */
void read_defaults(enum cfg_section section, void *object);

/* Parses a mapping whose keys are the rows of the section that begin with `prefix` ("", "reconnect."). False
 * if it is not a mapping (reported). */
bool read_pairs(struct loader *l, enum cfg_section section, const char *prefix, const struct yaml_node *map,
                void *object, struct cfg_origin *origin);

#endif
