/* A fresh socket for a one-to-one endpoint.
 *
 * Linux takes a SOCK_STREAM socket as used up once it has had an association: it cannot connect again, and
 * the only way to abort its association, a half-open one included, is to close it. The endpoint of this
 * library can do both, so it gets a new socket that is like the old one: same address and port, same options,
 * same network namespace and device. */
#include "transport/kernel/kernel_priv.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What cannot be read back from a socket. One block of memory. */
struct kernel_origin {
    bool share_port;
    uint16_t port; /* asked for */
    char *device;  /* NULL: none */
    unsigned count;
    struct net_addr addresses[];
};

struct kernel_origin *kernel_origin_new(const struct tr_open_params *p)
{
    size_t fixed = sizeof(struct kernel_origin) + p->address_count * sizeof(struct net_addr);
    size_t device = p->device != NULL ? strlen(p->device) + 1 : 0;
    struct kernel_origin *o = calloc(1, fixed + device);
    if (o == NULL)
        return NULL;
    o->share_port = p->share_port;
    o->port = p->port;
    o->count = p->address_count;
    for (unsigned i = 0; i < p->address_count; i++)
        o->addresses[i] = p->addresses[i];
    if (device > 0)
        o->device = memcpy((char *)o + fixed, p->device, device);
    return o;
}

static void read_options(struct kernel_endpoint *ep, struct opt_set *out)
{
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        const struct tr_option_ops *ops = &kernel_options[id];
        struct tr_place at = {&ep->base, 0, id, NULL};
        if ((opt_rows[id].when & OPT_AT_OPEN) && ops->set != NULL && ops->get != NULL)
            ops->get(&at, out);
    }
    if (ep->auth_keys != NULL)
        opt_put_file(out, OPTF_AUTH_KEYS, ep->auth_keys);
}

/* Sets what is not so by itself. What cannot be had any more (a privilege given up meanwhile) stays as the
 * stack has it; tr_compare_options tells. */
static void write_options(struct kernel_endpoint *ep, const struct opt_set *wanted)
{
    for (enum opt_id id = 0; id < OPT_ID_COUNT; id++) {
        struct opt_set now = {0};
        struct tr_place at = {&ep->base, 0, id, NULL};
        if (!opt_any(wanted, id))
            continue;
        if (kernel_options[id].get == NULL) /* shared keys */
            kernel_options[id].set(&at, wanted);
        else if (kernel_options[id].get(&at, &now) == TR_OK)
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
    tr_alive_clear(&ep->base.alive);
    ep->at_end = ep->muted = ep->full = ep->bound = false;
    ep->room = 0;
    ep->sndbuf = 0;
    kernel_forget_offers(ep);
}

static int another_socket(struct kernel_endpoint *ep)
{
    kernel_count(ep, 1);
    return ep->foreign ? kernel_new_socket_beside(ep->fd, ep->family, SOCK_STREAM)
                       : kernel_new_socket(ep->family, SOCK_STREAM, NULL, NULL);
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

static enum tr_code prepare(struct kernel_endpoint *ep, const struct opt_set *options, struct tr_error *error)
{
    enum tr_code code = kernel_set_up(ep, ep->origin->share_port, ep->origin->device, error);
    if (code != TR_OK)
        return code;
    write_options(ep, options);
    code = kernel_subscribe(ep, error);
    if (code != TR_OK)
        return code;
    kernel_read_offers(ep);
    code = bind_again(ep, error);
    return code == TR_OK ? kernel_watch(&ep->base, ep->base.watch) : code;
}

enum tr_code kernel_renew(struct kernel_endpoint *ep, struct tr_error *error)
{
    struct opt_set options = {0};
    int fresh = -1;

    if (ep->origin != NULL) { /* else accepted: it was its association and nothing else */
        kernel_port(&ep->base);
        read_options(ep, &options);
        fresh = another_socket(ep);
    }
    int e = errno;
    abort_and_close(ep);
    if (fresh < 0)
        return tr_fail(error, TR_NO_ASSOC, e, "the endpoint's association has ended, and its socket with it");
    ep->fd = fresh;
    enum tr_code code = prepare(ep, &options, error);
    if (code != TR_OK) {
        kernel_unregister(ep);
        close(ep->fd);
        ep->fd = -1;
    }
    return code;
}
