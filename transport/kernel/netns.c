/* Network namespaces, and opening an SCTP socket.
 *
 * A socket belongs to the namespace of the thread that creates it, for ever; and Linux peels an association
 * off only in the namespace of its socket. So a short-lived thread enters the namespace, does the work and
 * ends: the calling thread never leaves its own, and there is no way back that could fail. */
#include "transport/kernel/kernel_priv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct errand {
    int netns; /* a descriptor of the namespace */
    int (*work)(void *arg);
    void *arg;
    int result, error_number; /* of work, or of entering the namespace */
    bool entered;
};

static void *inside(void *arg)
{
    struct errand *e = arg;
    e->result = -1;
    e->entered = setns(e->netns, CLONE_NEWNET) == 0;
    if (e->entered)
        e->result = e->work(e->arg);
    e->error_number = errno;
    return NULL;
}

/* Result and errno of work(arg) as if called there. */
static int run_inside(struct errand *e)
{
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, inside, e);
    if (failed != 0) {
        errno = failed;
        return -1;
    }
    pthread_join(thread, NULL);
    errno = e->error_number;
    return e->result;
}

int kernel_run_beside(int fd, int (*work)(void *arg), void *arg)
{
    struct errand e = {.netns = ioctl(fd, SIOCGSKNS), .work = work, .arg = arg};
    if (e.netns < 0)
        return -1;
    int result = run_inside(&e), n = errno;
    close(e.netns);
    errno = n;
    return result;
}

struct kind {
    int family, type;
};

static int create(void *arg)
{
    const struct kind *k = arg;
    return socket(k->family, k->type | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_SCTP);
}

static int no_socket(int e, struct tr_error *error)
{
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

bool kernel_run_in(const char *netns, int (*work)(void *arg), void *arg, int *result, struct tr_error *error)
{
    if (netns == NULL) {
        *result = work(arg);
        return true;
    }
    struct errand e = {.netns = open_namespace(netns, error), .work = work, .arg = arg};
    if (e.netns < 0)
        return false;
    *result = run_inside(&e);
    int n = errno;
    close(e.netns);
    errno = n;
    if (!e.entered)
        tr_fail(error, kernel_code(n), n, "network namespace %s: %s%s", netns, strerror(n),
                n == EPERM ? "; entering it needs CAP_SYS_ADMIN" : "");
    return e.entered;
}

int kernel_new_socket(int family, int type, const char *netns, struct tr_error *error)
{
    struct kind k = {family, type};
    int fd;
    if (!kernel_run_in(netns, create, &k, &fd, error))
        return -1;
    return fd >= 0 ? fd : no_socket(errno, error);
}

int kernel_new_socket_beside(int fd, int family, int type)
{
    struct kind k = {family, type};
    return kernel_run_beside(fd, create, &k);
}
