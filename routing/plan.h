/* A plan: one configuration and everything derived from it, as a broker serves it. Immutable once built;
 * workers reach it through the snapshot that they read anyway (snapshot.h).
 *
 * A broker has one plan for each configuration it has had, its generations; one of them is in force at a
 * time. Whatever outlives a plan refers to listeners, peers, groups and routes by their ids, which are
 * their indices in the plan's configuration and stay the same from one plan to the next (config/ids.h). So
 * no queued message and no counter refers to a plan, and a plan that has been replaced is freed as soon as
 * no thread reads it any more. */
#ifndef JUNCTOR_ROUTING_PLAN_H
#define JUNCTOR_ROUTING_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "routing/table.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What the routes make of a listener or peer. */
struct rt_role {
    bool source;             /* some route takes what its associations send */
    bool destination;        /* its associations are members of groups of shared routes */
    bool to_groups;          /* some route takes what its associations send to members of a group */
    bool standing;           /* a peer: an association to it is kept up, whoever sends */
    bool mapped;             /* in mapped routes: a listener as a source, a peer as a member, to which an
                                association is kept up */
    uint16_t paired_streams; /* its clients' partners need at least so many streams */
    uint32_t paired_route;   /* its first paired route, whose group its clients' partners come from; or
                                RT_NO_ROUTE */
};

struct rt_plan {
    uint32_t generation; /* 1: that of the broker's start */
    const struct cfg_config *config;
    struct rt_table *table;
    struct rt_role *roles; /* by source number: rt_source */
    bool ejects;           /* some group ejects members that fail */
    bool gives_up;         /* some route has a partial reliability policy */
    bool rewrites;         /* some route sets PPID or stream */
};

/* Takes `config` over, even on failure. NULL: out of memory. */
struct rt_plan *rt_plan_new(struct cfg_config *config, uint32_t generation);
/* And its configuration. NULL is allowed. */
void rt_plan_free(struct rt_plan *p);

static inline const struct rt_role *rt_role(const struct rt_plan *p, struct cfg_member m)
{
    return &p->roles[rt_source(m)];
}

#ifdef __cplusplus
}
#endif
#endif
