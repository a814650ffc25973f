/* Policing: how fast each association is read (`rate_limit` of its listener or peer). Everything here is for
 * the association's worker; nothing blocks, nothing allocates. See limit.c. */
#ifndef JUNCTOR_BROKER_LIMIT_H
#define JUNCTOR_BROKER_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

struct brk_worker;
struct brk_socket;
struct brk_assoc;

/* Of an association. All zeros: nothing has been taken yet. */
struct brk_limit {
    int64_t messages, bytes; /* what it may still bring, in thousandths; below 0: more has come than it may */
    uint64_t filled_ms;      /* when they were last added to; 0: never, they are full */
    bool out;                /* used up: its socket is not read, and it is in worker->limited */
    uint64_t times;          /* that it was used up */
    struct brk_assoc *prev, *next;
};

/* A message of `len` bytes of it has been read. Only where socket->limits. If that uses up what it may bring,
 * its socket is paused, or, where others share the socket, it is to be peeled off (socket->has_peel). */
void brk_limit_take(struct brk_worker *w, struct brk_assoc *a, uint32_t len);

/* How many messages may be read at once from a socket that one association has for itself; 0: any number. */
unsigned brk_limit_room(const struct brk_socket *s);

/* Associations that may bring something again are read again. */
void brk_limit_tick(struct brk_worker *w);

/* Its socket is read again as far as this association is concerned, which is about to leave that socket or
 * worker. */
void brk_limit_forget(struct brk_worker *w, struct brk_assoc *a);

/* It is about to move to another socket: that one is not read where this one was not. */
void brk_limit_move(struct brk_assoc *a, struct brk_socket *to);

/* There is another configuration, or the socket is new. */
void brk_limit_adopt(struct brk_socket *s);

#endif
