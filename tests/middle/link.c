/* Linked instead of broker/clock.c and transport/resolve.c: a clock that the simulation advances, and a
 * resolver that answers when the simulation says so, without threads. */
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <utlist.h>

#include "tests/middle/world.h"
#include "transport/resolve.h"

uint64_t brk_now_ms(void)
{
    return world.now_ms;
}

struct question {
    void *cookie;
    uint16_t port;
    struct question *prev, *next;
};

struct tr_resolver {
    int fd;
    struct question *asked, *answered;
};

/* One for each worker. */
static struct tr_resolver *resolvers[WORKERS_MAX];

enum tr_code tr_resolver_open(struct tr_resolver **out, struct tr_error *error)
{
    struct tr_resolver *r = calloc(1, sizeof *r);
    (void)error;
    r->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        if (!resolvers[i]) {
            resolvers[i] = r;
            break;
        }
    *out = r;
    return TR_OK;
}

static void forget(struct question **list)
{
    struct question *q, *tmp;
    DL_FOREACH_SAFE(*list, q, tmp)
    {
        DL_DELETE(*list, q);
        free(q);
    }
}

void tr_resolver_close(struct tr_resolver *r)
{
    if (!r)
        return;
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        if (resolvers[i] == r)
            resolvers[i] = NULL;
    forget(&r->asked);
    forget(&r->answered);
    close(r->fd);
    free(r);
}

int tr_resolver_fd(const struct tr_resolver *r)
{
    return r->fd;
}

enum tr_code tr_resolver_ask(struct tr_resolver *r, const char *host, uint16_t port, void *cookie,
                             struct tr_error *error)
{
    struct question *q = calloc(1, sizeof *q);
    (void)error;
    note("asks for %s", host);
    *q = (struct question){.cookie = cookie, .port = port};
    DL_APPEND(r->asked, q);
    return TR_OK;
}

bool tr_resolver_next(struct tr_resolver *r, struct tr_answer *out)
{
    struct question *q = r->answered;
    eventfd_t count;
    if (!q) {
        eventfd_read(r->fd, &count);
        return false;
    }
    DL_DELETE(r->answered, q);
    *out = (struct tr_answer){.cookie = q->cookie, .code = TR_OK};
    if (fails(15)) {
        out->code = TR_NO_NAME;
        out->error = (struct tr_error){.code = TR_NO_NAME, .text = "no such name"};
    } else {
        net_addr_parse("127.0.0.1", q->port, &out->addresses[0]);
        out->count = 1;
    }
    note("name answered: %s", tr_code_name(out->code));
    free(q);
    return true;
}

unsigned tr_choose_addresses(const struct tr_backend *b, const struct net_addr *local, unsigned local_count,
                             unsigned attempt, struct net_addr *addresses, unsigned count)
{
    (void)b, (void)local, (void)local_count, (void)attempt, (void)addresses;
    return count;
}

bool resolver_waits(void)
{
    for (unsigned i = 0; i < WORKERS_MAX; i++)
        if (resolvers[i] && resolvers[i]->asked)
            return true;
    return false;
}

void resolver_step(void)
{
    for (unsigned i = 0; i < WORKERS_MAX; i++) {
        struct tr_resolver *r = resolvers[i];
        struct question *q = r ? r->asked : NULL;
        if (!q)
            continue;
        DL_DELETE(r->asked, q);
        DL_APPEND(r->answered, q);
        eventfd_write(r->fd, 1);
    }
}
