/* Counting: see counts.h. */
#include "broker/stats/counts.h"

#include <string.h>

const struct brk_counter_row brk_total_rows[] = {
#define TOTAL(id, name, unit, help) {name, help, BRK_##unit, false, offsetof(struct brk_counts, id)},
#define GAUGE(id, name, unit, help) {name, help, BRK_##unit, true, offsetof(struct brk_counts, id)},
#define TRAFFIC(id, name, unit, help)
#define DROP(id, name, help)
#include "broker/stats/counters.def"
};
const struct brk_counter_row brk_traffic_rows[] = {
#define TOTAL(id, name, unit, help)
#define TRAFFIC(id, name, unit, help) {name, help, BRK_##unit, false, offsetof(struct brk_traffic, id)},
#define NET(id, name, unit, help)     {name, help, BRK_##unit, true, offsetof(struct brk_traffic, id)},
#define DROP(id, name, help)
#include "broker/stats/counters.def"
};
const unsigned brk_total_count = sizeof brk_total_rows / sizeof brk_total_rows[0];
const unsigned brk_traffic_count = sizeof brk_traffic_rows / sizeof brk_traffic_rows[0];

const char *brk_drop_name(enum brk_drop reason)
{
    static const char *const names[BRK_DROP_COUNT] = {
#define TOTAL(id, name, unit, help)
#define TRAFFIC(id, name, unit, help)
#define DROP(id, name, help) name,
#include "broker/stats/counters.def"
    };
    return names[reason];
}

const char *brk_refusal_name(enum brk_refusal reason)
{
    static const char *const names[BRK_REFUSAL_COUNT] = {
#define TOTAL(id, name, unit, help)
#define TRAFFIC(id, name, unit, help)
#define DROP(id, name, help)
#define REFUSAL(id, name, help) name,
#include "broker/stats/counters.def"
    };
    return names[reason];
}

unsigned brk_scope_size(const struct cfg_config *config, enum brk_scope scope)
{
    const unsigned sizes[BRK_SCOPES] = {config->listener_count, config->peer_count, config->group_count,
                                        config->route_count};
    return sizes[scope];
}

bool brk_counts_init(struct brk_counts *c, const struct cfg_config *config)
{
    memset(c, 0, sizeof *c);
    for (unsigned s = 0; s < BRK_SCOPES; s++)
        brk_segments_init(&c->traffic[s], sizeof(struct brk_traffic));
    if (brk_counts_fit(c, config))
        return true;
    brk_counts_free(c);
    return false;
}

bool brk_counts_fit(struct brk_counts *c, const struct cfg_config *config)
{
    for (unsigned s = 0; s < BRK_SCOPES; s++)
        if (!brk_segments_fit(&c->traffic[s], brk_scope_size(config, (enum brk_scope)s)))
            return false;
    return true;
}

void brk_counts_free(struct brk_counts *c)
{
    for (unsigned s = 0; s < BRK_SCOPES; s++)
        brk_segments_free(&c->traffic[s]);
    memset(c, 0, sizeof *c);
}

static void add_rows(const struct brk_counter_row *rows, unsigned count, void *to, const void *from)
{
    for (unsigned i = 0; i < count; i++)
        brk_count(brk_counter_at(&rows[i], to), brk_counted(brk_counter_at(&rows[i], (void *)from)));
}

void brk_counts_add(struct brk_counts *to, const struct brk_counts *from, const struct cfg_config *config)
{
    add_rows(brk_total_rows, brk_total_count, to, from);
    for (int i = 0; i < BRK_DROP_COUNT; i++)
        brk_count(&to->dropped[i], brk_counted(&from->dropped[i]));
    for (int i = 0; i < BRK_REFUSAL_COUNT; i++)
        brk_count(&to->refused[i], brk_counted(&from->refused[i]));
    for (unsigned s = 0; s < BRK_SCOPES; s++)
        for (unsigned id = 0; id < brk_scope_size(config, (enum brk_scope)s); id++)
            add_rows(brk_traffic_rows, brk_traffic_count, brk_traffic_of(to, (enum brk_scope)s, id),
                     brk_traffic_of(from, (enum brk_scope)s, id));
}
