/* The simulated backend: what the broker calls (transport/backend_priv.h), on the associations of stack.c. */
#include <stdlib.h>
#include <string.h>

#include <utlist.h>

#include "tests/middle/paper.h"

struct assoc *paper_find(struct end *end, uint32_t id)
{
    for (unsigned i = 0; i < world.assoc_count; i++)
        if (world.assocs[i]->end == end && (world.assocs[i]->id == id || end->base.peeled))
            return world.assocs[i];
    return NULL;
}

/* ---- loop ------------------------------------------------------------------------------------------ */

static enum tr_code probe(struct tr_error *error)
{
    (void)error;
    return TR_OK;
}

static enum tr_code loop_open(const struct tr_loop_params *p, struct tr_loop **out, struct tr_error *error)
{
    struct loop *l = calloc(1, sizeof *l);
    (void)p, (void)error;
    *out = &l->base;
    world.loops[world.loop_count++] = &l->base;
    return TR_OK;
}

static void close_end(struct tr_endpoint *ep);

static void loop_close(struct tr_loop *base)
{
    struct loop *l = loop_of(base);
    while (l->ends)
        close_end(&l->ends->base);
    paper_turn(base);
    free(l);
}

static enum tr_code add_fd(struct tr_loop *base, int fd, void *cookie, struct tr_error *error)
{
    struct loop *l = loop_of(base);
    (void)error;
    l->fds[l->fd_count] = (struct pollfd){.fd = fd, .events = POLLIN};
    l->cookies[l->fd_count++] = cookie;
    return TR_OK;
}

static void remove_fd(struct tr_loop *base, int fd)
{
    struct loop *l = loop_of(base);
    for (unsigned i = 0; i < l->fd_count; i++)
        if (l->fds[i].fd == fd) {
            l->fds[i] = l->fds[--l->fd_count];
            l->cookies[i] = l->cookies[l->fd_count];
        }
}

static bool writable(struct end *end)
{
    for (unsigned i = 0; i < world.assoc_count; i++) {
        struct assoc *a = world.assocs[i];
        if (a->end == end && a->life == UP && a->refused && a->out_count < a->window)
            return true;
    }
    return false;
}

/* The end of an association waits to be read, and nobody reads: TR_ENDED. A restart is none: the stack still
 * has the association. */
static bool ended(struct end *end)
{
    struct item *i;
    if (end->base.watch & TR_READABLE)
        return false;
    DL_FOREACH(end->queue, i)
    if (i->item.kind == TR_EVENT && i->item.event.type == TR_EV_ASSOC_CHANGE &&
        i->item.event.change.state != TR_COMM_UP && i->item.event.change.state != TR_RESTART)
        return true;
    return false;
}

static unsigned flags_of(struct end *end)
{
    unsigned flags =
        (end->queue ? TR_READABLE : 0) | (end->base.watch & TR_WRITABLE && writable(end) ? TR_WRITABLE : 0);
    return (flags & end->base.watch) | (ended(end) ? TR_ENDED : 0);
}

/* Never sleeps: a worker with nothing to do takes an empty turn. In any order, and not always all. */
static unsigned wait_(struct tr_loop *base, int timeout_ms, struct tr_ready *ready, unsigned max)
{
    struct loop *l = loop_of(base);
    struct end *end;
    unsigned n = 0;
    (void)timeout_ms;
    paper_turn(base);
    poll(l->fds, l->fd_count, 0);
    for (unsigned i = 0; i < l->fd_count; i++)
        if (l->fds[i].revents)
            ready[n++] = (struct tr_ready){NULL, l->cookies[i], TR_READABLE};
    DL_FOREACH(l->ends, end)
    {
        unsigned flags = flags_of(end);
        if (n < max && flags && (world.calm || chance(85)))
            ready[n++] = (struct tr_ready){&end->base, end->base.cookie, flags};
    }
    for (unsigned i = n; i > 1; i--) {
        unsigned k = (unsigned)pick(i);
        struct tr_ready other = ready[k];
        ready[k] = ready[i - 1];
        ready[i - 1] = other;
    }
    return n;
}

/* ---- endpoints ------------------------------------------------------------------------------------- */

static struct end *end_new(struct loop *l, uint16_t port)
{
    struct end *end = calloc(1, sizeof *end);
    end->port = port;
    end->base.loop = &l->base;
    DL_APPEND(l->ends, end);
    return end;
}

static enum tr_code open_(struct tr_loop *loop, const struct tr_open_params *p, struct tr_endpoint **out,
                          struct tr_error *error)
{
    if (world.cannot_open && p->port && world.reloads)
        return tr_fail(error, TR_LIMIT, 0, "nothing can be opened");
    *out = &end_new(loop_of(loop), p->port)->base;
    return TR_OK;
}

static enum tr_code listen_(struct tr_endpoint *ep, int backlog, struct tr_error *error)
{
    (void)error;
    end_of(ep)->listens = backlog > 0;
    return TR_OK;
}

/* What a remote has sent on an association that the broker aborts: it is told so. */
static void unread_vanishes(struct end *end, const struct item *i)
{
    struct assoc *a = paper_find(end, i->item.kind == TR_MESSAGE ? i->item.msg.assoc : i->item.event.assoc);
    if (i->item.kind == TR_MESSAGE && !(a && a->aborted))
        ledger_vanished(i->body.id, "unread, its endpoint closed");
    else if (i->item.kind == TR_EVENT && i->item.event.type == TR_EV_SEND_FAILED)
        ledger_vanished(i->body.id, "given back unread, its endpoint closed");
}

/* What is in its queue or under way is lost: the broker must not close one that has any. */
static void close_end(struct tr_endpoint *ep)
{
    struct end *end = end_of(ep);
    struct item *i, *tmp;
    for (unsigned k = 0; k < world.assoc_count; k++) {
        struct assoc *a = world.assocs[k];
        if (a->end != end)
            continue;
        for (unsigned m = a->delivered; m < a->out_count; m++)
            ledger_vanished(a->out[m].body.id, "taken by the stack, its endpoint closed");
        note("assoc %u: closed by the broker", a->number);
        a->life = GONE;
        a->out_count = a->delivered = a->unread = 0;
    }
    DL_FOREACH_SAFE(end->queue, i, tmp)
    {
        unread_vanishes(end, i);
        DL_DELETE(end->queue, i);
        free(i);
    }
    for (unsigned k = 0; k < world.assoc_count; k++)
        if (world.assocs[k]->end == end)
            world.assocs[k]->end = NULL;
    DL_DELETE(loop_of(ep->loop)->ends, end);
    free(end);
}

/* Between two turns: nothing of it is given out. */
static enum tr_code release(struct tr_endpoint *ep, struct tr_error *error)
{
    (void)error;
    DL_DELETE(loop_of(ep->loop)->ends, end_of(ep));
    return TR_OK;
}

static enum tr_code adopt(struct tr_loop *loop, struct tr_endpoint *ep, struct tr_error *error)
{
    if (fails(20))
        return tr_fail(error, TR_LIMIT, 0, "no memory on paper");
    DL_APPEND(loop_of(loop)->ends, end_of(ep));
    return TR_OK;
}

static enum tr_code watch(struct tr_endpoint *ep, unsigned flags)
{
    (void)ep, (void)flags;
    return TR_OK;
}

static unsigned addresses(struct tr_endpoint *ep, uint32_t assoc, bool remote, struct net_addr *out,
                          unsigned max)
{
    (void)ep, (void)assoc, (void)remote, (void)out, (void)max;
    return 0;
}

struct end *paper_listener(unsigned worker, unsigned listener)
{
    struct end *end;
    DL_FOREACH(loop_of(world.loops[worker])->ends, end)
    if (end->listens && end->port == LISTENER_PORT + listener)
        return end;
    return NULL;
}

/* ---- associations ---------------------------------------------------------------------------------- */

static enum tr_code connect_init(struct tr_endpoint *ep, const struct tr_target *to, uint32_t *assoc,
                                 struct tr_error *error)
{
    unsigned peer = (unsigned)(net_addr_port(&to->addresses[0]) - PEER_PORT);
    if (fails(2))
        return tr_fail(error, TR_UNREACHABLE, 0, "no way on paper");
    struct assoc *a = stack_new(end_of(ep), peer, true);
    *assoc = a->id;
    return TR_OK;
}

/* What waits for the association goes along, in order. */
static enum tr_code peeloff(struct tr_endpoint *ep, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                            struct tr_error *error)
{
    struct end *from = end_of(ep);
    struct assoc *a = paper_find(from, *assoc);
    (void)cookie;
    if (a)
        a->unpeeled = true;
    if (world.few_descriptors && !world.calm && chance(60))
        return tr_fail(error, TR_LIMIT, 0, "no descriptors on paper");
    if (!a || a->life == GONE || fails(2))
        return tr_fail(error, TR_NO_ASSOC, 0, "nothing to peel off");
    totals.peeled++;
    struct end *end = end_new(loop_of(ep->loop), 0);
    a->end = end;
    if (world.style == LIKE_USRSCTP)
        a->id = ++end->next_id + 2;
    paper_move(from, *assoc, a);
    *assoc = a->id;
    *out = &end->base;
    note("assoc %u: peeled off", a->number);
    return TR_OK;
}

static enum tr_code eof(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    struct assoc *a = paper_find(end_of(ep), assoc);
    if (!a || (a->life != UP && a->life != LEAVING))
        return tr_fail(error, TR_NO_ASSOC, 0, "gone");
    note("assoc %u: broker shuts down", a->number);
    if (a->life == UP)
        a->life = CLOSING;
    if (a->is_server && world.draining) /* what a late client still sends goes to others, as after a loss */
        world.members_lost = true;
    return TR_OK;
}

static enum tr_code abort_(struct tr_endpoint *ep, uint32_t assoc, const void *reason, uint32_t len,
                           struct tr_error *error)
{
    struct assoc *a = paper_find(end_of(ep), assoc);
    (void)reason, (void)len;
    if (a)
        a->aborted = true;
    if (!a || a->life == GONE)
        return tr_fail(error, TR_NO_ASSOC, 0, "gone");
    note("assoc %u: broker aborts", a->number);
    stack_lose(a);
    return TR_OK;
}

static enum tr_code add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t outbound, uint16_t inbound,
                                struct tr_error *error)
{
    struct assoc *a = paper_find(end_of(ep), assoc);
    if (!world.scenario->mapped || !a || a->life != UP || fails(10))
        return tr_fail(error, TR_UNSUPPORTED, 0, "not on paper");
    a->add_out = outbound;
    a->add_in = inbound;
    return TR_OK;
}

static uint32_t send_capacity(struct tr_endpoint *ep)
{
    (void)ep;
    return 64;
}

/* ---- options --------------------------------------------------------------------------------------- */

/* Of all options only the event has an effect here, and only the status and what was given up can be read. */
static enum tr_code set(const struct tr_place *at, const struct opt_set *in)
{
    struct assoc *a = at->assoc ? paper_find(end_of(at->ep), at->assoc) : NULL;
    if (at->assoc && (!a || a->life == GONE))
        return tr_fail(at->error, TR_NO_ASSOC, 0, "gone");
    if (a && opt_given(in, OPTF_EV_SENDER_DRY))
        stack_tell_dry(a, opt_num(in, OPTF_EV_SENDER_DRY, 0));
    return TR_OK;
}

static enum tr_code get(const struct tr_place *at, struct opt_set *out)
{
    struct assoc *a = at->assoc ? paper_find(end_of(at->ep), at->assoc) : NULL;
    if (!a || a->life == GONE)
        return tr_fail(at->error, TR_NO_ASSOC, 0, "gone");
    opt_put(out, OPTF_STATUS_UNACKDATA, stack_in_flight(a));
    return TR_OK;
}

static enum tr_code get_given_up(const struct tr_place *at, struct opt_set *out)
{
    const struct assoc *a = at->assoc ? paper_find(end_of(at->ep), at->assoc) : NULL;
    if (!a || a->life == GONE)
        return tr_fail(at->error, TR_NO_ASSOC, 0, "gone");
    opt_put(out, OPTF_PRS_SILENT, a->given_up);
    return TR_OK;
}

static const struct tr_option_ops options[OPT_ID_COUNT] = {
#define OPTION(id, name, when, effect, source, help)                                                         \
    [OPT_##id] = {set,                                                                                       \
                  OPT_##id == OPT_STATUS            ? get                                                    \
                  : OPT_##id == OPT_PR_ASSOC_STATUS ? get_given_up                                           \
                                                    : NULL,                                                  \
                  TR_COMING},
#define FIELD(opt, id, name, type, unit, min, max, dflt, names, help)
#include "config/sctp/options.def"
};

struct tr_backend paper = {
    .name = "paper",
    .caps = TR_CAP_LOOPS | TR_CAP_SHARE_PORT | TR_CAP_MULTIHOMING | TR_CAP_MOVE,
    .options = options,
    .probe = probe,
    .loop_open = loop_open,
    .loop_close = loop_close,
    .loop_add_fd = add_fd,
    .loop_remove_fd = remove_fd,
    .loop_wait = wait_,
    .loop_turn = paper_turn,
    .open = open_,
    .listen = listen_,
    .close = close_end,
    .release = release,
    .adopt = adopt,
    .watch = watch,
    .addresses = addresses,
    .connect_init = connect_init,
    .peeloff = peeloff,
    .eof = eof,
    .abort = abort_,
    .add_streams = add_streams,
    .send = paper_send,
    .send_capacity = send_capacity,
    .recv = paper_recv,
};
