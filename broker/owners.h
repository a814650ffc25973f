/* Who has which association: the control thread's part of handing associations over (handover.h), and the
 * list that it publishes (routing/owners.h).
 *
 * An association that went back to the worker it began with needs no entry. Of one that has ended, messages
 * may still be on their way, or unacknowledged in the stack of a destination, and come back: so entries
 * outlive associations, the last BRK_OWNERS_KEPT of them. One that came back later than that would be sent
 * again by the worker where its association began, in no fixed order with what others have of it. */
#ifndef JUNCTOR_BROKER_OWNERS_H
#define JUNCTOR_BROKER_OWNERS_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/inbox.h"
#include "routing/message.h"

struct brk_broker;
struct brk_dest;
struct brk_handover;
struct rt_members;
struct rt_owners;

#define BRK_OWNERS_KEPT 1024

/* An association that was handed over. Control's, but for the parcel: the worker's that has it. */
struct brk_owner {
    uint32_t magic; /* BRK_OWNER_MAGIC */
    struct rt_parcel gone;
    uint64_t origin;
    unsigned worker;
    bool ended;
    struct brk_owner *prev, *next;
};

/* All zeros but the batch: there are none. */
struct brk_owners {
    struct brk_handover *waiting, *now; /* oldest first; the one that takes place */
    struct brk_owner *all;              /* in the order in which they were handed over, or ended */
    unsigned count, ended;
    struct rt_owners *table, *replaced; /* of `all`: for the next snapshot; of the one before */
    struct rt_batch post;               /* steps to be posted after the next publication */
};

void brk_owners_init(struct brk_owners *o);
void brk_owners_free(struct brk_owners *o);

/* BRK_HANDOVER has arrived. `dests`: control's list of all destinations, and `m` their membership. */
void brk_owners_take(struct brk_owners *o, struct brk_handover *h, struct rt_members *m,
                     struct brk_dest **dests);
/* BRK_GONE: an association that was handed over has ended. */
void brk_owners_gone(struct brk_owners *o, struct brk_owner *gone);

/* True while a hand-over takes place: no plan is adopted and no destination joins. */
bool brk_owners_busy(const struct brk_owners *o);

/* Begins the next one, if none takes place. `why_not`: why none may begin for good, or NULL. */
void brk_owners_go_on(struct brk_owners *o, struct brk_dest *dests, const char *why_not);

/* After a publication: posts the steps that waited for it. */
void brk_owners_post(struct brk_owners *o, struct brk_broker *b);

#endif
