/* A message that must wait: the owned, reference-counted copy of what stood in a receive slot.
 *
 * A message that can be sent at once never becomes one of these; it goes from the receive slot to the stack.
 * Only one that waits (its destination is full, not there yet, or another worker's) is copied, once, however
 * many destinations it has: every place it waits in is an rt_parcel, and the parcels share it.
 *
 * Credit: each source socket may have a bounded number of messages waiting anywhere in the broker.
 * rt_message_new charges its rt_credit; dropping the last reference refunds it. The credit belongs to the
 * worker that read the message (its owner), and only that worker may touch it. So the last reference, dropped
 * by another worker, does not free the message: it is put into that worker's box and goes back to it in the
 * inbox (rt_message_unref says so).
 *
 * Memory order: the reference count is decremented with acquire and release, so that whoever takes it to zero
 * sees all that the other holders did. (A release with an acquire fence at zero would do as well, but race
 * detectors do not see fences.) */
#ifndef JUNCTOR_ROUTING_MESSAGE_H
#define JUNCTOR_ROUTING_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <urcu/wfcqueue.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rt_message;

/* What stands in queues. The kinds beyond RT_DELIVER are the control messages of the broker, so that
 * they keep their place among the messages; routing/ only carries them. */
enum rt_parcel_kind {
    RT_DELIVER, /* `message` for the destination `to` */
    RT_RELEASE, /* `message`'s last reference is gone: free it, refund its credit */
    RT_CONTROL  /* `control` and `to` mean what the broker says */
};

struct rt_parcel {
    struct cds_wfcq_node node;
    struct rt_message *message;
    void *to;
    uint16_t kind; /* enum rt_parcel_kind */
    uint16_t control;
    uint16_t stream; /* RT_DELIVER: outbound stream asked for */
    bool embedded;   /* part of its message, or of something of the broker's: not freed by itself */
    uint32_t route;  /* index of the route that took the message */
    uint32_t order;  /* the broker's: place among others that came back */
};

/* What one source socket may have waiting; owned and touched by one worker only. The limits are at least 1.
 * It must outlive the messages charged to it: when it is back at zero, none is left. */
struct rt_credit {
    uint32_t messages, messages_max;
    uint64_t bytes, bytes_max;
    void *source; /* the broker's */
};

struct rt_message {
    uint32_t refs;  /* atomic */
    uint32_t owner; /* worker that read it */
    struct rt_credit *credit;
    struct rt_parcel first; /* the parcel of its first (mostly only) place, so that one allocation does */
    bool first_used;
    bool fan_out; /* others have got copies of it: it is sent to nobody else should this one's destination end
                   */
    bool no_error;          /* the stack gave it back and named no error */
    bool was_sent;          /* likewise, and it was on the wire: the peer may have it */
    uint16_t stream, flags; /* as received; enum tr_msg_flag bits */
    uint32_t ppid;
    uint32_t len;
    uint32_t source;     /* listener or peer it came from: rt_source */
    uint64_t origin;     /* source association, for whoever needs it: the broker's */
    uint64_t entered_ms; /* when it was received, likewise */
    uint8_t data[];
};

/* Copies `len` bytes into a new message with one reference and charges `credit` (may be NULL). NULL: out of
 * memory, nothing charged. Owner only. */
struct rt_message *rt_message_new(uint32_t owner, struct rt_credit *credit, const void *data, uint32_t len);

/* A parcel for one place this message waits in; takes a reference. The first one costs no allocation, and is
 * the owner's to make. Any worker may make further ones while it holds a reference, its own or that of
 * a parcel it has. NULL: out of memory. */
struct rt_parcel *rt_parcel_new(struct rt_message *m, enum rt_parcel_kind kind, void *to);

/* A parcel without a message; give it up with rt_parcel_done. NULL: out of memory. */
struct rt_parcel *rt_control_new(uint16_t control, void *to);

/* Gives up a parcel's place and its reference. True: that was the last reference and `worker` is not its
 * owner; the caller now sends m->first (kind RT_RELEASE, already filled in) to worker m->owner. False:
 * nothing left to do (its owner's message has been freed and its credit refunded). *m is the parcel's message
 * where the result is true, and NULL otherwise. Of a control message it frees the parcel, unless that is
 * embedded in something of the broker's. Not for RT_RELEASE: see rt_message_release. */
bool rt_parcel_done(struct rt_parcel *p, uint32_t worker, struct rt_message **m);

/* Drops the reference rt_message_new gave its creator; same result as rt_parcel_done. */
bool rt_message_unref(struct rt_message *m, uint32_t worker);

/* Frees a message that came back and refunds its credit. Owner only. */
void rt_message_release(struct rt_message *m);

/* True when the source must be paused / may go on (hysteresis: full at the limit, free again at half of it).
 * The last message may pass the limit in bytes by its own length. */
bool rt_credit_full(const struct rt_credit *c);
bool rt_credit_free(const struct rt_credit *c);

#ifdef __cplusplus
}
#endif
#endif
