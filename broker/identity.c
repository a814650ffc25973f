/* See identity.h. */
#include "broker/identity.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool number_of(const char *text, unsigned *out)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    *out = (unsigned)n;
    return *text >= '0' && *text <= '9' && !*end && n < UINT32_MAX;
}

bool brk_group_find(const char *text, gid_t *out)
{
    const struct group *g = getgrnam(text);
    if (!g)
        return number_of(text, out);
    *out = g->gr_gid;
    return true;
}

/* A user that is given by number need not be in the database; then its group must be given as well. */
static bool find_user(const struct cfg_config *c, struct brk_identity *out, char *why, size_t size)
{
    unsigned number;
    const struct passwd *p = getpwnam(c->user);
    if (!p && number_of(c->user, &number)) {
        p = getpwuid(number);
        out->uid = number;
        if (!p && !c->group) {
            snprintf(why, size, "broker.user: nobody has the number %s here; write broker.group as well",
                     c->user);
            return false;
        }
    } else if (!p) {
        snprintf(why, size, "broker.user: there is no user '%s' on this host", c->user);
        return false;
    }
    if (p) {
        out->uid = p->pw_uid;
        out->gid = p->pw_gid;
    }
    return true;
}

bool brk_identity_find(const struct cfg_config *c, struct brk_identity *out, char *why, size_t size)
{
    *out = (struct brk_identity){.uid = geteuid(), .gid = getegid()};
    if (c->user && !find_user(c, out, why, size))
        return false;
    if (c->group && !brk_group_find(c->group, &out->gid)) {
        snprintf(why, size, "broker.group: there is no group '%s' on this host", c->group);
        return false;
    }
    if (c->group && out->uid == 0) {
        snprintf(why, size,
                 "broker.group: root in another group has no fewer rights; write broker.user, too");
        return false;
    }
    out->changes = out->uid != geteuid() || out->gid != getegid();
    if (!out->changes || geteuid() == 0)
        return true;
    snprintf(why, size,
             "broker.%s: only root can become another user or group; start it as root, or leave this out",
             out->uid != geteuid() ? "user" : "group");
    return false;
}
