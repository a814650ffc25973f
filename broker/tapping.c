/* See tapping.h. The rings are made when the observer taps for the first time, and stay until it is freed: a
 * worker may still be putting something in the turn in which the tap is closed. */
#include "broker/tapping.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "broker/capture_ring.h"
#include "broker/observe_priv.h"
#include "broker/state.h"

/* Of a worker. Together they have no more than RINGS_SIZE, where that leaves each one enough for its longest
 * message several times. */
#define RING_MOST  (4u << 20)
#define RING_LEAST (1u << 20)
#define RINGS_SIZE (64u << 20)

static size_t ring_size(unsigned workers)
{
    size_t size = RING_MOST;
    while (size > RING_LEAST && size * workers > RINGS_SIZE)
        size /= 2;
    return size;
}

static void free_rings(struct brk_observer *o)
{
    for (unsigned i = 0; o->rings && i < o->broker->worker_count; i++)
        brk_capture_ring_free(o->rings[i]);
    free(o->rings);
    o->rings = NULL;
}

static bool make_rings(struct brk_observer *o)
{
    unsigned n = o->broker->worker_count;
    if (o->rings)
        return true;
    o->rings = calloc(n, sizeof *o->rings);
    for (unsigned i = 0; o->rings && i < n; i++)
        if (!(o->rings[i] = brk_capture_ring_new(ring_size(n)))) {
            free_rings(o); /* no worker has seen any of them */
            return false;
        }
    o->tapped = n;
    return o->rings;
}

bool brk_tap_on(struct brk_observer *o, uint32_t snaplen)
{
    if (!make_rings(o))
        return false;
    for (unsigned i = 0; i < o->broker->worker_count; i++) {
        if (!atomic_load_explicit(&o->broker->workers[i]->tapped, memory_order_relaxed))
            brk_capture_ring_clear(o->rings[i]); /* what was put after the tap had been closed */
        atomic_store_explicit(&o->rings[i]->snaplen, snaplen, memory_order_relaxed); /* a number, no more */
        /* Pairs with the acquire in brk_worker_turn: the ring is complete. */
        atomic_store_explicit(&o->broker->workers[i]->tapped, o->rings[i], memory_order_release);
    }
    return true;
}

void brk_tap_off(struct brk_observer *o)
{
    if (!o->rings)
        return;
    for (unsigned i = 0; i < o->broker->worker_count; i++) {
        atomic_store_explicit(&o->broker->workers[i]->tapped, NULL, memory_order_relaxed);
        brk_capture_ring_clear(o->rings[i]);
    }
    o->tapped = o->broker->worker_count;
}

const struct brk_captured *brk_tap_next(struct brk_observer *o)
{
    const struct brk_captured *oldest = NULL;
    unsigned n = o->broker->worker_count;
    if (!o->rings)
        return NULL;
    if (o->tapped < n)
        brk_capture_ring_pop(o->rings[o->tapped]);
    o->tapped = n;
    for (unsigned i = 0; i < n; i++) {
        const struct brk_captured *c = brk_capture_ring_peek(o->rings[i]);
        if (c && (!oldest || c->at_ns < oldest->at_ns)) {
            oldest = c;
            o->tapped = i;
        }
    }
    return oldest;
}

uint64_t brk_tap_missed(const struct brk_observer *o)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < o->broker->worker_count; i++)
        sum += brk_counted(&o->broker->workers[i]->counts.tap_missed);
    return sum;
}

void brk_tap_free(struct brk_observer *o)
{
    if (!o->rings)
        return;
    for (unsigned i = 0; i < o->broker->worker_count; i++) {
        struct brk_worker *w = o->broker->workers[i];
        atomic_store_explicit(&w->tapped, NULL, memory_order_relaxed);
        w->tap = NULL;
    }
    free_rings(o);
}
