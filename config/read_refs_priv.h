/* Values that refer to other entries by name. */
#ifndef JUNCTOR_CONFIG_READ_REFS_PRIV_H
#define JUNCTOR_CONFIG_READ_REFS_PRIV_H

#include "config/loader_priv.h"

cfg_reader read_profile, read_members, read_sources, read_target;

#endif
