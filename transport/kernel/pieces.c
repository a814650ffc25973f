/* Half-received messages in this loop: a timer for the patience with them, and who is not read meanwhile.
 *
 * The timer is a descriptor, so that tr_loop_fd includes it. It is started by the first wait with a message
 * half received and stopped by the first tick without one: the many that are whole a moment later cost no
 * system call each. */
#include "transport/kernel/kernel_priv.h"

#include <sys/timerfd.h>
#include <unistd.h>

bool kernel_pieces_open(struct kernel_loop *l)
{
    l->patience = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = &l->pieces};
    return l->patience >= 0 && epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->patience, &e) == 0;
}

static void set_timer(struct kernel_loop *l, bool on)
{
    unsigned ms = on ? tr_patience_tick_ms(&l->base) : 0;
    struct timespec t = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
    struct itimerspec spec = {.it_interval = t, .it_value = t};
    timerfd_settime(l->patience, 0, &spec, NULL);
    l->base.stats.syscalls++;
    l->patience_ms = ms;
}

void kernel_pieces_tick(struct kernel_loop *l)
{
    uint64_t expirations; /* after a pause of the program several: that is one tick all the same */
    ssize_t n = read(l->patience, &expirations, sizeof expirations);
    l->base.stats.syscalls++;
    if (l->pieces.admission.holders == NULL)
        set_timer(l, false);
    else if (n > 0)
        l->base.stats.stalled += tr_patience_tick(&l->pieces);
}

void kernel_pieces_wait(struct kernel_loop *l)
{
    struct adm_owner *o;
    if (l->pieces.admission.holders != NULL && l->patience_ms != tr_patience_tick_ms(&l->base))
        set_timer(l, true);
    while (l->pieces.admission.line != NULL && (o = adm_admit(&l->pieces.admission)) != NULL)
        kernel_update(l, kernel_endpoint(tr_endpoint_of(o)));
}

void kernel_pieces_read(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    if (l->pieces.admission.holders == NULL)
        return;
    if (adm_hold_back(&l->pieces.admission, &ep->base.reading)) {
        ep->stirred = true; /* its end may stand unread already */
        kernel_update(l, ep);
    } else if (ep->base.reading.shared) {
        l->base.stats.stalled += tr_patience_check(&l->pieces);
    }
}

void kernel_pieces_ended(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    if (!ep->base.reading.held_back)
        return;
    adm_forget(&l->pieces.admission, &ep->base.reading);
    kernel_update(l, ep);
}

const struct reasm_pool *kernel_pieces_pool(const struct tr_loop *loop)
{
    return &((const struct kernel_loop *)(const void *)loop)->pieces;
}
