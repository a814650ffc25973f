/* The names that comments have, copied from a configuration, so that control does not wait for the tap while
 * it makes blocks. For the tap's thread. */
#ifndef JUNCTOR_BROKER_TAP_NAMES_H
#define JUNCTOR_BROKER_TAP_NAMES_H

#include <stdbool.h>

#include "broker/capture.h"
#include "config/config.h"

struct tap_route {
    char *name;     /* NULL: it has none */
    unsigned group; /* index */
};

/* By id. Zero-initialised there are none. */
struct tap_names {
    char **listeners, **peers, **groups;
    struct tap_route *routes;
    unsigned listener_count, peer_count, group_count, route_count;
};

/* Replaces what is there. False: out of memory, and there are none. */
bool tap_names_copy(struct tap_names *n, const struct cfg_config *c);
void tap_names_free(struct tap_names *n);

/* Whether it has all that the message refers to: ids only get more. */
bool tap_names_have(const struct tap_names *n, const struct brk_captured *c);

/* Of a member; "-" if it is not there. */
const char *tap_names_of(const struct tap_names *n, struct cfg_member m);

#endif
