/* The ring of log records.
 *
 * Positions count up from 0 and never wrap (64 bits); position p uses slot p mod SIZE in lap p / SIZE. A
 * slot's `turn` says whose it is: 2 * lap means free, for the producer of that lap; 2 * lap + 1 means
 * filled, for the consumer. Each of the two passes the slot to the other, so `turn` only grows.
 *
 * - put reads head, and the turn of its slot. If the slot is free it claims the position by advancing
 *   head, which only one of several producers can do; from then on nobody else touches the slot. It copies
 *   the record and stores 2 * lap + 1. An older turn means that the consumer has not yet taken the record
 *   of the previous lap: the ring is full. A newer turn means that head has advanced meanwhile: it tries
 *   again.
 * - take looks at the slot at tail. If it is filled, it reads the record, stores 2 * (lap + 1), and
 *   advances tail, which belongs to the consumer.
 *
 * The record is written before turn becomes odd (release) and read after it was seen odd (acquire); it is
 * read before turn becomes even (release) and written again after it was seen even (acquire). So a record
 * is never read and written at the same time. Head carries no data; turn provides the order, so relaxed is
 * enough for head.
 *
 * Progress: put repeats only when another producer has claimed a position, so some producer always makes
 * progress (lock-free). A producer that is interrupted between claim and store keeps the consumer waiting
 * at its slot, and other producers only when the whole ring behind it is full; then they fail instead of
 * waiting. The records of each producer come out in the order in which it put them, because it claims
 * increasing positions. */
#include "broker/log_ring.h"

#include <stddef.h>
#include <string.h>

static struct brk_log_slot *slot_at(struct brk_log_ring *ring, uint64_t position)
{
    return &ring->slots[position % BRK_LOG_RECORDS];
}

static uint64_t free_turn(uint64_t position)
{
    return position / BRK_LOG_RECORDS * 2;
}

/* The slot at *position, which now belongs to the caller. NULL: the ring is full. */
static struct brk_log_slot *claim(struct brk_log_ring *ring, uint64_t *position)
{
    uint64_t head = atomic_load_explicit(&ring->head, memory_order_relaxed);
    for (;;) {
        struct brk_log_slot *slot = slot_at(ring, head);
        /* Pairs with the release in brk_log_ring_pop. */
        uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if (turn < free_turn(head))
            return NULL;
        if (turn > free_turn(head))
            head = atomic_load_explicit(&ring->head, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(&ring->head, &head, head + 1, memory_order_relaxed,
                                                       memory_order_relaxed)) {
            *position = head;
            return slot;
        }
    }
}

bool brk_log_ring_put(struct brk_log_ring *ring, const struct brk_log_record *record)
{
    uint64_t position;
    struct brk_log_slot *slot = claim(ring, &position);
    if (!slot) {
        atomic_fetch_add_explicit(&ring->lost, 1, memory_order_relaxed);
        return false;
    }
    memcpy(&slot->record, record, offsetof(struct brk_log_record, text) + record->length);
    slot->record.lost_before = brk_log_ring_lost(ring);
    /* Pairs with the acquire in brk_log_ring_peek. */
    atomic_store_explicit(&slot->turn, free_turn(position) + 1, memory_order_release);
    return true;
}

const struct brk_log_record *brk_log_ring_peek(struct brk_log_ring *ring)
{
    struct brk_log_slot *slot = slot_at(ring, ring->tail);
    /* Pairs with the release in brk_log_ring_put. */
    if (atomic_load_explicit(&slot->turn, memory_order_acquire) != free_turn(ring->tail) + 1)
        return NULL;
    return &slot->record;
}

void brk_log_ring_pop(struct brk_log_ring *ring)
{
    struct brk_log_slot *slot = slot_at(ring, ring->tail);
    /* Pairs with the acquire in claim. */
    atomic_store_explicit(&slot->turn, free_turn(ring->tail + BRK_LOG_RECORDS), memory_order_release);
    ring->tail++;
}

/* Only a count: each loss is reported once, whoever takes it. */
uint32_t brk_log_ring_lost(struct brk_log_ring *ring)
{
    if (!atomic_load_explicit(&ring->lost, memory_order_relaxed))
        return 0;
    return atomic_exchange_explicit(&ring->lost, 0, memory_order_relaxed);
}
