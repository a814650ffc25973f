/* A message that must wait: an owned, reference-counted copy of what was in a receive slot.
 *
 * A message that can be sent at once never becomes one of these; it goes from the receive slot to the
 * stack. Only one that must wait (its destination has no room, is not up yet, or belongs to another
 * worker) is copied, once, however many destinations it has: each place it waits in is an rt_parcel, and
 * the parcels share it.
 *
 * Credit: each source socket may have a bounded number of messages waiting anywhere in the broker.
 * rt_message_new charges its rt_credit; dropping the last reference refunds it. The credit belongs to the
 * worker that read the message (its owner), and only that worker may touch it. So when another worker
 * drops the last reference, the message is not freed there but goes back to its owner's inbox
 * (rt_message_unref says so).
 *
 * Memory order: the reference count is decremented with acquire and release, so that whoever takes it to
 * zero sees all that the other holders did. (A release with an acquire fence at zero would do as well, but
 * race detectors do not see fences.) */
#ifndef JUNCTOR_ROUTING_MESSAGE_H
#define JUNCTOR_ROUTING_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include <urcu/wfcqueue.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rt_message;

/* What is in queues. RT_CONTROL is for the control messages of the broker, so that they keep their place
 * among the messages; routing/ only carries them. */
enum rt_parcel_kind {
    RT_DELIVER, /* `message` for the destination `to` */
    RT_RELEASE, /* the last reference to `message` is gone: free it, refund its credit */
    RT_CONTROL  /* the broker defines `control` and `to` */
};

struct rt_parcel {
    struct cds_wfcq_node node;
    struct rt_message *message;
    void *to;
    uint16_t kind; /* enum rt_parcel_kind */
    uint16_t control;
    uint16_t stream; /* RT_DELIVER: outbound stream asked for */
    bool embedded;   /* part of its message, or of a struct of the broker: not freed by itself */
    uint32_t route;  /* id of the route that took the message */
    uint32_t order;  /* the broker's: place among those that came back, or since when it waits for a group */
};

/* How much one source socket may have waiting. Owned and touched by one worker only. The limits are at
 * least 1. It must outlive the messages charged to it: rt_credit_is_back. */
struct rt_credit {
    uint32_t messages, messages_max;
    uint64_t bytes, bytes_max;
    uint32_t stopping; /* of the messages: those that by themselves stop the source */
    uint32_t forgiven; /* messages that were charged to it, still wait, and do not count any more */
    uint32_t era;      /* of the messages that do: how often it was forgiven */
    void *source;      /* the broker's */
    uint64_t *memory; /* the worker's: what all its messages take, as allocated; NULL: not counted. Others may
                         read it, relaxed */
};

struct rt_message {
    uint32_t refs;  /* atomic */
    uint32_t owner; /* worker that read it */
    struct rt_credit *credit;
    struct rt_parcel first; /* the parcel of its first (usually only) place, which saves an allocation */
    bool first_used;
    bool fan_out;  /* others got copies of it: it is not sent to anybody else if its destination ends */
    bool stops;    /* counted in credit->stopping */
    bool no_error; /* the stack gave it back without an error */
    bool was_sent; /* it was given back and had been sent: the peer may have it */
    uint32_t era;  /* of its credit, when it was charged */
    uint16_t stream, flags; /* as received; enum tr_msg_flag bits */
    uint32_t ppid;
    uint32_t len;
    uint32_t source;     /* listener or peer it came from: rt_source */
    uint64_t origin;     /* number of the association it came from: origin.h */
    uint64_t entered_ms; /* when it was received; the broker's */
    uint64_t target;     /* an answer on its way to another worker: the association it is for */
    uint8_t data[];
};

/* Copies `len` bytes into a new message with one reference and charges `credit` (may be NULL). NULL: out
 * of memory, nothing charged. Owner only. */
struct rt_message *rt_message_new(uint32_t owner, struct rt_credit *credit, const void *data, uint32_t len);

/* Charges a message to another credit (may be NULL), and refunds the one it was charged to; it does not stop
 * a source any more. Owner only. */
void rt_message_charge(struct rt_message *m, struct rt_credit *credit);

/* Stops the source of a message until the message is released, whatever its credit; does nothing for one that
 * is not charged. Owner only. */
void rt_message_stop_source(struct rt_message *m);

/* A parcel for one place where this message waits; takes a reference. The first one needs no allocation,
 * and only the owner may make it. Any worker may make further ones while it holds a reference of its own
 * or a parcel. NULL: out of memory. */
struct rt_parcel *rt_parcel_new(struct rt_message *m, enum rt_parcel_kind kind, void *to);

/* Releases a parcel and its reference. True: that was the last reference and `worker` is not the owner;
 * the caller must now send m->first (kind RT_RELEASE, already filled in) to worker m->owner. False:
 * nothing left to do (if the owner's last reference was released, the message has been freed and its
 * credit refunded). *m is the parcel's message if the result is true, else NULL. For RT_DELIVER only: see
 * rt_message_release, and control messages are the broker's. */
bool rt_parcel_done(struct rt_parcel *p, uint32_t worker, struct rt_message **m);

/* Drops the reference that rt_message_new gave its creator; same result as rt_parcel_done. */
bool rt_message_unref(struct rt_message *m, uint32_t worker);

/* Frees a message that came back and refunds its credit. Owner only. */
void rt_message_release(struct rt_message *m);

/* What has been charged so far does not count any more, nor does it stop the source: it waits under rules
 * that do not hold any more. Owner only. */
void rt_credit_forgive(struct rt_credit *c);

/* Whether no message refers to it. */
static inline bool rt_credit_is_back(const struct rt_credit *c)
{
    return !c->messages && !c->forgiven;
}

/* True when the source must be paused / may continue (hysteresis: full at the limit, free again at half of
 * it; and while a message stops it, it is full). The last message may exceed the limit in bytes by its own
 * length. */
bool rt_credit_full(const struct rt_credit *c);
bool rt_credit_free(const struct rt_credit *c);

#ifdef __cplusplus
}
#endif
#endif
