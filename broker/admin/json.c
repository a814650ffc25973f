/* See json.h. */
#include "broker/admin/json.h"

#include <string.h>
#include <sys/socket.h>

static json_t *rows(const struct brk_counter_row *row, unsigned count, const void *counters)
{
    json_t *o = json_object();
    for (unsigned i = 0; i < count; i++)
        json_object_set_new(o, row[i].name,
                            json_integer((json_int_t)brk_counted(brk_counter_at(&row[i], (void *)counters))));
    return o;
}

json_t *admin_json_traffic(const struct brk_traffic *t)
{
    return rows(brk_traffic_rows, brk_traffic_count, t);
}

json_t *admin_json_totals(const struct brk_counts *c)
{
    return rows(brk_total_rows, brk_total_count, c);
}

json_t *admin_json_dropped(const struct brk_counts *c)
{
    json_t *o = json_object();
    for (unsigned i = 0; i < BRK_DROP_COUNT; i++)
        json_object_set_new(o, brk_drop_name((enum brk_drop)i),
                            json_integer((json_int_t)brk_counted(&c->dropped[i])));
    return o;
}

json_t *admin_json_refused(const struct brk_counts *c)
{
    json_t *o = json_object();
    for (unsigned i = 0; i < BRK_REFUSAL_COUNT; i++)
        json_object_set_new(o, brk_refusal_name((enum brk_refusal)i),
                            json_integer((json_int_t)brk_counted(&c->refused[i])));
    return o;
}

json_t *admin_json_address(const struct net_addr *a)
{
    char text[NET_ADDR_TEXT];
    if (a->sa.sa_family == AF_UNSPEC)
        return json_null();
    return json_string(net_addr_format(a, text, sizeof text));
}

json_t *admin_json_member(const struct cfg_config *c, struct cfg_member m)
{
    return json_pack("{s:s, s:s}", "kind", m.kind == CFG_MEMBER_LISTENER ? "listener" : "peer", "name",
                     cfg_member_name(c, m));
}
