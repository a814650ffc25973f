/* See names.h. */
#include "broker/tap/names.h"

#include <stdlib.h>
#include <string.h>

static void free_list(char **list, unsigned count)
{
    for (unsigned i = 0; list && i < count; i++)
        free(list[i]);
    free(list);
}

void tap_names_free(struct tap_names *n)
{
    free_list(n->listeners, n->listener_count);
    free_list(n->peers, n->peer_count);
    free_list(n->groups, n->group_count);
    for (unsigned i = 0; n->routes && i < n->route_count; i++)
        free(n->routes[i].name);
    free(n->routes);
    *n = (struct tap_names){0};
}

bool tap_names_copy(struct tap_names *n, const struct cfg_config *c)
{
    tap_names_free(n);
    *n = (struct tap_names){.listeners = calloc(c->listener_count + 1, sizeof(char *)),
                            .peers = calloc(c->peer_count + 1, sizeof(char *)),
                            .groups = calloc(c->group_count + 1, sizeof(char *)),
                            .routes = calloc(c->route_count + 1, sizeof(struct tap_route)),
                            .listener_count = c->listener_count,
                            .peer_count = c->peer_count,
                            .group_count = c->group_count,
                            .route_count = c->route_count};
    bool good = n->listeners && n->peers && n->groups && n->routes;
    for (unsigned i = 0; good && i < c->listener_count; i++)
        good = (n->listeners[i] = strdup(c->listeners[i].name)) != NULL;
    for (unsigned i = 0; good && i < c->peer_count; i++)
        good = (n->peers[i] = strdup(c->peers[i].name)) != NULL;
    for (unsigned i = 0; good && i < c->group_count; i++)
        good = (n->groups[i] = strdup(c->groups[i].name)) != NULL;
    for (unsigned i = 0; good && i < c->route_count; i++) {
        n->routes[i].group = c->routes[i].group;
        if (c->routes[i].name)
            good = (n->routes[i].name = strdup(c->routes[i].name)) != NULL;
    }
    if (!good)
        tap_names_free(n);
    return good;
}

static bool has_member(const struct tap_names *n, bool given, struct cfg_member m)
{
    return !given || m.index < (m.kind == CFG_MEMBER_LISTENER ? n->listener_count : n->peer_count);
}

bool tap_names_have(const struct tap_names *n, const struct brk_captured *c)
{
    return has_member(n, c->has_from, c->from) && has_member(n, c->has_to, c->to) &&
           (c->route == BRK_NO_ROUTE_ID || c->route < n->route_count);
}

const char *tap_names_of(const struct tap_names *n, struct cfg_member m)
{
    if (!has_member(n, true, m))
        return "-";
    return m.kind == CFG_MEMBER_LISTENER ? n->listeners[m.index] : n->peers[m.index];
}
