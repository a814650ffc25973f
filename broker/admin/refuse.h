/* Answers to requests about something that does not exist: they name what does. For the admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_REFUSE_H
#define JUNCTOR_BROKER_ADMIN_REFUSE_H

#include "broker/admin/state_priv.h"

/* All return ADMIN_DONE. */

/* 404: no listener or peer is called so. */
enum admin_step admin_refuse_member(struct admin *a, struct admin_call *call, const char *name);
/* 400: it is no number of an association; NULL: none was given. */
enum admin_step admin_refuse_id(struct admin_call *call, const char *id);
/* 404: there is no association with this number. */
enum admin_step admin_refuse_association(struct admin_call *call, const char *id);
/* 404: there is no such worker. */
enum admin_step admin_refuse_worker(const struct admin *a, struct admin_call *call, unsigned worker);

#endif
