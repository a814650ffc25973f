/* See stream_map.h. One array of entries by stream number; the buckets of a hash table by client and stream,
 * and two queues, of free streams and of those whose clients have gone, link them by number. */
#include "routing/stream_map.h"

#include <assert.h>
#include <stdlib.h>

#include "routing/hash_priv.h"

#define FIRST_SIZE 16U
#define NONE       UINT32_MAX

enum state { FREE, TAKEN, LEFT, STAYS }; /* STAYS: taken, and still in the queue of those that had left */

struct entry {
    uint64_t origin, number, used_ms;
    uint32_t in_bucket; /* the next one of the same bucket; NONE: the last */
    uint32_t in_queue;  /* likewise */
    uint16_t stream;
    uint8_t state;
};

struct queue {
    uint32_t first, last, count;
};

struct rt_stream_map {
    struct entry *entries; /* by stream */
    uint32_t *buckets;     /* as many as entries: a power of two */
    uint32_t size;
    uint32_t fresh; /* streams from here on have never been taken */
    uint32_t taken, left;
    struct queue free, leaving;
};

/* ---- queues --------------------------------------------------------------------------------------- */

static void put(struct rt_stream_map *m, struct queue *q, uint32_t i)
{
    m->entries[i].in_queue = NONE;
    if (q->count++)
        m->entries[q->last].in_queue = i;
    else
        q->first = i;
    q->last = i;
}

static uint32_t next(struct rt_stream_map *m, struct queue *q)
{
    uint32_t i = q->first;
    q->first = m->entries[i].in_queue;
    q->count--;
    return i;
}

/* ---- the table ------------------------------------------------------------------------------------- */

static inline uint32_t *bucket(const struct rt_stream_map *m, uint64_t origin, uint16_t stream)
{
    return &m->buckets[rt_mix(origin ^ (uint64_t)stream << 32) & (m->size - 1)];
}

static void link_entry(struct rt_stream_map *m, uint32_t i)
{
    uint32_t *b = bucket(m, m->entries[i].origin, m->entries[i].stream);
    m->entries[i].in_bucket = *b;
    *b = i;
}

static void unlink_entry(struct rt_stream_map *m, uint32_t i)
{
    uint32_t *at = bucket(m, m->entries[i].origin, m->entries[i].stream);
    while (*at != i)
        at = &m->entries[*at].in_bucket;
    *at = m->entries[i].in_bucket;
}

static bool resize(struct rt_stream_map *m, uint32_t size)
{
    uint32_t *buckets = reallocarray(NULL, size, sizeof *buckets);
    struct entry *entries = buckets ? reallocarray(m->entries, size, sizeof *entries) : NULL;
    if (!entries) {
        free(buckets);
        return false;
    }
    free(m->buckets);
    m->buckets = buckets;
    m->entries = entries;
    m->size = size;
    for (uint32_t i = 0; i < size; i++)
        buckets[i] = NONE;
    for (uint32_t i = 0; i < m->fresh; i++)
        if (entries[i].state != FREE)
            link_entry(m, i);
    return true;
}

struct rt_stream_map *rt_stream_map_new(void)
{
    struct rt_stream_map *m = calloc(1, sizeof *m);
    if (m && !resize(m, FIRST_SIZE)) {
        free(m);
        m = NULL;
    }
    return m;
}

void rt_stream_map_free(struct rt_stream_map *m)
{
    if (!m)
        return;
    free(m->entries);
    free(m->buckets);
    free(m);
}

uint16_t rt_stream_map_find(const struct rt_stream_map *m, uint64_t origin, uint16_t stream)
{
    for (uint32_t i = *bucket(m, origin, stream); i != NONE; i = m->entries[i].in_bucket)
        if (m->entries[i].origin == origin && m->entries[i].stream == stream)
            return (uint16_t)i;
    return RT_NO_STREAM;
}

/* NONE: there is none. */
static uint32_t free_one(struct rt_stream_map *m, uint32_t usable, uint32_t most)
{
    if (m->fresh >= usable && m->free.count)
        return next(m, &m->free);
    if (m->fresh >= usable && m->fresh >= most)
        return NONE;
    if (m->fresh == m->size && !resize(m, 2 * m->size))
        return m->free.count ? next(m, &m->free) : NONE;
    return m->fresh++;
}

uint16_t rt_stream_map_take(struct rt_stream_map *m, uint64_t origin, uint16_t stream, uint16_t usable,
                            uint16_t most)
{
    uint32_t i = free_one(m, usable, most);
    if (i == NONE)
        return RT_NO_STREAM;
    m->entries[i] = (struct entry){.origin = origin, .stream = stream, .state = TAKEN};
    link_entry(m, i);
    m->taken++;
    return (uint16_t)i;
}

bool rt_stream_map_user(const struct rt_stream_map *m, uint16_t out, struct rt_stream_user *user)
{
    if (out >= m->fresh || m->entries[out].state == FREE)
        return false;
    const struct entry *e = &m->entries[out];
    *user = (struct rt_stream_user){e->origin, e->stream, e->state == LEFT};
    return true;
}

void rt_stream_map_used(struct rt_stream_map *m, uint16_t out, uint64_t now_ms)
{
    m->entries[out].used_ms = now_ms;
}

void rt_stream_map_sent(struct rt_stream_map *m, uint16_t out, uint64_t number, uint64_t now_ms)
{
    m->entries[out].number = number;
    m->entries[out].used_ms = now_ms;
}

void rt_stream_map_exist(struct rt_stream_map *m, uint16_t usable, uint64_t number)
{
    for (uint32_t i = 0; i < m->fresh && i < usable; i++)
        if (m->entries[i].state != FREE && m->entries[i].number == RT_TO_BE_SENT)
            m->entries[i].number = number;
}

void rt_stream_map_leave(struct rt_stream_map *m, uint16_t out)
{
    struct entry *e = &m->entries[out];
    if (e->state == LEFT)
        return;
    if (e->state == TAKEN)
        put(m, &m->leaving, out);
    e->state = LEFT;
    m->left++;
}

void rt_stream_map_stay(struct rt_stream_map *m, uint16_t out)
{
    struct entry *e = &m->entries[out];
    if (e->state != LEFT)
        return;
    e->state = STAYS; /* taken out of the queue when its turn comes */
    m->left--;
}

/* ---- free again ------------------------------------------------------------------------------------ */

static void forget(struct rt_stream_map *m, uint32_t i)
{
    unlink_entry(m, i);
    m->entries[i].state = FREE;
    m->taken--;
}

/* Takes those from `usable` on out of a queue. */
static void cut_queue(struct rt_stream_map *m, struct queue *q, uint16_t usable)
{
    for (uint32_t n = q->count; n; n--) {
        uint32_t i = next(m, q);
        if (i < usable)
            put(m, q, i);
    }
}

void rt_stream_map_cut(struct rt_stream_map *m, uint16_t usable)
{
    cut_queue(m, &m->leaving, usable);
    cut_queue(m, &m->free, usable);
    for (uint32_t i = usable; i < m->fresh; i++) {
        m->left -= m->entries[i].state == LEFT;
        if (m->entries[i].state != FREE)
            forget(m, i);
    }
    if (m->fresh > usable)
        m->fresh = usable;
}

uint32_t rt_stream_map_reclaim(struct rt_stream_map *m, struct rt_stream_past past, uint32_t most)
{
    uint32_t unacknowledged = 0;
    for (uint32_t n = m->leaving.count < most ? m->leaving.count : most; n; n--) {
        uint32_t i = next(m, &m->leaving);
        struct entry *e = &m->entries[i];
        if (e->state == STAYS) {
            e->state = TAKEN;
            continue;
        }
        bool acknowledged = e->number <= past.number, quiet = e->used_ms < past.before_ms;
        if (acknowledged && quiet) {
            forget(m, i);
            m->left--;
            put(m, &m->free, i);
            continue;
        }
        unacknowledged += !acknowledged;
        put(m, &m->leaving, i);
    }
    return unacknowledged;
}

uint32_t rt_stream_map_taken(const struct rt_stream_map *m)
{
    return m->taken;
}

uint32_t rt_stream_map_left(const struct rt_stream_map *m)
{
    return m->left;
}
