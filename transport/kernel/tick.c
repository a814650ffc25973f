/* What the loop's timer looks at, every TICK_MS while there is something.
 *
 * A note on writability. EPOLLOUT and EAGAIN do not always agree in Linux SCTP. EPOLLOUT looks at the
 * socket's send buffer; a send looks, with net.sctp.sndbuf_policy 1, at the association's share of it, and
 * may also fail for lack of protocol memory. So EPOLLOUT can stand while a send takes nothing (a program that
 * believes it spins), and can stay away although one association of several on a socket could send (a
 * program that believes it sleeps for ever). Therefore:
 *  - an endpoint that was called writable and then took nothing is muted: EPOLLOUT is not listened to until
 *    it takes something again; each tick calls it writable;
 *  - an endpoint with several associations that waits for room hears EPOLLOUT, and every SHARED_TICKS ticks
 * is called writable besides. One association alone, on whatever socket, has the whole send buffer: there
 * EPOLLOUT is right.
 *
 * An endpoint that is not read and for which something arrived is asked for unread ends (unread.c).
 *
 * The timer runs only while there is such an endpoint, or something waits in a stash, which epoll does not
 * see; it is a descriptor, so that tr_loop_fd includes it. */
#include "transport/kernel/kernel_priv.h"
#include "transport/wait_priv.h"

#include <sys/timerfd.h>
#include <unistd.h>

enum { TICK_MS = 10, SHARED_TICKS = 10 };

static void set_timer(struct kernel_loop *l, bool on)
{
    if (l->timer_on == on)
        return;
    struct timespec t = {.tv_nsec = on ? TICK_MS * 1000000L : 0};
    struct itimerspec spec = {.it_interval = t, .it_value = t};
    timerfd_settime(l->timer, 0, &spec, NULL);
    l->base.stats.syscalls++;
    l->timer_on = on;
}

void kernel_stashed(struct tr_loop *loop)
{
    set_timer(kernel_loop(loop), true);
}

void kernel_leave_tick(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    if (!ep->waits)
        return;
    ep->waits = false;
    if (ep->wait_next != NULL)
        ep->wait_next->wait_prev = ep->wait_prev;
    if (ep->wait_prev != NULL)
        ep->wait_prev->wait_next = ep->wait_next;
    else
        l->waiting = ep->wait_next;
}

/* Where the program turned the events off that tell of associations nothing is known, and it may be. */
static bool is_shared(const struct kernel_endpoint *ep)
{
    return ep->base.style == TR_ONE_TO_MANY && !ep->base.peeled && ep->base.alive.count != 1;
}

void kernel_wait_for_tick(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    bool writes = (ep->base.watch & TR_WRITABLE) && (is_shared(ep) || ep->muted);
    if (tr_watched(&ep->base) & TR_READABLE)
        ep->stirred = false;
    if (!writes && !ep->stirred) { /* the timer itself is stopped by its next tick */
        kernel_leave_tick(l, ep);
        return;
    }
    set_timer(l, true);
    if (ep->waits)
        return;
    ep->waits = true;
    ep->wait_prev = NULL;
    ep->wait_next = l->waiting;
    if (l->waiting != NULL)
        l->waiting->wait_prev = ep;
    l->waiting = ep;
}

static unsigned due(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    unsigned flags = 0;
    if ((ep->base.watch & TR_WRITABLE) && (ep->muted || (is_shared(ep) && l->ticks % SHARED_TICKS == 0)))
        flags |= TR_WRITABLE;
    if (ep->stirred && kernel_unread_end(ep)) {
        kernel_pieces_ended(l, ep);
        flags |= ep->base.watch & TR_READABLE ? TR_READABLE : TR_ENDED;
    }
    return flags;
}

void kernel_tick(struct kernel_ready_list *r)
{
    struct kernel_loop *l = r->loop;
    uint64_t expirations;
    ssize_t n = read(l->timer, &expirations, sizeof expirations);
    (void)n; /* nothing to read: the tick was for an earlier setting */
    l->base.stats.syscalls++;
    l->ticks++;
    if (l->waiting == NULL && !tr_stash_any(&l->base))
        set_timer(l, false);
    for (struct kernel_endpoint *ep = l->waiting, *next; ep != NULL; ep = next) {
        next = ep->wait_next;
        unsigned flags = due(l, ep);
        if (flags != 0 && !kernel_add_ready(r, ep, flags))
            continue; /* no place: the next tick tells */
        ep->stirred = false;
        kernel_wait_for_tick(l, ep);
    }
}
