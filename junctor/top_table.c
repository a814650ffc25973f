/* See top_table.h. */
#include "junctor/top_table.h"
#include "junctor/table_columns_priv.h"

#include <stdlib.h>
#include <string.h>

#define CELL 200

/* ---- the views ------------------------------------------------------------------------------------ */

static const struct table_column associations[] = {
    T("ID", "id"),
    T("NAME", "name"),
    T("STATE", "state"),
    N("IN/S", "rate.received"),
    N("OUT/S", "rate.delivered"),
    N("WAITING", "waiting"),
    N("RTX/MIN", "retransmitted_per_minute"),
    N("WORKER", "worker"),
    T("REMOTE", "remote"),
    N("RECEIVED", "received"),
    N("DELIVERED", "delivered"),
    N("RTX", "retransmitted"),
    N("IN B/S", "rate.received_bytes"),
    N("OUT B/S", "rate.delivered_bytes"),
    M("AGE", "age_ms"),
};
static const struct top_rate association_rates[] = {{"received", "received", 0},
                                                    {"delivered", "delivered", 0},
                                                    {"received_bytes", "received_bytes", 0},
                                                    {"delivered_bytes", "delivered_bytes", 0}};

static const struct table_column groups[] = {
    T("GROUP", "name"),
    T("MODE", "mode"),
    N("OUT/S", "rate.delivered"),
    N("DROPPED/S", "rate.dropped"),
    N("IN GROUP", "in_group"),
    {"MEMBERS", "members", TABLE_MEMBERS},
    N("HELD", "traffic.held"),
    N("DELIVERED", "traffic.delivered"),
    N("DROPPED", "traffic.dropped"),
};
static const struct table_column peers[] = {
    T("PEER", "name"),
    T("STATE", "state"),
    N("ASSOCIATIONS", "associations"),
    N("IN/S", "rate.received"),
    N("OUT/S", "rate.delivered"),
    N("DROPPED/S", "rate.dropped"),
    N("RECEIVED", "traffic.received"),
    N("DELIVERED", "traffic.delivered"),
    N("DROPPED", "traffic.dropped"),
    N("FAILURES", "failures"),
};
static const struct table_column listeners[] = {
    T("LISTENER", "name"),
    N("ASSOCIATIONS", "associations"),
    N("IN/S", "rate.received"),
    N("OUT/S", "rate.delivered"),
    N("DROPPED/S", "rate.dropped"),
    N("RECEIVED", "traffic.received"),
    N("DELIVERED", "traffic.delivered"),
    N("DROPPED", "traffic.dropped"),
};
static const struct top_rate traffic_rates[] = {{"traffic.received", "received", 0},
                                                {"traffic.delivered", "delivered", 0},
                                                {"traffic.dropped", "dropped", 0}};

static const struct table_column workers[] = {
    N("WORKER", "worker"),
    N("ASSOCIATIONS", "associations"),
    N("IN/S", "rate.received"),
    N("OUT/S", "rate.delivered"),
    N("CPU %", "rate.cpu"),
    N("WAITING", "counters.waiting"),
    N("TURNS/S", "rate.turns"),
    N("CALLS/S", "rate.system_calls"),
    N("RECEIVED", "counters.received"),
    N("DELIVERED", "counters.delivered"),
    N("PARKED", "parked"),
};
static const struct top_rate worker_rates[] = {{"counters.received", "received", 0},
                                               {"counters.delivered", "delivered", 0},
                                               {"cpu_us", "cpu", 10000},
                                               {"turns", "turns", 0},
                                               {"system_calls", "system_calls", 0}};

static const struct top_view views[] = {
    {"associations", "id", associations, COUNT(associations), 3, association_rates, COUNT(association_rates)},
    {"groups", "name", groups, COUNT(groups), 2, traffic_rates, COUNT(traffic_rates)},
    {"peers", "name", peers, COUNT(peers), 4, traffic_rates, COUNT(traffic_rates)},
    {"listeners", "name", listeners, COUNT(listeners), 2, traffic_rates, COUNT(traffic_rates)},
    {"workers", "worker", workers, COUNT(workers), 2, worker_rates, COUNT(worker_rates)},
};

static const struct table_column members[] = {
    T("MEMBER", "name"),   T("KIND", "kind"),         T("STATE", "state"),
    T("SET", "set"),       T("EJECTED", "ejected"),   N("ASSOCIATIONS", "associations"),
    N("WEIGHT", "weight"), N("IN GROUP", "in_group"),
};
const struct top_view top_members = {"members", "name", members, COUNT(members), 0, NULL, 0};

const struct top_view top_one = {
    "association", "id", associations, COUNT(associations), 0, association_rates, COUNT(association_rates)};

static const struct top_rate whole_rates[] = {{"counters.received", "received", 0},
                                              {"counters.delivered", "delivered", 0},
                                              {"dropped_in_all", "dropped", 0}};
const struct top_view top_whole = {"status", "pid", NULL, 0, 0, whole_rates, COUNT(whole_rates)};

const struct top_view *top_view_at(unsigned index)
{
    return index < COUNT(views) ? &views[index] : NULL;
}

const struct top_view *top_view_find(const char *name)
{
    for (size_t i = 0; i < COUNT(views); i++)
        if (strcmp(views[i].name, name) == 0)
            return &views[i];
    return NULL;
}

/* ---- readings ------------------------------------------------------------------------------------- */

void top_table_begin(struct top_table *t, const struct top_view *view)
{
    *t = (struct top_table){.view = view, .sort = view->sort};
}

void top_table_end(struct top_table *t)
{
    json_decref(t->rows);
    t->rows = NULL;
}

const char *top_row_id(const struct top_view *view, const json_t *row, char *out, size_t size)
{
    const struct table_column column = T("", view->id);
    return table_value(row, &column, out, size);
}

/* The increase of `rate` a second, or -1: not known. */
static json_int_t increase(const struct top_rate *rate, const json_t *row, const json_t *before,
                           uint64_t elapsed_ms)
{
    const json_t *now = table_find(row, rate->path), *then = table_find(before, rate->path);
    if (!json_is_integer(now) || !json_is_integer(then))
        return -1;
    double n = (double)(json_integer_value(now) - json_integer_value(then)) * 1000 / (double)elapsed_ms /
               (rate->divisor ? rate->divisor : 1);
    return n > 0 ? (json_int_t)(n + 0.5) : 0; /* a gauge among the counters may fall */
}

static void add_rates(const struct top_view *view, json_t *row, const json_t *before, uint64_t elapsed_ms)
{
    json_t *rates = json_object();
    for (unsigned i = 0; i < view->rate_count; i++) {
        json_int_t n = increase(&view->rates[i], row, before, elapsed_ms);
        if (n >= 0)
            json_object_set_new(rates, view->rates[i].name, json_integer(n));
    }
    json_object_set_new(row, "rate", rates);
}

/* The rows by their names. */
static json_t *by_id(const struct top_view *view, const json_t *rows)
{
    char id[CELL];
    size_t i;
    json_t *row, *map = json_object();
    json_array_foreach(rows, i, row)
    {
        json_object_set(map, top_row_id(view, row, id, sizeof id), row);
    }
    return map;
}

void top_table_take(struct top_table *t, json_t *rows, uint64_t uptime_ms)
{
    char id[CELL];
    size_t i;
    json_t *row, *before = by_id(t->view, uptime_ms > t->uptime_ms ? t->rows : NULL);
    json_array_foreach(rows, i, row)
    {
        const json_t *then = json_object_get(before, top_row_id(t->view, row, id, sizeof id));
        if (then)
            add_rates(t->view, row, then, uptime_ms - t->uptime_ms);
    }
    json_decref(before);
    json_decref(t->rows);
    t->rows = rows;
    t->uptime_ms = uptime_ms;
}

/* ---- which rows, in which order -------------------------------------------------------------------- */

static bool fits(const struct top_view *view, const json_t *row, const char *match)
{
    char cell[CELL];
    for (unsigned i = 0; i < view->column_count; i++)
        if (strcasestr(table_value(row, &view->columns[i], cell, sizeof cell), match))
            return true;
    return false;
}

struct item {
    json_t *row;
    const json_t *value;
    size_t place; /* among equals the order of the document */
    bool reverse;
};

/* Values that are missing come last, whatever the direction. */
static int compare(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    bool known = !json_is_null(x->value) && x->value, other = !json_is_null(y->value) && y->value;
    int order = 0;
    if (known != other)
        return known ? -1 : 1;
    if (json_is_integer(x->value) && json_is_integer(y->value)) {
        json_int_t m = json_integer_value(x->value), n = json_integer_value(y->value);
        order = m < n ? 1 : m > n ? -1 : 0;
    } else if (json_is_string(x->value) && json_is_string(y->value)) {
        order = strverscmp(json_string_value(x->value), json_string_value(y->value));
    }
    if (order)
        return x->reverse ? -order : order;
    return x->place < y->place ? -1 : x->place > y->place;
}

json_t *top_table_choose(const struct top_table *t, const char *match)
{
    json_t *chosen = json_array(), *row;
    size_t i, count = 0, all = json_array_size(t->rows);
    struct item *items = calloc(all ? all : 1, sizeof *items);
    json_array_foreach(t->rows, i, row)
    {
        if (items && (!*match || fits(t->view, row, match)))
            items[count++] =
                (struct item){row, table_find(row, t->view->columns[t->sort].path), i, t->reverse};
    }
    if (count)
        qsort(items, count, sizeof *items, compare);
    for (i = 0; i < count; i++)
        json_array_append(chosen, items[i].row);
    free(items);
    return chosen;
}
