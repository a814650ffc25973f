/* Parts that several documents have. NULL: out of memory, which json_object_set_new and the like pass on. */
#ifndef JUNCTOR_BROKER_ADMIN_JSON_H
#define JUNCTOR_BROKER_ADMIN_JSON_H

#include <stdbool.h>

#include <jansson.h>

#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/address.h"

/* The counters of a listener, peer, group or route, by their names in counters.def. */
json_t *admin_json_traffic(const struct brk_traffic *t);

/* Those of a broker or a worker; and the count of every reason for which messages are dropped, and
 * associations refused. */
json_t *admin_json_totals(const struct brk_counts *c);
json_t *admin_json_dropped(const struct brk_counts *c);
json_t *admin_json_refused(const struct brk_counts *c);

json_t *admin_json_address(const struct net_addr *a); /* "1.2.3.4:5"; null if it is not known */

/* {"kind": "listener", "name": …} */
json_t *admin_json_member(const struct cfg_config *c, struct cfg_member m);

#endif
