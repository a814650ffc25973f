/* What an association has lately been given to send, so that a message that the stack gives back is known
 * again: where it came from, by which route, when, and its place among the others.
 *
 * A message takes 32 bits along through the stack, its context: here its number, counted from the
 * association's first. What the number stands for is kept in runs, because messages that follow each other
 * mostly have everything in common but their number; a client's partner has one run for all of its life. A
 * run is forgotten when the stack cannot give back any of its messages any more, which is when `keep` later
 * ones have been sent: so many are never under way and unread together.
 *
 * Why the number and not what it stands for: the place. The order in which a stack gives messages back is not
 * the one in which they were sent: Linux (6.1) goes through its lists, path by path and what it would have
 * retransmitted last, so after two paths have failed one after the other older messages come behind newer
 * ones.
 *
 * Pure; part of a brk_assoc and its worker's. */
#ifndef JUNCTOR_BROKER_SENT_H
#define JUNCTOR_BROKER_SENT_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BRK_SAME_STREAM UINT16_MAX /* no stream has this number: there are 65,535 at most */

struct brk_sent {
    uint64_t origin;     /* association it came from: brk_assoc.origin */
    uint64_t entered_ms; /* when it was received; 0 where that does not matter */
    uint32_t source;     /* listener or peer it came from: rt_source */
    uint32_t route;      /* or RT_NO_ROUTE */
    bool fan_out;        /* others have got copies of it */
    uint16_t asked;      /* stream it should have left on; BRK_SAME_STREAM: it did */
};

struct brk_sent_run;

/* Zeros are an empty log that keeps nothing. */
struct brk_sent_log {
    struct brk_sent_run *runs; /* a ring, oldest first; NULL: none yet */
    uint32_t size;             /* of the ring, a power of two */
    uint32_t first, count;
    uint64_t next; /* number of the next message */
    uint32_t keep; /* messages */
};

/* Sets how many messages back the log must reach, those included that are undone; any time. */
void brk_sent_keep(struct brk_sent_log *l, uint32_t keep);
/* Enters a message; returns its context. Without memory an older run is forgotten before its time. */
uint32_t brk_sent_add(struct brk_sent_log *l, const struct brk_sent *s);
/* The stack did not take the last `n` over: as if they had not been added. */
void brk_sent_undo(struct brk_sent_log *l, uint32_t n);
/* What a context stands for. False: it is no longer known, or was never given out. */
bool brk_sent_find(const struct brk_sent_log *l, uint32_t context, struct brk_sent *out);
/* True when the message with context `a` was sent before the one with `b`. */
bool brk_sent_before(const struct brk_sent_log *l, uint32_t a, uint32_t b);
/* Another association goes on in the stack where this one was: `to`, empty so far, knows the messages from
 * now on, and goes on counting. `from` is empty, and still tells the order of contexts that it has given out.
 */
void brk_sent_hand_over(struct brk_sent_log *from, struct brk_sent_log *to);
/* Frees the log's memory; it is empty then. */
void brk_sent_free(struct brk_sent_log *l);

#ifdef __cplusplus
}
#endif
#endif
