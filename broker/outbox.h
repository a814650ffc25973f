/* The outbox of an association: the messages for it, from their routing until the stack can no longer give
 * them back. A message is in one of these places:
 *
 *   gathered      it can be sent in this turn, and is still in its receive slot
 *   pending       it must wait: the association is not up yet, or the stack has no room for it
 *   sent          the stack has it; the log identifies it if it is given back
 *   undelivered   the stack has given it back; sent again or dropped when all of them have been read
 *
 * Order: a message is gathered only while nothing is pending, and pending messages are sent oldest first.
 * So whatever is gathered is older than what becomes pending after it.
 *
 * sending.h fills and empties an outbox, room.h says how much may be pending, expiry.h drops pending messages
 * that are too old, returned.h passes on its contents when the association has ended. It is part of its
 * association and belongs to the same worker; nothing here blocks. */
#ifndef JUNCTOR_BROKER_OUTBOX_H
#define JUNCTOR_BROKER_OUTBOX_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/queue.h"
#include "broker/sent.h"
#include "routing/inbox.h"

struct brk_assoc;

/* All zeros are an empty one that may send. */
struct brk_outbox {
    uint32_t burst_first, burst_last, burst_count; /* gathered: indices in worker->gathered */
    struct brk_queue pending;
    struct brk_sent_log sent;
    uint16_t turn; /* the stream of the next message that is spread over all: routing/rewrite.h */
    struct rt_batch undelivered; /* sorted by returned.c, by `order`: the context */

    uint8_t room; /* enum rt_room bits: room.h */
    bool blocked; /* do not send: the stack has no room (TR_AGAIN), until TR_WRITABLE; or the association is
                     ending */
    bool eof_wanted, eof_sent; /* shut down when nothing is gathered or pending, */
    bool eof_when_dry;         /* and everything is acknowledged (dry.h), */
    const char *abort_instead; /* or abort it then, for this reason, static text */

    /* The lists of the worker that it may be in, linked by its association. */
    bool dirty; /* worker->dirty: there is something to send, or to shut down, at the end of the turn */
    struct brk_assoc *next_dirty;
    uint64_t expires_ms; /* worker->expiring: when the first ttl of a pending message ends; 0: none has one */
    struct brk_assoc *prev_expiring, *next_expiring;
};

/* True when a message can be gathered, as far as the outbox is concerned: it does not overtake another
 * one, and the stack may take it. */
static inline bool brk_outbox_is_open(const struct brk_outbox *o)
{
    return !o->blocked && !brk_queue_count(&o->pending);
}

/* True when the stack has been given everything. */
static inline bool brk_outbox_is_empty(const struct brk_outbox *o)
{
    return !o->burst_count && !brk_queue_count(&o->pending);
}

#endif
