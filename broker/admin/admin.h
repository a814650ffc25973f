/* The admin interface: HTTP/1.1 with JSON documents on a Unix socket (broker.admin), and the read-only part
 * of it with metrics for Prometheus on TCP addresses (broker.metrics). API.md lists the resources.
 *
 * One thread serves all of it. It observes the broker (broker/observe.h), so reading stops no worker and no
 * association waits for it. It runs at a lower priority than the workers (nice), limits the number of
 * connections, and closes idle ones. */
#ifndef JUNCTOR_BROKER_ADMIN_ADMIN_H
#define JUNCTOR_BROKER_ADMIN_ADMIN_H

#include "broker/broker.h"

struct admin;
struct tap;

/* For brk_run (admin_service). `version` is not copied; `tap` is to outlive it; NULL: there is
 * none. NULL: out of memory. */
struct admin *admin_new(const char *version, struct tap *tap);
void admin_free(struct admin *a); /* when brk_run has returned; NULL is allowed */

/* Fills *s; its `arg` is `a`. start fails, with an error in the log, if a configured address or path cannot
 * be opened; if the default path cannot, this is only logged. */
void admin_service(struct admin *a, struct brk_service *s);

#endif
