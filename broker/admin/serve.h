/* Turns libmicrohttpd's requests into calls, and their answers into responses. For the admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_SERVE_H
#define JUNCTOR_BROKER_ADMIN_SERVE_H

#include "broker/admin/state_priv.h"

/* Serves HTTP at a listening socket, which is closed with it. NULL: libmicrohttpd failed. */
struct MHD_Daemon *admin_serve(struct admin *a, int listening, bool local);

#endif
