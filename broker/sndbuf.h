/* The send buffer of a destination follows what the destination takes; see sndbuf.c. Belongs to its worker.
 */
#ifndef JUNCTOR_BROKER_SNDBUF_H
#define JUNCTOR_BROKER_SNDBUF_H

#include <stdint.h>

struct brk_assoc;
struct brk_socket;
struct brk_worker;
struct opt_set;

/* What a message costs of a send buffer beside its own bytes, in the units of `sndbuf`; about what Linux
 * takes. */
#define BRK_SNDBUF_MESSAGE 768

/* Of a socket that has one association. Zero: left as configured. */
struct brk_sndbuf {
    int64_t most, now; /* as configured, and as set; bytes. most 0: left alone */
    int64_t taken;     /* since since_ms: what the destination took, messages at their cost */
    uint64_t since_ms; /* when the buffer was full and looked at last */
};

/* Begins with a moderate size; `most` is what the configuration allows. For sockets whose associations get
 * one of their own it is what those begin with: see brk_sndbuf_inherit. */
void brk_sndbuf_begin(struct brk_socket *s, int64_t most);

/* The same for a socket that is going to be opened with `options`, which this changes. */
void brk_sndbuf_begin_with(struct brk_socket *s, struct opt_set *options);

/* A socket that was peeled off `from` has its buffer. */
void brk_sndbuf_inherit(struct brk_socket *s, const struct brk_socket *from);

/* The association's send buffer is full: now and then fits it to what was taken since it was looked at last.
 */
void brk_sndbuf_full(struct brk_worker *w, struct brk_assoc *a);

/* The arithmetic: what holds as much as goes in the time that should wait at most and two round trips, where
 * `taken` (below 0 when a larger buffer is not full yet) went in `elapsed_ms`. Pure. */
int64_t brk_sndbuf_fit(int64_t taken, uint64_t elapsed_ms, int64_t rtt_ms);

#endif
