/* The outbox of an association: what goes out to it, from where it is routed until the stack cannot give it
 * back any more. A message is in one of these places:
 *
 *   gathered      it can go in this turn, and is still in its receive slot
 *   pending       it must wait: the association is not up yet, or the stack has no room for it
 *   sent          the stack has it; the log tells what it was, should it come back
 *   undelivered   the stack has given it back; sent on, or dropped, when all of them have been read
 *
 * Order: a message is gathered only while nothing is pending, and pending is sent oldest first. So what is
 * gathered is older than whatever becomes pending behind it.
 *
 * sending.h fills and empties it, expiry.h drops what is pending and too old, stall.h watches whether it
 * moves, returned.h passes on what it has when its association has ended. It is part of its association and
 * belongs to that one's worker; nothing here blocks. */
#ifndef JUNCTOR_BROKER_OUTBOX_H
#define JUNCTOR_BROKER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/queue.h"
#include "broker/sent.h"
#include "routing/inbox.h"

struct brk_assoc;

/* Zeros are an empty one that may send. */
struct brk_outbox {
    uint32_t burst_first, burst_last, burst_count; /* gathered: indices in worker->gathered */
    struct brk_queue pending;
    struct brk_sent_log sent;
    struct rt_batch undelivered; /* by context in `order`: returned.c brings them into order */

    bool blocked; /* nothing is sent: the stack said TR_AGAIN, so until TR_WRITABLE, or the end is near */
    bool eof_wanted, eof_sent; /* shut down once nothing is gathered or pending, */
    bool eof_when_dry;         /* and everything acknowledged (dry.h), */
    const char *abort_instead; /* or aborted then: why, static text */

    /* The lists of its worker's that it may stand in, by its association. */
    bool dirty; /* worker->dirty: something to send, or to shut down, at the end of the turn */
    struct brk_assoc *next_dirty;
    uint64_t expires_ms; /* worker->expiring: when the first ttl of what is pending ends; 0: none has one */
    struct brk_assoc *prev_expiring, *next_expiring;
    uint64_t stalled_ms; /* worker->stalling: when the stack last took something; 0: it is not full */
    struct brk_assoc *prev_stalling, *next_stalling;
};

/* True when a message can be gathered, as far as the outbox goes: what comes now does not overtake anything,
 * and the stack may take it. */
static inline bool brk_outbox_is_open(const struct brk_outbox *o)
{
    return !o->blocked && !brk_queue_count(&o->pending);
}

/* True when the stack has got everything there was. */
static inline bool brk_outbox_is_empty(const struct brk_outbox *o)
{
    return !o->burst_count && !brk_queue_count(&o->pending);
}

#endif
