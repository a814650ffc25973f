/* The state of an association, and how to find it. Everything here belongs to one worker. */
#ifndef JUNCTOR_BROKER_ASSOC_H
#define JUNCTOR_BROKER_ASSOC_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/busy.h"
#include "broker/clients.h"
#include "broker/dry.h"
#include "broker/limit.h"
#include "broker/log.h"
#include "broker/outbox.h"
#include "broker/session/map.h"
#include "broker/session/paired.h"
#include "broker/silent.h"
#include "broker/stall.h"
#include "broker/work.h"
#include "config/sctp/address.h"
#include "config/sctp/hash.h"

struct brk_worker;
struct brk_socket;
struct brk_dest;
struct brk_admission;
struct brk_handover;
struct brk_owner;
struct brk_session;

/* An association's statistics, as last read; see notice.c. */
struct brk_assoc_stats {
    uint64_t next_ms; /* when to read them again */
    uint64_t read_ms; /* 0: never read; the transport may have none */
    uint64_t packets_out, packets_in, retransmitted, duplicates; /* the latter two count DATA chunks */
    uint64_t rate_ms, rate_from; /* when the rate was begun, and `retransmitted` then */
    uint64_t rate;               /* DATA chunks retransmitted a minute, before */
};

enum brk_assoc_state {
    BRK_RESOLVING,  /* no socket yet: the address of its peer is being looked up */
    BRK_CONNECTING, /* being set up; messages are pending in its outbox */
    BRK_UP,
    BRK_LOST,    /* has ended; the messages that the stack gives back are still being read */
    BRK_LEAVING, /* off its socket; waits until its destination is retired */
    BRK_MOVING,  /* is being handed over to another worker (handover.h): stands still */
    BRK_ARRIVING /* stands in for one that is still to arrive from another worker */
};

struct brk_assoc {
    uint32_t magic;    /* BRK_ASSOC_MAGIC: check.h */
    UT_hash_handle hh; /* in socket->assocs by id */
    uint32_t id;       /* RFC 6458 association id; unique on its socket */
    enum brk_assoc_state state;
    struct brk_worker *worker;
    struct brk_socket *socket;
    struct brk_socket *own;     /* the one it is about to get, while it shares its listener's; NULL: none */
    bool attached;              /* it is on its socket */
    struct brk_carried carried; /* how much it brings: busy.h */
    struct brk_work work;
    uint64_t origin;                   /* its number: routing/origin.h */
    const struct brk_session *session; /* the kind that opened it; NULL: accepted by a listener */
    uint64_t session_number; /* for the log: the origin of its session's client; 0: no session of its own */
    const char *ended_here;  /* why this side aborted it, static text; NULL: it did not */
    uint16_t out_streams, in_streams;
    bool was_up;
    bool adapted;        /* its peer has announced an adaptation code point, */
    uint32_t adaptation; /* this one */
    bool brought;        /* at least one message has been received from it */
    struct brk_assoc_stats stats;
    struct brk_silent silent;

    struct brk_outbox outbox;
    struct brk_limit limit;
    struct brk_stall stall;
    bool unwanted;                 /* its set-up is no longer wanted: ended as soon as it is up */
    uint64_t end_by_ms;            /* it is being ended, and is aborted at this time; 0: no. See ending.h */
    bool ended_late;               /* that abort has been sent */
    struct brk_handover *handover; /* it is about to be handed over; NULL: it is not */
    struct brk_admission *place;   /* of one that a listener has accepted: access.h */
    struct brk_owner *owner;       /* control's entry about it; NULL: it is where it began */

    /* As a destination of shared sessions; NULL: it is not one. */
    struct brk_dest *dest;
    struct brk_dry dry;

    struct brk_pair pair;     /* see session/paired.h */
    struct brk_client client; /* see clients.h */
    struct brk_map map;       /* see session/map.h */

    unsigned peer, round;     /* while connecting: the peer, and which answer of the resolver (names.c) */
    uint64_t deadline_ms;     /* while resolving or connecting */
    struct brk_assoc **stage; /* which list of its worker's it is in: resolving, connecting, drying, leaving
                                 or closed_assocs; NULL: none */
    struct brk_assoc *prev, *next; /* in that list */

    /* For who looks at it: view.h. */
    uint64_t begun_ms;      /* when it came up; before that, when its set-up began */
    struct net_addr remote; /* the peer's first address, since somebody asked; AF_UNSPEC: not known */
    struct net_addr local;  /* an address of ours, since the tap asked; likewise */
    bool addressed;         /* it has */
    uint64_t received, received_bytes, delivered, delivered_bytes; /* messages and their user data */
    struct brk_assoc *prev_of_all, *next_of_all;                   /* in worker->assocs */
    UT_hash_handle hh_of_all;                                      /* in worker->by_origin */
};

struct brk_assoc *brk_assoc_new(struct brk_worker *w, enum brk_assoc_state state); /* NULL: out of memory */
void brk_assoc_attach(struct brk_assoc *a, struct brk_socket *s, uint32_t id);
void brk_assoc_detach(struct brk_assoc *a);

/* Of one that shares its listener's socket: the socket that it will have. What it sent and waits is charged
 * to that one, so that it is paused by itself. NULL: there is none, because it is off the shared socket or
 * memory ran out. */
struct brk_socket *brk_assoc_own(struct brk_assoc *a);
/* It is to be peeled off before anything is read again (peeling.h). */
void brk_assoc_want_own(struct brk_assoc *a);

struct brk_assoc *brk_assoc_find(struct brk_socket *s, uint32_t id);

/* Whether the stack reports when everything is acknowledged (TR_EV_SENDER_DRY): at once if it is already. */
void brk_assoc_tell_dry(struct brk_assoc *a, bool on);

/* Makes the sent log reach back as far as the send buffer of its socket requires. */
void brk_assoc_keep_sent(struct brk_assoc *a);

/* Puts it on the list of all associations of `w`, which has it from now on; takes it off. No two with the
 * same number are on it. */
void brk_assoc_list(struct brk_worker *w, struct brk_assoc *a);
void brk_assoc_unlist(struct brk_worker *w, struct brk_assoc *a);
/* The one with this number; NULL: it has been closed, or belongs to another worker. */
struct brk_assoc *brk_assoc_by_origin(const struct brk_worker *w, uint64_t origin);
/* Gives one that has just been made the number of another, for which it stands in. */
void brk_assoc_stand_in(struct brk_assoc *a, uint64_t origin);

/* Adds it to a list of its worker's, when it is in none; removes it from that list. */
void brk_assoc_enter(struct brk_assoc *a, struct brk_assoc **list);
void brk_assoc_leave(struct brk_assoc *a, struct brk_assoc **list);
/* It has ended: another may take its place (access.h). More than once does no harm. */
void brk_assoc_give_place(struct brk_assoc *a);
/* Takes it off the list of all associations, and frees it at the end of the turn. */
void brk_assoc_close(struct brk_worker *w, struct brk_assoc *a);
void brk_assoc_free_closed(struct brk_worker *w);
const char *brk_assoc_name(const struct brk_assoc *a); /* name of its listener or peer */

/* " session=WORKER-NUMBER", the same for all associations of one client's session, or "". */
#define BRK_SESSION_TEXT 40
const char *brk_session_text(const struct brk_assoc *a, char out[static BRK_SESSION_TEXT]);

/* Whether to log a line about this association now. Associations that exist once per client have a budget of
 * lines. Standing associations are few and come back only after a pause; their lines are always logged. */
bool brk_assoc_admits(const struct brk_assoc *a, struct brk_log_budget *lines);

#endif
