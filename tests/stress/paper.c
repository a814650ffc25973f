/* The simulated backend: what the broker calls (transport/backend_priv.h). */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/stress/paper_priv.h"

/* ---- loop ------------------------------------------------------------------------------------------ */

static enum tr_code probe(struct tr_error *error)
{
    (void)error;
    return TR_OK;
}

static enum tr_code loop_open(const struct tr_loop_params *p, struct tr_loop **out, struct tr_error *error)
{
    (void)p, (void)error;
    *out = &paper_loop_new()->base;
    return TR_OK;
}

static void turn(struct tr_loop *base)
{
    struct loop *l = loop_of(base);
    struct item *i, *tmp;
    DL_FOREACH_SAFE(l->given, i, tmp)
    {
        DL_DELETE(l->given, i);
        poison(i, sizeof *i);
        free(i);
    }
}

/* Endpoints that share their port, and that have it alone, of all loops. Relaxed: they order nothing. */
static unsigned sharing[UINT16_MAX + 1], alone[UINT16_MAX + 1];

static void close_end(struct tr_endpoint *ep)
{
    struct loop *l = loop_of(ep->loop);
    struct end *end = end_of(ep);
    if (end->holds)
        relaxed_add(end->holds, -1);
    struct link *k, *kt;
    struct item *i, *it;
    DL_FOREACH_SAFE(l->links, k, kt)
    if (k->end == end) {
        check(!k->out_count, "closed with %u messages under way", k->out_count);
        DL_DELETE(l->links, k);
        free(k);
    }
    DL_FOREACH_SAFE(end->queue, i, it)
    {
        DL_DELETE(end->queue, i);
        free(i);
    }
    DL_DELETE(l->ends, end);
    free(end);
}

/* What it has counted is still asked for: paper_end frees it. */
static void loop_close(struct tr_loop *base)
{
    struct loop *l = loop_of(base);
    turn(base);
    while (l->ends)
        close_end(&l->ends->base);
}

static enum tr_code add_fd(struct tr_loop *base, int fd, void *cookie, struct tr_error *error)
{
    struct loop *l = loop_of(base);
    (void)error;
    check(l->fd_count < FDS, "descriptors");
    l->fds[l->fd_count] = (struct pollfd){.fd = fd, .events = POLLIN};
    l->cookies[l->fd_count++] = cookie;
    return TR_OK;
}

static bool writable(struct loop *l, const struct end *end)
{
    struct link *k;
    DL_FOREACH(l->links, k)
    if (k->end == end && k->life == UP && k->refused && k->out_count < WINDOW)
        return true;
    return false;
}

/* The end of an association waits in a queue that nobody reads. */
static bool ended(const struct end *end)
{
    struct item *i;
    DL_FOREACH(end->queue, i)
    if (i->item.kind == TR_EVENT && i->item.event.type == TR_EV_ASSOC_CHANGE &&
        i->item.event.change.state != TR_COMM_UP)
        return !(end->base.watch & TR_READABLE);
    return false;
}

static unsigned wait_(struct tr_loop *base, int timeout_ms, struct tr_ready *ready, unsigned max)
{
    struct loop *l = loop_of(base);
    struct end *end;
    unsigned n = 0;
    turn(base);
    paper_step(l);
    poll(l->fds, l->fd_count, paper_is_still(l) ? timeout_ms : timeout_ms != 0 && chance(l, 8));
    for (unsigned i = 0; i < l->fd_count; i++)
        if (l->fds[i].revents)
            ready[n++] = (struct tr_ready){NULL, l->cookies[i], TR_READABLE};
    DL_FOREACH(l->ends, end)
    {
        unsigned flags = (end->queue ? TR_READABLE : 0) | (writable(l, end) ? TR_WRITABLE : 0);
        flags = (flags & end->base.watch) | (ended(end) ? TR_ENDED : 0);
        if (n < max && flags)
            ready[n++] = (struct tr_ready){&end->base, end->base.cookie, flags};
    }
    return n;
}

/* ---- endpoints ------------------------------------------------------------------------------------- */

static struct end *end_new(struct loop *l, uint16_t port)
{
    struct end *end = calloc(1, sizeof *end);
    check(end, "out of memory");
    end->port = port;
    end->base.loop = &l->base;
    DL_APPEND(l->ends, end);
    return end;
}

static enum tr_code open_(struct tr_loop *base, const struct tr_open_params *p, struct tr_endpoint **out,
                          struct tr_error *error)
{
    (void)error;
    struct end *end = end_new(loop_of(base), p->port);
    if (p->port) {
        end->holds = p->share_port ? &sharing[p->port] : &alone[p->port];
        relaxed_add(end->holds, 1);
        if (!p->share_port)
            usleep(below(&loop_of(base)->random, 300)); /* others have time to come */
        check(relaxed_load(&alone[p->port]) == !p->share_port, "somebody has port %u alone", p->port);
        check(p->share_port || !relaxed_load(&sharing[p->port]), "others share port %u", p->port);
    }
    *out = &end->base;
    return TR_OK;
}

static enum tr_code listen_(struct tr_endpoint *ep, int backlog, struct tr_error *error)
{
    (void)error;
    struct end *end = end_of(ep);
    end->listens = backlog > 0;
    if (end->holds && !end->listens) { /* nobody is in its way any more */
        relaxed_add(end->holds, -1);
        end->holds = NULL;
    }
    return TR_OK;
}

/* One with an association of its own goes with it, from one world into the other. */
static enum tr_code release(struct tr_endpoint *ep, struct tr_error *error)
{
    struct loop *l = loop_of(ep->loop);
    struct end *end = end_of(ep);
    struct link *k, *tmp;
    (void)error;
    DL_FOREACH_SAFE(l->links, k, tmp)
    if (k->end == end) {
        check(!end->leaving, "two associations of one endpoint are handed over");
        DL_DELETE(l->links, k);
        end->leaving = k;
    }
    DL_DELETE(l->ends, end);
    return TR_OK;
}

static enum tr_code adopt(struct tr_loop *base, struct tr_endpoint *ep, struct tr_error *error)
{
    struct loop *l = loop_of(base);
    struct end *end = end_of(ep);
    if (chance(l, 10))
        return tr_fail(error, TR_LIMIT, 0, "no memory on paper");
    DL_APPEND(l->ends, end);
    if (end->leaving)
        DL_APPEND(l->links, end->leaving);
    end->leaving = NULL;
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

static enum tr_code connect_init(struct tr_endpoint *ep, const struct tr_target *to, uint32_t *assoc,
                                 struct tr_error *error)
{
    struct link *k = paper_link_new(loop_of(ep->loop), end_of(ep), false);
    unsigned port = to->address_count ? net_addr_port(&to->addresses[0]) : 0;
    (void)error;
    k->echoes = port >= ECHO_PORT && port < ECHO_PORT + ECHO_PORTS;
    *assoc = k->id;
    return TR_OK;
}

static enum tr_code peeloff(struct tr_endpoint *ep, uint32_t *assoc, void *cookie, struct tr_endpoint **out,
                            struct tr_error *error)
{
    struct loop *l = loop_of(ep->loop);
    struct end *from = end_of(ep);
    struct link *k = paper_find(l, from, *assoc);
    struct item *i, *tmp;
    (void)cookie;
    if (!k || k->life == GONE)
        return tr_fail(error, TR_NO_ASSOC, 0, "nothing to peel off");
    k->end = end_new(l, from->port);
    DL_FOREACH_SAFE(from->queue, i, tmp)
    {
        if ((i->item.kind == TR_MESSAGE ? i->item.msg.assoc : i->item.event.assoc) != k->id)
            continue;
        DL_DELETE(from->queue, i);
        DL_APPEND(k->end->queue, i);
    }
    *out = &k->end->base;
    return TR_OK;
}

static enum tr_code add_streams(struct tr_endpoint *ep, uint32_t assoc, uint16_t out, uint16_t in,
                                struct tr_error *error)
{
    (void)ep, (void)assoc, (void)out, (void)in;
    return tr_fail(error, TR_UNSUPPORTED, 0, "no streams are added on paper");
}

static enum tr_code eof(struct tr_endpoint *ep, uint32_t assoc, struct tr_error *error)
{
    struct link *k = paper_find(loop_of(ep->loop), end_of(ep), assoc);
    if (!k || k->life != UP)
        return tr_fail(error, TR_NO_ASSOC, 0, "gone");
    k->life = CLOSING;
    return TR_OK;
}

static enum tr_code abort_(struct tr_endpoint *ep, uint32_t assoc, const void *reason, uint32_t len,
                           struct tr_error *error)
{
    struct loop *l = loop_of(ep->loop);
    struct link *k = paper_find(l, end_of(ep), assoc);
    (void)reason, (void)len;
    if (!k || k->life == GONE)
        return tr_fail(error, TR_NO_ASSOC, 0, "gone");
    paper_lose(l, k);
    return TR_OK;
}

/* ---- messages -------------------------------------------------------------------------------------- */

static enum tr_code send_(struct tr_endpoint *ep, const struct tr_msg *msgs, unsigned count, unsigned *sent)
{
    struct link *k = paper_find(loop_of(ep->loop), end_of(ep), msgs[0].assoc);
    *sent = 0;
    if (!k || k->life != UP)
        return TR_NO_ASSOC;
    k->refused = false;
    for (; *sent < count; ++*sent) {
        if (k->out_count == WINDOW) {
            k->refused = true;
            return TR_AGAIN;
        }
        struct out *o = &k->out[k->out_count++];
        o->msg = msgs[*sent];
        check(o->msg.len == sizeof o->content, "%u bytes", o->msg.len);
        memcpy(&o->content, o->msg.data, sizeof o->content);
    }
    return TR_OK;
}

static uint32_t send_capacity(struct tr_endpoint *ep)
{
    (void)ep;
    return 64;
}

/* One at a time: its memory is the item's own, until the turn ends. */
static enum tr_code recv_(struct tr_endpoint *ep, unsigned max, const struct tr_item **items, unsigned *count)
{
    struct loop *l = loop_of(ep->loop);
    struct end *end = end_of(ep);
    struct item *i = end->queue;
    (void)max;
    if (!i)
        return TR_AGAIN;
    DL_DELETE(end->queue, i);
    DL_APPEND(l->given, i);
    if (i->item.kind == TR_MESSAGE) {
        struct link *k = paper_find(l, end, i->item.msg.assoc);
        i->item.msg.data = &i->content;
        paper_read(i->content);
        if (k)
            k->unread--;
    } else if (i->item.event.type == TR_EV_SEND_FAILED) {
        i->item.event.failed.msg.data = &i->content;
    }
    *items = &i->item;
    *count = 1;
    return TR_OK;
}

static enum tr_code set(const struct tr_place *at, const struct opt_set *in)
{
    struct link *k = paper_find(loop_of(at->ep->loop), end_of(at->ep), at->assoc);
    if (k && opt_given(in, OPTF_EV_SENDER_DRY))
        paper_tell_dry(k, opt_num(in, OPTF_EV_SENDER_DRY, 0));
    return TR_OK;
}

static const struct tr_option_ops options[OPT_ID_COUNT] = {
#define OPTION(id, name, when, effect, source, help) [OPT_##id] = {set, NULL, TR_COMING},
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
    .loop_wait = wait_,
    .loop_turn = turn,
    .open = open_,
    .listen = listen_,
    .close = close_end,
    .release = release,
    .adopt = adopt,
    .watch = watch,
    .addresses = addresses,
    .connect_init = connect_init,
    .peeloff = peeloff,
    .add_streams = add_streams,
    .eof = eof,
    .abort = abort_,
    .send = send_,
    .send_capacity = send_capacity,
    .recv = recv_,
};
