/* A worker's sockets. Everything here is for their worker only. */
#ifndef JUNCTOR_BROKER_SOCKET_H
#define JUNCTOR_BROKER_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "broker/busy.h"
#include "broker/sndbuf.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "routing/message.h"
#include "transport/transport.h"

struct brk_worker;
struct brk_assoc;

enum brk_socket_kind { BRK_LISTENING, BRK_PEELED, BRK_OUTBOUND };

struct brk_socket {
    uint32_t magic;         /* BRK_SOCKET_MAGIC: check.h */
    struct tr_endpoint *ep; /* NULL when closed; the struct stays until its credit is back */
    struct brk_worker *worker;
    enum brk_socket_kind kind;
    struct cfg_member member; /* the listener or peer it belongs to */
    uint32_t source;          /* the member's source number in the route table */
    struct brk_traffic *traffic;
    struct rt_credit credit;
    struct brk_sndbuf sndbuf;
    int64_t full_buffer;      /* receive buffer of those peeled off it; see brk_shrink_window */
    struct brk_assoc *assocs; /* uthash */

    /* Of a listener's, whose associations share it: */
    enum cfg_peeloff peeloff;   /* which of them get a socket of their own; of other sockets NEVER */
    struct brk_carried carried; /* how much all of them bring: busy.h */
    bool short_of_memory;       /* with `busy`: whoever brings something gets his own, which is not read */
    unsigned stopped;           /* of them must not be read: neither is it, until they have their own */
    uint64_t no_peel_until_ms;  /* the last one that was to get its own did not, for want of descriptors */

    /* Of one that an association is about to get, without an endpoint yet. What the association sent and
     * waits is charged to it by then. */
    struct brk_socket *shared; /* the listener's, which it still has; NULL: none is about to */
    struct brk_assoc *sharer;

    struct brk_assoc *last; /* the one found last: messages come in runs */
    bool paused;            /* not read, because its credit is used up */
    bool limits;            /* its associations have a rate_limit: limit.h */
    unsigned limited;       /* of them have used up theirs: it is not read, either */
    bool to_the_end;        /* read even so, until the stack has no more: an association has ended */
    bool starved;           /* not read, because of memory_limit: memory.h */
    bool handing;           /* neither read nor written: its association is being handed over */
    bool writable_wanted;
    bool retiring;                  /* does not accept any more; closed with its last association */
    bool refuses;                   /* does not accept now: its listener is in maint */
    bool readdressed;               /* also has the addresses of a plan that is not in force yet */
    bool has_lost, has_undelivered; /* there is such an association to look for after reading */
    struct brk_socket **list; /* the list of its worker's that it is in: sockets, closed_sockets, prepared or
                                 peels; NULL: none */
    struct brk_socket *prev, *next; /* in that list */
};

/* A new one in worker->sockets, without an endpoint. NULL: out of memory. */
struct brk_socket *brk_socket_new(struct brk_worker *w, enum brk_socket_kind kind, struct cfg_member member);

/* One for an association that shares `shared`, in no list. It counts against `shared` when it is paused.
 * NULL: out of memory. */
struct brk_socket *brk_socket_new_own(struct brk_socket *shared, struct brk_assoc *sharer);
/* Its association no longer shares, or is gone; it is in no list then. */
void brk_socket_unshare(struct brk_socket *own);

/* Adds it to a list of its worker's, when it is in none; removes it from that list. */
void brk_socket_enter(struct brk_socket *s, struct brk_socket **list);
void brk_socket_leave(struct brk_socket *s, struct brk_socket **list);

/* To be called when a condition that decides whether it is read has changed. */
void brk_socket_update_watch(struct brk_socket *s);
void brk_socket_want_writable(struct brk_socket *s, bool wanted);

/* Pauses it if its credit is used up. */
void brk_socket_check_pause(struct brk_socket *s);

/* Resumes it if its credit is free again. */
void brk_socket_check_resume(struct brk_socket *s);

/* Closes the endpoint; the struct is freed when its credit is back and its associations are gone. */
void brk_socket_close(struct brk_socket *s);

#endif
