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
    int64_t messages, bytes; /* tokens left, in thousandths; below 0: more has been read than allowed */
    uint64_t filled_ms;      /* when tokens were last added; 0: never, the buckets are full */
    bool out;                /* used up: its socket is not read, and it is in worker->limited */
    uint64_t times;          /* how often it was used up */
    struct brk_assoc *prev, *next;
};

/* A message of `len` bytes has been read from it. Only if socket->limits. If this uses up a bucket, its
 * socket is paused, or, if others share the socket, the association is to be peeled off (worker->peels).
 */
void brk_limit_take(struct brk_worker *w, struct brk_assoc *a, uint32_t len);

/* How many messages may be read at once from a socket with a single association; 0: any number. */
unsigned brk_limit_room(const struct brk_socket *s);

/* Resumes reading from associations whose buckets have tokens again. */
void brk_limit_tick(struct brk_worker *w);

/* The association is about to leave its socket or worker: it no longer keeps the socket from being read. */
void brk_limit_forget(struct brk_worker *w, struct brk_assoc *a);

/* The association is about to move to another socket, which is paused if its present one is. */
void brk_limit_move(struct brk_assoc *a, struct brk_socket *to);

/* There is another configuration, or the socket is new. */
void brk_limit_adopt(struct brk_socket *s);

#endif
