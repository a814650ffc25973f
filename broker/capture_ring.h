/* A bounded queue of captured messages: one producer, a worker; one consumer, the thread of the tap.
 *
 * Putting never blocks, never allocates and makes no system call; when there is no room it fails. Records
 * have any length and are read where they lie. capture_ring.c has the argument why it is correct. */
#ifndef JUNCTOR_BROKER_CAPTURE_RING_H
#define JUNCTOR_BROKER_CAPTURE_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct brk_capture_ring {
    _Alignas(64) _Atomic uint64_t head; /* bytes put since the beginning; the producer's */
    uint64_t tail_seen;                 /* the tail as the producer has seen it last */
    _Alignas(64) _Atomic uint64_t tail; /* bytes taken; the consumer's */
    _Atomic uint32_t snaplen; /* bytes of a message to be put; the consumer's, the producer reads it */
    uint64_t size;            /* of `bytes`, a power of two; constant */
    _Alignas(64) unsigned char bytes[];
};

/* `size` is a power of two. Its pages take no memory before they are used. NULL: out of memory. */
struct brk_capture_ring *brk_capture_ring_new(size_t size);
void brk_capture_ring_free(struct brk_capture_ring *ring); /* NULL is allowed */

/* Producer: copies a record of two parts. False: no room. */
bool brk_capture_ring_put(struct brk_capture_ring *ring, const void *head, size_t head_size, const void *rest,
                          size_t rest_size);

/* Consumer: the oldest record, aligned for any type, valid until brk_capture_ring_pop. NULL: none. */
const void *brk_capture_ring_peek(struct brk_capture_ring *ring);
void brk_capture_ring_pop(struct brk_capture_ring *ring); /* the one that has just been peeked at */
void brk_capture_ring_clear(struct brk_capture_ring *ring);

#endif
