/* SCTP options that contradict each other. */
#ifndef JUNCTOR_CONFIG_CHECK_SCTP_PRIV_H
#define JUNCTOR_CONFIG_CHECK_SCTP_PRIV_H

#include "config/loader_priv.h"

/* Checks the effective set of a listener or peer. */
void check_options(struct loader *l, const struct cfg_origin *o);

#endif
