/* Ends that stand unread: an endpoint that is not watched for TR_READABLE is told (TR_ENDED) when one of its
 * associations has ended all the same.
 *
 * The event of the end stands in the socket's queue behind all data that was not read, and poll does not tell
 * the one from the other: EPOLLERR, EPOLLHUP and EPOLLRDHUP are never set for a one-to-many socket, and for
 * one that was peeled off only EPOLLERR, and not by a shutdown. But whatever is put into the queue wakes
 * those who poll the socket. So such an endpoint stands, edge-triggered, in an epoll set of its own
 * (`arrivals`, itself watched by the loop's set): it costs nothing while nothing arrives, and what arrives is
 * bounded by the receive buffer and the events. After an arrival, and at most once a tick of the timer, the
 * stack is asked whether it still has the associations whose end the program has not read. */
#include "transport/kernel/kernel_priv.h"

#include <stdlib.h>
#include <string.h>

bool kernel_unread_open(struct kernel_loop *l)
{
    l->arrivals = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event e = {.events = EPOLLIN, .data.ptr = l};
    return l->arrivals >= 0 && epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->arrivals, &e) == 0;
}

void kernel_unread_watch(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    if (ep->heard || ep->fd < 0)
        return;
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = ep};
    l->base.stats.syscalls++;
    ep->heard = epoll_ctl(l->arrivals, EPOLL_CTL_ADD, ep->fd, &e) == 0;
}

void kernel_unread_forget(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    ep->stirred = false;
    if (!ep->heard)
        return;
    l->base.stats.syscalls++;
    epoll_ctl(l->arrivals, EPOLL_CTL_DEL, ep->fd, NULL);
    ep->heard = false;
}

void kernel_unread_arrivals(struct kernel_loop *l)
{
    struct epoll_event events[KERNEL_ARRIVALS];
    l->base.stats.syscalls++;
    int n = epoll_wait(l->arrivals, events, KERNEL_ARRIVALS, 0);
    for (int i = 0; i < n; i++) {
        struct kernel_endpoint *ep = events[i].data.ptr;
        if (tr_watched(&ep->base) & TR_READABLE) { /* it is read again: the loop's own set tells all */
            kernel_unread_forget(l, ep);
            continue;
        }
        ep->stirred = true;
        kernel_wait_for_tick(l, ep);
    }
}

/* Of several: the list of those that the socket has. */
static bool any_missing(struct kernel_endpoint *ep)
{
    uint32_t *ids;
    unsigned count;
    bool missing =
        kernel_list_assocs(&ep->base, &ids, &count) && tr_alive_any_missing(&ep->base.alive, ids, count);
    free(ids);
    return missing;
}

bool kernel_unread_end(struct kernel_endpoint *ep)
{
    const struct tr_alive *alive = &ep->base.alive;
    if (alive->count > 1)
        return any_missing(ep);
    if (alive->count == 0)
        return false;
    struct sctp_status status;
    socklen_t len = sizeof status;
    memset(&status, 0, sizeof status);
    status.sstat_assoc_id = (sctp_assoc_t)alive->ids[0];
    kernel_count(ep, 1);
    return getsockopt(ep->fd, IPPROTO_SCTP, SCTP_STATUS, &status, &len) != 0;
}
