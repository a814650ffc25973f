/* A configuration and its memory. */
#ifndef JUNCTOR_CONFIG_CONFIG_PRIV_H
#define JUNCTOR_CONFIG_CONFIG_PRIV_H

#include "config/arena_priv.h"
#include "config/config.h"

/* An empty one for the file `name`. */
struct cfg_config *cfg_new(const char *name);

/* The memory of everything that `c` points to. */
struct arena *cfg_arena(struct cfg_config *c);

#endif
