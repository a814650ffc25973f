/* Peers that are the broker itself. */
#ifndef JUNCTOR_BROKER_OWN_H
#define JUNCTOR_BROKER_OWN_H

#include "config/config.h"
#include "transport/transport.h"

struct brk_worker;

/* TR_INVALID, with the reason in *error, if the broker itself listens at one of the addresses. */
enum tr_code brk_refuse_own(struct brk_worker *w, const struct cfg_peer *p, const struct tr_target *target,
                            struct tr_error *error);

#endif
