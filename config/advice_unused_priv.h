/* What is written and has no effect, or not the one that it seems to have, as warnings. */
#ifndef JUNCTOR_CONFIG_ADVICE_UNUSED_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_UNUSED_PRIV_H

#include "config/loader_priv.h"

/* Of a configuration that has no error. */
void advise_unused(struct loader *l);

#endif
