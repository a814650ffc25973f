/* See metrics.h. Names follow Prometheus' rules: what is counted, its unit, and _total where it only rises:
 * junctor_received_messages_total, junctor_route_delivered_bytes{route="…"}. Of listeners, peers, groups and
 * routes only those that have a name and are not gone are told, and all of them: what a scrape costs grows
 * with the configuration, never with the number of associations. */
#include "broker/admin/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/memory.h"
#include "broker/sight_group.h"

static const char *unit_word(enum brk_unit unit)
{
    static const char *const words[] = {
        [BRK_MESSAGES] = "messages", [BRK_BYTES] = "bytes", [BRK_ASSOCIATIONS] = "associations"};
    return words[unit];
}

/* "junctor_" scope name unit "_total"; the unit is not said twice. */
static const char *metric_name(const char *scope, const struct brk_counter_row *row, char *out, size_t size)
{
    const char *unit = unit_word(row->unit);
    bool said = strstr(row->name, unit) != NULL;
    snprintf(out, size, "junctor_%s%s%s%s%s", scope, row->name, said ? "" : "_", said ? "" : unit,
             row->falls ? "" : "_total");
    return out;
}

static void begin(FILE *out, const char *name, const char *help, bool gauge)
{
    fprintf(out, "# HELP %s ", name);
    for (; *help; help++) {
        if (*help == '\\')
            fputc('\\', out);
        fputc(*help, out);
    }
    fprintf(out, "\n# TYPE %s %s\n", name, gauge ? "gauge" : "counter");
}

/* A label's value: names of the configuration are words, so there is nothing to escape but in what a route
 * without a name is called, which is made here. */
static void labelled(FILE *out, const char *name, const char *label, const char *value, uint64_t n)
{
    fprintf(out, "%s{%s=\"%s\"} %" PRIu64 "\n", name, label, value, n);
}

static void write_totals(FILE *out, const struct brk_counts *sum)
{
    char name[120];
    for (unsigned i = 0; i < brk_total_count; i++) {
        const struct brk_counter_row *row = &brk_total_rows[i];
        uint64_t value = brk_counted(brk_counter_at(row, (void *)sum));
        if (row->offset == offsetof(struct brk_counts, waiting))
            value = brk_counts_waiting(sum); /* what is between two workers waits, too */
        begin(out, metric_name("", row, name, sizeof name), row->help, row->falls);
        fprintf(out, "%s %" PRIu64 "\n", name, value);
    }
    begin(out, "junctor_dropped_messages_total", "messages that were dropped, by reason", false);
    for (unsigned i = 0; i < BRK_DROP_COUNT; i++)
        labelled(out, "junctor_dropped_messages_total", "reason", brk_drop_name((enum brk_drop)i),
                 brk_counted(&sum->dropped[i]));
    begin(out, "junctor_associations_refused_total", "associations that listeners refused, by reason", false);
    for (unsigned i = 0; i < BRK_REFUSAL_COUNT; i++)
        labelled(out, "junctor_associations_refused_total", "reason", brk_refusal_name((enum brk_refusal)i),
                 brk_counted(&sum->refused[i]));
}

/* The name of an item, or NULL where it is gone. `made`: room for one of a route that has none. */
static const char *item_name(const struct cfg_config *c, enum brk_scope scope, unsigned id, char made[32])
{
    switch (scope) {
    case BRK_LISTENERS:
        return c->listeners[id].gone ? NULL : c->listeners[id].name;
    case BRK_PEERS:
        return c->peers[id].gone ? NULL : c->peers[id].name;
    case BRK_GROUPS:
        return c->groups[id].gone ? NULL : c->groups[id].name;
    case BRK_ROUTES:
        if (c->routes[id].gone || c->routes[id].name)
            return c->routes[id].gone ? NULL : c->routes[id].name;
        snprintf(made, 32, "number %u", id + 1);
        return made;
    case BRK_SCOPES:
        break;
    }
    return NULL;
}

static void write_scope(FILE *out, const struct cfg_config *c, const struct brk_counts *sum,
                        enum brk_scope scope)
{
    static const char *const words[BRK_SCOPES] = {"listener", "peer", "group", "route"};
    char name[120], prefix[16], made[32];
    const char *item;
    snprintf(prefix, sizeof prefix, "%s_", words[scope]);
    for (unsigned i = 0; i < brk_traffic_count; i++) {
        const struct brk_counter_row *row = &brk_traffic_rows[i];
        begin(out, metric_name(prefix, row, name, sizeof name), row->help, row->falls);
        for (unsigned id = 0; id < brk_scope_size(c, scope); id++)
            if ((item = item_name(c, scope, id, made)))
                labelled(out, name, words[scope], item,
                         brk_counted(brk_counter_at(row, brk_traffic_of(sum, scope, id))));
    }
}

static void write_groups(FILE *out, const struct brk_sight *s)
{
    bool held;
    begin(out, "junctor_group_ready_associations", "associations that the group can send to now", true);
    for (unsigned i = 0; i < s->config->group_count; i++)
        if (!s->config->groups[i].gone)
            labelled(out, "junctor_group_ready_associations", "group", s->config->groups[i].name,
                     brk_sight_group(s, i, &held));
}

static void write_members(FILE *out, const struct admin *a, const struct brk_sight *s)
{
    const struct cfg_config *c = s->config;
    begin(out, "junctor_member_state", "what the operator has set: 0 ready, 1 drain, 2 maint", true);
    for (unsigned i = 0; i < c->listener_count; i++)
        if (!c->listeners[i].gone)
            labelled(out, "junctor_member_state", "listener", c->listeners[i].name,
                     brk_observer_state_of(a->observer, (struct cfg_member){CFG_MEMBER_LISTENER, i}));
    for (unsigned i = 0; i < c->peer_count; i++)
        if (!c->peers[i].gone)
            labelled(out, "junctor_member_state", "peer", c->peers[i].name,
                     brk_observer_state_of(a->observer, (struct cfg_member){CFG_MEMBER_PEER, i}));
    begin(out, "junctor_peer_ejections_total", "how often a peer was ejected from a group", false);
    for (unsigned i = 0; i < c->peer_count; i++)
        if (!c->peers[i].gone)
            labelled(out, "junctor_peer_ejections_total", "peer", c->peers[i].name,
                     brk_observer_peer(a->observer, i).ejected);
}

static void write_broker(FILE *out, const struct admin *a, const struct brk_sight *s,
                         const struct brk_counts *sum)
{
    uint64_t opened = brk_counted(&sum->opened), ended = brk_counted(&sum->closed) + brk_counted(&sum->lost);
    begin(out, "junctor_build_info", "1, with the version and the transport as labels", true);
    fprintf(out, "junctor_build_info{version=\"%s\",transport=\"%s\"} 1\n", a->version,
            brk_observer_transport(a->observer));
    begin(out, "junctor_uptime_seconds", "since the broker started", true);
    fprintf(out, "junctor_uptime_seconds %.3f\n", (double)brk_observer_uptime_ms(a->observer) / 1000);
    begin(out, "junctor_config_generation", "configurations that have been in force, this one included",
          true);
    fprintf(out, "junctor_config_generation %u\n", s->generation);
    begin(out, "junctor_associations", "associations that are up", true);
    fprintf(out, "junctor_associations %" PRIu64 "\n", opened > ended ? opened - ended : 0);
    begin(out, "junctor_memory_allocated_bytes", "memory that the program has allocated", true);
    fprintf(out, "junctor_memory_allocated_bytes %" PRIu64 "\n", admin_memory_allocated());
    begin(out, "junctor_worker_cpu_seconds_total", "processor time of a worker's thread", false);
    for (unsigned i = 0; i < brk_observer_workers(a->observer); i++)
        fprintf(out, "junctor_worker_cpu_seconds_total{worker=\"%u\"} %.6f\n", i,
                (double)brk_observer_cpu_us(a->observer, i) / 1e6);
}

enum admin_step admin_get_metrics(struct admin *a, struct admin_call *call)
{
    struct brk_sight s;
    struct brk_counts sum;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        return admin_answer(call, 500, NULL);
    brk_sight_open(a->observer, &s);
    bool good = brk_sight_counts(a->observer, &s, &sum);
    if (good) {
        write_broker(out, a, &s, &sum);
        write_totals(out, &sum);
        for (unsigned scope = 0; scope < BRK_SCOPES; scope++)
            write_scope(out, s.config, &sum, (enum brk_scope)scope);
        write_groups(out, &s);
        write_members(out, a, &s);
        brk_counts_free(&sum);
    }
    brk_sight_close(a->observer);
    if (fclose(out) != 0 || !good) {
        free(text);
        text = NULL;
    }
    return admin_answer_text(call, 200, "text/plain; version=0.0.4; charset=utf-8", text, size);
}

static enum admin_step say(struct admin_call *call, unsigned status, const char *text)
{
    call->status = status;
    call->type = "text/plain; charset=utf-8";
    call->fixed = text;
    call->length = strlen(text);
    return ADMIN_DONE;
}

/* Every worker takes turns: each has told something in the last seconds, or does now (else the call is late
 * and refused with 503). */
enum admin_step admin_get_healthz(struct admin *a, struct admin_call *call)
{
    if (!a->walked || a->walked_ms + 2000 < call->came_ms)
        return ADMIN_WALK;
    return say(call, 200, "ok\n");
}

enum admin_step admin_get_readyz(struct admin *a, struct admin_call *call)
{
    if (brk_observer_state(a->observer) == BRK_RUNS)
        return say(call, 200, "ready\n");
    return say(call, 503, "draining\n");
}
