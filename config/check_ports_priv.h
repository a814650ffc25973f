/* Local ports of peers. */
#ifndef JUNCTOR_CONFIG_CHECK_PORTS_PRIV_H
#define JUNCTOR_CONFIG_CHECK_PORTS_PRIV_H

#include "config/loader_priv.h"

/* Reports those that cannot work; called when groups and routes are known. */
void check_local_ports(struct loader *l);

#endif
