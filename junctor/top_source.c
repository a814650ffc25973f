/* See top_source.h. */
#include "junctor/top_source.h"

#include <stdio.h>
#include <string.h>

#define TIMEOUT_MS 7000 /* the broker gives its workers five seconds */
#define PAGE       1000
#define PAGES      20
#define EVENTS     "20"

struct asking {
    const struct top_source *source;
    const char *socket;
    char *why;
    size_t size;
};

static int get(const struct asking *a, const char *path, json_t **document)
{
    const struct client_patience patience = {.give_up = a->source->give_up, .timeout_ms = TIMEOUT_MS};
    return client_request(a->socket, "GET", path, &patience, document, a->why, a->size);
}

static long long number(const json_t *document, const char *key)
{
    return json_integer_value(json_object_get(document, key));
}

static int read_status(const struct asking *a, struct top_reading *r)
{
    json_int_t dropped = 0;
    const char *reason;
    const json_t *n;
    int status = get(a, "/v1/status", &r->status);
    json_object_foreach(json_object_get(r->status, "dropped"), reason, n) dropped += json_integer_value(n);
    if (r->status)
        json_object_set_new(r->status, "dropped_in_all", json_integer(dropped));
    r->status_ms = (uint64_t)number(r->status, "uptime_ms");
    return status;
}

/* A list, page by page; what comes and goes meanwhile may be missing until the next time. */
static int read_list(const struct asking *a, const struct top_place *place, struct top_reading *r)
{
    char path[400], of[300];
    int status = CLIENT_DONE;
    client_escape(place->of, of, sizeof of);
    r->rows = json_array();
    r->total = 1;
    for (unsigned page = 0; page < PAGES && (long long)page * PAGE < r->total; page++) {
        json_t *document;
        snprintf(path, sizeof path, "/v1/%s?limit=%d&offset=%u%s%s%s%s", place->view->name, PAGE, page * PAGE,
                 *place->key ? "&" : "", place->key, *place->key ? "=" : "", *place->key ? of : "");
        status = get(a, path, &document);
        if (!document)
            break;
        const json_t *total = json_object_get(document, "total"),
                     *list = json_object_get(document, place->view->name);
        r->total = total ? json_integer_value(total) : (long long)json_array_size(list);
        if (!page)
            r->rows_ms = (uint64_t)number(document, "uptime_ms");
        json_array_extend(r->rows, (json_t *)(uintptr_t)list);
        json_decref(document);
    }
    return status;
}

static int read_members(const struct asking *a, const struct top_place *place, struct top_reading *r)
{
    const struct top_place groups = {.view = top_view_find("groups")};
    size_t i;
    const json_t *group;
    int status = read_list(a, &groups, r);
    json_t *found = NULL, *all = r->rows;
    json_array_foreach(all, i, group)
    {
        if (strcmp(json_string_value(json_object_get(group, "name")), place->of) == 0)
            found = json_incref(json_object_get(group, "members"));
    }
    json_decref(all);
    r->rows = found ? found : json_array();
    r->total = (long long)json_array_size(r->rows);
    if (status == CLIENT_DONE && !found) {
        snprintf(a->why, a->size, "there is no group %s any longer", place->of);
        return CLIENT_REFUSED;
    }
    return status;
}

static int read_one(const struct asking *a, const struct top_place *place, struct top_reading *r)
{
    char path[400], id[300], why[CLIENT_WHY];
    json_t *document;
    client_escape(place->of, id, sizeof id);
    snprintf(path, sizeof path, "/v1/history?limit=" EVENTS "&association=%s", id);
    int status = get(a, path, &document);
    r->history = json_incref(json_object_get(document, "history"));
    json_decref(document);
    if (status == CLIENT_NO_BROKER)
        return status;
    snprintf(path, sizeof path, "/v1/associations/%s", id);
    const struct asking again = {a->source, a->socket, why, sizeof why};
    status = get(&again, path, &document);
    r->rows = json_array();
    if (document)
        json_array_append(r->rows, json_object_get(document, "association"));
    r->rows_ms = (uint64_t)number(document, "uptime_ms");
    r->total = 1;
    json_decref(document);
    snprintf(a->why, a->size, "%s", status == CLIENT_DONE ? "" : why);
    return status;
}

int top_read(const struct top_source *source, const struct top_place *place, struct top_reading *reading,
             char *why, size_t size)
{
    struct asking a = {source, source->given, why, size};
    *reading = (struct top_reading){0};
    *why = '\0';
    if (!a.socket)
        a.socket = client_search(why, size);
    if (!a.socket)
        return CLIENT_NO_BROKER;
    int status = read_status(&a, reading);
    if (status != CLIENT_DONE)
        return status;
    return place->view == &top_members ? read_members(&a, place, reading)
           : place->view == &top_one   ? read_one(&a, place, reading)
                                       : read_list(&a, place, reading);
}

void top_reading_free(struct top_reading *r)
{
    json_decref(r->status);
    json_decref(r->rows);
    json_decref(r->history);
    *r = (struct top_reading){0};
}
