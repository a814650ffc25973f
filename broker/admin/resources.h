/* All resources: one table, which the server searches and GET /v1/ lists. */
#ifndef JUNCTOR_BROKER_ADMIN_RESOURCES_H
#define JUNCTOR_BROKER_ADMIN_RESOURCES_H

#include "broker/admin/state_priv.h"

/* The resource for `method` and `path`; *rest: what follows the name of a "…/" path, or "". NULL: none;
 * *known: there is one for another method. */
const struct admin_resource *admin_find(const char *method, const char *path, const char **rest, bool *known);

#endif
