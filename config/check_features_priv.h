/* SCTP extensions that need or exclude others. */
#ifndef JUNCTOR_CONFIG_CHECK_FEATURES_PRIV_H
#define JUNCTOR_CONFIG_CHECK_FEATURES_PRIV_H

#include "config/loader_priv.h"

/* Checks the effective set of a listener or peer. */
void check_features(struct loader *l, const struct cfg_origin *o);

#endif
