/* Passive ejection: a peer that fails too often is taken out of a group for a time (keys eject.*).
 *
 * Workers count failures of a peer where all read them (brk_peer_suspect in health.h) and wake control, which
 * records their times, for each group that ejects and each peer in it. An ejected peer gets nothing: its
 * streams move to others in order (shares.h). When its time is over it is in again, with a slow start if the
 * group has one. Never more than the group allows are out at once; those that an operator has taken out do
 * not count. Everything here is for the control thread. */
#ifndef JUNCTOR_BROKER_EJECT_H
#define JUNCTOR_BROKER_EJECT_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

struct brk_broker;
struct rt_members;

/* A peer in a group that ejects. */
struct brk_outlier {
    uint32_t group;
    struct cfg_member member;
    unsigned seen;                             /* its failures that have been taken in */
    uint64_t times_ms[CFG_EJECT_FAILURES_MAX]; /* when the last ones came, as a ring */
    unsigned next;                             /* place of the next one; counts on */
    unsigned counted;                          /* how many there are, the limit at most */
    uint64_t until_ms;                         /* it is ejected until then; 0: it is not */
};

/* Zero-initialise. */
struct brk_eject {
    struct brk_outlier *list; /* by group, then by position */
    unsigned count;
};

/* What `c` is to have, with what `before` knows. False: out of memory. */
bool brk_eject_plan(struct brk_eject *e, const struct brk_eject *before, const struct brk_broker *b,
                    const struct cfg_config *c);
/* Ejects from a new membership the peers that are ejected. */
void brk_eject_apply(const struct brk_eject *e, struct rt_members *m, uint64_t now_ms);
void brk_eject_free(struct brk_eject *e);

/* Counts new failures, and lets peers in again whose time is over. True: the shares are to be settled. */
bool brk_eject_turn(struct brk_eject *e, struct brk_broker *b, struct rt_members *m, uint64_t now_ms);

/* When the first one is to be let in again; UINT64_MAX: none is ejected. */
uint64_t brk_eject_due_ms(const struct brk_eject *e);

#endif
