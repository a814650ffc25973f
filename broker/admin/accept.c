/* See accept.h.
 *
 * When descriptors have run out accept() fails, and whoever wants to connect stays in the queue of the
 * socket. One from the reserve is closed, so that accept() has its number; when that client has gone, the
 * number is taken back. The worker's sockets compete for it, so the reserve may stay smaller for a while;
 * without any, nothing is accepted, and it is tried again in a while rather than at once: the listening
 * socket stays readable. */
#include "broker/admin/accept.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utlist.h>

#include "broker/admin/state_priv.h"
#include "broker/clock.h"

#define AGAIN_MS  100
#define LEAVE_MS  1000
#define LOOK_MS   1000
#define AT_A_TIME 16 /* accepted before others get their turn */

_Static_assert(ADMIN_SOCKETS == 1 + ADMIN_METRICS_MAX, "one for each address, and the Unix socket");

void admin_accept_begin(struct admin_accept *s)
{
    memset(s, 0, sizeof *s);
    for (unsigned i = 0; i < ADMIN_RESERVE; i++)
        s->reserve[i] = -1;
    for (unsigned i = 0; i < ADMIN_LEAVING; i++)
        s->leaving[i].fd = -1;
}

static void close_leaving(struct admin_accept *s, unsigned i)
{
    if (s->leaving[i].fd >= 0)
        close(s->leaving[i].fd);
    s->leaving[i].fd = -1;
}

void admin_accept_end(struct admin_accept *s)
{
    for (unsigned i = 0; i < ADMIN_RESERVE; i++)
        if (s->reserve[i] >= 0)
            close(s->reserve[i]);
    for (unsigned i = 0; i < ADMIN_LEAVING; i++)
        close_leaving(s, i);
}

/* ---- the reserve ----------------------------------------------------------------------------------- */

static void refill(struct admin *a)
{
    for (unsigned i = 0; i < ADMIN_RESERVE; i++)
        if (a->accept.reserve[i] < 0)
            a->accept.reserve[i] = fcntl(a->wake, F_DUPFD_CLOEXEC, 0);
}

/* Gives one back to the system. False: there is none. */
static bool release(struct admin_accept *s)
{
    for (unsigned i = 0; i < ADMIN_RESERVE; i++)
        if (s->reserve[i] >= 0) {
            close(s->reserve[i]);
            s->reserve[i] = -1;
            return true;
        }
    return false;
}

static unsigned left(const struct admin_accept *s)
{
    unsigned n = 0;
    for (unsigned i = 0; i < ADMIN_RESERVE; i++)
        n += s->reserve[i] >= 0;
    return n;
}

bool admin_accept_short(const struct admin *a)
{
    return left(&a->accept) < ADMIN_RESERVE;
}

/* ---- who is turned away ---------------------------------------------------------------------------- */

static void tell(int fd, const char *why)
{
    char body[200], text[500];
    snprintf(body, sizeof body, "{\"api\": %d, \"error\": \"%s\"}\n", ADMIN_API, why);
    int n = snprintf(text, sizeof text,
                     "HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\n"
                     "Connection: close\r\nContent-Length: %zu\r\n\r\n%s",
                     strlen(body), body);
    if (send(fd, text, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT) == n)
        shutdown(fd, SHUT_WR);
}

/* Closing at once would take the answer away from a client that is still sending its request. */
static void let_leave(struct admin_accept *s, int fd)
{
    unsigned i = s->next_leaving++ % ADMIN_LEAVING;
    close_leaving(s, i);
    s->leaving[i].fd = fd;
    s->leaving[i].until_ms = brk_now_ms() + LEAVE_MS;
}

static void turn_leaving(struct admin_accept *s, uint64_t now)
{
    char ignored[4096];
    for (unsigned i = 0; i < ADMIN_LEAVING; i++) {
        ssize_t n = s->leaving[i].fd < 0 ? -1 : recv(s->leaving[i].fd, ignored, sizeof ignored, MSG_DONTWAIT);
        if (n == 0 || s->leaving[i].until_ms <= now)
            close_leaving(s, i);
    }
}

/* ---- who is served --------------------------------------------------------------------------------- */

static unsigned served(const struct admin *a, unsigned i)
{
    return MHD_get_daemon_info(a->daemons[i], MHD_DAEMON_INFO_CURRENT_CONNECTIONS)->num_connections;
}

/* Accepts one. False: nobody is there, or it cannot be done now. */
static bool accept_one(struct admin *a, unsigned i)
{
    struct sockaddr_storage from = {0};
    socklen_t len = sizeof from;
    struct admin_accept *s = &a->accept;
    int fd = accept4(a->listening[i], (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    bool last = false;
    if (fd < 0 && (errno == EMFILE || errno == ENFILE)) {
        if (!release(s)) {
            s->again_ms = brk_now_ms() + AGAIN_MS;
            return false;
        }
        last = left(s) == 0;
        fd = accept4(a->listening[i], (struct sockaddr *)&from, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);
    }
    if (fd < 0)
        return false;
    if (last) {
        tell(fd, "the broker has no descriptors left: raise its limit (LimitNOFILE, ulimit -n)");
        close(fd);
        refill(a);
    } else if (served(a, i) >= ADMIN_CLIENTS) {
        tell(fd, "too many clients are connected");
        let_leave(s, fd);
    } else {
        MHD_add_connection(a->daemons[i], fd, (struct sockaddr *)&from, len);
    }
    return true;
}

void admin_accept_notify(void *kind, struct MHD_Connection *c, void **client,
                         enum MHD_ConnectionNotificationCode code)
{
    struct admin *a = ((struct admin_kind *)kind)->admin;
    struct admin_client *k = *client;
    if (code == MHD_CONNECTION_NOTIFY_STARTED && (k = calloc(1, sizeof *k))) {
        k->fd = MHD_get_connection_info(c, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
        k->since_ms = brk_now_ms();
        DL_APPEND(a->accept.clients, k);
    } else if (code == MHD_CONNECTION_NOTIFY_CLOSED && k) {
        DL_DELETE(a->accept.clients, k);
        free(k);
        k = NULL;
    }
    *client = k;
}

void admin_accept_mark(struct MHD_Connection *c, bool waits)
{
    struct admin_client *k = MHD_get_connection_info(c, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (!k)
        return;
    k->waits = waits;
    k->since_ms = brk_now_ms();
}

/* libmicrohttpd only notices who is silent, not who sends or reads a byte now and then. It sees the end of
 * the connection, and closes it. */
static void give_up_slow(struct admin_accept *s, uint64_t now)
{
    const struct admin_client *k;
    if (now < s->look_ms)
        return;
    s->look_ms = now + LOOK_MS;
    DL_FOREACH(s->clients, k)
    {
        if (!k->waits && k->since_ms + ADMIN_SLOW_MS <= now)
            shutdown(k->fd, SHUT_RDWR);
    }
}

/* ---- turns ----------------------------------------------------------------------------------------- */

unsigned admin_accept_poll(const struct admin *a, struct pollfd *fds)
{
    unsigned count = 0;
    for (unsigned i = 0; i < ADMIN_SOCKETS && !a->accept.again_ms; i++)
        if (a->listening[i] >= 0)
            fds[count++] = (struct pollfd){.fd = a->listening[i], .events = POLLIN};
    return count;
}

void admin_accept_turn(struct admin *a, bool come)
{
    struct admin_accept *s = &a->accept;
    uint64_t now = brk_now_ms();
    if (s->again_ms && s->again_ms <= now)
        s->again_ms = 0;
    turn_leaving(s, now);
    give_up_slow(s, now);
    refill(a);
    for (unsigned i = 0; come && i < ADMIN_SOCKETS; i++)
        for (unsigned n = 0; a->listening[i] >= 0 && n < AT_A_TIME && !s->again_ms && accept_one(a, i); n++)
            ;
}

int admin_accept_next_ms(const struct admin *a)
{
    const struct admin_accept *s = &a->accept;
    if (s->again_ms)
        return AGAIN_MS;
    for (unsigned i = 0; i < ADMIN_LEAVING; i++)
        if (s->leaving[i].fd >= 0)
            return AGAIN_MS;
    return admin_accept_short(a) ? AGAIN_MS : s->clients ? LOOK_MS : -1;
}
