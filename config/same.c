#include "config/same.h"

#include <assert.h>
#include <string.h>

#include "config/keys.h"
#include "config/arena_priv.h"
#include "config/config_priv.h"

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_addresses(const struct net_addr *a, unsigned a_count, const struct net_addr *b,
                           unsigned b_count)
{
    bool same = a_count == b_count;
    for (unsigned i = 0; same && i < a_count; i++)
        same = net_addr_equal(&a[i], &b[i]);
    return same;
}

static bool same_hosts(const struct cfg_peer *a, const struct cfg_peer *b)
{
    bool same = a->host_count == b->host_count;
    for (unsigned i = 0; same && i < a->host_count; i++) {
        const struct net_host *x = &a->hosts[i], *y = &b->hosts[i];
        same = x->name || y->name ? same_text(x->name, y->name) : net_addr_equal(&x->address, &y->address);
    }
    return same;
}

/* Compares everything except the addresses. */
static bool same_port(const struct cfg_listener *a, const struct cfg_listener *b)
{
    return !a->gone && !b->gone && a->port == b->port && a->encaps_port == b->encaps_port &&
           same_text(a->netns, b->netns) && same_text(a->device, b->device);
}

bool cfg_same_listening(const struct cfg_listener *a, const struct cfg_listener *b)
{
    return same_port(a, b) && same_addresses(a->addresses, a->address_count, b->addresses, b->address_count);
}

static bool has_wildcard(const struct cfg_listener *l)
{
    for (unsigned i = 0; i < l->address_count; i++)
        if (cfg_is_wildcard(&l->addresses[i]))
            return true;
    return false;
}

bool cfg_listens_at(const struct cfg_listener *l, const struct net_addr *a)
{
    for (unsigned i = 0; i < l->address_count; i++)
        if (net_addr_equal(&l->addresses[i], a))
            return true;
    return false;
}

static bool have_one_in_common(const struct cfg_listener *a, const struct cfg_listener *b)
{
    for (unsigned i = 0; i < a->address_count; i++)
        if (cfg_listens_at(b, &a->addresses[i]))
            return true;
    return false;
}

bool cfg_readdressed(const struct cfg_listener *a, const struct cfg_listener *b)
{
    return same_port(a, b) && !cfg_same_listening(a, b) && !has_wildcard(a) && !has_wildcard(b) &&
           have_one_in_common(a, b);
}

bool cfg_same_remote(const struct cfg_peer *a, const struct cfg_peer *b)
{
    return !a->gone && !b->gone && a->port == b->port && a->local_port == b->local_port &&
           a->encaps_port == b->encaps_port && same_hosts(a, b) &&
           same_addresses(a->local, a->local_count, b->local, b->local_count) &&
           same_text(a->netns, b->netns) && same_text(a->device, b->device);
}

bool cfg_needs_assoc(const struct opt_set *s, enum opt_id id)
{
    const struct opt_row *row = &opt_rows[id];
    if (!(row->when & OPT_AT_OPEN))
        return true;
    for (unsigned f = row->first; f < row->first + row->fields; f++)
        if (opt_field_rows[f].type == OPT_ADDR && opt_given(s, f))
            return true;
    return false;
}

bool cfg_socket_keeps(const struct opt_set *old, enum opt_field field, bool removed)
{
    enum opt_id id = opt_field_rows[field].option;
    return (removed || opt_rows[id].effect == OPT_RESTART) && !cfg_needs_assoc(old, id);
}

static bool same_value(enum opt_field f, const struct opt_set *a, const struct opt_set *b)
{
    if (!opt_given(a, f))
        return false;
    return opt_is_number(opt_field_rows[f].type) ? opt_num(a, f, 0) == opt_num(b, f, 0)
                                                 : same_text(opt_text(a, f), opt_text(b, f));
}

bool cfg_changed_options(const struct opt_set *a, const struct opt_set *b, struct opt_set *changed)
{
    bool any = false;
    memset(changed, 0, sizeof *changed);
    for (unsigned f = 0; f < OPTF_COUNT; f++)
        if (opt_given(b, (enum opt_field)f) && !same_value((enum opt_field)f, a, b)) {
            opt_take(changed, b, (enum opt_field)f);
            any = true;
        }
    return any;
}

/* The value of a key, copied into `c`. */
static void keep_value(struct cfg_config *c, const struct cfg_config *old, const struct cfg_key_row *row)
{
    char *to = (char *)c + row->offset;
    const void *from;
    unsigned count;
    if (row->kind == CFG_SCALAR) {
        cfg_key_put(row, c, cfg_key_get(row, old));
        return;
    }
    memcpy(&from, (const char *)old + row->offset, sizeof from);
    if (row->kind == CFG_TEXT) {
        from = from ? arena_text(cfg_arena(c), from, strlen(from)) : NULL;
    } else {
        assert(row->kind == CFG_ENDPOINTS);
        memcpy(&count, (const char *)old + row->count_offset, sizeof count);
        memcpy((char *)c + row->count_offset, &count, sizeof count);
        struct net_addr *list = arena_array(cfg_arena(c), count, sizeof *list);
        if (count)
            memcpy(list, from, count * sizeof *list);
        from = list;
    }
    memcpy(to, &from, sizeof from);
}

/* One that is added is taken as in force: what the stack had decided before is not known. */
static void keep_options(struct opt_set *now, const struct opt_set *old)
{
    for (unsigned i = 0; i < OPTF_COUNT; i++) {
        enum opt_field f = (enum opt_field)i;
        if (opt_given(old, f) && opt_field_rows[f].type != OPT_FILE && !same_value(f, now, old) &&
            cfg_socket_keeps(old, f, !opt_given(now, f)))
            opt_take(now, old, f);
    }
}

void cfg_keep_restart_values(struct cfg_config *c, const struct cfg_config *old, bool readdresses)
{
    for (unsigned k = 0; k < CFG_KEY_COUNT; k++) {
        const struct cfg_key_row *row = &cfg_key_rows[k];
        if (row->effect == CFG_RESTART) {
            assert(row->section == CFG_BROKER);
            keep_value(c, old, row);
        }
    }
    for (unsigned i = 0; i < old->listener_count; i++) {
        const struct cfg_listener *before = &old->listeners[i];
        struct cfg_listener *now = (void *)(uintptr_t)&c->listeners[i]; /* in the arena of `c` */
        if (cfg_same_listening(before, now) || (readdresses && cfg_readdressed(before, now)))
            keep_options(&now->sctp, &before->sctp);
    }
}
