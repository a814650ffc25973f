/* Counting: see counts.h. */
#include "broker/counts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/log.h"

static const char *const drop_names[BRK_DROP_COUNT] = {
    [BRK_NO_ROUTE] = "no_route",       [BRK_NO_SUBSCRIBER] = "no_subscriber",
    [BRK_UNREACHABLE] = "unreachable", [BRK_PEER_LOST] = "peer_lost",
    [BRK_EXPIRED] = "expired",         [BRK_REFUSED] = "refused",
    [BRK_OVERSIZED] = "oversized",     [BRK_NO_MEMORY] = "no_memory",
    [BRK_STOPPED] = "stopped",
};

const char *brk_drop_name(enum brk_drop reason)
{
    return drop_names[reason];
}

static unsigned rows(const struct cfg_config *c)
{
    return c->listener_count + c->peer_count + c->group_count + c->route_count;
}

bool brk_counts_init(struct brk_counts *c, const struct cfg_config *config)
{
    memset(c, 0, sizeof *c);
    c->listeners = calloc(rows(config) + 1, sizeof *c->listeners);
    if (!c->listeners)
        return false;
    c->peers = c->listeners + config->listener_count;
    c->groups = c->peers + config->peer_count;
    c->routes = c->groups + config->group_count;
    return true;
}

void brk_counts_free(struct brk_counts *c)
{
    free(c->listeners);
    memset(c, 0, sizeof *c);
}

static void traffic_add(struct brk_traffic *to, const struct brk_traffic *from)
{
    to->received += from->received;
    to->received_bytes += from->received_bytes;
    to->delivered += from->delivered;
    to->delivered_bytes += from->delivered_bytes;
    to->dropped += from->dropped;
    to->mapped += from->mapped;
}

void brk_counts_add(struct brk_counts *to, const struct brk_counts *from, const struct cfg_config *config)
{
    to->received += from->received;
    to->copies += from->copies;
    to->delivered += from->delivered;
    to->returned += from->returned;
    for (int i = 0; i < BRK_DROP_COUNT; i++)
        to->dropped[i] += from->dropped[i];
    to->abandoned_unseen += from->abandoned_unseen;
    to->waiting += from->waiting;
    to->handed_out += from->handed_out;
    to->taken_in += from->taken_in;
    to->copied += from->copied;
    to->opened += from->opened;
    to->lost += from->lost;
    to->broken_off += from->broken_off;
    for (unsigned i = 0; i < rows(config); i++)
        traffic_add(&to->listeners[i], &from->listeners[i]);
}

static void log_traffic(const char *what, const char *name, const struct brk_traffic *t)
{
    if (t->received || t->delivered || t->dropped)
        brk_log(CFG_LOG_INFO, "traffic",
                "%s=%s received=%" PRIu64 " received_bytes=%" PRIu64 " delivered=%" PRIu64
                " delivered_bytes=%" PRIu64 " dropped=%" PRIu64 " stream_mapped=%" PRIu64,
                what, name, t->received, t->received_bytes, t->delivered, t->delivered_bytes, t->dropped,
                t->mapped);
}

static void log_rows(const struct brk_counts *c, const struct cfg_config *config)
{
    char name[32];
    for (unsigned i = 0; i < config->listener_count; i++)
        log_traffic("listener", config->listeners[i].name, &c->listeners[i]);
    for (unsigned i = 0; i < config->peer_count; i++)
        log_traffic("peer", config->peers[i].name, &c->peers[i]);
    for (unsigned i = 0; i < config->group_count; i++)
        log_traffic("group", config->groups[i].name, &c->groups[i]);
    for (unsigned i = 0; i < config->route_count; i++) {
        snprintf(name, sizeof name, "%u line=%u", i + 1, config->routes[i].line);
        log_traffic("route", name, &c->routes[i]);
    }
}

static void log_cost(const struct brk_counts *c, const struct tr_loop_stats *s, uint64_t delivered)
{
    double per = delivered ? 1.0 / (double)delivered : 0;
    brk_log(CFG_LOG_INFO, "cost",
            "syscalls=%" PRIu64 " syscalls_per_delivered=%.3f copied=%" PRIu64 " copied_per_delivered=%.3f"
            " handed_over=%" PRIu64 " reassembled=%" PRIu64 " packets_in=%" PRIu64 " packets_out=%" PRIu64,
            s->syscalls, (double)s->syscalls * per, c->copied, (double)c->copied * per, c->handed_out,
            s->reassembled, s->packets_in, s->packets_out);
}

bool brk_counts_log(const struct brk_counts *c, const struct cfg_config *config,
                    const struct tr_loop_stats *stats)
{
    char reasons[512];
    size_t n = 0;
    uint64_t dropped = 0;
    reasons[0] = 0;
    for (int i = 0; i < BRK_DROP_COUNT; i++) {
        dropped += c->dropped[i];
        if (c->dropped[i])
            n += (size_t)snprintf(reasons + n, sizeof reasons - n, " dropped_%s=%" PRIu64, drop_names[i],
                                  c->dropped[i]);
    }
    if (c->abandoned_unseen)
        snprintf(reasons + n, sizeof reasons - n, " abandoned_unseen=%" PRIu64, c->abandoned_unseen);
    uint64_t delivered = c->delivered - c->returned;
    uint64_t waiting = c->waiting + c->handed_out - c->taken_in;
    bool holds = c->received + c->copies == delivered + dropped + waiting;
    brk_log(holds ? CFG_LOG_INFO : CFG_LOG_ERROR, "account",
            "received=%" PRIu64 " copies=%" PRIu64 " delivered=%" PRIu64 " dropped=%" PRIu64
            " waiting=%" PRIu64 " balanced=%s returned=%" PRIu64 " broken_off=%" PRIu64
            " associations_opened=%" PRIu64 " associations_lost=%" PRIu64 "%s",
            c->received, c->copies, delivered, dropped, waiting, holds ? "yes" : "no", c->returned,
            c->broken_off, c->opened, c->lost, reasons);
    log_rows(c, config);
    log_cost(c, stats, delivered);
    return holds;
}
