/* All routes together. */
#ifndef JUNCTOR_CONFIG_CHECK_REACH_PRIV_H
#define JUNCTOR_CONFIG_CHECK_REACH_PRIV_H

#include "config/loader_priv.h"

/* Reports those that can never take a message, and clients with two partners. */
void check_reach(struct loader *l);

#endif
