/* See filter.h. The words become the tree of a mapping, as a file would have it, which is read by the rows of
 * keys.def with the names of a configuration that has been loaded before. */
#include "config/filter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/keys.h"
#include "config/loader_priv.h"
#include "config/print_priv.h"
#include "config/read_keys_priv.h"

#define PREFIX "filter."
#define BLANKS " \t\n"

/* The filter is the first member: what is given out points to it. */
struct owned {
    struct cfg_filter filter;
    struct arena keep;
};

/* ---- the tree ------------------------------------------------------------------------------------- */

static void append(struct yaml_node *parent, struct yaml_node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

/* The next `len` bytes as a scalar; its place is the column on the command line. */
static struct yaml_node *scalar(struct arena *a, const char *words, const char *text, size_t len)
{
    struct yaml_node *n = arena_alloc(a, sizeof *n);
    n->at = (struct cfg_place){1, (unsigned)(text - words) + 1};
    n->text = arena_text(a, text, len);
    n->values = 1;
    return n;
}

/* "a,b" as a list, "a" as a scalar. */
static struct yaml_node *value(struct arena *a, const char *words, const char *text, size_t len)
{
    struct yaml_node *list = scalar(a, words, text, len);
    if (!memchr(text, ',', len))
        return list;
    list->kind = YAML_LIST;
    for (const char *end = text + len; text <= end;) {
        const char *comma = memchr(text, ',', (size_t)(end - text));
        size_t n = (size_t)((comma ? comma : end) - text);
        append(list, scalar(a, words, text, n));
        list->count++;
        list->values++;
        text += n + 1;
    }
    return list;
}

static struct yaml_node *tree(struct arena *a, const char *words)
{
    struct yaml_node *map = scalar(a, words, words, 0);
    const char *p = words;
    map->kind = YAML_MAP;
    while (*(p += strspn(p, BLANKS))) {
        size_t len = strcspn(p, BLANKS);
        append(map, scalar(a, words, p, len));
        p += len;
        p += strspn(p, BLANKS);
        len = strcspn(p, BLANKS);
        append(map, value(a, words, p, len));
        p += len;
        map->count++;
    }
    map->values = 1 + 2 * map->count;
    return map;
}

/* ---- names ---------------------------------------------------------------------------------------- */

static void add_names(struct loader *l, const struct cfg_config *c)
{
    const struct cfg_place nowhere = {0};
    for (unsigned i = 0; i < c->listener_count; i++)
        if (!c->listeners[i].gone)
            names_add(&l->names, &l->scratch, c->listeners[i].name, NAME_LISTENER, i, nowhere);
    for (unsigned i = 0; i < c->peer_count; i++)
        if (!c->peers[i].gone)
            names_add(&l->names, &l->scratch, c->peers[i].name, NAME_PEER, i, nowhere);
    for (unsigned i = 0; i < c->group_count; i++)
        if (!c->groups[i].gone && !print_is_implicit(c, &c->groups[i]))
            names_add(&l->names, &l->scratch, c->groups[i].name, NAME_GROUP, i, nowhere);
    for (unsigned i = 0; i < c->route_count; i++)
        if (!c->routes[i].gone && c->routes[i].name)
            names_add(&l->route_names, &l->scratch, c->routes[i].name, NAME_ROUTE, i, nowhere);
}

static struct owned *new_filter(void)
{
    struct owned *o = calloc(1, sizeof *o);
    if (!o)
        abort(); /* like an arena */
    return o;
}

const struct cfg_filter *cfg_filter_parse(const struct cfg_config *c, const char *words, char *why,
                                          size_t size)
{
    struct owned *o = new_filter();
    struct cfg_config scratch = {.groups = c->groups,
                                 .group_count = c->group_count,
                                 .listeners = c->listeners,
                                 .listener_count = c->listener_count,
                                 .peers = c->peers,
                                 .peer_count = c->peer_count};
    struct loader l = {.keep = &o->keep, .config = &scratch};
    struct cfg_remarks remarks;
    add_names(&l, c);
    read_defaults(CFG_TAP, &scratch);
    read_pairs(&l, CFG_TAP, PREFIX, tree(&l.scratch, words), &scratch, &l.tap);
    o->filter = scratch.tap.filter;
    err_finish(&l.errors, &remarks);
    if (remarks.count) {
        const char *text = remarks.list[0].text;
        snprintf(why, size, "%s", strncmp(text, PREFIX, strlen(PREFIX)) ? text : text + strlen(PREFIX));
    }
    names_free(&l.names);
    names_free(&l.route_names);
    arena_free(&l.scratch);
    bool good = !remarks.count;
    cfg_remarks_free(&remarks);
    if (good)
        return &o->filter;
    cfg_filter_free(&o->filter);
    return NULL;
}

/* ---- copies --------------------------------------------------------------------------------------- */

static const void *copy(struct arena *keep, const void *list, unsigned count, size_t size)
{
    void *out = arena_array(keep, count, size);
    return count ? memcpy(out, list, count * size) : NULL;
}

const struct cfg_filter *cfg_filter_copy(const struct cfg_filter *f)
{
    struct owned *o = new_filter();
    o->filter = *f;
    o->filter.from = copy(&o->keep, f->from, f->from_count, sizeof *f->from);
    o->filter.to = copy(&o->keep, f->to, f->to_count, sizeof *f->to);
    o->filter.routes = copy(&o->keep, f->routes, f->route_count, sizeof *f->routes);
    o->filter.ppids = copy(&o->keep, f->ppids, f->ppid_count, sizeof *f->ppids);
    o->filter.streams = copy(&o->keep, f->streams, f->stream_count, sizeof *f->streams);
    return &o->filter;
}

void cfg_filter_free(const struct cfg_filter *f)
{
    struct owned *o = (struct owned *)(uintptr_t)f;
    if (!o)
        return;
    arena_free(&o->keep);
    free(o);
}

static bool same(const void *a, unsigned a_count, const void *b, unsigned b_count, size_t size)
{
    return a_count == b_count && (!a_count || memcmp(a, b, a_count * size) == 0);
}

bool cfg_filter_same(const struct cfg_filter *a, const struct cfg_filter *b)
{
    return a->verdict == b->verdict &&
           same(a->from, a->from_count, b->from, b->from_count, sizeof *a->from) &&
           same(a->to, a->to_count, b->to, b->to_count, sizeof *a->to) &&
           same(a->routes, a->route_count, b->routes, b->route_count, sizeof *a->routes) &&
           same(a->ppids, a->ppid_count, b->ppids, b->ppid_count, sizeof *a->ppids) &&
           same(a->streams, a->stream_count, b->streams, b->stream_count, sizeof *a->streams);
}
