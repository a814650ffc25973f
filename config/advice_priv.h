/* Warnings about what is allowed but probably a mistake. */
#ifndef JUNCTOR_CONFIG_ADVICE_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_PRIV_H

#include "config/loader_priv.h"

/* A message up to this size leaves room for others in a packet. */
#define SMALL_MESSAGE 1200

/* For a configuration without errors. */
void advise(struct loader *l);

#endif
