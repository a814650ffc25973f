/* One group, one route. */
#ifndef JUNCTOR_CONFIG_CHECK_ROUTES_PRIV_H
#define JUNCTOR_CONFIG_CHECK_ROUTES_PRIV_H

#include "config/loader_priv.h"

void check_group(struct loader *l, unsigned index);

/* Also determines what is not written: `session`, and the sources that `any` means. */
void check_route(struct loader *l, unsigned index);

#endif
