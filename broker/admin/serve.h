/* Turns libmicrohttpd's requests into calls, and their answers into responses. For the admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_SERVE_H
#define JUNCTOR_BROKER_ADMIN_SERVE_H

#include "broker/admin/state_priv.h"

/* Serves HTTP to connections that are added to it (accept.h): those of the Unix socket (`local`), or of an
 * address. NULL: libmicrohttpd failed. */
struct MHD_Daemon *admin_serve(struct admin *a, bool local);

#endif
