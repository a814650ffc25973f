/* Paired sessions: each association of a listener gets an association of its own to a member of the group;
 * see paired.c. */
#ifndef JUNCTOR_BROKER_SESSION_PAIRED_H
#define JUNCTOR_BROKER_SESSION_PAIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/session/session.h"

struct brk_assoc;

/* The state of an association in a paired session; part of the association. All zeros: it is in none. */
struct brk_pair {
    struct brk_assoc *partner; /* of a client; NULL: none, not yet or no longer */
    bool waits; /* of a client: what it sends is held back; of a partner: likewise, and its client has shut
                   down: hold_back.h */

    /* Of a partner: */
    struct brk_assoc *client; /* NULL: gone */
    uint32_t group;           /* it connects to a member of this group */
    uint64_t chosen_for;      /* origin of its client, by which the member is chosen: routing/choice.h */
    unsigned candidate;       /* the peer that it is being connected to, or is connected to */
    unsigned tries;           /* number of candidates before that one */
    unsigned address_tries;   /* number of its addresses that were tried */
    uint16_t asked_out_streams, asked_in_streams;
    bool replaced; /* the broker ended its client: what is left is for whoever its route leads to now */
};

extern const struct brk_session brk_paired;

/* In each turn, after the inbox: what was held back goes on when it may (hold_back.h). */
void brk_paired_turn(struct brk_worker *w);

#endif
