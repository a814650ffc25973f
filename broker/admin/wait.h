/* Calls that wait for workers, for control, or for some time. For the admin thread. */
#ifndef JUNCTOR_BROKER_ADMIN_WAIT_H
#define JUNCTOR_BROKER_ADMIN_WAIT_H

#include "broker/admin/state_priv.h"

/* Suspends a call; call->step says what it waits for. */
void admin_wait(struct admin *a, struct admin_call *call);

/* A call is about to be freed. */
void admin_forget(struct admin *a, struct admin_call *call);

/* Continues calls that have been answered or are due; calls that are done are resumed. */
void admin_go_on(struct admin *a);

/* Refuses all calls that are not answered yet. */
void admin_give_up(struct admin *a);

/* When admin_go_on is to be called next, in ms from now; -1: when the observer has something. */
int admin_next_ms(const struct admin *a);

#endif
