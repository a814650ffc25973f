/* What an association has sent recently, so that a message that the stack gives back can be identified:
 * where it came from, its route, when it was received, and its place among the others.
 *
 * A message carries 32 bits through the stack, its context. Here that is its number, counted from the
 * association's first message. What the number stands for is kept in runs, because successive messages
 * mostly have everything but their number in common; a partner in a paired session needs one run for its
 * whole life. A run is forgotten when the stack can no longer give back any of its messages, that is when
 * `keep` later ones have been sent: more than that are never in the stack or given back and unread.
 *
 * The context is a number because the order is needed. A stack does not give messages back in the order in
 * which they were sent: Linux (6.1) goes through its lists, path by path and retransmissions last, so
 * after two paths have failed one after the other, older messages come behind newer ones.
 *
 * Pure; part of a brk_assoc and for its worker only. */
#ifndef JUNCTOR_BROKER_SENT_H
#define JUNCTOR_BROKER_SENT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BRK_SAME_STREAM UINT16_MAX /* not the number of a stream: there are 65,535 at most */

struct brk_sent {
    uint64_t origin;     /* the association it came from: brk_assoc.origin */
    uint64_t entered_ms; /* when it was received; 0 where that does not matter */
    uint32_t source;     /* the listener or peer it came from: rt_source */
    uint32_t route;      /* or RT_NO_ROUTE */
    uint32_t group;      /* where the route led then, which a reload changes */
    uint32_t ppid_bits;  /* of its PPID, those that its route changed: the one, XOR the other */
    bool fan_out;        /* others got copies of it */
    uint16_t asked;      /* the stream asked for; BRK_SAME_STREAM: the one it left on */
};

struct brk_sent_run;

/* All zeros are an empty log that keeps nothing. */
struct brk_sent_log {
    struct brk_sent_run *runs; /* a ring, oldest first; NULL: none yet */
    uint32_t size;             /* of the ring, a power of two */
    uint32_t first, count;
    uint64_t next; /* number of the next message */
    uint32_t keep; /* messages */
};

/* Sets how many messages the log must reach back, including those that are undone. May be called at any
 * time. */
void brk_sent_keep(struct brk_sent_log *l, uint32_t keep);
/* Adds a message; returns its context. If memory runs out, an older run is forgotten early. */
uint32_t brk_sent_add(struct brk_sent_log *l, const struct brk_sent *s);
/* The stack did not take the last `n`: removes them. */
void brk_sent_undo(struct brk_sent_log *l, uint32_t n);
/* What a context stands for. False: it is no longer known, or was never given out. */
bool brk_sent_find(const struct brk_sent_log *l, uint32_t context, struct brk_sent *out);
/* The number of the message with this context; 0 if it was never given out. */
uint64_t brk_sent_number(const struct brk_sent_log *l, uint32_t context);
/* Goes through what the stack may still have: raises `number` to that of the first message that it may, says
 * in `out` what it and those behind it have in common, and returns the number of the first one that differs;
 * 0: there are no more. */
uint64_t brk_sent_run(const struct brk_sent_log *l, uint64_t *number, struct brk_sent *out);
/* True when the message with context `a` was sent before the one with `b`. */
bool brk_sent_before(const struct brk_sent_log *l, uint32_t a, uint32_t b);
/* Another association continues in the stack in place of this one: `to`, which is empty so far, takes over
 * the log and its numbering. `from` is empty afterwards, but can still compare the contexts that it gave
 * out. */
void brk_sent_hand_over(struct brk_sent_log *from, struct brk_sent_log *to);
/* Frees the log's memory; it is empty then. */
void brk_sent_free(struct brk_sent_log *l);

#ifdef __cplusplus
}
#endif
#endif
