/* The admin interface: HTTP/1.1 with JSON documents on a Unix socket (broker.admin), and the read-only part
 * of it with metrics for Prometheus on TCP addresses (broker.metrics). API.md has what can be asked.
 *
 * One thread serves all of it. It observes the broker (broker/observe.h), so reading stops no worker and no
 * association waits for it. It runs with a lower priority than the workers (nice), keeps a bounded number of
 * connections, and gives up those that say nothing. */
#ifndef JUNCTOR_BROKER_ADMIN_ADMIN_H
#define JUNCTOR_BROKER_ADMIN_ADMIN_H

#include "broker/broker.h"

struct admin;

/* What brk_run is given. `version` is not copied. NULL: out of memory. */
struct admin *admin_new(const char *version);
void admin_free(struct admin *a); /* when brk_run has returned; NULL is fine */

/* Fills *s; its `arg` is `a`. start fails, with an error in the log, when an address or a path that is
 * configured cannot be opened; that the default path cannot is only logged. */
void admin_service(struct admin *a, struct brk_service *s);

#endif
