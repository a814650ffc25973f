/* Which user and group a broker becomes that was started as root: `broker.user` and `broker.group`. */
#ifndef JUNCTOR_BROKER_IDENTITY_H
#define JUNCTOR_BROKER_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "config/config.h"

struct brk_identity {
    bool changes; /* it becomes another user or group; else these are the process's own */
    uid_t uid;
    gid_t gid;
};

/* Looks the names up, which may block. False, with the reason and what to do in `why`: there is no such user
 * or group, or the process may not become it. */
bool brk_identity_find(const struct cfg_config *c, struct brk_identity *out, char *why, size_t size);

/* The number of a group, by name or number. False: there is none of that name. */
bool brk_group_find(const char *text, gid_t *out);

#endif
