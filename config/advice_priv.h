/* What is allowed and a mistake all the same, as warnings. */
#ifndef JUNCTOR_CONFIG_ADVICE_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_PRIV_H

#include "config/loader_priv.h"

/* A message up to this size leaves room in a packet. */
#define SMALL_MESSAGE 1200

/* Of a configuration that has no error. */
void advise(struct loader *l);

#endif
