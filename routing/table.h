/* The route table: finds the route of a message in time that does not grow with the number of routes.
 *
 * Built once from the configuration and immutable from then on; readers in any thread need no lock.
 * Meaning: the first route in file order whose source, PPID, stream and delivery (ordered or not) fit.
 * Building it resolves that order: for every source, and every PPID that some of its routes name, the stream
 * axis is divided into intervals, each with the first of those routes; the same once more for the source's
 * routes that take any PPID. A look-up is one hash probe and at most two short searches (at most eight steps,
 * see table.c); the smaller route number wins. The size of the table grows with the text of the file, not
 * with the product of its routes. */
#ifndef JUNCTOR_ROUTING_TABLE_H
#define JUNCTOR_ROUTING_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

#define RT_NO_ROUTE UINT32_MAX

struct rt_table;

/* Number of a source in the table: listeners have even numbers, peers odd ones, so that a number does not
 * change when there are more of either. */
static inline uint32_t rt_source(struct cfg_member m)
{
    return m.index * 2 + (m.kind == CFG_MEMBER_PEER);
}
/* One more than the largest. */
static inline uint32_t rt_source_count(const struct cfg_config *c)
{
    return 2 * (c->listener_count > c->peer_count ? c->listener_count : c->peer_count);
}
static inline struct cfg_member rt_source_member(uint32_t source)
{
    return (struct cfg_member){.kind = source & 1 ? CFG_MEMBER_PEER : CFG_MEMBER_LISTENER,
                               .index = source / 2};
}

/* NULL: out of memory. Keeps no reference to `c`. 10,000 routes take a few milliseconds. */
struct rt_table *rt_table_build(const struct cfg_config *c);
void rt_table_free(struct rt_table *t);

/* Index into cfg_config.routes, or RT_NO_ROUTE. `ppid` in host byte order; `source` is numbered by
 * rt_source. */
uint32_t rt_table_find(const struct rt_table *t, uint32_t source, uint32_t ppid, uint16_t stream,
                       bool unordered);

/* Calls `tell` for every pair of answers that the two tables give for some ordered message, possibly several
 * times for one pair; the order of unordered ones is nobody's concern. The time it takes is proportional to
 * the number of intervals in both. */
void rt_table_compare(const struct rt_table *before, const struct rt_table *after,
                      void (*tell)(void *arg, uint32_t before, uint32_t after), void *arg);

#ifdef __cplusplus
}
#endif
#endif
