/* Gives a configuration the numbers of another one: see ids.h.
 *
 * First a map is made for each kind of entry: from every index in the new file to its id. Then the entries
 * are moved to their ids, and the same maps change all references to them by index. */
#include "config/ids.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "config/arena_priv.h"
#include "config/config_priv.h"

/* Where a configuration keeps the entries of one kind, and what their key is. */
struct kind {
    size_t list, count; /* in struct cfg_config */
    size_t size, key, name, gone;
};

#define KIND(list, count, type, key)                                                                         \
    {                                                                                                        \
        offsetof(struct cfg_config, list), offsetof(struct cfg_config, count), sizeof(struct type),          \
            offsetof(struct type, key), offsetof(struct type, name), offsetof(struct type, gone)             \
    }

enum { LISTENERS, PEERS, GROUPS, ROUTES, KINDS };
static const struct kind kinds[KINDS] = {
    [LISTENERS] = KIND(listeners, listener_count, cfg_listener, name),
    [PEERS] = KIND(peers, peer_count, cfg_peer, name),
    [GROUPS] = KIND(groups, group_count, cfg_group, name),
    [ROUTES] = KIND(routes, route_count, cfg_route, identity),
};

static char *entry_at(const struct cfg_config *c, const struct kind *k, unsigned i)
{
    return *(char *const *)((const char *)c + k->list) + i * k->size;
}

static unsigned *count_of(const struct cfg_config *c, const struct kind *k)
{
    return (unsigned *)((char *)(uintptr_t)c + k->count);
}

static const char **text_at(char *entry, size_t offset)
{
    return (const char **)(void *)(entry + offset);
}

/* ---- maps ----------------------------------------------------------------------------------------- */

/* The ids of the entries of the new configuration, by index; and the number of ids including those that are
 * gone.
 */
struct map {
    unsigned *id;
    unsigned count, ids;
};

struct known {
    const char *key;
    unsigned id;
    bool taken;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct known *)a)->key, ((const struct known *)b)->key);
}

/* An old entry is used only once, in case two have the same key. */
static struct map make_map(struct arena *scratch, const struct kind *k, const struct cfg_config *c,
                           const struct cfg_config *old)
{
    struct map m = {.count = *count_of(c, k), .ids = *count_of(old, k)};
    unsigned old_count = m.ids;
    struct known *known = arena_array(scratch, old_count, sizeof *known);
    m.id = arena_array(scratch, m.count, sizeof *m.id);
    for (unsigned i = 0; i < old_count; i++)
        known[i] = (struct known){.key = *text_at(entry_at(old, k, i), k->key), .id = i};
    if (old_count)
        qsort(known, old_count, sizeof *known, by_key);
    for (unsigned i = 0; i < m.count; i++) {
        struct known wanted = {.key = *text_at(entry_at(c, k, i), k->key)};
        struct known *found = old_count ? bsearch(&wanted, known, old_count, sizeof *known, by_key) : NULL;
        m.id[i] = found && !found->taken ? found->id : m.ids++;
        if (found)
            found->taken = true;
    }
    return m;
}

/* ---- moving --------------------------------------------------------------------------------------- */

static const char *copy_text(struct arena *keep, const char *text)
{
    return text ? arena_text(keep, text, strlen(text)) : NULL;
}

static const void *copy_array(struct arena *keep, const void *list, unsigned count, size_t size)
{
    void *copy = arena_array(keep, count, size);
    return count ? memcpy(copy, list, count * size) : NULL;
}

/* Moves the entries of one kind to their ids; between them are the names of those that are gone. */
static void place(struct arena *keep, const struct kind *k, struct cfg_config *c,
                  const struct cfg_config *old, const struct map *m)
{
    char *placed = arena_array(keep, m->ids, k->size);
    for (unsigned i = 0; i < m->ids; i++)
        *(bool *)(placed + i * k->size + k->gone) = true;
    for (unsigned i = 0; i < m->count; i++)
        memcpy(placed + m->id[i] * k->size, entry_at(c, k, i), k->size);
    for (unsigned i = 0; i < *count_of(old, k); i++) {
        char *entry = placed + i * k->size, *before = entry_at(old, k, i);
        if (!*(bool *)(entry + k->gone))
            continue;
        *text_at(entry, k->name) = copy_text(keep, *text_at(before, k->name));
        *text_at(entry, k->key) = copy_text(keep, *text_at(before, k->key));
    }
    *(char **)(void *)((char *)c + k->list) = placed;
    *count_of(c, k) = m->ids;
}

/* A copy, because several routes may share one list. */
static const struct cfg_member *moved_members(struct arena *keep, const struct cfg_member *list,
                                              unsigned count, const struct map *maps)
{
    struct cfg_member *moved = arena_array(keep, count, sizeof *moved);
    for (unsigned i = 0; i < count; i++) {
        const struct map *m = &maps[list[i].kind == CFG_MEMBER_LISTENER ? LISTENERS : PEERS];
        moved[i] = (struct cfg_member){list[i].kind, m->id[list[i].index]};
    }
    return moved;
}

static void move_references(struct arena *keep, struct cfg_config *c, const struct map *maps)
{
    for (unsigned i = 0; i < c->group_count; i++) {
        struct cfg_group *g = (struct cfg_group *)&c->groups[i]; /* nothing refers to it yet */
        g->members = moved_members(keep, g->members, g->member_count, maps);
    }
    for (unsigned i = 0; i < c->route_count; i++) {
        struct cfg_route *r = (struct cfg_route *)&c->routes[i];
        r->from = moved_members(keep, r->from, r->from_count, maps);
        r->group = maps[GROUPS].id[r->group];
    }
    struct cfg_filter *f = &c->tap.filter;
    unsigned *routes = arena_array(keep, f->route_count, sizeof *routes);
    for (unsigned i = 0; i < f->route_count; i++)
        routes[i] = maps[ROUTES].id[f->routes[i]];
    f->routes = routes;
    f->from = moved_members(keep, f->from, f->from_count, maps);
    f->to = moved_members(keep, f->to, f->to_count, maps);
}

/* ---- what is leaving ------------------------------------------------------------------------------ */

static bool is_gone(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? c->listeners[m.index].gone : c->peers[m.index].gone;
}

/* Whether the group of a removed route still takes messages of its session. */
static bool still_served(const struct cfg_config *c, const struct cfg_route *gone)
{
    bool served = !cfg_uses_group(gone->session) && !c->groups[gone->group].gone;
    for (unsigned i = 0; cfg_uses_group(gone->session) && i < c->route_count && !served; i++)
        served =
            !c->routes[i].gone && c->routes[i].group == gone->group && c->routes[i].session == gone->session;
    return served;
}

/* A removed route keeps what its messages in flight need; and, if its group still serves other routes, those
 * of its sources that are gone, for their last messages. */
static void keep_leaving(struct arena *keep, const struct cfg_config *c, const struct cfg_route *before,
                         struct cfg_route *r)
{
    struct cfg_member *from = arena_array(keep, before->from_count, sizeof *from);
    r->group = before->group;
    r->session = before->session;
    r->when_full = before->when_full;
    r->partial = before->partial;
    r->pr_policy = before->pr_policy;
    r->pr_value = before->pr_value;
    r->set_ppid = before->set_ppid;
    r->set_stream = before->set_stream;
    r->rewrites = before->rewrites;
    r->ppids = copy_array(keep, before->ppids, before->ppid_count, sizeof *before->ppids);
    r->ppid_count = before->ppid_count;
    r->streams = copy_array(keep, before->streams, before->stream_count, sizeof *before->streams);
    r->stream_count = before->stream_count;
    r->delivery = before->delivery;
    for (unsigned i = 0; i < before->from_count && still_served(c, r); i++)
        if (is_gone(c, before->from[i]))
            from[r->from_count++] = before->from[i];
    r->from = from;
}

/* The order of the new routes, followed by the old ones that are leaving. */
static void set_order(struct arena *keep, struct cfg_config *c, const struct cfg_config *old,
                      const struct map *routes)
{
    unsigned before = cfg_ordered_routes(old) + old->leaving_count;
    unsigned *order = arena_array(keep, (size_t)routes->count + before, sizeof *order);
    for (unsigned i = 0; i < routes->count; i++)
        order[i] = routes->id[i];
    c->route_order = order;
    c->route_order_count = routes->count;
    for (unsigned i = 0; i < old->route_count; i++)
        if (c->routes[i].gone)
            keep_leaving(keep, c, &old->routes[i], (struct cfg_route *)&c->routes[i]);
    for (unsigned i = 0; i < before; i++) {
        unsigned id = cfg_route_at(old, i);
        if (c->routes[id].gone && c->routes[id].from_count)
            order[c->route_order_count + c->leaving_count++] = id;
    }
}

void cfg_keep_ids(struct cfg_config *c, const struct cfg_config *old)
{
    struct arena scratch = {0}, *keep = cfg_arena(c);
    struct map maps[KINDS];
    for (unsigned k = 0; k < KINDS; k++)
        maps[k] = make_map(&scratch, &kinds[k], c, old);
    move_references(keep, c, maps);
    for (unsigned k = 0; k < KINDS; k++)
        place(keep, &kinds[k], c, old, &maps[k]);
    set_order(keep, c, old, &maps[ROUTES]);
    arena_free(&scratch);
}
