/* An association as a destination of shared sessions, and what is posted between threads about it. */
#ifndef JUNCTOR_BROKER_DEST_H
#define JUNCTOR_BROKER_DEST_H

#include <stdbool.h>

#include "routing/message.h"
#include "routing/snapshot.h"

struct brk_worker;
struct brk_assoc;

/* Control messages: what parcels between threads mean beyond a message for a destination. */
enum brk_control_kind {
    BRK_RETURNED =
        1, /* a message that its destination could not deliver: send it again, before what is parked */
    BRK_MEMBER_UP,   /* to control: `to` is a brk_dest that can be sent to */
    BRK_MEMBER_DOWN, /* to control: … no more */
    BRK_RETIRE,      /* to the owner: nobody posts to this brk_dest any more */
    BRK_RETIRED,     /* to control: what it left has been passed on; free it */
    BRK_EMPTY,       /* to the owner: tell when this brk_dest has everything acknowledged */
    BRK_EMPTIED,     /* to control: it has, or is lost, or takes too long */
    BRK_STEPPED      /* to control: the worker `to` has done its step of a reload */
};

/* An association as a destination of shared sessions. Made by the owning worker when it comes up, freed by
 * the control thread when the retirement has come round. Its control messages are part of it, so that they
 * cannot fail. */
struct brk_dest {
    uint32_t magic; /* BRK_DEST_MAGIC: check.h */
    struct rt_dest dest;
    struct rt_parcel up, down, retire, retired, empty, emptied;
    bool down_sent, retire_came;  /* the owner's */
    bool removed;                 /* control's: out of its groups, which are held until it is retired */
    bool joins, held, asked;      /* control's: no member yet, and its round is under way; EMPTY is */
    struct brk_dest *prev, *next; /* control's: all there are */
};

/* Joins the groups that its listener or peer is a member of; does nothing where there are none. */
void brk_assoc_join(struct brk_worker *w, struct brk_assoc *a);

/* Leaves them although it is up; when nobody posts to it any more it is shut down. */
void brk_assoc_withdraw(struct brk_worker *w, struct brk_assoc *a);

#endif
