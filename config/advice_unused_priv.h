/* Warnings about values that have no effect, or not the one they seem to have. */
#ifndef JUNCTOR_CONFIG_ADVICE_UNUSED_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_UNUSED_PRIV_H

#include "config/loader_priv.h"

/* For a configuration without errors. */
void advise_unused(struct loader *l);

#endif
