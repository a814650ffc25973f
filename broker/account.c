/* See account.h. */
#include "broker/account.h"

#include <inttypes.h>
#include <stdio.h>

#include "broker/log.h"

static void log_traffic(const char *what, const char *name, const struct brk_traffic *t)
{
    char text[400];
    size_t n = 0;
    if (!brk_counted(&t->received) && !brk_counted(&t->delivered) && !brk_counted(&t->dropped))
        return;
    for (unsigned i = 0; i < brk_traffic_count && n < sizeof text; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, " %s=%" PRIu64, brk_traffic_rows[i].name,
                              brk_counted(brk_counter_at(&brk_traffic_rows[i], (void *)t)));
    brk_log(CFG_LOG_INFO, "traffic", "%s=%s%s", what, name, text);
}

/* Its name, or for a route without a name its place in the file. */
enum { ROUTE_TEXT = 300 };

static const char *route_text(const struct cfg_config *c, unsigned id, char out[ROUTE_TEXT])
{
    const struct cfg_route *r = &c->routes[id];
    if (r->name)
        snprintf(out, ROUTE_TEXT, "%s", r->name);
    else if (r->gone)
        brk_quote(r->identity, out, ROUTE_TEXT);
    else
        snprintf(out, ROUTE_TEXT, "%u line=%u", id + 1, r->line);
    return out;
}

static void log_rows(const struct brk_counts *c, const struct cfg_config *config)
{
    char name[ROUTE_TEXT];
    for (unsigned i = 0; i < config->listener_count; i++)
        log_traffic("listener", config->listeners[i].name, brk_traffic_of(c, BRK_LISTENERS, i));
    for (unsigned i = 0; i < config->peer_count; i++)
        log_traffic("peer", config->peers[i].name, brk_traffic_of(c, BRK_PEERS, i));
    for (unsigned i = 0; i < config->group_count; i++)
        log_traffic("group", config->groups[i].name, brk_traffic_of(c, BRK_GROUPS, i));
    for (unsigned i = 0; i < config->route_count; i++)
        log_traffic("route", route_text(config, i, name), brk_traffic_of(c, BRK_ROUTES, i));
}

static void log_cost(const struct brk_counts *c, const struct tr_loop_stats *s, uint64_t delivered)
{
    double per = delivered ? 1.0 / (double)delivered : 0;
    uint64_t copied = brk_counted(&c->copied);
    brk_log(CFG_LOG_INFO, "cost",
            "syscalls=%" PRIu64 " syscalls_per_delivered=%.3f copied=%" PRIu64 " copied_per_delivered=%.3f"
            " handed_over=%" PRIu64 " reassembled=%" PRIu64 " packets_in=%" PRIu64 " packets_out=%" PRIu64,
            s->syscalls, (double)s->syscalls * per, copied, (double)copied * per, brk_counted(&c->handed_out),
            s->reassembled, s->packets_in, s->packets_out);
}

static const char *total_name(const struct brk_counts *c, const struct brk_counter *counter)
{
    unsigned i = 0;
    while (brk_counter_at(&brk_total_rows[i], (void *)(uintptr_t)c) != counter)
        i++;
    return brk_total_rows[i].name;
}

/* " dropped_no_route=3 … refused_denied=1 …", only where the count is not zero; returns how many were dropped
 * in all. */
static uint64_t drops(const struct brk_counts *c, char *out, size_t size)
{
    size_t n = 0;
    uint64_t sum = 0;
    out[0] = 0;
    for (int i = 0; i < BRK_DROP_COUNT; i++) {
        uint64_t one = brk_counted(&c->dropped[i]);
        sum += one;
        if (one && n < size)
            n += (size_t)snprintf(out + n, size - n, " dropped_%s=%" PRIu64, brk_drop_name((enum brk_drop)i),
                                  one);
    }
    for (int i = 0; i < BRK_REFUSAL_COUNT; i++)
        if (brk_counted(&c->refused[i]) && n < size)
            n += (size_t)snprintf(out + n, size - n, " refused_%s=%" PRIu64,
                                  brk_refusal_name((enum brk_refusal)i), brk_counted(&c->refused[i]));
    const struct brk_counter *const more[] = {
        &c->abandoned_unseen, &c->abandoned_unknown, &c->stalled, &c->stuck,   &c->blocked,
        &c->rerouted,         &c->unrouted,          &c->peeled,  &c->balanced};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        if (brk_counted(more[i]) && n < size)
            n += (size_t)snprintf(out + n, size - n, " %s=%" PRIu64, total_name(c, more[i]),
                                  brk_counted(more[i]));
    return sum;
}

bool brk_account_log(const struct brk_counts *c, const struct cfg_config *config,
                     const struct tr_loop_stats *stats)
{
    char reasons[1500]; /* so many that a line of the log still takes them */
    uint64_t dropped = drops(c, reasons, sizeof reasons);
    uint64_t received = brk_counted(&c->received), copies = brk_counted(&c->copies);
    uint64_t delivered = brk_counted(&c->delivered) - brk_counted(&c->returned);
    uint64_t waiting = brk_counted(&c->waiting) + brk_counted(&c->handed_out) - brk_counted(&c->taken_in);
    bool holds = received + copies == delivered + dropped + waiting;
    brk_log(holds ? CFG_LOG_INFO : CFG_LOG_ERROR, "account",
            "received=%" PRIu64 " copies=%" PRIu64 " delivered=%" PRIu64 " dropped=%" PRIu64
            " waiting=%" PRIu64 " balanced=%s returned=%" PRIu64 " broken_off=%" PRIu64
            " associations_opened=%" PRIu64 " associations_closed=%" PRIu64 " associations_lost=%" PRIu64
            "%s",
            received, copies, delivered, dropped, waiting, holds ? "yes" : "no", brk_counted(&c->returned),
            brk_counted(&c->broken_off), brk_counted(&c->opened), brk_counted(&c->closed),
            brk_counted(&c->lost), reasons);
    log_rows(c, config);
    log_cost(c, stats, delivered);
    return holds;
}
