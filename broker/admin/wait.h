/* Calls that wait for workers, for control, or for some time. The admin thread's. */
#ifndef JUNCTOR_BROKER_ADMIN_WAIT_H
#define JUNCTOR_BROKER_ADMIN_WAIT_H

#include "broker/admin/state_priv.h"

/* A suspended call, with what it waits for in call->step. */
void admin_wait(struct admin *a, struct admin_call *call);

/* A call is freed. */
void admin_forget(struct admin *a, struct admin_call *call);

/* Goes on with what has been answered or is due; calls that are done are resumed. */
void admin_go_on(struct admin *a);

/* Nobody waits any longer: what is not answered is refused. */
void admin_give_up(struct admin *a);

/* When admin_go_on is to be called next, in ms from now; -1: when the observer has something. */
int admin_next_ms(const struct admin *a);

#endif
