/* A configuration's memory: allocated and freed as one. */
#include "config/config_priv.h"

#include <string.h>

#include "config/arena_priv.h"

/* What cfg_free frees: the arena holds everything, including this struct. */
struct owned {
    struct cfg_config config; /* first: callers have a pointer to it */
    struct arena arena;
};

struct cfg_config *cfg_new(const char *name)
{
    struct arena arena = {0};
    struct owned *o = arena_alloc(&arena, sizeof *o);
    o->config.file = arena_text(&arena, name, strlen(name));
    o->arena = arena;
    return &o->config;
}

struct arena *cfg_arena(struct cfg_config *c)
{
    return &((struct owned *)c)->arena;
}

void cfg_free(struct cfg_config *c)
{
    if (!c)
        return;
    struct arena arena = ((struct owned *)c)->arena;
    arena_free(&arena);
}

const char *cfg_session_name(enum cfg_session s)
{
    static const char *const names[CFG_SESSIONS] = {"paired", "shared", "mapped"};
    return names[s];
}

const char *cfg_member_name(const struct cfg_config *c, struct cfg_member m)
{
    return m.kind == CFG_MEMBER_PEER ? c->peers[m.index].name : c->listeners[m.index].name;
}

bool cfg_member_find(const struct cfg_config *c, const char *name, struct cfg_member *out)
{
    for (unsigned i = 0; i < c->listener_count; i++)
        if (!c->listeners[i].gone && strcmp(c->listeners[i].name, name) == 0) {
            *out = (struct cfg_member){CFG_MEMBER_LISTENER, i};
            return true;
        }
    for (unsigned i = 0; i < c->peer_count; i++)
        if (!c->peers[i].gone && strcmp(c->peers[i].name, name) == 0) {
            *out = (struct cfg_member){CFG_MEMBER_PEER, i};
            return true;
        }
    return false;
}
