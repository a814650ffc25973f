/* See memory.h. */
#include "broker/memory.h"

#include <utlist.h>

#include "broker/assoc.h"
#include "broker/log.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/stats/counts.h"
#include "config/config.h"
#include "transport/transport.h"

static uint64_t part_of(const struct brk_worker *w)
{
    return brk_counted(&w->counts.memory) + brk_counted(&w->counts.half_received) +
           __atomic_load_n(&w->memory_promised, __ATOMIC_RELAXED);
}

static void count_half_received(struct brk_worker *w)
{
    struct tr_loop_stats stats;
    tr_loop_get_stats(w->loop, &stats);
    uint64_t most = stats.half_received * w->config->max_message;
    brk_count_is(&w->counts.half_received, stats.half_received_bytes);
    __atomic_store_n(&w->memory_promised,
                     most > stats.half_received_bytes ? most - stats.half_received_bytes : 0,
                     __ATOMIC_RELAXED);
}

static void feed(struct brk_worker *w)
{
    struct brk_socket *s;
    w->starved = false;
    DL_FOREACH(w->sockets, s)
    if (s->starved) {
        s->starved = false;
        brk_socket_update_watch(s);
    }
}

void brk_memory_turn(struct brk_worker *w)
{
    uint64_t limit = w->config->memory_limit;
    if (!limit && !w->starved)
        return;
    w->memory_elsewhere = 0;
    for (unsigned i = 0; i < w->broker->worker_count; i++)
        if (i != w->index)
            w->memory_elsewhere += part_of(w->broker->workers[i]);
    count_half_received(w);
    if (w->starved && (!limit || part_of(w) + w->memory_elsewhere <= limit / 4 * 3))
        feed(w);
}

static bool is_read_anyway(const struct brk_socket *s)
{
    if (s->to_the_end || s->has_lost || s->has_undelivered || tr_half_received(s->ep))
        return true;
    if (s->kind == BRK_OUTBOUND)
        return s->assocs && s->assocs->state != BRK_UP;
    return s->kind == BRK_LISTENING && s->worker->now_ms >= s->no_peel_until_ms;
}

bool brk_memory_starves(struct brk_worker *w, struct brk_socket *s)
{
    static struct brk_log_budget lines = {.event = "memory_limit", .level = CFG_LOG_WARNING};
    uint64_t limit = w->config->memory_limit;
    s->short_of_memory = false;
    if (!limit)
        return false;
    count_half_received(w);
    uint64_t taken = part_of(w) + w->memory_elsewhere;
    s->short_of_memory = taken >= limit / 8 * 7;
    if (!s->short_of_memory || is_read_anyway(s))
        return false;
    s->starved = w->starved = true;
    brk_count(&w->counts.starved, 1);
    brk_socket_update_watch(s);
    if (brk_log_admits(&lines, w->now_ms))
        brk_log(CFG_LOG_WARNING, "memory_limit", "waiting=%llu limit=%llu %s=%s", (unsigned long long)taken,
                (unsigned long long)limit, brk_member_word(s->member), cfg_member_name(w->config, s->member));
    return true;
}
