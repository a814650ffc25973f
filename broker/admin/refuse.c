/* See refuse.h. */
#include "broker/admin/refuse.h"

#include <stdio.h>
#include <string.h>

#include "broker/admin/call.h"
#include "config/sctp/nearest.h"

/* What exists, as a list that is cut where it is long, and the name that is nearest to the one given. */
struct names {
    char list[300];
    size_t length;
    unsigned count, listed;
    struct nearest near;
};

static void add(struct names *n, const char *name)
{
    nearest_try(&n->near, name);
    if (n->listed == n->count && n->length + strlen(name) + 3 < sizeof n->list) {
        n->length += (size_t)sprintf(n->list + n->length, "%s%s", n->count ? ", " : "", name);
        n->listed++;
    }
    n->count++;
}

static void collect(struct names *n, const struct cfg_config *c)
{
    for (unsigned i = 0; i < c->listener_count; i++)
        if (!c->listeners[i].gone)
            add(n, c->listeners[i].name);
    for (unsigned i = 0; i < c->peer_count; i++)
        if (!c->peers[i].gone)
            add(n, c->peers[i].name);
}

enum admin_step admin_refuse_member(struct admin *a, struct admin_call *call, const char *name)
{
    struct brk_sight s;
    struct names n = {.length = 0};
    char more[40] = "";
    nearest_begin(&n.near, name);
    brk_sight_open(a->observer, &s);
    collect(&n, s.config);
    brk_sight_close(a->observer);
    const char *found = nearest_found(&n.near);
    if (n.count > n.listed)
        snprintf(more, sizeof more, " and %u more", n.count - n.listed);
    return admin_refuse(call, 404, "there is no listener or peer %.64s%s%s%s; there %s %s%s", name,
                        found ? "; did you mean " : "", found ? found : "", found ? "?" : "",
                        n.count == 1 ? "is" : "are", n.list, more);
}

enum admin_step admin_refuse_id(struct admin_call *call, const char *id)
{
    return admin_refuse(call, 400,
                        "%s%.64s%san association is called WORKER-NUMBER, like 0-17; `junctor status "
                        "associations` (/v1/associations) lists them",
                        id ? "there is no association " : "", id ? id : "", id ? ": " : "");
}

enum admin_step admin_refuse_association(struct admin_call *call, const char *id)
{
    return admin_refuse(
        call, 404,
        "there is no association %.64s; `junctor status associations` (/v1/associations) lists them", id);
}

enum admin_step admin_refuse_worker(const struct admin *a, struct admin_call *call, unsigned worker)
{
    unsigned count = brk_observer_workers(a->observer);
    if (count == 1)
        return admin_refuse(call, 404, "there is no worker %u; there is one, 0", worker);
    return admin_refuse(call, 404, "there is no worker %u; there are 0 to %u", worker, count - 1);
}
