/* Group membership as members.c keeps it and snapshot_build.c reads it: the control thread's. */
#ifndef JUNCTOR_ROUTING_MEMBERS_PRIV_H
#define JUNCTOR_ROUTING_MEMBERS_PRIV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/snapshot.h"

/* A destination in a group. */
struct group_dest {
    struct rt_dest *dest;
    uint32_t position; /* of its member in the group */
    uint32_t weight;   /* its share now, compared with others; 0: it gets nothing */
};

/* What is known of a member of a group beside what the configuration says. */
struct group_member {
    bool out;          /* its operator has taken it out */
    bool ejected;      /* of this group, for a time */
    uint64_t since_ms; /* when it was taken in again; 0: it has always been in */
};

struct group {
    struct group_dest *dests; /* by position, then in order of coming up */
    uint32_t count, room;
    uint32_t holds;               /* removals not yet released */
    struct group_member *members; /* by position */
    struct rt_dest *active;       /* with override: who gets everything; NULL: nobody is there */
};

/* The position of a member in a group. */
struct place {
    uint32_t group, position;
};

/* The places of one list in rt_members.places. */
struct places {
    size_t first, count;
};

struct rt_members {
    const struct cfg_config *config;
    struct group *groups;   /* by group index */
    uint32_t group_count;   /* for freeing without the configuration, which may have been freed */
    struct places *sources; /* by members_list */
    struct place *places;
    struct group_member *members; /* of all groups, one after the other */
    uint64_t now_ms;              /* of rt_members_settle */
};

/* Index in rt_members.sources: the places of a member in groups with mapped routes, or in all others. */
static inline uint32_t members_list(struct cfg_member m, bool mapped)
{
    return 2 * rt_source(m) + mapped;
}

/* Whether a stream stays with one member, by hash. */
static inline bool is_hashed(const struct cfg_group *g)
{
    return g->mode == CFG_LOADSHARE && (g->share == CFG_STREAM_HASH || g->share == CFG_SOURCE_HASH);
}

/* The share of a member in a group at a time, compared with others, in parts of a weight of 1; only loadshare
 * knows other weights than 1. 0: it gets nothing. Of a listener: of each of its associations. `up_ms`: when
 * the association came up, or 0 where it is about the clients of sessions. */
uint32_t members_weight(const struct rt_members *m, struct place at, uint64_t up_ms, uint64_t now_ms);

/* A destination in a group; NULL: it is not there. */
const struct group_dest *members_find(const struct group *g, const struct rt_dest *d);

/* With override: whether this destination is to take the place of the active one. There is one. */
bool members_replaces(const struct rt_members *m, const struct rt_dest *d, struct place at);

/* Sets who is active in a group with override. */
void members_choose(struct rt_members *m, uint32_t group);

#endif
