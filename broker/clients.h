/* Clients of mapped sessions: a worker's own, found by their number (origin), and what tells the other
 * workers that one has gone.
 *
 * A client is an accepted association whose listener has a mapped route; it is entered when it comes up. It
 * has its farewell from then on, with a parcel for each other worker, so that telling cannot fail. An inbox
 * preserves the order of what one worker posts: so a farewell comes behind every message of its client that
 * was posted before it, and what comes later (it had waited here, or came back) carries BRK_LEFT. */
#ifndef JUNCTOR_BROKER_CLIENTS_H
#define JUNCTOR_BROKER_CLIENTS_H

#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

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
    struct brk_farewell *farewell; /* NULL: it is no client of mapped sessions */
    UT_hash_handle hh;             /* in worker->clients */
};

/* Enters it, unless it is there already. False: out of memory. */
bool brk_client_enter(struct brk_worker *w, struct brk_assoc *a);
/* NULL: it has gone, or was never entered. The origin must be of this worker. */
struct brk_assoc *brk_client_find(struct brk_worker *w, uint64_t origin);
/* It has ended: no longer found, and every other worker is told. */
void brk_client_leave(struct brk_worker *w, struct brk_assoc *a);
/* The same without telling anybody; does nothing if it is no client. */
void brk_client_forget(struct brk_worker *w, struct brk_assoc *a);
/* A parcel of it has been read. */
void brk_farewell_done(struct brk_farewell *f);

#endif
