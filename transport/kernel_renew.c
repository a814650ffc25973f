/* A fresh socket for a one-to-one endpoint.
 *
 * Linux takes a SOCK_STREAM socket as used up once it has had an association: it cannot connect again, and
 * the only way to abort its association, a half-open one included, is to close it. The endpoint of this
 * library can do both, so it gets a new socket that is like the old one: same address and port, same options,
 * same network namespace and device. */
#include "transport/kernel_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What cannot be read back from a socket. One block of memory. */
struct kernel_origin {
    bool share_port;
    uint16_t port; /* asked for */
    unsigned count;
    char *netns, *device; /* NULL where not given */
    struct net_addr addresses[];
};

struct kernel_origin *kernel_origin_new(const struct tr_open_params *p)
{
    size_t fixed = sizeof(struct kernel_origin) + p->address_count * sizeof(struct net_addr);
    size_t netns = p->netns != NULL ? strlen(p->netns) + 1 : 0;
    size_t device = p->device != NULL ? strlen(p->device) + 1 : 0;
    struct kernel_origin *o = calloc(1, fixed + netns + device);
    if (o == NULL)
        return NULL;
    o->share_port = p->share_port;
    o->port = p->port;
    o->count = p->address_count;
    for (unsigned i = 0; i < p->address_count; i++)
        o->addresses[i] = p->addresses[i];
    char *text = (char *)o + fixed;
    if (netns > 0)
        o->netns = memcpy(text, p->netns, netns);
    if (device > 0)
        o->device = memcpy(text + netns, p->device, device);
    return o;
}

static void read_options(struct kernel_endpoint *ep, struct opt_set *out)
{
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        const struct tr_option_ops *ops = &kernel_options[id];
        if ((opt_rows[id].when & OPT_AT_OPEN) && ops->set != NULL && ops->get != NULL)
            ops->get(&ep->base, 0, out, NULL);
    }
}

/* Sets what is not so by itself. What cannot be had any more (a privilege given up meanwhile) stays as the
 * stack has it; tr_compare_options tells. */
static void write_options(struct kernel_endpoint *ep, const struct opt_set *wanted)
{
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        struct opt_set now = {0};
        if (opt_any(wanted, id) && kernel_options[id].get(&ep->base, 0, &now, NULL) == TR_OK)
            kernel_copy_option(ep, id, wanted, &now);
    }
}

static void abort_and_close(struct kernel_endpoint *ep)
{
    struct linger abort_now = {.l_onoff = 1, .l_linger = 0};
    setsockopt(ep->fd, SOL_SOCKET, SO_LINGER, &abort_now, sizeof abort_now);
    kernel_unregister(ep);
    close(ep->fd);
    kernel_count(ep, 2);
    ep->fd = -1;
    ep->called = 0;
    ep->at_end = ep->muted = ep->full = false;
    ep->room = 0;
}

static enum tr_code bind_again(struct kernel_endpoint *ep, struct tr_error *error)
{
    const struct kernel_origin *o = ep->origin;
    uint16_t port = ep->port;
    enum tr_code code = kernel_bind(ep, o->addresses, o->count, port, error);
    /* The old port may still be held while the stack tidies up; where any would do, take another. */
    if (code == TR_ADDR_IN_USE && o->port == 0)
        code = kernel_bind(ep, o->addresses, o->count, 0, error);
    return code;
}

enum tr_code kernel_renew(struct kernel_endpoint *ep, struct tr_error *error)
{
    const struct kernel_origin *o = ep->origin;
    struct opt_set options = {0};

    read_options(ep, &options);
    abort_and_close(ep);
    if (o == NULL) /* accepted: it was its association and nothing else */
        return tr_fail(error, TR_NO_ASSOC, 0, "the endpoint's association has ended");
    ep->fd = kernel_new_socket(ep->family, SOCK_STREAM, o->netns, error);
    kernel_count(ep, 1);
    if (ep->fd < 0)
        return TR_SYSTEM;
    enum tr_code code = kernel_set_up(ep, o->share_port, o->device, error);
    if (code == TR_OK) {
        write_options(ep, &options);
        code = bind_again(ep, error);
    }
    if (code == TR_OK)
        code = kernel_watch(&ep->base, ep->base.watch);
    if (code != TR_OK) {
        kernel_unregister(ep);
        close(ep->fd);
        ep->fd = -1;
    }
    return code;
}
