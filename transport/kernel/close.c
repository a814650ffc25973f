/* Closing an endpoint.
 *
 * Linux's close(2) aborts every association of a socket as soon as one message waits there unread, and what
 * was queued to be sent is lost with it; and only for one-to-one sockets does it wait as long as SO_LINGER
 * says. So a close without abort goes on here: the associations are asked to shut down, what still arrives is
 * discarded, and the socket is closed when the last of them has ended. Meanwhile the endpoint, which the
 * program has forgotten, stands on the loop's list of those that close down. Its port is in use that long,
 * as it would be with close(2), whose associations keep it as well.
 *
 * When the loop is closed first, or there is none, close(2) has to do. */
#include "transport/kernel/kernel_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <utlist.h>

/* ---- Asking the stack ------------------------------------------------------------------------------ */

static struct linger linger_of(struct kernel_endpoint *ep)
{
    struct linger l = {0};
    socklen_t len = sizeof l;
    kernel_count(ep, 1);
    getsockopt(ep->fd, SOL_SOCKET, SO_LINGER, &l, &len);
    return l;
}

static uint32_t associations(struct kernel_endpoint *ep)
{
    uint32_t count = 0;
    if (ep->stream) /* none where it listens: those are not accepted yet */
        return kernel_only_assoc(ep) != 0;
    socklen_t len = sizeof count;
    kernel_count(ep, 1);
    return getsockopt(ep->fd, IPPROTO_SCTP, SCTP_GET_ASSOC_NUMBER, &count, &len) == 0 ? count : 0;
}

/* Its end must wake us, whatever events the program wanted. */
static void hear_of_ends(struct kernel_endpoint *ep)
{
    struct sctp_event on = {
        .se_assoc_id = ep->stream ? 0 : SCTP_ALL_ASSOC, .se_type = SCTP_ASSOC_CHANGE, .se_on = 1};
    kernel_count(ep, 1);
    setsockopt(ep->fd, IPPROTO_SCTP, SCTP_EVENT, &on, sizeof on);
}

/* gen_sctp:eof for all; one that is still being set up is given up by that. False: they are not known, and
 * close(2) has to do. */
static bool shut_all_down(struct kernel_endpoint *ep)
{
    uint32_t *ids;
    unsigned count;
    if (ep->stream) {
        kernel_eof(&ep->base, 0, NULL);
        return true;
    }
    listen(ep->fd, 0); /* a peeled-off one cannot, and does not */
    kernel_count(ep, 1);
    if (!kernel_list_assocs(&ep->base, &ids, &count))
        return false;
    for (unsigned i = 0; i < count; i++)
        kernel_eof(&ep->base, ids[i], NULL);
    free(ids);
    return true;
}

/* Reads what there is. False: there is more, which has to wait for the loop's next turn. */
static bool discard(struct kernel_endpoint *ep)
{
    enum { AT_ONCE = 1000 };
    static _Thread_local char nowhere[65536];
    for (unsigned i = 0; i < AT_ONCE; i++) {
        kernel_count(ep, 1);
        ssize_t n = recv(ep->fd, nowhere, sizeof nowhere, MSG_DONTWAIT);
        if (n == 0 || (n < 0 && errno != EINTR))
            return true;
    }
    return false;
}

static void sleep_ms(unsigned ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

/* SO_LINGER's time. Messages go out and are acknowledged without us. */
static void wait_for_ends(struct kernel_endpoint *ep, int seconds)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    for (const time_t end = now.tv_sec + seconds, ns = now.tv_nsec;
         now.tv_sec < end || (now.tv_sec == end && now.tv_nsec < ns); clock_gettime(CLOCK_MONOTONIC, &now)) {
        discard(ep);
        if (associations(ep) == 0)
            return;
        sleep_ms(1);
    }
}

/* ---- The list of those that close down ------------------------------------------------------------- */

static void finish(struct kernel_endpoint *ep)
{
    reasm_discard(ep->pieces);
    if (ep->fd >= 0) {
        struct linger off = {0}; /* there is nothing left to wait for, or no time */
        if (ep->closing)
            setsockopt(ep->fd, SOL_SOCKET, SO_LINGER, &off, sizeof off);
        kernel_count(ep, 1);
        close(ep->fd);
    }
    tr_alive_clear(&ep->base.alive);
    free(ep->origin);
    free(ep->auth_keys);
    free(ep);
}

static bool watch(struct kernel_loop *l, struct kernel_endpoint *ep, int op)
{
    /* Edge-triggered: a one-to-one socket whose peer has shut down polls readable all the time. */
    struct epoll_event e = {.events = EPOLLIN | EPOLLET, .data.ptr = ep};
    kernel_count(ep, 1);
    return epoll_ctl(l->epoll, op, ep->fd, &e) == 0;
}

static void close_down(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    ep->base.loop = &l->base;
    DL_PREPEND(l->closing, ep);
}

static void closed_down(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    DL_DELETE(l->closing, ep);
    finish(ep);
}

void kernel_closing_event(struct kernel_loop *l, struct kernel_endpoint *ep)
{
    if (!discard(ep) && watch(l, ep, EPOLL_CTL_MOD)) /* tells again that there is more */
        return;
    if (associations(ep) == 0)
        closed_down(l, ep);
}

void kernel_closing_end(struct kernel_loop *l)
{
    while (l->closing != NULL)
        closed_down(l, l->closing);
}

/* ---- Closing --------------------------------------------------------------------------------------- */

/* Its only association: the program has been told. */
static bool has_ended(const struct kernel_endpoint *ep)
{
    return !ep->stream && ep->base.alive.room > 0 && ep->base.alive.count == 0;
}

/* True where associations are left that end by themselves. */
static bool begin(struct kernel_endpoint *ep)
{
    if (ep->fd < 0 || (ep->base.peeled && has_ended(ep)) ||
        (ep->stream && kernel_only_assoc(ep) == 0)) /* none, or a listener's: not accepted yet */
        return false;
    struct linger linger = linger_of(ep);
    if (associations(ep) == 0 || (linger.l_onoff && linger.l_linger == 0))
        return false;
    hear_of_ends(ep);
    if (!shut_all_down(ep))
        return false;
    discard(ep);
    if (linger.l_onoff)
        wait_for_ends(ep, linger.l_linger);
    ep->closing = associations(ep) != 0;
    return ep->closing;
}

void kernel_close(struct tr_endpoint *tep)
{
    struct kernel_endpoint *ep = kernel_endpoint(tep);
    struct kernel_loop *l = tep->loop != NULL ? kernel_loop(tep->loop) : NULL;
    bool left = begin(ep);
    if (l != NULL) {
        reasm_abort_owner(&l->pieces, &tep->reading);
        kernel_leave(ep);
    }
    if (left && l != NULL && watch(l, ep, EPOLL_CTL_ADD))
        close_down(l, ep);
    else
        finish(ep);
}
