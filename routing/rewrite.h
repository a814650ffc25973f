/* What a route changes in its messages: the PPID (`set_ppid`) and the stream (`set_stream`). It happens
 * when a message leaves: until then it has the PPID and stream with which it was received, by which it finds
 * its route again if necessary. Answers of a paired session have no route and keep their PPID and stream.
 *
 * Pure; any thread. */
#ifndef JUNCTOR_ROUTING_REWRITE_H
#define JUNCTOR_ROUTING_REWRITE_H

#include <stdint.h>

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The PPID, in host byte order, with which a message of `ppid` leaves. */
static inline uint32_t rt_rewrite_ppid(const struct cfg_route *r, uint32_t ppid)
{
    return r->set_ppid == CFG_ABSENT ? ppid : (uint32_t)r->set_ppid;
}

/* The stream on which a message leaves that was received on `stream` of the association `origin`, where
 * `granted` (at least 1) are there. `hash` and `spread` keep to those; a stream that is the same or fixed may
 * not be among them. All messages of one stream and origin leave on one stream, as long as as many are
 * granted, except with `spread`, which takes one after the other: *turn is the caller's, for each association
 * that messages leave on; 0 at first. */
uint16_t rt_rewrite_stream(const struct cfg_route *r, uint64_t origin, uint16_t stream, uint16_t granted,
                           uint16_t *turn);

#ifdef __cplusplus
}
#endif
#endif
