/* Warnings about routes that can block each other forever. */
#ifndef JUNCTOR_CONFIG_ADVICE_CIRCLE_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_CIRCLE_PRIV_H

#include "config/loader_priv.h"

/* For a configuration without errors. */
void advise_circles(struct loader *l);

#endif
