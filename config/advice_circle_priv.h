/* Routes that can block each other for good, as warnings. */
#ifndef JUNCTOR_CONFIG_ADVICE_CIRCLE_PRIV_H
#define JUNCTOR_CONFIG_ADVICE_CIRCLE_PRIV_H

#include "config/loader_priv.h"

/* Of a configuration that has no error. */
void advise_circles(struct loader *l);

#endif
