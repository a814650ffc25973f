/* /v1/history: recent events of associations and peers, oldest first. */
#include "broker/admin/doc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/admin/call.h"
#include "broker/admin/json.h"
#include "broker/admin/refuse.h"
#include "broker/clock.h"
#include "broker/history.h"
#include "broker/json_text.h"
#include "routing/origin.h"

#define LIMIT     100
#define LIMIT_MAX 10000

struct filter {
    const char *name; /* of a listener or peer; NULL: all */
    uint64_t origin;  /* 0: all */
};

struct list {
    struct brk_happening *items;
    size_t count;
};

static bool is_wanted(const struct cfg_config *c, const struct brk_happening *e, const struct filter *f)
{
    return (!f->origin || f->origin == e->origin) &&
           (!f->name || strcmp(f->name, cfg_member_name(c, e->member)) == 0);
}

static int by_time(const void *a, const void *b)
{
    const struct brk_happening *x = a, *y = b;
    return (x->last_ms > y->last_ms) - (x->last_ms < y->last_ms);
}

/* False: out of memory. */
static bool collect(const struct admin *a, const struct cfg_config *c, const struct filter *f,
                    struct list *out)
{
    unsigned workers = brk_observer_workers(a->observer);
    out->count = 0;
    out->items = malloc(workers * (size_t)BRK_HISTORY_SIZE * sizeof *out->items);
    for (unsigned w = 0; out->items && w < workers; w++)
        for (unsigned place = 0; place < BRK_HISTORY_SIZE; place++) {
            struct brk_happening *e = &out->items[out->count];
            out->count += brk_observer_happened(a->observer, w, place, e) && is_wanted(c, e, f);
        }
    if (out->items)
        qsort(out->items, out->count, sizeof *out->items, by_time);
    return out->items;
}

static json_t *detail(const struct brk_happening *e)
{
    char text[100];
    switch ((enum brk_happening_kind)e->kind) {
    case BRK_HAPPENED_UP:
        snprintf(text, sizeof text, "%u streams in, %u out", e->numbers[0], e->numbers[1]);
        return json_string(text);
    case BRK_HAPPENED_PAUSED:
        snprintf(text, sizeof text, "%u messages from it wait", e->numbers[0]);
        return json_string(text);
    case BRK_HAPPENED_MOVED:
        snprintf(text, sizeof text, "from worker %u to worker %u", e->numbers[0], e->numbers[1]);
        return json_string(text);
    case BRK_HAPPENED_BALANCED:
        snprintf(text, sizeof text, "its worker is busy to %u %%, another one to %u %%", e->numbers[0],
                 e->numbers[1]);
        return json_string(text);
    default:
        return e->text[0] ? brk_json_text(e->text, strlen(e->text)) : json_null();
    }
}

static json_t *happening(const struct cfg_config *c, const struct brk_happening *e, uint64_t now_ms)
{
    char id[RT_ORIGIN_TEXT], first[ADMIN_TIME_TEXT], last[ADMIN_TIME_TEXT];
    json_t *o = admin_json_member(c, e->member);
    json_object_update_new(
        o, json_pack("{s:s, s:s, s:I, s:o, s:s, s:o, s:o}", "first", admin_time(now_ms - e->first_ms, first),
                     "last", admin_time(now_ms - e->last_ms, last), "times", (json_int_t)e->times,
                     "association", e->origin ? json_string(rt_origin_format(e->origin, id)) : json_null(),
                     "event", brk_happening_name((enum brk_happening_kind)e->kind), "address",
                     admin_json_address(&e->address), "detail", detail(e)));
    return o;
}

enum admin_step admin_get_history(struct admin *a, struct admin_call *call)
{
    struct filter f = {.name = admin_query(call, "name")};
    const char *id = admin_query(call, "association");
    struct brk_sight s;
    struct list list;
    unsigned limit;
    if (id && !(f.origin = rt_origin_parse(id)))
        return admin_refuse_id(call, id);
    if (!admin_query_number(call, "limit", LIMIT, LIMIT_MAX, &limit))
        return ADMIN_DONE;
    json_t *d = admin_document(a), *items = json_array();
    brk_sight_open(a->observer, &s);
    bool good = collect(a, s.config, &f, &list);
    struct cfg_member m;
    bool known = list.count || !f.name || cfg_member_find(s.config, f.name, &m);
    uint64_t now_ms = brk_now_ms();
    for (size_t i = list.count > limit ? list.count - limit : 0; good && i < list.count; i++)
        json_array_append_new(items, happening(s.config, &list.items[i], now_ms));
    brk_sight_close(a->observer);
    free(list.items);
    json_object_set_new(d, "total", json_integer((json_int_t)list.count));
    json_object_set_new(d, "history", items);
    if (!good || !known || (f.origin && !list.count)) {
        json_decref(d);
        d = NULL;
    }
    if (good && !known)
        return admin_refuse_member(a, call, f.name);
    if (good && !d)
        return admin_refuse(call, 404, "no events of association %.64s are known (any longer)", id);
    return admin_answer(call, good ? 200 : 500, d);
}
