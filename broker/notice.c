/* What operators want to see of an association between up and lost: paths that fail and come back, and how
 * much was lost on the way.
 *
 * When an event reports the end of an association, the stack no longer has its statistics. So they are
 * read now and then while it carries messages (every BRK_STATS_MS, one look at the turn's clock for each
 * burst), and where an end is likely: when a path changes, the peer shuts down, or this side shuts down or
 * aborts. The log line of the end says how old they are. What the stack gave up is not read where no route
 * permits it. */
#include "broker/notice.h"

#include <inttypes.h>
#include <stdio.h>

#include "broker/assoc.h"
#include "broker/history.h"
#include "broker/log.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "config/sctp/address.h"
#include "config/sctp/options.h"
#include "transport/transport.h"

void brk_notice_path(struct brk_worker *w, struct brk_socket *s, const struct tr_event *e)
{
    static const struct {
        const char *name;
        enum cfg_log_level level;
    } states[] = {[TR_PATH_AVAILABLE] = {"available", CFG_LOG_INFO},
                  [TR_PATH_UNREACHABLE] = {"unreachable", CFG_LOG_WARNING},
                  [TR_PATH_REMOVED] = {"removed", CFG_LOG_INFO},
                  [TR_PATH_ADDED] = {"added", CFG_LOG_INFO},
                  [TR_PATH_MADE_PRIM] = {"primary", CFG_LOG_INFO},
                  [TR_PATH_CONFIRMED] = {"confirmed", CFG_LOG_DEBUG},
                  [TR_PATH_POTENTIALLY_FAILED] = {"potentially_failed", CFG_LOG_WARNING}};
    static struct brk_log_budget lines = {.event = "path", .level = CFG_LOG_WARNING};
    char address[NET_ADDR_TEXT];
    enum cfg_log_level level = states[e->path.state].level;
    struct brk_assoc *a = brk_assoc_find(s, e->assoc);
    if (brk_log_on(level) && (!a || brk_assoc_admits(a, &lines)))
        brk_log(level, "path", "%s=%s assoc=%u address=%s state=%s", brk_member_word(s->member),
                cfg_member_name(w->config, s->member), e->assoc,
                net_addr_format(&e->path.address, address, sizeof address), states[e->path.state].name);
    if (a && level <= CFG_LOG_INFO)
        brk_note_path(w, a, &e->path.address, states[e->path.state].name);
    if (a && a->state == BRK_UP)
        brk_stats_read(w, a);
}

void brk_stats_follow(struct brk_worker *w, struct brk_assoc *a, struct brk_assoc *old)
{
    a->stats = old->stats;
    a->silent = old->silent;
    old->silent = (struct brk_silent){0}; /* counted once, for the new one */
    if (w->gives_up)
        brk_silent_ask(w, a);
}

/* Over at least BRK_STATS_MS, however often the statistics are read. */
static void set_rate(struct brk_assoc_stats *s)
{
    uint64_t elapsed = s->read_ms - s->rate_ms;
    if (s->rate_ms && elapsed < BRK_STATS_MS)
        return;
    s->rate = s->rate_ms && s->retransmitted > s->rate_from
                  ? (s->retransmitted - s->rate_from) * 60000 / elapsed
                  : 0;
    s->rate_ms = s->read_ms;
    s->rate_from = s->retransmitted;
}

void brk_stats_read(struct brk_worker *w, struct brk_assoc *a)
{
    const struct tr_backend *b = w->broker->backend;
    struct brk_assoc_stats *s = &a->stats;
    struct opt_set got = {0};
    struct tr_error error;
    s->next_ms = w->now_ms + (w->gives_up ? BRK_SILENT_MS : BRK_STATS_MS);
    if (w->gives_up)
        brk_silent_ask(w, a);
    if (!tr_backend_can_get(b, OPT_ASSOC_STATS) ||
        tr_get_option(a->socket->ep, a->id, OPT_ASSOC_STATS, &got, &error) != TR_OK)
        return;
    s->packets_out = (uint64_t)opt_num(&got, OPTF_STATS_OPACKETS, 0);
    s->packets_in = (uint64_t)opt_num(&got, OPTF_STATS_IPACKETS, 0);
    s->retransmitted = (uint64_t)opt_num(&got, OPTF_STATS_RTXCHUNKS, 0);
    s->duplicates = (uint64_t)opt_num(&got, OPTF_STATS_IDUPCHUNKS, 0);
    s->read_ms = w->now_ms;
    set_rate(s);
}

uint64_t brk_stats_rate(const struct brk_worker *w, const struct brk_assoc *a)
{
    return w->now_ms < a->stats.read_ms + UINT64_C(2) * BRK_STATS_MS ? a->stats.rate : 0;
}

const char *brk_stats_format(const struct brk_worker *w, const struct brk_assoc *a, char *out, size_t size)
{
    const struct brk_assoc_stats *s = &a->stats;
    int n = 0;
    out[0] = '\0';
    if (s->read_ms)
        n = snprintf(out, size,
                     " packets_out=%" PRIu64 " packets_in=%" PRIu64 " retransmitted=%" PRIu64
                     " duplicates=%" PRIu64 " read_ms_ago=%" PRIu64,
                     s->packets_out, s->packets_in, s->retransmitted, s->duplicates, w->now_ms - s->read_ms);
    if (a->silent.all)
        snprintf(out + n, size - (size_t)n, " abandoned=%" PRIu64, a->silent.all);
    return out;
}

void brk_stats_all(struct brk_worker *w)
{
    char text[BRK_STATS_TEXT];
    bool log = brk_log_on(CFG_LOG_DEBUG);
    if (!log && !w->gives_up)
        return;
    for (struct brk_socket *s = w->sockets; s; s = s->next)
        for (struct brk_assoc *a = s->assocs; a; a = a->hh.next) {
            if (a->state != BRK_UP)
                continue;
            brk_stats_read(w, a);
            if (log)
                brk_log(CFG_LOG_DEBUG, "association", "%s=%s assoc=%u%s", brk_member_word(s->member),
                        cfg_member_name(w->config, s->member), a->id,
                        brk_stats_format(w, a, text, sizeof text));
        }
}
