/* Peers that are the broker itself. */
#ifndef JUNCTOR_BROKER_OWN_H
#define JUNCTOR_BROKER_OWN_H

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;

/* TR_INVALID, with a text that says why, where an address is one that the broker listens at. */
enum tr_code brk_refuse_own(struct brk_worker *w, const struct cfg_peer *p, const struct tr_target *target,
                            struct tr_error *error);

#endif
