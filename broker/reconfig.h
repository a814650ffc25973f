/* Re-configuration of streams (RFC 6525). */
#ifndef JUNCTOR_BROKER_RECONFIG_H
#define JUNCTOR_BROKER_RECONFIG_H

#include "transport/transport.h"

struct brk_worker;
struct brk_socket;

/* TR_EV_STREAM_RESET, TR_EV_ASSOC_RESET, TR_EV_STREAM_CHANGE: logs the event; added streams are used from
 * then on, and the association's sessions are told. */
void brk_reconfigured(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e);

#endif
