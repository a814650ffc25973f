/* Group membership as members.c keeps it and snapshot_build.c reads it: the control thread's. */
#ifndef JUNCTOR_ROUTING_MEMBERS_PRIV_H
#define JUNCTOR_ROUTING_MEMBERS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/snapshot.h"

/* A destination in a group. */
struct seat {
    struct rt_dest *dest;
    uint32_t position; /* of its member in the group */
    uint32_t weight;   /* its share now, compared with others; 0: it gets nothing */
};

struct seats {
    struct seat *list; /* by position, then in order of coming up */
    uint32_t count, room;
    uint32_t holds; /* removals not yet released */
};

/* The position of a member in a group. */
struct place {
    uint32_t group, position;
};

/* The places of one source number in rt_members.places. */
struct places {
    size_t first, count;
};

struct rt_members {
    const struct cfg_config *config;
    struct seats *groups;   /* by group index */
    uint32_t group_count;   /* for freeing without the configuration, which may have been freed */
    struct places *sources; /* by source number */
    struct place *places;
};

/* Whether a stream stays with one member, by hash. */
static inline bool is_hashed(const struct cfg_group *g)
{
    return g->mode == CFG_LOADSHARE && (g->share == CFG_STREAM_HASH || g->share == CFG_SOURCE_HASH);
}

/* The share of a member in a group now, compared with others; only loadshare knows others than 1. 0: it gets
 * nothing. Of a listener: of each of its associations. */
uint32_t members_weight(const struct rt_members *m, struct place at);

#endif
