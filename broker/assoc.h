/* Associations: what is known of one, and where it is found. Everything here is their worker's. */
#ifndef JUNCTOR_BROKER_ASSOC_H
#define JUNCTOR_BROKER_ASSOC_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "broker/dry.h"
#include "broker/log.h"
#include "broker/outbox.h"
#include "broker/session/paired.h"

struct brk_worker;
struct brk_socket;
struct brk_dest;
struct brk_session;

#define BRK_ORIGIN_BITS 48 /* of an association's number; the worker that reads it stands above them */

/* An association's statistics, as last read; see notice.c. */
struct brk_assoc_stats {
    uint64_t next_ms; /* when to read them again */
    uint64_t read_ms; /* 0: not read; the transport may have none */
    uint64_t packets_out, packets_in, retransmitted, duplicates; /* the latter two of DATA chunks */
    uint64_t abandoned;                                          /* messages that the stack gave up, */
    uint64_t returned; /* those of them that came back, counted here, */
    uint64_t unseen;   /* and those that did not; part of worker->counts.abandoned_unseen */
};

enum brk_assoc_state {
    BRK_RESOLVING,  /* no socket yet: the address of its peer is being looked up */
    BRK_CONNECTING, /* set-up under way; messages are pending in its outbox */
    BRK_UP,
    BRK_LOST,   /* ended; the messages it gave back are still being read */
    BRK_LEAVING /* off its socket; waits for its destination's retirement */
};

struct brk_assoc {
    uint32_t magic;    /* BRK_ASSOC_MAGIC: check.h */
    UT_hash_handle hh; /* in socket->assocs by id */
    uint32_t id;       /* RFC 6458 association id; unique on its socket */
    enum brk_assoc_state state;
    struct brk_worker *worker;
    struct brk_socket *socket;
    uint64_t origin;                   /* unique in the broker's life; see brk_reader */
    const struct brk_session *session; /* that has opened it; NULL: a listener has accepted it */
    uint64_t session_number; /* for the log: the origin of its session's client; 0: it has none of its own */
    const char *ended_here;  /* why this side has aborted it, static text; NULL: it has not */
    uint16_t out_streams, in_streams;
    bool was_up;
    bool brought; /* a message has come from it */
    struct brk_assoc_stats stats;

    struct brk_outbox outbox;
    bool unwanted;      /* a set-up that nobody waits for any more: ended once it is up */
    uint64_t end_by_ms; /* being ended, and aborted then; 0: not. See ending.h */
    bool ended_late;    /* and has been */
    bool peel_wanted;

    /* As a destination of shared sessions; NULL: none. */
    struct brk_dest *dest;
    struct brk_dry dry;

    struct brk_pair pair; /* paired sessions; see paired.h */

    unsigned peer, round;     /* while connecting: to whom, and with which answer (names.c) */
    uint64_t deadline_ms;     /* while resolving or connecting */
    struct brk_assoc **stage; /* the list of its worker's that it stands in: resolving, connecting, drying,
                                 leaving or closed_assocs; NULL: in none */
    struct brk_assoc *prev, *next; /* in that list */
};

struct brk_assoc *brk_assoc_new(struct brk_worker *w, enum brk_assoc_state state); /* NULL: out of memory */
void brk_assoc_attach(struct brk_assoc *a, struct brk_socket *s, uint32_t id);
void brk_assoc_detach(struct brk_assoc *a);
struct brk_assoc *brk_assoc_find(struct brk_socket *s, uint32_t id);

/* Whether the stack tells when everything is acknowledged (TR_EV_SENDER_DRY): at once where it is. */
void brk_assoc_tell_dry(struct brk_assoc *a, bool on);

/* Lets the log of what was sent reach as far back as the send buffer of its socket may hold. */
void brk_assoc_keep_sent(struct brk_assoc *a);

/* Puts it into a list of its worker's, while it stands in none; takes it out of that one. */
void brk_assoc_enter(struct brk_assoc *a, struct brk_assoc **list);
void brk_assoc_leave(struct brk_assoc *a, struct brk_assoc **list);
/* Frees at the end of the turn. */
void brk_assoc_close(struct brk_worker *w, struct brk_assoc *a);
void brk_assoc_free_closed(struct brk_worker *w);
const char *brk_assoc_name(const struct brk_assoc *a); /* of its listener or peer */

/* " session=WORKER-NUMBER", the same for all associations of a client's session, or "". */
#define BRK_SESSION_TEXT 40
const char *brk_session_text(const struct brk_assoc *a, char out[static BRK_SESSION_TEXT]);

/* Whether a line about this association is to be logged now. Those of clients and their partners have a
 * budget; standing ones are few, come back after a pause, and their lines must not go under in the others. */
bool brk_assoc_admits(const struct brk_assoc *a, struct brk_log_budget *lines);

#endif
