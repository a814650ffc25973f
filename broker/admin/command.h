/* Commands: POSTs on the Unix socket, from users whom the socket trusts. Each is answered when it is done,
 * with its result. */
#ifndef JUNCTOR_BROKER_ADMIN_COMMAND_H
#define JUNCTOR_BROKER_ADMIN_COMMAND_H

#include "broker/admin/state_priv.h"

admin_handler admin_post_reload, admin_post_stop, admin_post_log_level, admin_post_disconnect,
    admin_post_move, admin_post_abort, admin_post_drain, admin_post_maint, admin_post_ready;

#endif
