/* See flows.h. The tap is not told that an association has ended; so at most FLOWS_MAX are remembered, and
 * the one seen first is forgotten first. */
#include "broker/tap/flows.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "config/sctp/hash.h"

#define FLOWS_MAX 65536
#define FIRST_TSN 1

enum { IN, OUT, DIRECTIONS };

struct tap_flow {
    UT_hash_handle hh;
    uint64_t number; /* of the association; 0 stands for those that are not known */
    struct net_addr local, remote;
    struct {
        uint32_t tsn;
        uint16_t *ssn; /* by stream */
        uint32_t streams;
    } way[DIRECTIONS];
};

static void forget(struct tap_flows *f, struct tap_flow *flow)
{
    HASH_DEL(f->all, flow);
    free(flow->way[IN].ssn);
    free(flow->way[OUT].ssn);
    free(flow);
}

/* NULL: out of memory. */
static struct tap_flow *find(struct tap_flows *f, uint64_t number)
{
    struct tap_flow *flow;
    HASH_FIND(hh, f->all, &number, sizeof number, flow);
    if (flow || !(flow = calloc(1, sizeof *flow)))
        return flow;
    if (HASH_COUNT(f->all) >= FLOWS_MAX)
        forget(f, f->all);
    flow->number = number;
    flow->way[IN].tsn = flow->way[OUT].tsn = FIRST_TSN;
    HASH_ADD(hh, f->all, number, sizeof flow->number, flow);
    return flow;
}

static uint16_t next_ssn(struct tap_flow *flow, unsigned way, uint16_t stream)
{
    if (stream >= flow->way[way].streams) {
        uint32_t streams = (stream | 63u) + 1;
        uint16_t *more = realloc(flow->way[way].ssn, streams * sizeof *more);
        if (!more)
            return 0;
        memset(more + flow->way[way].streams, 0, (streams - flow->way[way].streams) * sizeof *more);
        flow->way[way].ssn = more;
        flow->way[way].streams = streams;
    }
    return flow->way[way].ssn[stream]++;
}

/* Of the side that receives; another one for each association and direction, never 0. */
static uint32_t tag_of(uint64_t number, unsigned way)
{
    uint64_t mixed = (2 * number + way + 1) * UINT64_C(0x9E3779B97F4A7C15);
    return (uint32_t)(mixed >> 32) | 1;
}

struct tap_numbers tap_flows_next(struct tap_flows *f, const struct brk_captured *c, unsigned chunks)
{
    unsigned way = c->verdict == CFG_FORWARDED || c->verdict == CFG_RETURNED ? OUT : IN;
    uint64_t number = way == OUT ? c->target : c->origin;
    struct tap_flow *flow = find(f, number);
    struct tap_numbers n = {.tag = tag_of(number, way), .tsn = FIRST_TSN};
    if (!flow)
        return n;
    if (number && c->local.sa.sa_family != AF_UNSPEC)
        flow->local = c->local;
    if (number && c->remote.sa.sa_family != AF_UNSPEC)
        flow->remote = c->remote;
    n.from = way == OUT ? flow->local : flow->remote;
    n.to = way == OUT ? flow->remote : flow->local;
    n.tsn = flow->way[way].tsn;
    flow->way[way].tsn += chunks;
    n.ssn = c->unordered ? 0 : next_ssn(flow, way, c->stream);
    return n;
}

void tap_flows_free(struct tap_flows *f)
{
    while (f->all)
        forget(f, f->all);
}
