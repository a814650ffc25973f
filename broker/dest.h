/* An association as a destination of shared sessions, and the control messages that threads exchange about
 * it. */
#ifndef JUNCTOR_BROKER_DEST_H
#define JUNCTOR_BROKER_DEST_H

#include <stdbool.h>
#include <stddef.h>

#include "broker/check.h"
#include "routing/message.h"
#include "routing/snapshot.h"

struct brk_worker;
struct brk_assoc;

/* Control messages: parcels between threads that are not simply a message for a destination. */
enum brk_control_kind {
    BRK_RETURNED = 1, /* a message that was not delivered: send it again, before what is parked */
    BRK_WAITED,       /* a message that has waited already: its destination takes it even if it is full */
    BRK_LEFT,         /* a message for the destination `to`, of a client of a mapped session that has gone */
    BRK_ANSWER,       /* an answer of a mapped session, for the client message->target */
    BRK_FAREWELL,     /* to a worker: the client that the brk_farewell `to` names has gone */
    BRK_MEMBER_UP,    /* to control: the brk_dest `to` can be sent to */
    BRK_MEMBER_DOWN,  /* to control: it can no longer be sent to */
    BRK_RETIRE,       /* to the owner: nobody posts to this brk_dest any more */
    BRK_RETIRED,      /* to control: what it had left has been passed on; free it */
    BRK_EMPTY,        /* to the owner: tell when everything sent to this brk_dest has been acknowledged */
    BRK_EMPTIED,      /* to control: it has, or the association is lost (`lost`), or it takes too long */
    BRK_MEMBER_TOLD,  /* to control: its peer has announced an adaptation code point (`told_adaptation`) */
    BRK_STEPPED,      /* to control: the worker `to` has completed its step of a reload */
    BRK_LOOK,         /* to a worker: fill the brk_look `to` and post it back */
    BRK_REQUEST,      /* to control: carry out the brk_request `to` and post it back */
    BRK_HANDOVER,     /* to control or a worker: the brk_handover `to` is at its next step */
    BRK_GONE,         /* to control: the association of the brk_owner `to` has ended */
    BRK_BALANCE       /* to a worker and back: the brk_balance_ask `to` */
};

/* An association as a destination of shared sessions. Created by the owning worker when the association
 * comes up, freed by the control thread when the retirement is complete. Its control messages are part of
 * it, so sending them cannot fail. */
struct brk_dest {
    uint32_t magic; /* BRK_DEST_MAGIC: check.h */
    struct rt_dest dest;
    struct rt_parcel up, down, retire, retired, empty, emptied, told;
    uint32_t told_adaptation;               /* the owner's until MEMBER_TOLD, then control's */
    bool down_sent, retire_came, told_sent; /* the owner's */
    bool lost;    /* the owner's until EMPTIED, then control's: what it has left is still to be passed on */
    bool removed; /* control's: out of its groups, which are held until it is retired */
    bool joins, held, asked; /* control's: not a member yet; its round is in progress; EMPTY has been sent */
    bool moved;              /* control's: moving.h waits for it */
    struct brk_dest *prev, *next; /* control's list of all of them */
};

static inline struct brk_dest *brk_dest_around(struct rt_dest *d)
{
    return brk_dest_of((char *)d - offsetof(struct brk_dest, dest));
}

/* An association of a worker as a destination that no group knows yet. NULL: out of memory. */
struct brk_dest *brk_dest_new(struct brk_worker *w, struct brk_assoc *a, bool mapped);

/* Joins the groups that its listener or peer is a member of: those with mapped routes, or all others. Does
 * nothing where there are none, where it has joined already, and where it is being ended. */
void brk_assoc_join(struct brk_worker *w, struct brk_assoc *a, bool mapped);

/* The peer of an association has announced an adaptation code point: groups that ask for it get it. */
void brk_assoc_adapted(struct brk_worker *w, struct brk_assoc *a, uint32_t adaptation);

/* Leaves them while the association is up; it is shut down when nobody posts to it any more. */
void brk_assoc_withdraw(struct brk_worker *w, struct brk_assoc *a);

#endif
