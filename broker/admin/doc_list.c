/* See doc_list.h. */
#include "broker/admin/doc_list.h"

#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/json.h"

#define PAGE     100
#define PAGE_MAX 1000

static bool begin_page(struct admin_call *call, struct doc_page *p)
{
    p->passed = 0;
    p->items = NULL;
    if (!admin_query_number(call, "offset", 0, UINT32_MAX, &p->offset) ||
        !admin_query_number(call, "limit", PAGE, PAGE_MAX, &p->limit))
        return false;
    p->items = json_array();
    return true;
}

bool doc_on_page(struct doc_page *p)
{
    unsigned place = p->passed++;
    return place >= p->offset && place - p->offset < p->limit;
}

static enum admin_step end_page(const struct admin *a, struct admin_call *call, struct doc_page *p,
                                const char *name)
{
    json_t *d = admin_document(a);
    json_object_set_new(d, "total", json_integer(p->passed));
    json_object_set_new(d, "offset", json_integer(p->offset));
    json_object_set_new(d, name, p->items);
    return admin_answer(call, 200, d);
}

unsigned doc_place(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_LISTENER ? m.index : c->listener_count + m.index;
}

static void count_associations(const struct admin *a, struct doc_scene *s)
{
    const struct cfg_config *c = s->sight.config;
    unsigned count;
    bool cut;
    const struct brk_assoc_view *v = brk_observer_found(a->observer, &count, &cut);
    for (unsigned i = 0; i < count; i++) {
        unsigned place = doc_place(c, v[i].member);
        struct doc_waiting *w = &s->waiting[place];
        w->messages += v[i].waiting;
        w->bytes += v[i].waiting_bytes;
        w->most = v[i].waiting > w->most ? v[i].waiting : w->most;
        if (strcmp(v[i].state, "up") == 0 || strcmp(v[i].state, "ending") == 0)
            s->up[place]++;
        else if (strcmp(v[i].state, "connecting") == 0 || strcmp(v[i].state, "resolving") == 0)
            s->setup[place]++;
    }
}

static bool open_scene(struct admin *a, struct doc_scene *s, bool associations)
{
    s->observer = a->observer;
    s->up = s->setup = NULL;
    s->waiting = NULL;
    brk_sight_open(a->observer, &s->sight);
    const struct cfg_config *c = s->sight.config;
    bool good = brk_sight_counts(a->observer, &s->sight, &s->sum);
    unsigned places = c->listener_count + c->peer_count;
    if (good && associations) {
        s->up = calloc(3 * places + 1, sizeof *s->up);
        s->waiting = calloc(places + 1, sizeof *s->waiting);
        if ((good = s->up && s->waiting)) {
            s->setup = s->up + places;
            s->in = s->setup + places;
            count_associations(a, s);
        } else {
            free(s->up);
            free(s->waiting);
            brk_counts_free(&s->sum);
        }
    }
    if (!good)
        brk_sight_close(a->observer);
    return good;
}

static void close_scene(struct admin *a, struct doc_scene *s)
{
    brk_sight_close(a->observer);
    brk_counts_free(&s->sum);
    free(s->up);
    free(s->waiting);
}

enum admin_step doc_answer_page(struct admin *a, struct admin_call *call, const char *name, bool counts,
                                void (*add)(const struct doc_scene *, struct doc_page *))
{
    struct doc_scene s;
    struct doc_page p;
    if (counts && !admin_fresh(a, call))
        return ADMIN_WALK;
    if (!begin_page(call, &p))
        return ADMIN_DONE;
    if (!open_scene(a, &s, counts)) {
        json_decref(p.items);
        return admin_answer(call, 500, NULL);
    }
    add(&s, &p);
    close_scene(a, &s);
    return end_page(a, call, &p, name);
}
