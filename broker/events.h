/* Handling the events of the stack. */
#ifndef JUNCTOR_BROKER_EVENTS_H
#define JUNCTOR_BROKER_EVENTS_H

#include "transport/transport.h"

struct brk_worker;
struct brk_socket;

/* An event that was read from this socket. */
void brk_handle_event(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e);

#endif
