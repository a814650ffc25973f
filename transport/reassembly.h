/* Puts messages together that the stack delivers in pieces (RFC 6458 8.1.21: partial delivery, and messages
 * longer than a receive slot).
 *
 * Pieces of one message come in order, but between them may come messages and pieces of other associations
 * and, of the same association, of other streams; an ordered and an unordered message of one stream may be
 * under way together. So pieces are kept per owner (an endpoint), association, stream and orderedness: at
 * most one message is under way for each. A message ends with the piece that has MSG_EOR.
 *
 * Limits, of received messages:
 *  - One longer than max_message is dropped: its bytes are freed at once, the rest of its pieces only
 *    counted, and its last piece says so.
 *  - How many associations may have a message begun at a time, and what becomes of one that does not go on,
 *    is admission.h's: who finds no place is not read, nothing is dropped, and nothing waits for ever.
 *  - An association that has messages begun on several streams (RFC 8260) cannot be slowed down on one of
 *    them only: beyond max_assoc bytes, that piece's own message is dropped, and its last piece says so.
 *  - Whole messages stay in memory until the turn ends. When they take REASM_TURN_BYTES nothing more is read
 *    before that (reasm_turn_full): the program is told to end the turn.
 * So a message is given whole or not at all, what a peer does costs its own messages only, and `bytes` is
 * all that half-received messages and whole ones of this turn take, as it was allocated.
 *
 * Notifications and sent messages that come back are put together likewise. They come without a break, are
 * as large as what was sent, and have no limits.
 *
 * Pure: no sockets. One pool per loop, used by its thread only. */
#ifndef JUNCTOR_TRANSPORT_REASSEMBLY_H
#define JUNCTOR_TRANSPORT_REASSEMBLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "transport/admission.h"
#include "transport/transport.h"

#ifdef __cplusplus
extern "C" {
#endif

#define REASM_BUCKETS 256

enum reasm_kind {
    REASM_RECEIVED,    /* a message */
    REASM_RETURNED,    /* a sent message that comes back */
    REASM_NOTIFICATION /* of the endpoint's; has no association */
};

struct reasm_piece {
    enum reasm_kind kind;
    bool was_sent; /* REASM_RETURNED: it was on the wire; of a whole message: some of it was */
    struct tr_msg
        msg; /* the bytes, and the association, stream, flags, ppid and context that came with them */
};

struct reasm_partial;

struct reasm_pool {
    struct reasm_partial *bucket[REASM_BUCKETS]; /* under way */
    struct reasm_partial *done;                  /* given out whole, until reasm_turn */
    unsigned under_way;                          /* messages */
    uint64_t bytes;                              /* held, given out ones included */
    uint64_t done_bytes;                         /* of those given out */
    uint64_t max_message, max_assoc;
    struct adm admission;
};

enum reasm_result {
    REASM_MORE,    /* taken; the message goes on */
    REASM_WHOLE,   /* that was its last piece: *out is the whole message, valid until reasm_turn */
    REASM_DROPPED, /* that was its last piece, but it was too long: out->len is 0, *bytes its length */
    REASM_NO_ROOM  /* the same, but it was beyond max_assoc, or there was no memory */
};

#define REASM_TURN_BYTES (UINT64_C(4) << 20)

/* `places`: see admission.h. max_assoc is 16 × max_message. Allocates nothing. */
void reasm_init(struct reasm_pool *p, uint64_t max_message, unsigned places);
/* Frees everything. */
void reasm_fini(struct reasm_pool *p);
/* Frees the messages given out since the last turn. */
void reasm_turn(struct reasm_pool *p);
/* True when the turn has to end before anything more is read. */
static inline bool reasm_turn_full(const struct reasm_pool *p)
{
    return p->done_bytes >= REASM_TURN_BYTES;
}

/* How many receive slots of slot_bytes a read of this endpoint may fill, at most `slots`: few while a message
 * that begins would have to wait for a place. */
unsigned reasm_batch_limit(const struct reasm_pool *p, const struct adm_owner *owner, unsigned slots,
                           size_t slot_bytes);

/* Adds a piece; `last`: the stack said that the message ends here. The bytes are copied. *out has the fields
 * of the message's first piece. Where a message that goes on finds no place, owner->has_waiter is set:
 * adm_hold_back. */
enum reasm_result reasm_add(struct reasm_pool *p, struct adm_owner *owner, const struct reasm_piece *piece,
                            bool last, struct reasm_piece *out, uint64_t *bytes);

/* True while a message of the kind is under way on the association, stream and orderedness of `like`. */
bool reasm_has(const struct reasm_pool *p, const struct adm_owner *owner, enum reasm_kind kind,
               const struct tr_msg *like);

/* The same, cheap when nothing is under way at all. A piece that both begins and ends a message needs no
 * reassembly unless this is so. */
static inline bool reasm_under_way(const struct reasm_pool *p, const struct adm_owner *owner,
                                   enum reasm_kind kind, const struct tr_msg *like)
{
    return p->under_way > 0 && reasm_has(p, owner, kind, like);
}

/* The stack gave up a message half way (RFC 6458 6.1.7): forgets its pieces, ordered and unordered. Returns
 * how many messages that was. */
unsigned reasm_abort_stream(struct reasm_pool *p, const struct adm_owner *owner, uint32_t assoc,
                            uint16_t stream);
/* Forgets that one message. */
void reasm_abort_one(struct reasm_pool *p, const struct adm_owner *owner, enum reasm_kind kind,
                     const struct tr_msg *like);
/* The association is gone: forgets all its pieces, those of sent messages too. Notifications under way stay:
 * they are the endpoint's. */
unsigned reasm_abort_assoc(struct reasm_pool *p, const struct adm_owner *owner, uint32_t assoc);
/* The endpoint is gone. */
unsigned reasm_abort_owner(struct reasm_pool *p, struct adm_owner *owner);

/* Peel-off: what is under way for `assoc` at `from` now belongs to `new_assoc` at `to`. */
void reasm_move(struct reasm_pool *p, struct adm_owner *from, uint32_t assoc, struct adm_owner *to,
                uint32_t new_assoc);

/* An endpoint changes loops: takes all of `owner` out of one pool as a list, which reasm_put enters into
 * another one (or reasm_discard frees). */
struct reasm_partial *reasm_take(struct reasm_pool *p, struct adm_owner *owner);
void reasm_put(struct reasm_pool *p, struct reasm_partial *list);
void reasm_discard(struct reasm_partial *list);

#ifdef __cplusplus
}
#endif
#endif
