/* Why a message takes the route that it takes: what the route table decides at once, route by route. For
 * people; slow. Pure, any thread that may read the configuration. */
#ifndef JUNCTOR_ROUTING_EXPLAIN_H
#define JUNCTOR_ROUTING_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"

#ifdef __cplusplus
extern "C" {
#endif

enum rt_verdict {
    RT_FITS, /* the first one that does takes the message */
    RT_OTHER_SOURCE,
    RT_OTHER_PPID,
    RT_OTHER_STREAM,
    RT_ORDERED_ONLY,
    RT_UNORDERED_ONLY
};

/* Whether a route is for messages of this listener or peer, PPID (host byte order), stream and delivery. */
enum rt_verdict rt_explain(const struct cfg_route *r, struct cfg_member from, uint32_t ppid, uint16_t stream,
                           bool unordered);

/* What that means where an earlier route has taken the message, or not: "takes it", "is for other PPIDs". */
const char *rt_verdict_text(enum rt_verdict v, bool taken);

/* What becomes of a message that no route takes. */
const char *rt_explain_unrouted(const struct cfg_config *c);

/* What the route writes anew in its messages (rewrite.h): "PPID m3ua, stream by hash"; "" where it changes
 * nothing. Returns `out`. */
#define RT_EXPLAIN_TEXT 80
const char *rt_explain_rewrite(const struct cfg_route *r, char out[RT_EXPLAIN_TEXT]);

#ifdef __cplusplus
}
#endif
#endif
