/* See unknown.h. */
#include "config/unknown.h"

#include <stdio.h>
#include <string.h>

#include "config/sctp/nearest.h"

/* What exists, and the name that is nearest to the one given. */
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

const char *cfg_unknown_member(const struct cfg_config *c, const char *name, char out[CFG_UNKNOWN_TEXT])
{
    struct names n = {.length = 0};
    char more[40] = "";
    nearest_begin(&n.near, name);
    for (unsigned i = 0; i < c->listener_count; i++)
        if (!c->listeners[i].gone)
            add(&n, c->listeners[i].name);
    for (unsigned i = 0; i < c->peer_count; i++)
        if (!c->peers[i].gone)
            add(&n, c->peers[i].name);
    const char *found = nearest_found(&n.near);
    if (n.count > n.listed)
        snprintf(more, sizeof more, " and %u more", n.count - n.listed);
    snprintf(out, CFG_UNKNOWN_TEXT, "there is no listener or peer %.64s%s%s%s; there %s %s%s", name,
             found ? "; did you mean " : "", found ? found : "", found ? "?" : "",
             n.count == 1 ? "is" : "are", n.list, more);
    return out;
}
