/* See socket.h. */
#include "broker/admin/socket.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "broker/identity.h"

#define BACKLOG 64

/* ---- places --------------------------------------------------------------------------------------- */

static bool take_folder(char out[ADMIN_PATH_MAX], const char *text, size_t len)
{
    if (!text || !len || len >= ADMIN_PATH_MAX)
        return false;
    memcpy(out, text, len);
    out[len] = '\0';
    return true;
}

bool admin_default_place(unsigned index, char folder[ADMIN_PATH_MAX], bool *fixed)
{
    const char *service = getenv("RUNTIME_DIRECTORY"), *user = getenv("XDG_RUNTIME_DIR");
    *fixed = false;
    folder[0] = '\0';
    switch (index) {
    case 0: /* systemd: several stand there with colons */
        *fixed = true;
        take_folder(folder, service, service ? strcspn(service, ":") : 0);
        return true;
    case 1:
        strcpy(folder, "/run/junctor");
        return true;
    case 2:
        take_folder(folder, user, user ? strlen(user) : 0);
        return true;
    }
    return false;
}

/* ---- opening -------------------------------------------------------------------------------------- */

static bool fill_address(struct sockaddr_un *a, const char *path)
{
    memset(a, 0, sizeof *a);
    a->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof a->sun_path)
        return false;
    strcpy(a->sun_path, path);
    return true;
}

/* `flags`: of the socket. -1 and errno. */
static int connect_to(const char *path, int flags)
{
    struct sockaddr_un a;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0);
    if (fd < 0)
        return -1;
    if (!fill_address(&a, path)) {
        errno = ENAMETOOLONG;
    } else if (connect(fd, (struct sockaddr *)&a, sizeof a) == 0) {
        return fd;
    }
    int error = errno;
    close(fd);
    errno = error;
    return -1;
}

int admin_socket_connect(const char *path)
{
    return connect_to(path, 0);
}

/* A socket file that nobody listens at any more. Does not wait for one who listens and takes nobody. */
static bool is_stale(const char *path)
{
    struct stat s;
    if (lstat(path, &s) != 0 || !S_ISSOCK(s.st_mode))
        return false;
    int fd = connect_to(path, SOCK_NONBLOCK);
    if (fd < 0)
        return errno == ECONNREFUSED;
    close(fd);
    return false;
}

/* The owner's alone, until group and mode are what they are to be. */
static int bind_alone(int fd, const struct sockaddr_un *a)
{
    mode_t before = umask(0177);
    int result = bind(fd, (const struct sockaddr *)a, sizeof *a);
    int error = errno;
    umask(before);
    errno = error;
    return result;
}

/* In place of a file that nobody listens at any more; EADDRINUSE: somebody does. */
static int replace_stale(int fd, const struct sockaddr_un *a)
{
    if (is_stale(a->sun_path))
        return unlink(a->sun_path) == 0 ? bind_alone(fd, a) : -1;
    errno = EADDRINUSE;
    return -1;
}

/* 0, or what failed. */
static const char *set_access(const struct cfg_config *c, const char *path)
{
    static const mode_t modes[] = {
        [CFG_ADMIN_OWNER] = 0600, [CFG_ADMIN_GROUP] = 0660, [CFG_ADMIN_ALL] = 0666};
    struct brk_identity who;
    char why[200];
    if (!brk_identity_find(c, &who, why, sizeof why) ||
        (c->admin_group && !brk_group_find(c->admin_group, &who.gid))) {
        errno = ENOENT;
        return c->admin_group ? "admin.group" : "broker.user";
    }
    if ((who.changes || c->admin_group) && chown(path, who.changes ? who.uid : (uid_t)-1, who.gid) != 0)
        return "admin.group";
    return chmod(path, modes[c->admin_mode]) == 0 ? NULL : "chmod";
}

static int open_at(const struct cfg_config *c, const char *path, char *why, size_t size)
{
    struct sockaddr_un a;
    const char *what = NULL;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (!fill_address(&a, path)) {
        errno = ENAMETOOLONG;
        what = "path";
    } else if (fd < 0) {
        what = "socket";
    } else if (bind_alone(fd, &a) != 0 && (errno != EADDRINUSE || replace_stale(fd, &a) != 0)) {
        what = "bind";
    } else if ((what = set_access(c, path)) || listen(fd, BACKLOG) != 0) {
        what = what ? what : "listen";
        int error = errno;
        unlink(path);
        errno = error;
    }
    if (!what)
        return fd;
    snprintf(why, size, "%s: %s: %s", path, what, strerror(errno));
    if (fd >= 0)
        close(fd);
    return -1;
}

/* What killed brokers left in a folder. */
static void remove_stale(const char *folder)
{
    char path[ADMIN_PATH_MAX + 256];
    DIR *d = opendir(folder);
    for (const struct dirent *e; d && (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (strncmp(e->d_name, ADMIN_PREFIX, strlen(ADMIN_PREFIX)) == 0 && is_stale(path))
            unlink(path);
    }
    if (d)
        closedir(d);
}

/* It belongs to whom the broker becomes, so that the socket can be removed at the end. */
static void make_folder(const struct cfg_config *c, const char *folder)
{
    struct brk_identity who;
    char why[200];
    if (mkdir(folder, 0755) == 0 && brk_identity_find(c, &who, why, sizeof why) && who.changes &&
        chown(folder, who.uid, who.gid) != 0)
        rmdir(folder);
}

static int open_default(const struct cfg_config *c, char path[ADMIN_PATH_MAX], char *why, size_t size)
{
    char folder[ADMIN_PATH_MAX], full[ADMIN_PATH_MAX + 64];
    bool fixed;
    int fd = -1;
    snprintf(why, size, "there is no folder for it");
    for (unsigned i = 0; fd < 0 && admin_default_place(i, folder, &fixed); i++) {
        if (!*folder)
            continue;
        if (i == 1)
            make_folder(c, folder);
        else if (access(folder, F_OK) != 0)
            continue;
        remove_stale(folder);
        if (fixed)
            snprintf(full, sizeof full, "%s/" ADMIN_FIXED_NAME, folder);
        else
            snprintf(full, sizeof full, "%s/" ADMIN_PREFIX "%d" ADMIN_SUFFIX, folder, (int)getpid());
        fd = open_at(c, full, why, size);
        if (fd >= 0)
            strcpy(path, full); /* it has fitted into an address */
    }
    return fd;
}

int admin_socket_open(const struct cfg_config *c, char path[ADMIN_PATH_MAX], char *why, size_t size)
{
    path[0] = '\0';
    if (!c->admin_path)
        return open_default(c, path, why, size);
    if (strcmp(c->admin_path, "off") == 0)
        return -1;
    snprintf(path, ADMIN_PATH_MAX, "%s", c->admin_path);
    return open_at(c, c->admin_path, why, size);
}

/* ---- who is there --------------------------------------------------------------------------------- */

/* Whether the peer of a connection has a group, as its first or among the others. */
static bool in_group(int fd, gid_t first, gid_t wanted)
{
    gid_t groups[1024];
    socklen_t len = sizeof groups;
    if (first == wanted)
        return true;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &len) != 0)
        return false;
    for (size_t i = 0; i < len / sizeof groups[0]; i++)
        if (groups[i] == wanted)
            return true;
    return false;
}

bool admin_socket_trusts(int fd, const char *path)
{
    struct ucred peer;
    struct stat s;
    socklen_t len = sizeof peer;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0)
        return false;
    if (peer.uid == 0 || peer.uid == geteuid())
        return true;
    return stat(path, &s) == 0 && in_group(fd, peer.gid, s.st_gid);
}
