/* The kernel backend's loop: one epoll descriptor, a timer, and the receive slots' life.
 *
 * Registration. epoll_ctl is called at once when an endpoint needs to hear more than it is registered for,
 * and lazily when it needs less: only when epoll reports something nobody watches any more. A program that
 * turns a watch off and on again within a turn costs no system call.
 *
 * Pausing. An endpoint that is not watched for TR_READABLE is registered for EPOLLOUT or not at all, and
 * hears of its associations' ends in another way: unread.c. When EPOLLOUT can be believed, tick.c tells.
 */
#include "transport/clock_priv.h"
#include "transport/kernel/kernel_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { LINE = 64 };

/* What epoll's data pointer is: an endpoint, a descriptor of the program (lowest bit set), the timer (NULL),
 * the set of endpoints that are not read (the loop), or the timer of half-received messages (its pieces). */
#define FD_TAG ((uintptr_t)1)

/* ---- Open and close -------------------------------------------------------------------------------- */

/* Slots lie an odd number of cache lines apart, so that their beginnings (where the small messages are) do
 * not all fall into the same few sets of the processor's cache. */
static size_t stride_for(size_t slot_bytes)
{
    size_t lines = (slot_bytes + LINE - 1) / LINE;
    return (lines | 1) * LINE;
}

static bool allocate(struct kernel_loop *l, const struct tr_loop_params *p)
{
    l->stride = stride_for(p->slot_bytes);
    l->memory_bytes = l->stride * p->slots;
    l->memory = mmap(NULL, l->memory_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (l->memory == MAP_FAILED)
        l->memory = NULL;
    l->in = calloc(p->slots, sizeof *l->in);
    l->in_vec = calloc(p->slots, sizeof *l->in_vec);
    l->in_control = calloc(p->slots, sizeof *l->in_control);
    l->in_from = calloc(p->slots, sizeof *l->in_from);
    l->items = calloc(p->slots, sizeof *l->items);
    return l->memory != NULL && l->in != NULL && l->in_vec != NULL && l->in_control != NULL &&
           l->in_from != NULL && l->items != NULL;
}

static bool open_descriptors(struct kernel_loop *l)
{
    l->epoll = epoll_create1(EPOLL_CLOEXEC);
    l->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = NULL};
    return l->epoll >= 0 && l->timer >= 0 && epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->timer, &e) == 0 &&
           kernel_unread_open(l) && kernel_pieces_open(l);
}

static void release_memory(struct kernel_loop *l)
{
    if (l->epoll >= 0)
        close(l->epoll);
    if (l->timer >= 0)
        close(l->timer);
    if (l->patience >= 0)
        close(l->patience);
    if (l->arrivals >= 0)
        close(l->arrivals);
    if (l->memory != NULL)
        munmap(l->memory, l->memory_bytes);
    free(l->in);
    free(l->in_vec);
    free(l->in_control);
    free(l->in_from);
    free(l->items);
    free(l);
}

enum tr_code kernel_loop_open(const struct tr_loop_params *p, struct tr_loop **out, struct tr_error *error)
{
    struct kernel_loop *l = calloc(1, sizeof *l);
    if (l == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "opening a loop: out of memory");
    l->epoll = l->timer = l->arrivals = l->patience = -1;
    l->base.params = *p;
    reasm_init(&l->pieces, p->max_message, p->max_partial);
    if (!allocate(l, p) || !open_descriptors(l)) {
        int e = errno;
        release_memory(l);
        return tr_fail(error, kernel_code(e), e, "opening a loop with %u receive slots: %s", p->slots,
                       strerror(e));
    }
    kernel_slots_init(l);
    kernel_burst_init(l);
    *out = &l->base;
    return TR_OK;
}

void kernel_loop_close(struct tr_loop *loop)
{
    struct kernel_loop *l = kernel_loop(loop);
    while (l->endpoints != NULL) {
        struct linger abort_all = {.l_onoff = 1, .l_linger = 0};
        setsockopt(l->endpoints->fd, SOL_SOCKET, SO_LINGER, &abort_all, sizeof abort_all);
        kernel_close(&l->endpoints->base);
    }
    kernel_closing_end(l);
    while (l->fds != NULL)
        kernel_loop_remove_fd(loop, l->fds->fd);
    reasm_fini(&l->pieces);
    release_memory(l);
}

int kernel_loop_fd(const struct tr_loop *loop)
{
    return ((const struct kernel_loop *)loop)->epoll;
}

/* ---- Descriptors of the program -------------------------------------------------------------------- */

enum tr_code kernel_loop_add_fd(struct tr_loop *loop, int fd, void *cookie, struct tr_error *error)
{
    struct kernel_loop *l = kernel_loop(loop);
    struct kernel_fd *f = malloc(sizeof *f);
    if (f == NULL)
        return tr_fail(error, TR_LIMIT, ENOMEM, "adding a descriptor to a loop: out of memory");
    *f = (struct kernel_fd){l->fds, fd, cookie};
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = (void *)((uintptr_t)f | FD_TAG)};
    loop->stats.syscalls++;
    if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
        int n = errno;
        free(f);
        return tr_fail(error, n == ENOSPC || n == ENOMEM ? TR_LIMIT : TR_INVALID, n,
                       "cannot watch descriptor %d: %s", fd,
                       n == EEXIST ? "it is watched already" : strerror(n));
    }
    l->fds = f;
    return TR_OK;
}

void kernel_loop_remove_fd(struct tr_loop *loop, int fd)
{
    struct kernel_loop *l = kernel_loop(loop);
    for (struct kernel_fd **at = &l->fds; *at != NULL; at = &(*at)->next) {
        struct kernel_fd *f = *at;
        if (f->fd != fd)
            continue;
        epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, NULL);
        loop->stats.syscalls++;
        *at = f->next;
        free(f);
        return;
    }
}

/* ---- Registration ---------------------------------------------------------------------------------- */

/* After end of file a one-to-one socket polls readable for ever, although a last notification may still
 * come: there epoll tells of changes only. */
static uint32_t wanted_events(const struct kernel_endpoint *ep)
{
    uint32_t events = 0;
    if (ep->fd < 0)
        return 0;
    if (tr_watched(&ep->base) & TR_READABLE)
        events |= EPOLLIN;
    if ((ep->base.watch & TR_WRITABLE) && !ep->muted)
        events |= EPOLLOUT;
    return events != 0 && ep->at_end ? events | EPOLLET : events;
}

static int register_now(struct kernel_loop *l, struct kernel_endpoint *ep, uint32_t wanted)
{
    if (wanted == ep->registered)
        return 0;
    int op = wanted == 0 ? EPOLL_CTL_DEL : ep->registered == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
    struct epoll_event e = {.events = wanted, .data.ptr = ep};
    l->base.stats.syscalls++;
    if (epoll_ctl(l->epoll, op, ep->fd, &e) != 0)
        return -1;
    ep->registered = wanted;
    return 0;
}

enum tr_code kernel_update(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    kernel_wait_for_tick(l, ep);
    uint32_t wanted = wanted_events(ep);
    bool more = (wanted & ~ep->registered) != 0 || (wanted != 0 && ep->registered == 0);
    if (more && register_now(l, ep, wanted) != 0)
        return kernel_code(errno);
    if (!((ep->registered | wanted) & EPOLLIN))
        kernel_unread_watch(l, ep);
    return TR_OK;
}

enum tr_code kernel_watch(struct tr_endpoint *tep, unsigned flags)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    unsigned before = tep->watch;
    tep->watch = flags;
    enum tr_code code = kernel_update(kernel_loop(tep->loop), ep);
    if (code != TR_OK)
        tep->watch = before;
    return code;
}

enum tr_code kernel_enter(struct kernel_loop *l, struct kernel_endpoint *ep, struct tr_error *error)
{
    ep->base.loop = &l->base;
    enum tr_code code = kernel_update(l, ep);
    if (code != TR_OK) {
        int e = errno;
        kernel_leave_tick(l, ep);
        kernel_unread_forget(l, ep);
        ep->base.loop = NULL;
        return tr_fail(error, code, e, "adding a socket to a loop: %s%s", strerror(e),
                       e == ENOSPC ? "; sysctl fs.epoll.max_user_watches limits how many a user has" : "");
    }
    ep->prev = NULL;
    ep->next = l->endpoints;
    if (l->endpoints != NULL)
        l->endpoints->prev = ep;
    l->endpoints = ep;
    return TR_OK;
}

void kernel_leave(struct kernel_endpoint *ep)
{
    struct kernel_loop *l = kernel_loop(ep->base.loop);
    kernel_leave_tick(l, ep);
    kernel_unread_forget(l, ep);
    register_now(l, ep, 0);
    if (ep->next != NULL)
        ep->next->prev = ep->prev;
    if (ep->prev != NULL)
        ep->prev->next = ep->next;
    else
        l->endpoints = ep->next;
    ep->base.loop = NULL;
}

void kernel_unregister(struct kernel_endpoint *ep)
{
    if (ep->base.loop == NULL)
        return;
    kernel_unread_forget(kernel_loop(ep->base.loop), ep);
    register_now(kernel_loop(ep->base.loop), ep, 0);
}

void kernel_at_end(struct kernel_endpoint *ep)
{
    if (ep->at_end)
        return;
    ep->at_end = true;
    struct kernel_loop *l = kernel_loop(ep->base.loop);
    register_now(l, ep, wanted_events(ep));
}

void kernel_refused(struct kernel_endpoint *ep)
{
    struct kernel_loop *l = kernel_loop(ep->base.loop);
    if (ep->muted || ep->writable_turn != l->turn)
        return;
    ep->muted = true;
    kernel_update(l, ep);
}

void kernel_took(struct kernel_endpoint *ep)
{
    ep->muted = false;
    kernel_update(kernel_loop(ep->base.loop), ep);
}

/* ---- Waiting --------------------------------------------------------------------------------------- */

bool kernel_add_ready(struct kernel_ready_list *r, struct kernel_endpoint *ep, unsigned flags)
{
    struct kernel_loop *l = r->loop;
    if (ep->ready_turn == l->turn) {
        r->entries[ep->ready_at].flags |= flags;
    } else {
        if (r->count == r->max)
            return false;
        ep->ready_turn = l->turn;
        ep->ready_at = r->count;
        r->entries[r->count++] = (struct tr_ready){&ep->base, ep->base.cookie, flags};
    }
    if (flags & TR_WRITABLE)
        ep->writable_turn = l->turn;
    return true;
}

/* Everything is level-triggered but two things: what comes behind end of file, and TR_ENDED. */
void kernel_again(struct tr_endpoint *tep, unsigned flags)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_loop *l = kernel_loop(tep->loop);
    struct epoll_event e = {.events = ep->registered, .data.ptr = ep};
    if (flags & TR_ENDED) {
        ep->stirred = true;
        kernel_wait_for_tick(l, ep);
    }
    if (ep->registered & EPOLLET) {
        l->base.stats.syscalls++;
        epoll_ctl(l->epoll, EPOLL_CTL_MOD, ep->fd, &e);
    }
}

static void endpoint_event(struct kernel_ready_list *r, struct kernel_endpoint *ep, uint32_t events)
{
    unsigned flags = 0;
    if (events & ~EPOLLOUT) /* errors and hang-ups too: reading or sending tells what happened */
        flags |= TR_READABLE;
    if (events & (EPOLLOUT | EPOLLERR | EPOLLHUP))
        flags |= TR_WRITABLE;
    flags &= tr_watched(&ep->base);
    uint32_t wanted = wanted_events(ep);
    if (flags == 0 || (ep->registered & ~wanted & events) != 0)
        register_now(r->loop, ep, wanted);
    if (!(ep->registered & EPOLLIN))
        kernel_unread_watch(r->loop, ep);
    if (events & EPOLLIN &&
        !(tr_watched(&ep->base) & TR_READABLE)) { /* just paused: an end may be there already */
        ep->stirred = true;
        kernel_wait_for_tick(r->loop, ep);
    }
    if (flags != 0)
        kernel_add_ready(r, ep, flags);
}

static void take_event(struct kernel_ready_list *r, const struct epoll_event *e)
{
    uintptr_t tagged = (uintptr_t)e->data.ptr;
    if (e->data.ptr == r->loop) {
        kernel_unread_arrivals(r->loop);
    } else if (e->data.ptr == &r->loop->pieces) {
        kernel_pieces_tick(r->loop);
    } else if (tagged & FD_TAG) {
        const struct kernel_fd *f = (const struct kernel_fd *)(tagged & ~FD_TAG);
        if (r->count < r->max)
            r->entries[r->count++] = (struct tr_ready){NULL, f->cookie, TR_READABLE};
    } else if (((struct kernel_endpoint *)e->data.ptr)->closing) {
        kernel_closing_event(r->loop, e->data.ptr);
    } else {
        endpoint_event(r, e->data.ptr, e->events);
    }
}

/* What woke the loop was nothing for the program: how much longer it may sleep. */
static int left_until(int64_t end, int timeout_ms)
{
    if (timeout_ms < 0)
        return timeout_ms;
    int64_t left = end - tr_now_ms();
    return left > 0 ? (int)left : 0;
}

unsigned kernel_loop_wait(struct tr_loop *loop, int timeout_ms, struct tr_ready *ready, unsigned max)
{
    struct kernel_loop *l = kernel_loop(loop);
    kernel_loop_turn(loop);
    kernel_pieces_wait(l);
    l->turn++;
    struct kernel_ready_list r = {l, ready, 0, max};
    int room = max < KERNEL_EVENTS ? (int)max : KERNEL_EVENTS;
    int64_t end = timeout_ms > 0 ? tr_now_ms() + timeout_ms : 0;
    for (int left = timeout_ms;; left = left_until(end, timeout_ms)) {
        int n = room > 0 ? epoll_wait(l->epoll, l->events, room, left) : 0;
        loop->stats.syscalls++;
        bool tick = false;
        for (int i = 0; i < n; i++) {
            if (l->events[i].data.ptr == NULL)
                tick = true;
            else
                take_event(&r, &l->events[i]);
        }
        if (tick)
            kernel_tick(&r);
        if (n <= 0 || r.count > 0 || left == 0)
            return r.count;
    }
}

void kernel_loop_turn(struct tr_loop *loop)
{
    struct kernel_loop *l = kernel_loop(loop);
    l->next_slot = 0;
    if (l->pieces.done != NULL)
        reasm_turn(&l->pieces);
}
