/* A bounded queue of log records: any number of producers, one consumer.
 *
 * Putting never blocks, never allocates and makes no system call; when there is no room it fails, and the
 * loss is counted. All zeros are an empty ring, so one in static memory needs no initialisation and
 * touches no page before it is used. log_ring.c has the argument why it is correct. */
#ifndef JUNCTOR_BROKER_LOG_RING_H
#define JUNCTOR_BROKER_LOG_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define BRK_LOG_RECORDS 1024 /* a power of two; 2 KiB each */
#define BRK_LOG_TEXT    1976 /* the longest text; with time and level a line fits in 2 KiB */

/* One event as recorded by its thread; the writer makes a line of it. */
struct brk_log_record {
    struct timespec at;   /* CLOCK_REALTIME */
    uint32_t lost_before; /* records lost just before this one, for lack of room; set by the ring */
    uint16_t level;       /* enum cfg_log_level */
    uint16_t length;
    char text[BRK_LOG_TEXT]; /* "event=… key=value …", logfmt; no terminator */
};

struct brk_log_slot {
    _Atomic uint64_t turn;
    struct brk_log_record record;
};

struct brk_log_ring {
    _Alignas(64) _Atomic uint64_t head; /* where the next record is put */
    _Alignas(64) uint64_t tail;         /* where the next one is taken; the consumer's */
    _Alignas(64) _Atomic uint32_t lost; /* lost for lack of room, and not reported yet */
    struct brk_log_slot slots[BRK_LOG_RECORDS];
};

/* Any thread: copies the record. False: no room, and counted in `lost`. */
bool brk_log_ring_put(struct brk_log_ring *ring, const struct brk_log_record *record);

/* Consumer: the oldest record, valid until brk_log_ring_pop, which frees its slot. NULL: none. */
const struct brk_log_record *brk_log_ring_peek(struct brk_log_ring *ring);
void brk_log_ring_pop(struct brk_log_ring *ring);

/* Any thread: takes the count of lost records, to report it. */
uint32_t brk_log_ring_lost(struct brk_log_ring *ring);

#endif
