/* Closing endpoints, which may take a while.
 *
 * The stack's own close aborts every association when anything waits unread, a mere event included, and a
 * closed socket cannot be asked for anything any more. So a close without abort goes on here: each
 * association is peeled off to a socket of its own and ends gracefully there, closing down, while what still
 * arrives is discarded. The endpoint's own socket closes at once, so that its port can be opened again. */
#include "transport/usrsctp/usrsctp_priv.h"

#include <stdlib.h>

#include <utlist.h>

static void forget_owner(struct usr_loop *loop, struct usr_endpoint *ep)
{
    if (ep->owner)
        HASH_DELETE(by_port, loop->by_port, ep);
    ep->owner = false;
}

/* The last of an endpoint that stands in no list any more. */
static void finish(struct usr_loop *loop, struct usr_endpoint *ep)
{
    forget_owner(loop, ep);
    usrsctp_set_upcall(ep->so, NULL, NULL);
    usrsctp_close(ep->so);
    usr_udp_put(loop, ep->udp);
    loop->paths.ended++;
    while (ep->paths != NULL)
        usr_path_owner(ep->paths, NULL);
    usr_auth_forget(ep);
    tr_alive_clear(&ep->base.alive);
    free(ep);
}

/* Takes an open endpoint out of everything but the list of those that close down. */
static void leave(struct usr_loop *loop, struct usr_endpoint *ep)
{
    usr_ready_forget(ep);
    usrsctp_set_upcall(ep->so, NULL, NULL);
    reasm_abort_owner(&loop->reassembly, &ep->base.reading);
    usr_setup_over(ep, 0);
    DL_DELETE(loop->endpoints, ep);
    DL_APPEND(loop->closing_down, ep);
    ep->closed = loop->closes;
}

void usr_endpoint_abandon(struct usr_loop *loop, struct usr_endpoint *ep)
{
    struct linger now = {.l_onoff = 1, .l_linger = 0};
    if (ep->closed == 0) {
        loop->closes++;
        leave(loop, ep);
    }
    DL_DELETE(loop->closing_down, ep);
    (void)usrsctp_setsockopt(ep->so, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    finish(loop, ep);
    usr_loop_set_timer(loop);
}

static bool is_half_open(const struct sctp_status *s)
{
    return s->sstat_state == SCTP_COOKIE_WAIT || s->sstat_state == SCTP_COOKIE_ECHOED;
}

static void end_gracefully(struct usr_endpoint *ep, const struct sctp_status *s, void *arg)
{
    struct usr_loop *loop = arg;
    struct socket *so;
    if (is_half_open(s)) {
        usr_abort(&ep->base, s->sstat_assoc_id, NULL, 0, NULL);
    } else if (ep->base.style == TR_ONE_TO_ONE) {
        usr_eof(&ep->base, s->sstat_assoc_id, NULL);
    } else if ((so = usrsctp_peeloff(ep->so, s->sstat_assoc_id)) != NULL) {
        struct usr_endpoint *own = usr_endpoint_beside(ep, so);
        if (own == NULL)
            return;
        usr_eof(&own->base, s->sstat_assoc_id, NULL);
        leave(loop, own);
    }
}

static void discard_input(struct usr_endpoint *ep)
{
    static uint8_t nowhere[65536];
    struct sctp_rcvinfo info;
    for (;;) {
        socklen_t len = sizeof info;
        unsigned type = 0;
        int flags = 0;
        if (usrsctp_recvv(ep->so, nowhere, sizeof nowhere, NULL, NULL, &info, &len, &type, &flags) <= 0)
            return;
    }
}

void usr_closing_turn(struct usr_loop *loop)
{
    struct usr_endpoint *ep, *next;
    struct sctp_status status;
    DL_FOREACH_SAFE(loop->closing_down, ep, next)
    {
        discard_input(ep);
        if (!usr_status(ep, 0, &status))
            usr_endpoint_abandon(loop, ep);
    }
}

static bool is_closing(const struct usr_loop *loop, uint32_t which)
{
    const struct usr_endpoint *ep;
    DL_FOREACH(loop->closing_down, ep)
    {
        if (ep->closed == which)
            return true;
    }
    return false;
}

void usr_close(struct tr_endpoint *base)
{
    struct usr_endpoint *ep = usr_ep(base);
    struct usr_loop *loop = usr_loop_of(base);
    struct linger linger = ep->kept.linger;
    bool abort = ep->listening || (linger.l_onoff && linger.l_linger == 0);
    bool whole = abort || base->style == TR_ONE_TO_MANY;
    uint32_t which = ++loop->closes;
    if (!abort)
        usr_each_assoc(ep, end_gracefully, loop);
    leave(loop, ep);
    if (whole)
        usr_endpoint_abandon(loop, ep);
    usr_closing_turn(loop);
    if (!linger.l_onoff)
        return;
    for (int64_t end = tr_now_ms() + linger.l_linger * INT64_C(1000), now;
         (now = tr_now_ms()) < end && is_closing(loop, which);)
        usr_loop_pump(loop, (int)(end - now < 10 ? end - now : 10));
}
