/* See admin.h. The thread: one poll over what libmicrohttpd, the observer and the broker's end have to say.
 */
#include "broker/admin/admin.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "broker/admin/capture.h"
#include "broker/admin/serve.h"
#include "broker/admin/state_priv.h"
#include "broker/admin/wait.h"
#include "broker/clock.h"
#include "broker/log.h"
#include "broker/powerless.h"
#include "broker/tap/tap.h"
#include "config/sctp/address.h"

#define BACKLOG 64
/* Behind the workers where there are no more CPUs than those, but not far: answers are wanted most when there
 * is much to do. Linux gives a thread of niceness 0 1024 shares and this one 23: clients that ask without
 * pause take at most 1.1 % of a CPU on which two others are busy (measured: bench/README.md). */
#define NICE     17
#define FLUSH_MS 1000 /* for the last answers, when the broker has ended */

struct admin *admin_new(const char *version, struct tap *tap)
{
    struct admin *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->version = version;
    a->tap = tap;
    a->wake = -1;
    for (unsigned i = 0; i < ADMIN_SOCKETS; i++)
        a->listening[i] = -1;
    admin_accept_begin(&a->accept);
    return a;
}

/* ---- the thread ----------------------------------------------------------------------------------- */

static int min_ms(int a, int b)
{
    return a < 0 ? b : b < 0 || a < b ? a : b;
}

/* How long nothing needs to be looked at. */
static int timeout_ms(const struct admin *a)
{
    int timeout = min_ms(admin_next_ms(a), admin_accept_next_ms(a));
    for (unsigned i = 0; i <= a->daemon_count; i++) {
        MHD_UNSIGNED_LONG_LONG one;
        if (a->daemons[i] && MHD_get_timeout(a->daemons[i], &one) == MHD_YES)
            timeout = min_ms(timeout, one < 60000 ? (int)one : 60000);
    }
    return timeout;
}

static void run_daemons(struct admin *a)
{
    for (unsigned i = 0; i <= a->daemon_count; i++)
        if (a->daemons[i])
            MHD_run(a->daemons[i]);
}

static void turn(struct admin *a, int timeout)
{
    bool come = false;
    struct pollfd fds[3 + 2 * ADMIN_SOCKETS] = {{.fd = a->wake, .events = POLLIN},
                                                {.fd = brk_observer_fd(a->observer), .events = POLLIN},
                                                {.fd = a->tap ? tap_ready_fd(a->tap) : -1, .events = POLLIN}};
    unsigned count = 3;
    for (unsigned i = 0; i <= a->daemon_count; i++)
        if (a->daemons[i])
            fds[count++] =
                (struct pollfd){.fd = MHD_get_daemon_info(a->daemons[i], MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd,
                                .events = POLLIN};
    unsigned listening = count;
    count += admin_accept_poll(a, fds + count);
    if (poll(fds, count, timeout) < 0 && errno != EINTR)
        abort(); /* valid descriptors */
    for (unsigned i = listening; i < count; i++)
        come |= fds[i].revents != 0;
    if (fds[2].revents & POLLIN)
        admin_captures_go_on(a);
    admin_go_on(a);
    admin_accept_turn(a, come);
    do {
        a->resumed = false;
        run_daemons(a);
        admin_go_on(a); /* what has just been asked may have been answered already */
    } while (a->resumed);
}

/* The last answers go out. */
static void flush(struct admin *a)
{
    uint64_t until = brk_now_ms() + FLUSH_MS;
    admin_give_up(a);
    run_daemons(a);
    while (a->calls && brk_now_ms() < until)
        turn(a, min_ms(timeout_ms(a), 20));
}

static void *run(void *admin)
{
    struct admin *a = admin;
    setpriority(PRIO_PROCESS, (id_t)gettid(), NICE);
    brk_observer_enter(a->observer);
    while (!atomic_load(&a->stop))
        turn(a, timeout_ms(a));
    flush(a);
    admin_give_up(a);
    admin_captures_give_up(a);
    admin_cache_clear(&a->cache);
    for (unsigned i = 0; i <= a->daemon_count; i++)
        if (a->daemons[i])
            MHD_stop_daemon(a->daemons[i]);
    brk_observer_leave(a->observer);
    return NULL;
}

/* ---- start and end -------------------------------------------------------------------------------- */

static bool fail(const char *what, const char *why)
{
    char quoted[400];
    brk_log(CFG_LOG_ERROR, "start_failed", "key=%s error=%s", what, brk_quote(why, quoted, sizeof quoted));
    return false;
}

static bool open_local(struct admin *a, const struct cfg_config *c)
{
    char why[300], quoted[400];
    int fd = admin_socket_open(c, a->path, why, sizeof why);
    if (fd >= 0) {
        a->listening[0] = fd;
        brk_log(CFG_LOG_INFO, "admin", "path=%s", brk_quote(a->path, quoted, sizeof quoted));
        return true;
    }
    a->path[0] = '\0';
    if (!c->admin_path)
        brk_log(CFG_LOG_INFO, "admin_off", "text=%s", brk_quote(why, quoted, sizeof quoted));
    return !c->admin_path || strcmp(c->admin_path, "off") == 0 || fail("broker.admin.path", why);
}

static bool open_metrics(struct admin *a, const struct net_addr *address)
{
    char text[NET_ADDR_TEXT], why[200];
    int one = 1, fd = socket(address->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    net_addr_format(address, text, sizeof text);
    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) != 0 ||
        (address->sa.sa_family == AF_INET6 &&
         setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one) != 0) ||
        bind(fd, &address->sa, net_addr_len(address)) != 0 || listen(fd, BACKLOG) != 0) {
        snprintf(why, sizeof why, "%s: %s", text, strerror(errno));
        if (fd >= 0)
            close(fd);
        return fail("broker.metrics", why);
    }
    a->listening[++a->daemon_count] = fd;
    brk_log(CFG_LOG_INFO, "metrics", "address=%s", text);
    return true;
}

static bool open_all(struct admin *a, const struct cfg_config *c)
{
    bool good = open_local(a, c);
    for (unsigned i = 0; good && i < c->metrics_count && i < ADMIN_METRICS_MAX; i++)
        good = open_metrics(a, &c->metrics[i]);
    for (unsigned i = 0; good && i <= a->daemon_count; i++) {
        if (a->listening[i] < 0)
            continue;
        a->daemons[i] = admin_serve(a, i == 0);
        good = a->daemons[i] || fail("broker.admin", "libmicrohttpd cannot serve");
    }
    return good;
}

static bool start(void *admin, struct brk_observer *o, const struct cfg_config *c)
{
    struct admin *a = admin;
    a->observer = o;
    a->file = strdup(c->file);
    a->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (!a->file || a->wake < 0)
        return fail("broker.admin", strerror(errno));
    if (!open_all(a, c))
        return false;
    int error = brk_powerless_start(&a->thread, run, a);
    return error == 0 || fail("broker.admin", strerror(error));
}

static void stop(void *admin)
{
    struct admin *a = admin;
    atomic_store(&a->stop, true);
    eventfd_write(a->wake, 1);
    pthread_join(a->thread, NULL);
}

void admin_service(struct admin *a, struct brk_service *s)
{
    *s = (struct brk_service){.start = start, .stop = stop, .arg = a};
}

void admin_free(struct admin *a)
{
    if (!a)
        return;
    for (unsigned i = 0; i < ADMIN_SOCKETS; i++)
        if (a->listening[i] >= 0)
            close(a->listening[i]);
    admin_accept_end(&a->accept);
    if (*a->path)
        unlink(a->path);
    if (a->wake >= 0)
        close(a->wake);
    free(a->file);
    free(a);
}
