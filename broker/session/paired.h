/* Paired sessions: each association of a listener has one of its own to a member of the group; see paired.c.
 */
#ifndef JUNCTOR_BROKER_SESSION_PAIRED_H
#define JUNCTOR_BROKER_SESSION_PAIRED_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/session/session.h"

struct brk_assoc;

/* What an association knows of its paired session; part of it. Zeros: it is in none. */
struct brk_pair {
    struct brk_assoc *partner; /* of a client; NULL: none, yet or any more */

    /* Of a partner: */
    struct brk_assoc *client; /* NULL: gone */
    uint32_t group;           /* it connects to a member of it */
    uint64_t chosen_for;      /* that choice is its client's, by origin: routing/choice.h */
    unsigned candidate;       /* the peer that it is being connected to, or is */
    unsigned tries;           /* candidates before it */
    unsigned address_tries;   /* its addresses that were tried */
    uint16_t asked_out_streams, asked_in_streams;
};

extern const struct brk_session brk_paired;

#endif
