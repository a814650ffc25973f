/* Handing an association over to another worker, while messages are on their way to it and from it.
 *
 * Both directions have an order to keep. Others post messages to the worker that has it; and what it has sent
 * may come back from a destination that was lost, to the worker that reads it, and must then go before what
 * is read later. So there is a new owner for all at once, and nothing of the association goes on before
 * everything older is with him. One struct, the hand-over, goes from thread to thread, and belongs to who has
 * it:
 *
 *   WANTED   old owner → control. Control lets one hand-over happen at a time, and none while a reload goes
 *            on; meanwhile no reload is adopted and no destination joins.
 *   EXPECT   control → new owner, which makes a stand-in: an association that takes what is sent to it and
 *            sends nothing (BRK_ARRIVING).
 *   STOP     new owner → old owner, which from now on neither reads from the association nor sends to it
 *            (BRK_MOVING), and keeps what it had parked of its messages. What comes back of them later it
 *            passes on to the new owner, who keeps it until ARRIVE.
 *   PUBLISH  old owner → control. The next snapshot has the new destination in the place of the old one, and
 *            the new reader (routing/owners.h). After the grace period nobody posts to the old owner.
 *   LEAVE    control → old owner. Inboxes preserve the order, so everything ever posted to it about this
 *            association has come before. What it has read of it is posted (brk_post) before it passes on the
 *            association with its socket and what waits for it.
 *   ARRIVE   old owner → new owner: first what the old one had for it, then what came to the stand-in. What
 *            came back goes before what was parked; what comes back yet finds the latter still parked,
 *            because its group is held until then (control.c).
 *   DONE     new owner → control.
 *
 * Refused, up to PUBLISH: FORGET goes to the new owner, which sends back what came back, and then to the old
 * one, which goes on as if nothing had happened; then DONE. From STOP to ARRIVE the association stands still:
 * a few turns, and one grace period.
 *
 * The associations of a paired session go together. The stack's part is tr_release and tr_adopt: what it has
 * queued, unread or unacknowledged, goes along with the socket.
 *
 * tests/models/handover.pml is this protocol for the model checker; its steps have these names. */
#ifndef JUNCTOR_BROKER_HANDOVER_H
#define JUNCTOR_BROKER_HANDOVER_H

#include <stdint.h>

#include "broker/queue.h"
#include "broker/socket.h"
#include "config/config.h"
#include "routing/message.h"

struct brk_assoc;
struct brk_dest;
struct brk_owner;
struct brk_worker;

enum brk_handover_step {
    BRK_HANDOVER_WANTED,
    BRK_HANDOVER_EXPECT,
    BRK_HANDOVER_STOP,
    BRK_HANDOVER_PUBLISH,
    BRK_HANDOVER_LEAVE,
    BRK_HANDOVER_ARRIVE,
    BRK_HANDOVER_FORGET,
    BRK_HANDOVER_DONE
};

#define BRK_HANDED_MAX 2 /* a client and its partner */

struct brk_handed {
    struct brk_assoc *assoc; /* the old owner's, the new owner's from ARRIVE on; NULL: it ended before STOP */
    uint64_t origin;
    struct cfg_member member;
    enum brk_socket_kind kind;  /* of its socket */
    struct brk_owner *owner;    /* its entry in control's list, new */
    struct brk_assoc *stand_in; /* the new owner's, */
    struct brk_socket *socket;  /* and its socket there; has the endpoint from LEAVE on */
    struct brk_dest *before;    /* as a destination: the one that is replaced; NULL: it is none */
    struct brk_dest *dest;      /* and the one that replaces it */
};

struct brk_handover {
    uint32_t magic; /* BRK_HANDOVER_MAGIC: check.h */
    enum brk_handover_step step;
    struct rt_parcel parcel;
    unsigned from, to; /* workers */
    unsigned count;
    struct brk_handed handed[BRK_HANDED_MAX];
    bool balances;              /* it is control's wish: balance.h */
    const char *refused;        /* why it does not take place, static text; NULL: it does */
    struct brk_queue kept;      /* the old owner's: its messages that no member could take */
    struct brk_queue came_back; /* the new owner's: those that a member did not deliver */
    struct brk_handover *next;  /* control's */
};

/* Whether it sent this message. */
static inline bool brk_is_handed(const struct brk_handover *h, const struct rt_message *m)
{
    for (unsigned i = 0; h && i < h->count; i++)
        if (h->handed[i].origin == m->origin)
            return true;
    return false;
}

/* Asks for it. Returns NULL, or why it cannot be, static text. An association on a socket with others is
 * given its own first. One that is paused waits until it is read again: what it sent before stays charged to
 * its old socket, so whoever moves all the time must not have more waiting for it. For its worker, between
 * two batches. */
const char *brk_handover_begin(struct brk_worker *w, struct brk_assoc *a, unsigned to);

/* Each turn while worker->wanted is set: goes on with it as soon as its association is not paused. */
void brk_handover_try(struct brk_worker *w);
/* The worker ends. */
void brk_handover_end(struct brk_worker *w);

/* BRK_HANDOVER has arrived. */
void brk_handover_step(struct brk_worker *w, struct brk_handover *h);

#endif
