/* The ring of captured messages.
 *
 * Positions count bytes from 0 and never wrap (64 bits); position p is at bytes[p mod size]. What lies
 * between tail and head belongs to the consumer, the rest to the producer. Each entry is a word with its
 * length, which includes the word, and the record, which begins on a multiple of 16. An entry never wraps
 * around the end of `bytes`: what is left there is filled by an entry without a record (SKIP), so that a
 * record is read where it lies.
 *
 * - put writes the entry behind head and then stores head. It fails where the entry does not fit before tail.
 *   It knows the tail only as of an earlier time (tail_seen), and tail only grows: it may find less room than
 *   there is, and then looks again, but never more.
 * - peek reads the entry at tail if tail is not head; pop stores the new tail.
 *
 * The entry is written before head (release) and read after head has been seen (acquire); it is read before
 * tail is stored (release), and its bytes are written again after that tail has been seen (acquire). So no
 * byte is read and written at the same time.
 *
 * Progress: each operation takes a bounded number of steps, whatever the other thread does (wait-free). */
#include "broker/capture_ring.h"

#include <string.h>
#include <sys/mman.h>

#define ALIGN 16u
#define SKIP  (UINT64_C(1) << 63)

struct entry {
    uint64_t length; /* of all of it, a multiple of ALIGN; with SKIP: there is no record */
    uint64_t unused;
    unsigned char record[];
};

struct brk_capture_ring *brk_capture_ring_new(size_t size)
{
    struct brk_capture_ring *ring = mmap(NULL, sizeof *ring + size, PROT_READ | PROT_WRITE,
                                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (ring == MAP_FAILED)
        return NULL;
    ring->size = size;
    return ring;
}

void brk_capture_ring_free(struct brk_capture_ring *ring)
{
    if (ring)
        munmap(ring, sizeof *ring + ring->size);
}

static struct entry *entry_at(struct brk_capture_ring *ring, uint64_t position)
{
    return (struct entry *)(void *)(ring->bytes + (position & (ring->size - 1)));
}

static bool has_room(struct brk_capture_ring *ring, uint64_t head, uint64_t length)
{
    if (head - ring->tail_seen + length <= ring->size)
        return true;
    /* Pairs with the release in brk_capture_ring_pop. */
    ring->tail_seen = atomic_load_explicit(&ring->tail, memory_order_acquire);
    return head - ring->tail_seen + length <= ring->size;
}

bool brk_capture_ring_put(struct brk_capture_ring *ring, const void *head_part, size_t head_size,
                          const void *rest, size_t rest_size)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed); /* only we write it */
    uint64_t length = (sizeof(struct entry) + head_size + rest_size + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
    uint64_t to_end = ring->size - (head & (ring->size - 1)), skipped = length > to_end ? to_end : 0;
    if (!has_room(ring, head, skipped + length))
        return false;
    if (skipped)
        entry_at(ring, head)->length = skipped | SKIP;
    struct entry *e = entry_at(ring, head + skipped);
    e->length = length;
    memcpy(e->record, head_part, head_size);
    if (rest_size)
        memcpy(e->record + head_size, rest, rest_size);
    /* Pairs with the acquire in brk_capture_ring_peek. */
    atomic_store_explicit(&ring->head, head + skipped + length, memory_order_release);
    return true;
}

const void *brk_capture_ring_peek(struct brk_capture_ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed); /* only we write it */
    /* Pairs with the release in brk_capture_ring_put. */
    if (atomic_load_explicit(&ring->head, memory_order_acquire) == tail)
        return NULL;
    struct entry *e = entry_at(ring, tail);
    if (!(e->length & SKIP))
        return e->record;
    brk_capture_ring_pop(ring);
    return entry_at(ring, atomic_load_explicit(&ring->tail, memory_order_relaxed))->record;
}

void brk_capture_ring_pop(struct brk_capture_ring *ring)
{
    uint64_t tail = atomic_load_explicit(&ring->tail, memory_order_relaxed);
    /* Pairs with the acquire in has_room. */
    atomic_store_explicit(&ring->tail, tail + (entry_at(ring, tail)->length & ~SKIP), memory_order_release);
}

void brk_capture_ring_clear(struct brk_capture_ring *ring)
{
    atomic_store_explicit(&ring->tail, atomic_load_explicit(&ring->head, memory_order_acquire),
                          memory_order_release);
}
