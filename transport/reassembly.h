/* Puts messages together that the stack delivers in pieces (RFC 6458 8.1.21: partial delivery, and messages
 * longer than a receive slot).
 *
 * Pieces of one message come in order, but between them may come messages and pieces of other associations
 * and, of the same association, of other streams; an ordered and an unordered message of one stream may be
 * under way together. So pieces are kept per owner (an endpoint), association, stream and orderedness: at
 * most one message is under way for each. A message ends with the piece that has MSG_EOR.
 *
 * Limits: a message longer than max_message, and any message that would take all of them together beyond
 * max_total, is dropped: its bytes are freed at once, the rest of its pieces only counted, and its last piece
 * says so. So a peer can make this hold max_total bytes and not more, and a message is given whole or not.
 *
 * Pure: no sockets. One pool per loop, used by its thread only. */
#ifndef JUNCTOR_TRANSPORT_REASSEMBLY_H
#define JUNCTOR_TRANSPORT_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REASM_BUCKETS 256

/* In tr_msg.flags of a piece: it belongs to a notification, or to a sent message that comes back, not to a
 * received message. Never in what users see. */
#define REASM_NOTIFICATION 0x8000
#define REASM_FAILED       0x4000

struct reasm_partial;

struct reasm_pool {
    struct reasm_partial *bucket[REASM_BUCKETS]; /* under way */
    struct reasm_partial *done;                  /* given out whole, until reasm_turn */
    unsigned under_way;                          /* messages */
    uint64_t bytes;                              /* held, given out ones included */
    uint64_t max_message, max_total;
};

enum reasm_result {
    REASM_MORE,   /* taken; the message goes on */
    REASM_WHOLE,  /* that was its last piece: *out is the whole message, valid until reasm_turn */
    REASM_DROPPED /* that was its last piece, but it was too long: out->len is 0, *bytes its length */
};

/* max_total 0: 16 × max_message. Allocates nothing. */
void reasm_init(struct reasm_pool *p, uint64_t max_message, uint64_t max_total);
/* Frees everything. */
void reasm_fini(struct reasm_pool *p);
/* Frees the messages given out since the last turn. */
void reasm_turn(struct reasm_pool *p);

/* Adds a piece: `piece` has its bytes and the association, stream, flags and ppid that came with it; `last`:
 * the stack said that the message ends here. The bytes are copied. Out of memory counts as too long. *out
 * has the fields of the message's first piece. */
enum reasm_result reasm_add(struct reasm_pool *p, const void *owner, const struct tr_msg *piece, bool last,
                            struct tr_msg *out, uint64_t *bytes);

/* True while a message of this stream is under way. A piece that both begins and ends a message needs no
 * reassembly unless this is so; cheap when nothing is under way at all. */
bool reasm_under_way(const struct reasm_pool *p, const void *owner, uint32_t assoc, uint16_t stream,
                     uint16_t flags);

/* The stack gave up a message half way (RFC 6458 6.1.7): forgets its pieces, ordered and unordered. Returns
 * how many messages that was. */
unsigned reasm_abort_stream(struct reasm_pool *p, const void *owner, uint32_t assoc, uint16_t stream);
/* Forgets the one message that `flags` says. */
void reasm_abort_one(struct reasm_pool *p, const void *owner, uint32_t assoc, uint16_t stream,
                     uint16_t flags);
/* The association is gone: forgets all its pieces. Notifications under way stay: they are the endpoint's. */
unsigned reasm_abort_assoc(struct reasm_pool *p, const void *owner, uint32_t assoc);
/* The endpoint is gone. */
unsigned reasm_abort_owner(struct reasm_pool *p, const void *owner);

/* Peel-off: what is under way for `assoc` at `from` now belongs to `new_assoc` at `to`. */
void reasm_move(struct reasm_pool *p, const void *from, uint32_t assoc, const void *to, uint32_t new_assoc);

/* An endpoint changes loops: takes all of `owner` out of one pool as a list, which reasm_put enters into
 * another one (or reasm_discard frees). */
struct reasm_partial *reasm_take(struct reasm_pool *p, const void *owner);
void reasm_put(struct reasm_pool *p, struct reasm_partial *list);
void reasm_discard(struct reasm_partial *list);

#ifdef __cplusplus
}
#endif
#endif
