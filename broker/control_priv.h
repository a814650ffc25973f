/* What the control thread knows: for control.c and its parts. */
#ifndef JUNCTOR_BROKER_CONTROL_PRIV_H
#define JUNCTOR_BROKER_CONTROL_PRIV_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/balance.h"
#include "broker/control.h"
#include "broker/eject.h"
#include "broker/joining.h"
#include "broker/moving.h"
#include "broker/owners.h"
#include "broker/reload.h"
#include "broker/shares.h"
#include "broker/state.h"

struct brk_dest;
struct rt_members;

struct brk_control {
    struct brk_broker *broker;
    struct rt_members *members;
    struct brk_joining joining;
    struct brk_moving moving;
    struct brk_owners owners;
    struct brk_shares shares;
    struct brk_eject eject;
    struct brk_balance balance;
    bool states_changed; /* workers are still to be told */
    uint64_t version;
    enum brk_phase phase;
    unsigned drain_ms;    /* how long the drain may take, */
    uint64_t deadline_ms; /* and so until when */
    bool stop;
    bool cut_short; /* … before the drain was complete */
    struct brk_reload reload;
    bool stepped;           /* all workers have completed the current step of it */
    struct brk_dest *dests; /* all that have come up and are not retired */
};

/* Each turn during a drain: goes on to its next step, or sets `stop` (control_drain.c). */
void brk_control_drain_on(struct brk_control *c);

/* BRK_MEMBER_TOLD: a destination may fit other groups now (control_members.c). */
void brk_control_adapted(struct brk_control *c, struct brk_dest *d);

#endif
