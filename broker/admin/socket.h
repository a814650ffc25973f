/* The Unix socket of the admin interface: where it stands, and opening it. */
#ifndef JUNCTOR_BROKER_ADMIN_SOCKET_H
#define JUNCTOR_BROKER_ADMIN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#include "config/config.h"

#define ADMIN_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path)

/* Where a broker puts it when nothing is configured, best first: `index` from 0 on. False: no more. *fixed:
 * one name, else one for each process ("junctor-PID.sock" in that folder). The environment is read. */
bool admin_default_place(unsigned index, char folder[ADMIN_PATH_MAX], bool *fixed);

#define ADMIN_FIXED_NAME "junctor.sock"
#define ADMIN_PREFIX     "junctor-" /* … PID ".sock" */
#define ADMIN_SUFFIX     ".sock"

/* Opens it as the configuration says, and listens. Returns the descriptor, and the path in `path`, to be
 * unlinked at the end. -1: no; `path` is then "" where it is switched off, and `why` says what failed where
 * it is not. Files that a broker left behind that is no more are removed. Changes the umask for a moment:
 * only while no other thread makes files. */
int admin_socket_open(const struct cfg_config *c, char path[ADMIN_PATH_MAX], char *why, size_t size);

/* Connects to the socket at `path`. -1 and errno. */
int admin_socket_connect(const char *path);

/* Whether whoever is at the other end of `fd`, an accepted connection, may change things: root, the broker's
 * own user, or somebody in the group of the socket at `path`. */
bool admin_socket_trusts(int fd, const char *path);

#endif
