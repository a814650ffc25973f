/* The Unix socket of the admin interface: its path, opening it, and connecting to it. */
#ifndef JUNCTOR_BROKER_ADMIN_SOCKET_H
#define JUNCTOR_BROKER_ADMIN_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#include "config/config.h"

#define ADMIN_PATH_MAX (sizeof((struct sockaddr_un *)0)->sun_path)

/* The default directories for it, best first: `index` from 0 on. False: no more. *fixed: it has a fixed name,
 * else one for each process ("junctor-PID.sock" in that directory). Reads the environment. */
bool admin_default_place(unsigned index, char folder[ADMIN_PATH_MAX], bool *fixed);

#define ADMIN_FIXED_NAME "junctor.sock"
#define ADMIN_PREFIX     "junctor-" /* … PID ".sock" */
#define ADMIN_SUFFIX     ".sock"

/* Opens it as configured, and listens. Returns the descriptor, and the path in `path`, to be unlinked at the
 * end. -1: `path` is "" if it is switched off; otherwise `why` says what failed. Removes files left by a
 * broker that no longer runs. Changes the umask for a moment: only while no other thread creates files. */
int admin_socket_open(const struct cfg_config *c, char path[ADMIN_PATH_MAX], char *why, size_t size);

/* Connects to the socket at `path`; blocks while the queue of who listens there is full. -1 and errno. */
int admin_socket_connect(const char *path);

/* Whether the user at the other end of `fd`, an accepted connection, may make changes: root, the broker's own
 * user, or a member of the group of the socket at `path`. */
bool admin_socket_trusts(int fd, const char *path);

#endif
