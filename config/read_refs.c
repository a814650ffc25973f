/* Parses references by name. */
#include "config/read_refs_priv.h"

#include <stdio.h>
#include <string.h>

#include "config/read_items_priv.h"
#include "config/sctp/nearest.h"

/* Adds a word to a list in a message, if there is room. */
static void add_word(char *list, size_t size, const char *word)
{
    size_t used = strlen(list);
    if (used + strlen(word) + 8 < size)
        snprintf(list + used, size - used, "%s%s", used ? ", " : "", word);
    else if (used + 5 < size && strcmp(list + used - 3, "...") != 0)
        strcpy(list + used, ", ...");
}

static void unknown_name(struct loader *l, const char *key, const struct yaml_node *item, bool groups)
{
    char known[160] = "";
    struct nearest n;
    nearest_begin(&n, item->text);
    for (const struct name_entry *e = l->names.first; e; e = e->next)
        if (groups || e->kind != NAME_GROUP) {
            nearest_try(&n, e->name);
            add_word(known, sizeof known, e->name);
        }
    const char *near = nearest_found(&n), *what = groups ? "group, peer or listener" : "peer or listener";
    if (near)
        err_add(&l->errors, item->at, "%s: there is no %s '%.63s', did you mean '%s'?", key, what, item->text,
                near);
    else if (known[0])
        err_add(&l->errors, item->at, "%s: there is no %s '%.63s'; there are %s", key, what, item->text,
                known);
    else
        err_add(&l->errors, item->at, "%s: there is no %s '%.63s'; add it under `peers` or `listeners`", key,
                what, item->text);
}

void read_profile(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                  void *object, struct cfg_origin *origin)
{
    char known[160] = "";
    struct nearest n;
    const char *text = read_scalar(l, row->name, value);
    (void)object;
    for (unsigned i = 0; text && i < l->profile_count; i++)
        if (strcmp(l->profiles[i].name, text) == 0)
            origin->profile = &l->profiles[i];
    if (!text || origin->profile)
        return;
    nearest_begin(&n, text);
    for (unsigned i = 0; i < l->profile_count; i++) {
        nearest_try(&n, l->profiles[i].name);
        add_word(known, sizeof known, l->profiles[i].name);
    }
    if (nearest_found(&n))
        err_add(&l->errors, value->at, "profile: there is no profile '%.63s', did you mean '%s'?", text,
                nearest_found(&n));
    else if (known[0])
        err_add(&l->errors, value->at, "profile: there is no profile '%.63s'; there are %s", text, known);
    else
        err_add(&l->errors, value->at, "profile: there is no profile '%.63s'; add it under `profiles`", text);
}

/* ---- members and sources -------------------------------------------------------------------------- */

/* A group is named where only peers and listeners are allowed: the error lists its members. */
static void group_is_no_member(struct loader *l, const char *key, const struct yaml_node *item,
                               unsigned index)
{
    const struct cfg_group *g = &l->config->groups[index];
    char members[160] = "";
    for (unsigned i = 0; i < g->member_count; i++)
        add_word(members, sizeof members, cfg_member_name(l->config, g->members[i]));
    err_add(&l->errors, item->at, "%s: '%.63s' is a group; write its members%s%s", key, item->text,
            members[0] ? ": " : "", members);
}

static bool take_member(struct loader *l, const char *key, const struct yaml_node *item,
                        struct cfg_member *list, unsigned count)
{
    const struct name_entry *e = names_find(&l->names, item->text);
    if (!e) {
        unknown_name(l, key, item, false);
        return false;
    }
    if (e->kind == NAME_GROUP) {
        group_is_no_member(l, key, item, e->index);
        return false;
    }
    struct cfg_member m = {e->kind == NAME_PEER ? CFG_MEMBER_PEER : CFG_MEMBER_LISTENER, e->index};
    for (unsigned i = 0; i < count; i++)
        if (cfg_same_member(list[i], m)) {
            err_add(&l->errors, item->at, "%s: '%.63s' is listed twice; remove one", key, item->text);
            return false;
        }
    list[count] = m;
    return true;
}

static void take_members(struct loader *l, const struct cfg_key_row *row, const struct yaml_node **items,
                         unsigned n, void *object)
{
    unsigned count = 0;
    struct cfg_member *list = arena_array(l->keep, n, sizeof *list);
    for (unsigned i = 0; i < n && !err_is_full(&l->errors); i++)
        count += take_member(l, row->name, items[i], list, count);
    put_list(row, object, list, count);
}

void read_members(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                  void *object, struct cfg_origin *origin)
{
    unsigned n;
    const struct yaml_node **items = read_list(l, row, value, &n);
    (void)origin;
    if (items)
        take_members(l, row, items, n, object);
}

void read_sources(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                  void *object, struct cfg_origin *origin)
{
    unsigned n;
    const struct yaml_node **items = read_list(l, row, value, &n);
    if (items && is_any(items, n))
        origin->any_source = true;
    else if (items)
        take_members(l, row, items, n, object);
}

/* ---- names of routes ------------------------------------------------------------------------------ */

static void unknown_route(struct loader *l, const char *key, const struct yaml_node *item)
{
    char known[160] = "";
    struct nearest n;
    nearest_begin(&n, item->text);
    for (const struct name_entry *e = l->route_names.first; e; e = e->next) {
        nearest_try(&n, e->name);
        add_word(known, sizeof known, e->name);
    }
    if (nearest_found(&n))
        err_add(&l->errors, item->at, "%s: there is no route '%.63s', did you mean '%s'?", key, item->text,
                nearest_found(&n));
    else if (known[0])
        err_add(&l->errors, item->at, "%s: there is no route '%.63s'; there are %s", key, item->text, known);
    else
        err_add(&l->errors, item->at, "%s: there is no route '%.63s'; give routes a `name`", key, item->text);
}

void read_route_names(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                      void *object, struct cfg_origin *origin)
{
    unsigned n, count = 0;
    const struct yaml_node **items = read_list(l, row, value, &n);
    (void)origin;
    if (!items || is_any(items, n))
        return;
    unsigned *list = arena_array(l->keep, n, sizeof *list);
    for (unsigned i = 0; i < n && !err_is_full(&l->errors); i++) {
        const struct name_entry *e = names_find(&l->route_names, items[i]->text);
        if (e)
            list[count++] = e->index;
        else
            unknown_route(l, row->name, items[i]);
    }
    put_list(row, object, list, count);
}

/* ---- the target of a route ------------------------------------------------------------------------ */

/* The group of one member for a peer or listener: made when a route first names it, with the same name. */
static unsigned group_of_one(struct loader *l, const struct name_entry *e)
{
    struct cfg_config *c = l->config;
    struct cfg_group *groups = (struct cfg_group *)c->groups; /* still ours to write */
    unsigned *alone = &l->alone[e->kind == NAME_PEER ? c->listener_count + e->index : e->index];
    if (*alone)
        return *alone - 1;
    struct cfg_member *m = arena_alloc(l->keep, sizeof *m);
    *m = (struct cfg_member){e->kind == NAME_PEER ? CFG_MEMBER_PEER : CFG_MEMBER_LISTENER, e->index};
    groups[c->group_count] = (struct cfg_group){.name = e->name, .members = m, .member_count = 1};
    *alone = ++c->group_count;
    return *alone - 1;
}

bool find_target(struct loader *l, const char *key, const struct yaml_node *item, unsigned *group)
{
    const struct name_entry *e = names_find(&l->names, item->text);
    if (!e)
        unknown_name(l, key, item, true);
    else
        *group = e->kind == NAME_GROUP ? e->index : group_of_one(l, e);
    return e;
}

void read_target(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value, void *object,
                 struct cfg_origin *origin)
{
    struct cfg_route *route = object;
    (void)origin;
    if (read_scalar(l, row->name, value))
        find_target(l, row->name, value, &route->group);
}

void read_unrouted(struct loader *l, const struct cfg_key_row *row, const struct yaml_node *value,
                   void *object, struct cfg_origin *origin)
{
    struct cfg_config *c = object;
    const char *text = read_scalar(l, row->name, value);
    (void)origin;
    if (!text)
        return;
    c->unrouted = strcmp(text, "drop") == 0    ? CFG_UNROUTED_DROP
                  : strcmp(text, "abort") == 0 ? CFG_UNROUTED_ABORT
                                               : CFG_UNROUTED_SEND;
    l->unrouted = c->unrouted == CFG_UNROUTED_SEND ? value : NULL;
}
