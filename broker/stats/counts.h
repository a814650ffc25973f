/* Counters, by which every message that enters the broker is accounted for.
 *
 * The account, in messages: received + copies = delivered + dropped + waiting.
 *   received   read from an association, whole
 *   copies     further ones made by fan-out (n destinations: n - 1)
 *   delivered  taken over by the stack, less those it gave back (returned)
 *   dropped    by reason
 *   waiting    in a queue of the broker
 * `waiting` is counted where messages enter and leave queues and not computed from the rest, so the
 * equation can fail, and tests check that it does not.
 *
 * The rows are in counters.def. Those of listeners, peers, groups and routes belong to ids (config/ids.h),
 * so they continue when the configuration is replaced.
 *
 * Threads: each worker has its own brk_counts, and only it writes there. Any thread may read any of the
 * counters at any time (brk_counted): a value is never torn, but two values may be of different moments.
 * For the exact account they are added up while the workers stand at a barrier (control_thread.c), or after
 * they have ended. */
#ifndef JUNCTOR_BROKER_STATS_COUNTS_H
#define JUNCTOR_BROKER_STATS_COUNTS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "broker/stats/segments.h"
#include "config/config.h"

enum brk_drop {
#define TOTAL(id, name, unit, help)
#define TRAFFIC(id, name, unit, help)
#define DROP(id, name, help) BRK_##id,
#include "broker/stats/counters.def"
    BRK_DROP_COUNT
};

const char *brk_drop_name(enum brk_drop reason); /* "no_route" */

/* Why a listener refuses an association. */
enum brk_refusal {
#define TOTAL(id, name, unit, help)
#define TRAFFIC(id, name, unit, help)
#define DROP(id, name, help)
#define REFUSAL(id, name, help) BRK_REFUSED_##id,
#include "broker/stats/counters.def"
    BRK_REFUSAL_COUNT,
    BRK_ADMITTED = BRK_REFUSAL_COUNT /* it does not */
};

const char *brk_refusal_name(enum brk_refusal reason); /* "denied" */

/* A struct, so that only the functions below can change it. */
struct brk_counter {
    uint64_t value;
};

/* For the owner. Relaxed: a reader wants the number, and nothing that depends on it. */
static inline void brk_count(struct brk_counter *c, uint64_t more)
{
    __atomic_store_n(&c->value, c->value + more, __ATOMIC_RELAXED);
}
static inline void brk_uncount(struct brk_counter *c, uint64_t less)
{
    __atomic_store_n(&c->value, c->value - less, __ATOMIC_RELAXED);
}
static inline void brk_count_is(struct brk_counter *c, uint64_t now)
{
    __atomic_store_n(&c->value, now, __ATOMIC_RELAXED);
}
/* Any thread. */
static inline uint64_t brk_counted(const struct brk_counter *c)
{
    return __atomic_load_n(&c->value, __ATOMIC_RELAXED);
}

/* The traffic of one listener, peer, group or route. */
struct brk_traffic {
#define TOTAL(id, name, unit, help)
#define TRAFFIC(id, name, unit, help) struct brk_counter id;
#define DROP(id, name, help)
#include "broker/stats/counters.def"
};

enum brk_scope { BRK_LISTENERS, BRK_PEERS, BRK_GROUPS, BRK_ROUTES, BRK_SCOPES };

struct brk_counts {
#define TOTAL(id, name, unit, help) struct brk_counter id;
#define TRAFFIC(id, name, unit, help)
#define DROP(id, name, help)
#include "broker/stats/counters.def"
    struct brk_counter dropped[BRK_DROP_COUNT];
    struct brk_counter refused[BRK_REFUSAL_COUNT];
    struct brk_segments traffic[BRK_SCOPES]; /* struct brk_traffic by id; brk_traffic_of */
};

enum brk_unit { BRK_MESSAGES, BRK_BYTES, BRK_ASSOCIATIONS };

/* A row of counters.def; `offset` is into brk_counts or brk_traffic. */
struct brk_counter_row {
    const char *name, *help;
    enum brk_unit unit;
    bool falls; /* a gauge */
    size_t offset;
};
extern const struct brk_counter_row brk_total_rows[], brk_traffic_rows[];
extern const unsigned brk_total_count, brk_traffic_count;

static inline struct brk_counter *brk_counter_at(const struct brk_counter_row *row, void *counters)
{
    return (struct brk_counter *)(void *)((char *)counters + row->offset);
}

/* All zeros, with room for `config`. False: out of memory, nothing allocated. Owner. */
bool brk_counts_init(struct brk_counts *c, const struct cfg_config *config);
/* Makes room for what another configuration adds; existing counters keep their values and addresses.
 * False: out of memory, nothing changed. Owner. */
bool brk_counts_fit(struct brk_counts *c, const struct cfg_config *config);
void brk_counts_free(struct brk_counts *c);

/* The traffic of an id for which there is room. */
static inline struct brk_traffic *brk_traffic_of(const struct brk_counts *c, enum brk_scope scope,
                                                 unsigned id)
{
    return brk_segments_at(&c->traffic[scope], id);
}

/* Adds what `from`, of any worker, has of `config` to `to`; there is room for that in both. */
void brk_counts_add(struct brk_counts *to, const struct brk_counts *from, const struct cfg_config *config);

/* How many listeners, peers, groups or routes a configuration has, including those that are gone. */
unsigned brk_scope_size(const struct cfg_config *config, enum brk_scope scope);

#endif
