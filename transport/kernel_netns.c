/* Opening an SCTP socket, if wanted in another network namespace.
 *
 * A socket belongs to the namespace of the thread that creates it, for ever. So a short-lived thread enters
 * the namespace, creates the socket and ends: the calling thread never leaves its own, and there is no way
 * back that could fail. */
#include "transport/kernel_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct request {
    int family, type, netns; /* a descriptor of the namespace */
    int fd, error_number;    /* the result */
    bool entered;
};

static void create(struct request *r)
{
    r->fd = socket(r->family, r->type | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_SCTP);
    r->error_number = r->fd < 0 ? errno : 0;
}

static void *create_inside(void *arg)
{
    struct request *r = arg;
    r->fd = -1;
    r->entered = setns(r->netns, CLONE_NEWNET) == 0;
    if (r->entered)
        create(r);
    else
        r->error_number = errno;
    return NULL;
}

static int no_socket(const struct request *r, struct tr_error *error)
{
    int e = r->error_number;
    enum tr_code code = kernel_code(e);
    if (code == TR_NO_SCTP)
        tr_fail(error, code, e,
                "this kernel has no SCTP (%s); load it with `modprobe sctp`, or use the usrsctp transport",
                strerror(e));
    else
        tr_fail(error, code, e, "opening an SCTP socket: %s", strerror(e));
    return -1;
}

static int open_namespace(const char *netns, struct tr_error *error)
{
    char path[512];
    if (strchr(netns, '/') != NULL)
        snprintf(path, sizeof path, "%s", netns);
    else
        snprintf(path, sizeof path, "/run/netns/%s", netns);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        int e = errno;
        tr_fail(error, e == ENOENT ? TR_INVALID : kernel_code(e), e, "network namespace %s: %s: %s%s", netns,
                path, strerror(e), e == ENOENT ? "; `ip netns list` shows what there is" : "");
    }
    return fd;
}

int kernel_new_socket(int family, int type, const char *netns, struct tr_error *error)
{
    struct request r = {.family = family, .type = type, .netns = -1, .entered = true};
    if (netns == NULL) {
        create(&r);
        return r.fd >= 0 ? r.fd : no_socket(&r, error);
    }
    r.netns = open_namespace(netns, error);
    if (r.netns < 0)
        return -1;
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, create_inside, &r);
    if (failed == 0)
        pthread_join(thread, NULL);
    close(r.netns);
    if (failed != 0) {
        tr_fail(error, TR_LIMIT, failed, "network namespace %s: cannot start a thread: %s", netns,
                strerror(failed));
        return -1;
    }
    if (r.fd >= 0)
        return r.fd;
    if (r.entered)
        return no_socket(&r, error);
    tr_fail(error, kernel_code(r.error_number), r.error_number, "network namespace %s: %s%s", netns,
            strerror(r.error_number), r.error_number == EPERM ? "; entering it needs CAP_SYS_ADMIN" : "");
    return -1;
}
