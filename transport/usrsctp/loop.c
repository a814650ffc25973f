/* The loop: one epoll set with the UDP sockets, the timer and the user's descriptors.
 *
 * The stack wants to be told every 10 ms how much time has passed. A timerfd does that from inside the epoll
 * set, so the descriptor of tr_loop_fd polls readable for timers too; it runs only while there is an
 * endpoint. What has arrived is always handled before the timers: after a long pause of the program the
 * acknowledgements waiting in the sockets must not come after the retransmissions they make needless.
 *
 * Readiness of endpoints is our own state, which epoll does not see. When the loop stands in another event
 * loop (tr_loop_fd was called), an eventfd polls readable while an endpoint is ready. */
#include "transport/usrsctp/usrsctp_priv.h"
#include "transport/wait_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <utlist.h>

enum { TICK_MS = 10, EVENTS = 64 };

struct usr_user_fd {
    struct usr_fd fd; /* first: what epoll gives back */
    void *cookie;
    UT_hash_handle hh; /* key: fd.fd */
};

static enum tr_code watch_fd(struct usr_loop *loop, struct usr_fd *fd, struct tr_error *error)
{
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = fd};
    loop->base.stats.syscalls++;
    if (epoll_ctl(loop->epoll, EPOLL_CTL_ADD, fd->fd, &e) == 0)
        return TR_OK;
    return tr_fail(error, errno == ENOSPC || errno == ENOMEM ? TR_LIMIT : TR_INVALID, errno,
                   "cannot watch descriptor %d: %s", fd->fd, strerror(errno));
}

static void unwatch_fd(struct usr_loop *loop, int fd)
{
    loop->base.stats.syscalls++;
    (void)epoll_ctl(loop->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* ---- Opening and closing ---------------------------------------------------------------------------- */

static void free_loop(struct usr_loop *loop)
{
    struct usr_user_fd *u, *next;
    HASH_ITER(hh, loop->user_fds, u, next)
    {
        HASH_DEL(loop->user_fds, u);
        free(u);
    }
    if (loop->wake.fd >= 0)
        close(loop->wake.fd);
    if (loop->timer.fd >= 0)
        close(loop->timer.fd);
    if (loop->epoll >= 0)
        close(loop->epoll);
    reasm_fini(&loop->reassembly);
    udp_inbox_free(loop->inbox);
    udp_outbox_free(loop->outbox);
    free(loop->items);
    free(loop->arena);
    free(loop);
}

static bool open_parts(struct usr_loop *loop, const struct tr_loop_params *params)
{
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    loop->wake.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    loop->inbox = udp_inbox_new();
    loop->outbox = udp_outbox_new();
    loop->items = calloc(params->slots, sizeof *loop->items);
    loop->arena_size = (size_t)params->slots * params->slot_bytes;
    loop->arena = malloc(loop->arena_size);
    return loop->epoll >= 0 && loop->timer.fd >= 0 && loop->wake.fd >= 0 && loop->inbox != NULL &&
           loop->outbox != NULL && loop->items != NULL && loop->arena != NULL;
}

enum tr_code usr_loop_open(const struct tr_loop_params *params, struct tr_loop **out, struct tr_error *error)
{
    struct usr_loop *loop = calloc(1, sizeof *loop);
    if (loop == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "out of memory for a loop");
    loop->base.params = *params;
    loop->timer.kind = USR_FD_TIMER;
    loop->wake.kind = USR_FD_WAKE;
    loop->now_ms = tr_now_ms();
    reasm_init(&loop->reassembly, params->max_message, params->max_partial);
    enum tr_code code = TR_OK;
    if (!open_parts(loop, params))
        code = tr_fail(error, TR_LIMIT, errno, "cannot open a loop: %s", strerror(errno));
    if (code == TR_OK)
        code = watch_fd(loop, &loop->timer, error);
    if (code == TR_OK)
        code = watch_fd(loop, &loop->wake, error);
    if (code == TR_OK)
        code = usr_stack_open(loop, error);
    if (code != TR_OK) {
        free_loop(loop);
        return code;
    }
    *out = &loop->base;
    return TR_OK;
}

static void close_udp(struct usr_loop *loop, struct usr_udp *udp)
{
    LL_DELETE(loop->udps, udp);
    usr_paths_forget(loop, udp);
    udp_outbox_forget(loop->outbox, &udp->socket);
    unwatch_fd(loop, udp->fd.fd);
    udp_close(&udp->socket);
    free(udp);
}

void usr_loop_close(struct tr_loop *base)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    usr_flush(loop);
    while (loop->endpoints != NULL)
        usr_endpoint_abandon(loop, loop->endpoints);
    while (loop->closing_down != NULL)
        usr_endpoint_abandon(loop, loop->closing_down);
    usr_stack_close(loop);
    usr_flush(loop);
    while (loop->udps != NULL)
        close_udp(loop, loop->udps);
    usr_paths_fini(&loop->paths);
    free_loop(loop);
}

/* ---- Descriptors ------------------------------------------------------------------------------------ */

int usr_loop_fd(const struct tr_loop *base)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    loop->nested = true; /* from now on it costs a call when readiness changes */
    return loop->epoll;
}

static struct usr_user_fd *find_user_fd(struct usr_loop *loop, int fd)
{
    struct usr_user_fd *u;
    HASH_FIND_INT(loop->user_fds, &fd, u);
    return u;
}

enum tr_code usr_loop_add_fd(struct tr_loop *base, int fd, void *cookie, struct tr_error *error)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    if (find_user_fd(loop, fd) != NULL)
        return tr_fail(error, TR_INVALID, EEXIST, "cannot watch descriptor %d: it is watched already", fd);
    struct usr_user_fd *u = calloc(1, sizeof *u);
    if (u == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "out of memory for watching descriptor %d", fd);
    u->fd = (struct usr_fd){USR_FD_USER, fd};
    u->cookie = cookie;
    enum tr_code code = watch_fd(loop, &u->fd, error);
    if (code != TR_OK) {
        free(u);
        return code;
    }
    HASH_ADD_INT(loop->user_fds, fd.fd, u);
    return TR_OK;
}

void usr_loop_remove_fd(struct tr_loop *base, int fd)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    struct usr_user_fd *u = find_user_fd(loop, fd);
    if (u == NULL)
        return;
    unwatch_fd(loop, fd);
    HASH_DEL(loop->user_fds, u);
    free(u);
}

/* ---- Shared UDP sockets ----------------------------------------------------------------------------- */

static bool same_host(const struct net_addr *a, const struct net_addr *b)
{
    struct net_addr x = *a, y = *b;
    net_addr_set_port(&x, 0);
    net_addr_set_port(&y, 0);
    return net_addr_equal(&x, &y);
}

static bool serves(const struct usr_udp *udp, const struct net_addr *at, uint16_t port)
{
    if (port != 0 ? net_addr_port(&udp->socket.local) != port : !udp->ephemeral)
        return false;
    return at == NULL ? udp->everywhere : same_host(&udp->socket.local, at);
}

enum tr_code usr_udp_get(struct usr_loop *loop, const struct net_addr *at, uint16_t port,
                         struct usr_udp **out, struct tr_error *error)
{
    struct net_addr plain = at != NULL ? *at : (struct net_addr){0};
    struct usr_udp *udp;
    tr_address_unmap(&plain);
    bool both_families = plain.sa.sa_family == AF_INET6 && IN6_IS_ADDR_UNSPECIFIED(&plain.in6.sin6_addr);
    at = at == NULL || both_families ? NULL : &plain;
    LL_FOREACH(loop->udps, udp)
    {
        if (serves(udp, at, port)) {
            udp->users++;
            *out = udp;
            return TR_OK;
        }
    }
    udp = calloc(1, sizeof *udp);
    if (udp == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "out of memory for a UDP socket");
    enum tr_code code = udp_open(&udp->socket, at, port, error);
    if (code == TR_OK) {
        udp->fd = (struct usr_fd){USR_FD_UDP, udp->socket.fd};
        udp->ephemeral = port == 0;
        udp->everywhere = at == NULL;
        udp->users = 1;
        code = watch_fd(loop, &udp->fd, error);
        if (code != TR_OK)
            udp_close(&udp->socket);
    }
    if (code != TR_OK) {
        free(udp);
        return code;
    }
    LL_PREPEND(loop->udps, udp);
    *out = udp;
    return TR_OK;
}

void usr_udp_put(struct usr_loop *loop, struct usr_udp *udp)
{
    if (--udp->users > 0)
        return;
    usr_flush(loop);
    close_udp(loop, udp);
}

/* ---- Turns ------------------------------------------------------------------------------------------ */

void usr_loop_set_timer(struct usr_loop *loop)
{
    bool wanted = loop->endpoints != NULL || loop->closing_down != NULL;
    if (wanted == loop->ticking)
        return;
    struct itimerspec every = {0};
    if (wanted) {
        every.it_value.tv_nsec = every.it_interval.tv_nsec = TICK_MS * 1000000;
        loop->now_ms = loop->timers_ms = tr_now_ms();
    }
    loop->base.stats.syscalls++;
    (void)timerfd_settime(loop->timer.fd, 0, &every, NULL);
    loop->ticking = wanted;
}

static void show_outside(struct usr_loop *loop)
{
    uint64_t one = 1;
    bool ready = usr_ready_any(loop) || tr_stash_any(&loop->base);
    if (ready == loop->awake)
        return;
    loop->awake = ready;
    loop->base.stats.syscalls++;
    /* Neither can block or fail: the counter is 0 or 1. */
    if (ready ? write(loop->wake.fd, &one, sizeof one) < 0 : read(loop->wake.fd, &one, sizeof one) < 0)
        loop->awake = !ready;
}

void usr_stashed(struct tr_loop *base)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    if (loop->nested)
        show_outside(loop);
}

void usr_loop_turn(struct tr_loop *base)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    loop->item_count = 0;
    loop->arena_used = 0;
    reasm_turn(&loop->reassembly);
    usr_flush(loop);
    if (loop->nested)
        show_outside(loop);
}

/* Waits for descriptors and moves packets and time on. User descriptors that are readable go to `ready`;
 * returns how many, or -1 when a signal came. */
static int step(struct usr_loop *loop, int timeout_ms, struct tr_ready *ready, unsigned max)
{
    struct epoll_event events[EVENTS];
    unsigned count = 0;
    bool tick = false;
    loop->base.stats.syscalls++;
    int n = epoll_wait(loop->epoll, events, EVENTS, timeout_ms);
    if (n < 0)
        return errno == EINTR ? -1 : 0;
    loop->now_ms = tr_now_ms();
    for (int i = 0; i < n; i++) {
        struct usr_fd *fd = events[i].data.ptr;
        if (fd->kind == USR_FD_UDP) {
            if (events[i].events & EPOLLERR)
                usr_input_errors(loop, (struct usr_udp *)fd);
            usr_input(loop, (struct usr_udp *)fd);
        } else if (fd->kind == USR_FD_TIMER) {
            uint64_t expired;
            loop->base.stats.syscalls++;
            tick = read(fd->fd, &expired, sizeof expired) == sizeof expired;
        } else if (fd->kind == USR_FD_USER && count < max) {
            ready[count++] = (struct tr_ready){NULL, ((struct usr_user_fd *)fd)->cookie, TR_READABLE};
        }
    }
    if (tick)
        usr_tick(loop);
    if (loop->reassembly.admission.holders != NULL || loop->reassembly.admission.line != NULL)
        usr_pieces_wait(loop, tick);
    return (int)count;
}

unsigned usr_loop_wait(struct tr_loop *base, int timeout_ms, struct tr_ready *ready, unsigned max)
{
    struct usr_loop *loop = (struct usr_loop *)base;
    int64_t deadline = timeout_ms > 0 ? tr_now_ms() + timeout_ms : 0;
    usr_loop_turn(base);
    for (;;) {
        int left = timeout_ms <= 0 ? timeout_ms : (int)(deadline - tr_now_ms());
        if (timeout_ms > 0 && left < 0)
            left = 0;
        int fds = step(loop, usr_ready_any(loop) ? 0 : left, ready, max);
        if (fds < 0)
            return 0;
        unsigned count = (unsigned)fds + usr_ready_collect(loop, ready + fds, max - (unsigned)fds);
        if (count > 0 || left == 0)
            return count; /* what the stack answered leaves with the turn */
        usr_flush(loop);
    }
}

void usr_loop_pump(struct usr_loop *loop, int timeout_ms)
{
    usr_flush(loop);
    (void)step(loop, timeout_ms, NULL, 0);
    usr_flush(loop);
}
