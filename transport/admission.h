/* Which associations may have a message half received at a time, and for how long.
 *
 * A message that the stack delivers in pieces takes memory until its last piece has come, and nothing but
 * reading on completes it. So a limit of bytes alone either drops what the stack has acknowledged, or stops
 * with many messages begun and none of them allowed to grow. Here the limit is one of places:
 *
 *   An association with a message begun holds a place of its share; the associations that one listener
 *   accepted have a share together, every other endpoint one of its own. A place is room for a message of
 *   max_message. An association whose first piece finds no place waits in line: its endpoint is held back,
 *   which means not read, so its window closes and SCTP itself slows the sender down. Nothing is dropped.
 *
 * Why nothing waits for ever:
 *  1. Who holds a place is read, so its message can grow up to max_message; beyond that it is dropped as too
 *     long, and the place is given back at once, since what is only counted takes no memory.
 *  2. A message of which less than ADM_STEP bytes come in `patience` ticks, though its endpoint is read, is
 *     overdue: its association is aborted. So a place is held for a bounded time, max_message / ADM_STEP
 *     times the patience at most, and a sixth of that while somebody waits for it.
 *  3. The line is first come, first served, and its head gets the first place that is given back.
 * Time is counted in ticks of the loop, at most one a turn: a program that was stopped for a while has read
 * what came meanwhile before it calls anybody late. While the program itself does not read an endpoint, its
 * messages are not late; they keep their places.
 *
 * An endpoint that several associations share cannot be held back for one of them: those who have a place
 * need it to be read. There an association gets a place also where none is left. While there are too many,
 * patience is short; with twice as many as there should be, the association that has not grown for the
 * longest time is overdue at once.
 *
 * Small messages, and whole ones that need only a few slots, pass while all places are taken: an endpoint is
 * held back only when what it was given ends in the middle of a message (reasm_batch_limit).
 *
 * Memory, therefore: places × max_message for each share (twice that on shared endpoints; with message
 * interleaving an association has up to max_assoc), plus one short batch for each association in line.
 *
 * Pure: no sockets, no clock. One per loop, used by its thread only. */
#ifndef JUNCTOR_TRANSPORT_ADMISSION_H
#define JUNCTOR_TRANSPORT_ADMISSION_H

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ADM_PATIENCE = 30, /* ticks */
    ADM_SHORT = 5,     /* the same while somebody waits */
    ADM_STEP = 16384   /* bytes that count as growth */
};

struct adm_holder;

/* An endpoint, embedded in it. Zero but for `share` and `shared`. */
struct adm_owner {
    uint64_t share;                /* from adm_new_share; a peeled-off or accepted one has its origin's */
    bool shared;                   /* by several associations: never held back */
    bool held_back;                /* stands in line */
    bool has_waiter;               /* one of its associations has begun a message and has no place */
    struct adm_owner *prev, *next; /* in line */
};

/* An association with messages begun. */
struct adm_holder {
    struct adm_owner *owner;
    uint32_t assoc;
    struct adm_share *share;
    unsigned messages; /* begun */
    unsigned kept;     /* of those, not dropped */
    uint64_t bytes;    /* of memory that they take */
    uint64_t grown;    /* bytes since it was last found to grow */
    unsigned idle;     /* ticks since then */
    bool placed;
    struct adm_holder *prev, *next; /* all, those who began first in front */
};

struct adm {
    struct adm_holder *holders;
    struct adm_share *shares; /* those with holders */
    struct adm_owner *line;
    unsigned places; /* of a share */
};

/* A number for an endpoint that is nobody's offspring. Any thread. */
uint64_t adm_new_share(void);

void adm_init(struct adm *a, unsigned places);

/* An association of `owner` begins a message, or goes on with another one. NULL: out of memory. */
struct adm_holder *adm_begin(struct adm *a, struct adm_owner *owner, uint32_t assoc);
/* One of its messages is dropped, and takes no memory any more, but has not ended. */
void adm_drop(struct adm *a, struct adm_holder *h);
/* One of its messages has ended, or is forgotten; `kept`: it was not dropped before. Frees the holder after
 * the last one. */
void adm_end(struct adm *a, struct adm_holder *h, bool kept);

/* True where a new message of this endpoint would find no place. */
bool adm_crowded(const struct adm *a, const struct adm_owner *owner);
/* How many associations have messages begun; whether one of this endpoint has. */
unsigned adm_count(const struct adm *a);
bool adm_has_begun(const struct adm *a, const struct adm_owner *owner);
/* Their ids, up to `max`; returns how many it has filled in. */
unsigned adm_begun(const struct adm *a, const struct adm_owner *owner, uint32_t *assocs, unsigned max);

/* After a batch: puts an endpoint in line whose association waits for a place. Returns owner->held_back. */
bool adm_hold_back(struct adm *a, struct adm_owner *owner);
/* The next endpoint that is to be read again, or NULL. */
struct adm_owner *adm_admit(struct adm *a);
/* The endpoint goes, or leaves the loop: out of the line. Its messages have been ended. */
void adm_forget(struct adm *a, struct adm_owner *owner);

/* Time goes on. `is_read` tells whether the program reads an endpoint now. */
void adm_tick(struct adm *a, bool (*is_read)(const struct adm_owner *owner));
/* An association that has to be aborted, or NULL. *crowded: others wait for its place. */
const struct adm_holder *adm_overdue(const struct adm *a, bool *crowded);

#ifdef __cplusplus
}
#endif
#endif
