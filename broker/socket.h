/* A worker's sockets. Everything here is their worker's. */
#ifndef JUNCTOR_BROKER_SOCKET_H
#define JUNCTOR_BROKER_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

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
    struct tr_endpoint *ep; /* NULL once closed; the struct stays until its credit is back */
    struct brk_worker *worker;
    enum brk_socket_kind kind;
    struct cfg_member member; /* the listener or peer it belongs to */
    uint32_t source;          /* the member's number in the route table */
    struct brk_traffic *traffic;
    struct rt_credit credit;
    struct brk_sndbuf sndbuf;
    int64_t full_buffer;      /* receive buffer for those peeled off it; see shrink_window */
    struct brk_assoc *assocs; /* uthash */
    struct brk_assoc *last;   /* the one found last: messages come in runs */
    bool paused;              /* credit used up: not read */
    bool to_the_end;          /* read all the same, until the stack has no more: an association has ended */
    bool writable_wanted;
    bool retiring;    /* accepts nobody any more, closes with its last association */
    bool readdressed; /* has the addresses of a plan that is not in force yet beside its own */
    bool has_lost, has_undelivered, has_peel; /* look for such an association after reading */
    struct brk_socket *
        *list; /* of its worker's, that it stands in: sockets, closed_sockets or prepared; NULL: in none */
    struct brk_socket *prev, *next; /* in that list */
};

/* In worker->sockets, without an endpoint. NULL: out of memory. */
struct brk_socket *brk_socket_new(struct brk_worker *w, enum brk_socket_kind kind, struct cfg_member member);

/* Puts it into a list of its worker's, while it stands in none; takes it out of that one. */
void brk_socket_enter(struct brk_socket *s, struct brk_socket **list);
void brk_socket_leave(struct brk_socket *s, struct brk_socket **list);

/* After a change of what decides whether it is read. */
void brk_socket_update_watch(struct brk_socket *s);
void brk_socket_want_writable(struct brk_socket *s, bool wanted);

/* Pauses a source whose credit is used up. */
void brk_socket_check_pause(struct brk_socket *s);

/* Resumes a source whose credit is free again; frees a closed one that nothing refers to any more. */
void brk_socket_check_resume(struct brk_socket *s);

/* Closes the stack's side; the struct goes when its credit is back and its associations are gone. */
void brk_socket_close(struct brk_socket *s);

#endif
