/* Which worker has an association that was handed over. An association's number says which worker it began
 * with (origin.h); of those that went elsewhere the number stays, and this says where they are. Part of the
 * snapshot, so that it changes for all workers with a grace period; read only where something came back or
 * somebody asks, never on the way of a message. Immutable. */
#ifndef JUNCTOR_ROUTING_OWNERS_H
#define JUNCTOR_ROUTING_OWNERS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct rt_owner {
    uint64_t origin;
    uint32_t worker;
};

struct rt_owners {
    uint32_t count;
    struct rt_owner list[]; /* by origin */
};

/* Without entries, which the caller fills and rt_owners_sort puts in order. NULL: out of memory. Freed with
 * free(). */
struct rt_owners *rt_owners_new(uint32_t count);
void rt_owners_sort(struct rt_owners *o);

/* The worker that has the association with this number: the one with which it began where it is not listed.
 * `o` may be NULL: nothing is. */
uint32_t rt_owners_find(const struct rt_owners *o, uint64_t origin);

#ifdef __cplusplus
}
#endif
#endif
