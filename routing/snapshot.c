/* Publishing snapshots, reading them, and picking a destination from a group.
 *
 * QSBR (urcu-qsbr): a reader holds whatever it read until it says that it holds nothing (a quiescent state).
 * A grace period ends when every reader that was online at its start has said so once, or gone offline. */
#include "routing/snapshot.h"

#include <assert.h>

#include <urcu/urcu-qsbr.h>

#include "routing/hash_priv.h"
#include "routing/tsan_priv.h"
#include "routing/turns_priv.h"

/* What the annotations of a grace period refer to. It states liburcu's guarantee: all that a reader did
 * before its quiescent state (or before it went offline or unregistered) comes before whatever follows the
 * grace period that waited for it. The converse (readers see after a grace period what came before it) is
 * left out: readers see what they need through the pointer itself. */
static char grace;

const struct rt_snapshot *rt_current_read(const struct rt_current *c)
{
    /* Acquire, pairs with the release in rt_current_publish: the snapshot's contents come with its
     * address. */
    return __atomic_load_n(&c->pointer, __ATOMIC_ACQUIRE);
}

struct rt_snapshot *rt_current_publish(struct rt_current *c, struct rt_snapshot *s)
{
    /* Release, pairs with the acquire in rt_current_read. Acquire: so that different threads may publish,
     * one after another. */
    struct rt_snapshot *old = __atomic_exchange_n(&c->pointer, s, __ATOMIC_ACQ_REL);
    urcu_qsbr_synchronize_rcu();
    rt_tsan_acquire(&grace);
    return old;
}

void rt_reader_register(void)
{
    urcu_qsbr_register_thread();
}

void rt_reader_unregister(void)
{
    rt_tsan_release(&grace);
    urcu_qsbr_unregister_thread();
}

void rt_reader_quiescent(void)
{
    rt_tsan_release(&grace);
    urcu_qsbr_quiescent_state();
}

void rt_reader_offline(void)
{
    rt_tsan_release(&grace);
    urcu_qsbr_thread_offline();
}

void rt_reader_online(void)
{
    urcu_qsbr_thread_online();
}

/* ---- picking ---- */

static uint32_t pick_in_turn(const struct rt_group *g, struct rt_pick_state *state)
{
    uint32_t i = state->next < g->count ? state->next : state->next % g->count;
    state->next = i + 1;
    return i;
}

static uint32_t pick_by_turns(const struct rt_group *g, struct rt_pick_state *state)
{
    uint32_t place = rt_turn_place(state->next++), first = 0, last = g->count - 1;
    while (first < last) {
        uint32_t middle = first + (last - first) / 2;
        if (place < g->turns[middle])
            last = middle;
        else
            first = middle + 1;
    }
    return first;
}

/* Less waits for the first, compared with its weight. */
static bool is_idler(const struct rt_group *g, uint32_t a, uint32_t b)
{
    uint64_t of_a = rt_dest_waiting(g->dests[a]), of_b = rt_dest_waiting(g->dests[b]);
    return g->weights ? of_a * g->weights[b] < of_b * g->weights[a] : of_a < of_b;
}

/* Several threads may find the same one idle, and fill it until its owner's next turn tells. */
static uint32_t pick_least(const struct rt_group *g, struct rt_pick_state *state)
{
    uint32_t best = g->turns ? pick_by_turns(g, state) : pick_in_turn(g, state), other = best;
    for (uint32_t i = 1; i < g->count && rt_dest_waiting(g->dests[best]); i++) {
        other = other + 1 < g->count ? other + 1 : 0;
        if (is_idler(g, other, best))
            best = other;
    }
    return best;
}

static uint64_t key_of(const struct rt_group *g, uint64_t origin, uint16_t stream)
{
    return rt_mix(rt_mix(origin) + (stream & g->stream_mask));
}

static uint32_t pick_by_hash(const struct rt_group *g, uint64_t key)
{
    uint64_t most = 0;
    uint32_t best = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        uint64_t weight = rt_weight(key, g->seeds[i]);
        if (weight > most) {
            most = weight;
            best = i;
        }
    }
    return best;
}

static uint32_t pick_by_weighted_hash(const struct rt_group *g, uint64_t key)
{
    double least = INFINITY;
    uint32_t best = 0;
    for (uint32_t i = 0; i < g->count; i++) {
        double cost = rt_cost(rt_weight(key, g->seeds[i]), g->weights[i]);
        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    return best;
}

struct rt_dest *rt_group_pick(const struct rt_group *g, struct rt_pick_state *state, uint64_t origin,
                              uint16_t stream)
{
    assert(g->mode != CFG_BROADCAST);
    if (g->held || g->count == 0)
        return NULL;
    switch (g->pick) {
    case RT_PICK_IN_TURN:
        return g->dests[pick_in_turn(g, state)];
    case RT_PICK_BY_TURNS:
        return g->dests[pick_by_turns(g, state)];
    case RT_PICK_LEAST:
        return g->dests[pick_least(g, state)];
    case RT_PICK_BY_HASH:
        return g->dests[pick_by_hash(g, key_of(g, origin, stream))];
    case RT_PICK_BY_WEIGHTED_HASH:
        return g->dests[pick_by_weighted_hash(g, key_of(g, origin, stream))];
    case RT_PICK_FIRST:
        break;
    }
    return g->dests[0];
}
