/* What a worker tells of itself and its associations, and does to them, when another thread asks.
 *
 * All of that belongs to the worker, so it is never read from elsewhere. Whoever wants to know posts a look
 * to the worker's inbox; the worker fills it at the beginning of a turn and posts it back. A look has room
 * for BRK_LOOK_MAX associations and is posted again for the next ones, so that no turn takes long, however
 * many there are. What is asked for in passing costs no system call but, once in the life of an association,
 * that for its peer's address; only a look for one association asks the stack about its paths.
 *
 * A walk: the first look of it (`first`) begins with the worker's oldest association; each further one goes
 * on where the last stopped, whatever has come or gone meanwhile. Each association that is there all the time
 * is told once. A worker has one place for that (worker->walk), so one walk at a time. */
#ifndef JUNCTOR_BROKER_VIEW_H
#define JUNCTOR_BROKER_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "config/sctp/address.h"
#include "routing/inbox.h"

struct brk_worker;
struct brk_assoc;

#define BRK_LOOK_MAX  256 /* associations told in one look */
#define BRK_PATHS_MAX 16

/* An association, as its worker sees it at one moment. */
struct brk_assoc_view {
    uint64_t origin;  /* its number: routing/origin.h */
    unsigned worker;  /* that has it now */
    uint64_t session; /* of a paired session: the number of its client; 0: none */
    uint64_t age_ms;  /* since it came up, or, where it has not, since set-up began */
    struct cfg_member member;
    struct net_addr remote;           /* family AF_UNSPEC: not known yet */
    uint32_t assoc;                   /* RFC 6458 association id */
    const char *state;                /* static: "connecting", "up", … */
    const char *role;                 /* static: "accepted", "standing", "partner" */
    uint16_t in_streams, out_streams; /* granted */
    bool mapped;                      /* it is a member of mapped sessions: of its streams, */
    uint32_t streams_used, streams_left, streams_free; /* clients' now; of clients that have gone; neither */
    bool blocked;                                      /* the stack takes no more of what waits */
    bool paused;                                       /* not read: too much of what it sent waits */
    bool limited;      /* not read: it has brought as much as its rate_limit allows */
    uint64_t stuck_ms; /* its peer has made no progress for so long, more than `stall.after`; 0: it has */
    uint64_t limited_times; /* that it was so */
    uint32_t waiting;       /* messages for it in the broker, */
    uint64_t waiting_bytes; /* and their user data */
    uint64_t received, received_bytes, delivered, delivered_bytes;
    uint64_t retransmitted, duplicates; /* DATA chunks, as last read; 0 where the stack does not tell */
    uint64_t retransmitted_per_minute;  /* lately */
};

struct brk_path_view {
    struct net_addr address;
    const char *state; /* static, as option get_peer_addr_info spells it; NULL: the stack does not tell */
    bool primary;
    uint32_t srtt_ms, rto_ms, cwnd, mtu; /* cwnd and mtu in bytes */
};

/* More of one association, from the stack. -1: it does not tell. */
struct brk_assoc_detail {
    const char *refused;                         /* why it cannot be moved, static text; NULL: it can */
    int64_t peer_window, unacknowledged, unread; /* bytes, DATA chunks, DATA chunks not delivered to us yet */
    int64_t packets_out, packets_in, retransmitted, duplicates, abandoned;
    unsigned path_count;
    struct brk_path_view paths[BRK_PATHS_MAX];
};

/* A worker. */
struct brk_worker_view {
    uint64_t turns, system_calls, packets_in, packets_out, messages_in, messages_out, reassembled;
    unsigned associations;
    uint64_t parked; /* messages for groups with nobody in them */
};

enum brk_look_act {
    BRK_LOOK_ONLY,
    BRK_LOOK_CLOSELY,
    BRK_LOOK_SHUT_DOWN,
    BRK_LOOK_ABORT,
    BRK_LOOK_MOVE /* to worker `to`: begun, unless detail.refused says why not */
};

/* Whoever asks fills the first part and posts the parcel; until it comes back all is the worker's. */
struct brk_look {
    uint32_t magic; /* BRK_LOOK_MAGIC */
    struct rt_parcel parcel;
    struct rt_inbox *answer; /* where it goes back to */
    bool first;              /* a new walk */
    uint64_t wanted;         /* one association, by origin; 0: all */
    enum brk_look_act act;   /* done to the one that is wanted */
    unsigned to;             /* BRK_LOOK_MOVE */

    bool last; /* the walk is over */
    unsigned count;
    struct brk_assoc_view items[BRK_LOOK_MAX];
    struct brk_worker_view worker;  /* in the first look of a walk */
    struct brk_assoc_detail detail; /* of the one wanted: BRK_LOOK_CLOSELY */
};

/* Fills what the worker needs of a look beside its first part. */
void brk_look_init(struct brk_look *l, struct rt_inbox *answer);

/* The worker's: answers. The last thing it does with it is to post it back. */
void brk_look(struct brk_worker *w, struct brk_look *l);

#endif
