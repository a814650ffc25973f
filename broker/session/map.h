/* The streams of an association to a member of mapped sessions, and which client's stream each belongs to;
 * see map.c. All functions are for its worker and do not block. */
#ifndef JUNCTOR_BROKER_SESSION_MAP_H
#define JUNCTOR_BROKER_SESSION_MAP_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/queue.h"
#include "routing/message.h"
#include "routing/stream_map.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

/* Part of an association. All zeros: it is no member. */
struct brk_map {
    struct rt_stream_map *streams; /* NULL: it is no member, or not up */
    struct brk_queue waiting;      /* for streams that have been asked for */
    uint64_t numbered;     /* at least as many messages as have been put into its outbox; only rises */
    uint64_t acknowledged; /* of these: so many have been, or more */
    uint64_t asked;        /* so many will have been when the stack says that all are; 0: it is not asked */
    uint16_t wanted;       /* how many streams there will be when they have been added */
    uint64_t add_until_ms; /* how long that may take; 0: none have been asked for */
    uint64_t add_again_ms; /* it gave none: not asked again before */
    uint64_t unread_ms;    /* when it was last not read, as too much waits: then nothing is quiet */
    struct brk_assoc *prev, *next; /* in worker->maps */
};

/* It is up: it can carry streams from now on. False: out of memory. */
bool brk_map_begin(struct brk_worker *w, struct brk_assoc *a);
/* It has ended: what waited for streams is pending in its outbox. */
void brk_map_stop(struct brk_worker *w, struct brk_assoc *a);
/* Its peer has restarted, and `a`, which is not up yet, goes on with its map. */
void brk_map_hand_over(struct brk_worker *w, struct brk_assoc *old, struct brk_assoc *a);
/* Stops it and frees its map; does nothing without one. */
void brk_map_end(struct brk_worker *w, struct brk_assoc *a);

/* A message of a client for this member: still in its receive slot, or in a parcel, which is taken over. */
void brk_map_send(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *from, const struct tr_msg *m,
                  uint32_t route);
void brk_map_deliver(struct brk_worker *w, struct brk_assoc *a, struct rt_parcel *p);

/* Whose stream an answer on `stream` belongs to. False: nobody's. */
bool brk_map_answer(struct brk_worker *w, struct brk_assoc *a, uint16_t stream, struct rt_stream_user *user);

/* The client has gone, and sent on streams below `streams`: told to all members of this worker. */
void brk_map_left(struct brk_worker *w, uint64_t origin, uint32_t streams);

/* Operations: session.h. */
void brk_map_streams(struct brk_worker *w, struct brk_assoc *a, uint16_t in, uint16_t out);
void brk_map_denied(struct brk_worker *w, struct brk_assoc *a);
void brk_map_dry(struct brk_worker *w, struct brk_assoc *a);

/* Each tick, while brk_map_waits. */
void brk_map_tick(struct brk_worker *w);
bool brk_map_waits(const struct brk_worker *w);

/* How many streams can be used: an answer comes on the same one. */
uint16_t brk_map_usable(const struct brk_assoc *a);

#endif
