/* The documents: each handler answers a GET with one. API.md describes them. */
#ifndef JUNCTOR_BROKER_ADMIN_DOC_H
#define JUNCTOR_BROKER_ADMIN_DOC_H

#include "broker/admin/state_priv.h"

admin_handler admin_get_status, admin_get_workers;                                      /* doc_status.c */
admin_handler admin_get_listeners, admin_get_peers, admin_get_routes, admin_get_config; /* doc_config.c */
admin_handler admin_get_groups;                                                         /* doc_groups.c */
admin_handler admin_get_associations, admin_get_association;                            /* doc_assoc.c */
admin_handler admin_get_explain;                                                        /* doc_explain.c */
admin_handler admin_get_history;                                                        /* doc_history.c */

#endif
