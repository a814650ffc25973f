/* Listeners and peers, each by itself and together with the others. */
#ifndef JUNCTOR_CONFIG_CHECK_ENDPOINTS_PRIV_H
#define JUNCTOR_CONFIG_CHECK_ENDPOINTS_PRIV_H

#include "config/loader_priv.h"

#define MAX_MESSAGE_DEFAULT (1 << 20)

/* Also determines broker.max_message if it is not written: MAX_MESSAGE_DEFAULT, or less if a send buffer is
 * smaller. */
void check_endpoints(struct loader *l);

#endif
