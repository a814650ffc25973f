/* See stamp.h. */
#include "broker/stamp.h"

#include "broker/assoc.h"
#include "broker/log.h"
#include "broker/reliability.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/options.h"
#include "routing/rewrite.h"
#include "routing/stream_map.h"
#include "routing/table.h"
#include "transport/transport.h"

/* The stream of a message whose own was not granted: modulo. Out of line, as it needs room on the stack. */
static __attribute__((noinline)) uint16_t map_missing(struct brk_worker *w, struct brk_assoc *a,
                                                      uint32_t asked, uint32_t route)
{
    uint16_t stream = (uint16_t)(asked % a->out_streams);
    uint64_t skipped;
    brk_count(&a->socket->traffic->mapped, 1);
    if (route != RT_NO_ROUTE)
        brk_count(&brk_traffic_of(&w->counts, BRK_ROUTES, route)->mapped, 1);
    if (brk_log_limited(&w->stream_limit, w->now_ms, &skipped))
        brk_log(CFG_LOG_WARNING, "stream_mapped",
                "to=%s assoc=%u stream=%u granted=%u used=%u more_since_last=%llu", brk_assoc_name(a), a->id,
                asked, a->out_streams, stream, (unsigned long long)skipped);
    return stream;
}

/* The stream a message leaves on: the one asked for, or, if that one was not granted, one that was. */
static inline uint16_t map_stream(struct brk_worker *w, struct brk_assoc *a, uint32_t asked, uint32_t route)
{
    return asked < a->out_streams ? (uint16_t)asked : map_missing(w, a, asked, route);
}

/* The following two are out of line and call others last, so that most messages, which have no such route,
 * and those that get nothing but another PPID need no room on the stack for them. */

static __attribute__((noinline)) bool set_stream(struct brk_assoc *a, struct tr_msg *m,
                                                 const struct brk_sent *s, const struct cfg_route *r)
{
    m->stream = rt_rewrite_stream(r, s->origin, m->stream, a->out_streams, &a->outbox.turn);
    return true;
}

/* What its route writes anew. True: it is one that does. */
static __attribute__((noinline)) bool rewrite(struct brk_assoc *a, struct tr_msg *m, struct brk_sent *s,
                                              const struct cfg_route *r)
{
    if (!r->rewrites)
        return false;
    s->ppid_bits = m->ppid;
    m->ppid = rt_rewrite_ppid(r, m->ppid);
    s->ppid_bits ^= m->ppid;
    return r->set_stream.rule == CFG_SAME_STREAM || set_stream(a, m, s, r);
}

/* Its policy of partial reliability. */
static __attribute__((noinline)) void set_policy(const struct brk_worker *w, struct tr_msg *m,
                                                 uint64_t *entered_ms, const struct cfg_route *r)
{
    uint64_t entered = *entered_ms;
    if (r->pr_policy != OPT_PR_TTL)
        *entered_ms = 0;
    if (r->pr_policy != OPT_PR_NONE)
        brk_policy(w, m, r, entered);
}

/* What depends on its route. True: it writes PPID or stream anew. */
static inline bool by_route(struct brk_worker *w, struct brk_assoc *a, struct tr_msg *m, struct brk_sent *s)
{
    const struct cfg_route *r = &w->config->routes[s->route];
    s->group = r->group;
    if (w->gives_up)
        set_policy(w, m, &s->entered_ms, r);
    else
        s->entered_ms = 0;
    return w->rewrites && rewrite(a, m, s, r);
}

/* The stream that it leaves on. `known`: a map has found it already. */
static inline uint16_t leaves_on(struct brk_worker *w, struct brk_assoc *a, const struct tr_msg *m,
                                 uint16_t known, const struct brk_sent *s)
{
    if (known != RT_NO_STREAM)
        return known;
    return a->map.streams ? rt_stream_map_find(a->map.streams, s->origin, s->asked)
                          : map_stream(w, a, m->stream, s->route);
}

void brk_stamp(struct brk_worker *w, struct brk_assoc *a, struct tr_msg *m, uint16_t known, struct brk_sent s)
{
    bool rewritten = false;
    m->pr_policy = TR_PR_NONE;
    s.asked = m->stream;
    if (s.route != RT_NO_ROUTE)
        rewritten = by_route(w, a, m, &s);
    else
        s.entered_ms = 0;
    m->stream = leaves_on(w, a, m, known, &s);
    if (s.asked == m->stream && !rewritten) /* where streams are spread: one run in the log, not two */
        s.asked = BRK_SAME_STREAM;
    m->context = brk_sent_add(&a->outbox.sent, &s);
}
