/* broker.unrouted: what becomes of messages that no route takes.
 *
 * Where it names a group, the configuration gets one more route, the last: it takes whatever is left, of
 * everybody but the members of that group (who would get their own messages back). So such messages wait, are
 * counted, limited and shown like those of any route, and a reload that changes the group moves streams as
 * for any route. The route is marked `otherwise`: it keeps up no association, and is not printed as a route.
 */
#ifndef JUNCTOR_CONFIG_UNROUTED_PRIV_H
#define JUNCTOR_CONFIG_UNROUTED_PRIV_H

#include "config/loader_priv.h"

/* Behind all others; l->unrouted is not NULL, and there is room for it. */
void add_unrouted(struct loader *l);

#endif
