/* Clients of mapped sessions: a worker's own, found by their number (origin), and the notice to the other
 * workers that one has gone (farewell).
 *
 * A client is an accepted association whose listener has a mapped route; it is entered when it comes up. Its
 * farewell is allocated then, with a parcel for each other worker, so that notifying cannot fail. An inbox
 * preserves the order of what one worker posts: so a farewell arrives after every message of its client that
 * was posted before it, and later messages (that had waited here, or were returned) carry BRK_LEFT. */
#ifndef JUNCTOR_BROKER_CLIENTS_H
#define JUNCTOR_BROKER_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "routing/message.h"

struct brk_worker;
struct brk_assoc;

/* Made by the worker of its client; once posted it is constant, but for `readers`, and is freed by whoever
 * takes its last parcel. */
struct brk_farewell {
    uint32_t magic;   /* BRK_FAREWELL_MAGIC: check.h */
    uint32_t readers; /* atomic: how many parcels have not been taken */
    uint64_t origin;
    uint32_t streams;           /* the client may have sent on those below */
    struct rt_parcel parcels[]; /* by worker; that for its own is not used */
};

/* Part of an association. */
struct brk_client {
    struct brk_farewell *farewell; /* NULL: it is not a client of mapped sessions */
};

/* Enters it, unless it is there already. False: out of memory. */
bool brk_client_enter(struct brk_worker *w, struct brk_assoc *a);
/* The client; NULL: it has gone, or was never entered. The origin must be of this worker. */
struct brk_assoc *brk_client_find(struct brk_worker *w, uint64_t origin);
/* It has ended: it is no longer found, and every other worker is notified. */
void brk_client_leave(struct brk_worker *w, struct brk_assoc *a);
/* The same without notifying; does nothing if it is not a client. */
void brk_client_forget(struct brk_assoc *a);
/* A parcel of it has been read. */
void brk_farewell_done(struct brk_farewell *f);

#endif
