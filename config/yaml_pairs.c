/* The pairs of a mapping, including those added by its merge keys.
 *
 * The work is bounded: the tree counts every alias with everything it refers to. */
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "config/yaml_pairs_priv.h"

#define MERGE_DEPTH_MAX 8
#define PAIRS_MAX       10000

struct pairs {
    struct yaml_pair *list;
    unsigned count, room;
    struct arena *arena;
    struct err_list *errors;
    void *keys; /* tsearch tree of yaml_node: the keys so far */
};

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct yaml_node *)a)->text, ((const struct yaml_node *)b)->text);
}

/* A key counts once: the map's own takes precedence over a merged one; twice in one map is an error. */
static void add_pair(struct pairs *p, const struct yaml_node *key, const struct yaml_node *value, bool merged)
{
    const struct yaml_node **known = tfind(key, &p->keys, by_text);
    if (known) {
        if (!merged)
            err_add(p->errors, key->at, "key '%.40s' is given twice (first in line %u); remove one",
                    key->text, (*known)->at.line);
        return;
    }
    if (!tsearch(key, &p->keys, by_text))
        abort();
    if (p->count == p->room) {
        unsigned room = p->room ? p->room * 2 : 16;
        struct yaml_pair *list = arena_array(p->arena, room, sizeof *list);
        if (p->count)
            memcpy(list, p->list, p->count * sizeof *list);
        p->list = list;
        p->room = room;
    }
    p->list[p->count++] = (struct yaml_pair){key, yaml_real(value)};
}

static void add_map(struct pairs *p, const struct yaml_node *map, unsigned depth);

static void merge(struct pairs *p, struct cfg_place at, const struct yaml_node *value, unsigned depth)
{
    if (depth == MERGE_DEPTH_MAX) {
        err_add(p->errors, at, "merge keys more than %d deep; write the keys out, or use a profile",
                MERGE_DEPTH_MAX);
        return;
    }
    if (value->kind == YAML_MAP) {
        add_map(p, value, depth + 1);
        return;
    }
    if (value->kind != YAML_LIST)
        err_add(p->errors, at, "<< merges mappings; write an alias of one, or a list of such aliases");
    for (const struct yaml_node *item = value->first; item; item = item->next)
        merge(p, item->at, yaml_real(item), depth + 1);
}

static bool is_merge(const struct yaml_node *key)
{
    return key->kind == YAML_SCALAR && strcmp(key->text, "<<") == 0;
}

static void add_map(struct pairs *p, const struct yaml_node *map, unsigned depth)
{
    for (const struct yaml_node *key = map->first; key; key = key->next->next) {
        if (p->count >= PAIRS_MAX) {
            err_add(p->errors, map->at, "more than %d keys in one mapping", PAIRS_MAX);
            return;
        }
        const struct yaml_node *real = yaml_real(key);
        if (real->kind != YAML_SCALAR)
            err_add(p->errors, key->at, "a key is one word, not a list or a mapping");
        else if (!is_merge(real))
            add_pair(p, real, key->next, depth > 0);
    }
    for (const struct yaml_node *key = map->first; key; key = key->next->next)
        if (is_merge(key) && p->count < PAIRS_MAX)
            merge(p, key->at, yaml_real(key->next), depth);
}

static void keep_entry(void *entry)
{
    (void)entry; /* in the arena */
}

const struct yaml_pair *yaml_pairs(struct arena *a, const struct yaml_node *map, unsigned *count,
                                   struct err_list *e)
{
    struct pairs p = {.arena = a, .errors = e};
    add_map(&p, map, 0);
    tdestroy(p.keys, keep_entry);
    *count = p.count;
    return p.list;
}
