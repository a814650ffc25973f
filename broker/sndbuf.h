/* The size of a destination's send buffer follows the rate at which the destination takes data; see
 * sndbuf.c. For its worker only. */
#ifndef JUNCTOR_BROKER_SNDBUF_H
#define JUNCTOR_BROKER_SNDBUF_H

#include <stdint.h>

struct brk_assoc;
struct brk_socket;
struct brk_worker;
struct opt_set;

/* What a message costs in a send buffer besides its own bytes, in the units of `sndbuf`; about what Linux
 * charges. */
#define BRK_SNDBUF_MESSAGE 768

/* For a socket that has one association. All zeros: the buffer stays as configured. */
struct brk_sndbuf {
    int64_t most, now; /* bytes, as configured and as set. most 0: not changed */
    int64_t taken;     /* what the destination took since since_ms; messages at their cost */
    uint64_t since_ms; /* when the buffer was last full and adjusted */
};

/* Starts with a moderate size; `most` is the configured one. On a socket whose associations will be peeled
 * off, that is what they start with: see brk_sndbuf_inherit. */
void brk_sndbuf_begin(struct brk_socket *s, int64_t most);

/* The same for a socket that is about to be opened with `options`, which are changed. */
void brk_sndbuf_begin_with(struct brk_socket *s, struct opt_set *options);

/* As configured again: associations will not be peeled off any more. */
void brk_sndbuf_end(struct brk_socket *s);

/* A socket that was peeled off `from` has its buffer size. */
void brk_sndbuf_inherit(struct brk_socket *s, const struct brk_socket *from);

/* The association's send buffer is full: from time to time, adjusts it to what was taken since the last
 * adjustment. */
void brk_sndbuf_full(struct brk_worker *w, struct brk_assoc *a);

/* The calculation: the size that holds what is sent in the longest time a message should wait and two
 * round trips, where `taken` (below 0 if a larger buffer is not full yet) was taken in `elapsed_ms`. Pure. */
int64_t brk_sndbuf_fit(int64_t taken, uint64_t elapsed_ms, int64_t rtt_ms);

#endif
