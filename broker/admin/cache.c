/* See cache.h. A response of libmicrohttpd counts its references: the cache has one, each connection that is
 * being answered another, and MHD_destroy_response gives one back. libmicrohttpd 0.9.75 has no call that
 * takes one, so who made the response leaves its own to the cache (admin_cache_keep) instead of giving it
 * back. */
#include "broker/admin/cache.h"

#include <string.h>

#include "broker/admin/state_priv.h"

struct MHD_Response *admin_cache_find(const struct admin_cache *c, const char *uri, bool local,
                                      uint64_t now_ms)
{
    for (unsigned i = 0; i < ADMIN_CACHED; i++) {
        const struct admin_cached *a = &c->answers[i];
        if (a->response && a->at_ms + ADMIN_FRESH_MS > now_ms && a->local == local &&
            strcmp(a->uri, uri) == 0)
            return a->response;
    }
    return NULL;
}

static void forget(struct admin_cached *a)
{
    if (a->response)
        MHD_destroy_response(a->response);
    a->response = NULL;
}

/* Where it is kept: in place of an older answer to the same, else of the one that has been there longest. */
static struct admin_cached *place_for(struct admin_cache *c, const char *uri, bool local)
{
    for (unsigned i = 0; i < ADMIN_CACHED; i++)
        if (c->answers[i].response && c->answers[i].local == local && strcmp(c->answers[i].uri, uri) == 0)
            return &c->answers[i];
    return &c->answers[c->next++ % ADMIN_CACHED];
}

bool admin_cache_keep(struct admin_cache *c, const char *uri, bool local, uint64_t now_ms,
                      struct MHD_Response *response)
{
    if (strlen(uri) >= ADMIN_CACHE_URI)
        return false;
    struct admin_cached *a = place_for(c, uri, local);
    forget(a);
    strcpy(a->uri, uri);
    a->local = local;
    a->at_ms = now_ms;
    a->response = response;
    return true;
}

void admin_cache_clear(struct admin_cache *c)
{
    for (unsigned i = 0; i < ADMIN_CACHED; i++)
        forget(&c->answers[i]);
}
