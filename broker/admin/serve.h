/* From a request of libmicrohttpd's to a call, and from its answer to a response. The admin thread's. */
#ifndef JUNCTOR_BROKER_ADMIN_SERVE_H
#define JUNCTOR_BROKER_ADMIN_SERVE_H

#include "broker/admin/state_priv.h"

/* Serves HTTP at a listening socket, which is closed with it. NULL: libmicrohttpd cannot. */
struct MHD_Daemon *admin_serve(struct admin *a, int listening, bool local);

#endif
