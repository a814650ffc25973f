/* See broker.h. Control takes a turn after each one of the worker: it has something to do only while
 * associations are set up and end, and makes no system call to find that there is nothing. */
#include "bench/micro/broker.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "broker/broker.h"
#include "broker/check.h"
#include "broker/control.h"
#include "broker/log.h"
#include "broker/socket.h"
#include "broker/state.h"
#include "broker/support.h"
#include "broker/worker.h"
#include "config/config.h"
#include "routing/plan.h"
#include "routing/snapshot.h"

struct micro_broker {
    struct brk_broker broker;
    struct brk_control *control;
    struct brk_socket stranger; /* without an endpoint: nothing to read */
};

static struct cfg_config *parse(const char *yaml, char *why, size_t size)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_parse("benchmark", yaml, strlen(yaml), &remarks);
    for (unsigned i = 0; !c && i < remarks.count; i++)
        if (remarks.list[i].severity == CFG_ERROR)
            snprintf(why, size, "line %u: %s", remarks.list[i].line, remarks.list[i].text);
    cfg_remarks_free(&remarks);
    if (c)
        c->workers = 1;
    return c;
}

struct reason {
    char *why;
    size_t size;
};

static void unsupported(struct cfg_place at, const char *text, void *arg)
{
    const struct reason *r = arg;
    (void)at;
    snprintf(r->why, r->size, "%s", text);
}

static bool start(struct micro_broker *b, struct cfg_config *config, char *why, size_t size)
{
    struct reason reason = {why, size};
    b->broker.plan = rt_plan_new(config, 1);
    if (!b->broker.plan)
        return false;
    if (brk_unsupported(config, b->broker.backend, unsupported, &reason) || !brk_broker_open(&b->broker))
        return false;
    b->control = brk_control_new(&b->broker);
    return b->control != NULL;
}

struct micro_broker *micro_broker_new(const char *yaml, const struct tr_backend *backend, char *why,
                                      size_t size)
{
    struct micro_broker *b = calloc(1, sizeof *b);
    snprintf(why, size, "the broker does not start");
    struct cfg_config *config = b ? parse(yaml, why, size) : NULL;
    if (!config) {
        free(b);
        return NULL;
    }
    brk_log_open(CFG_LOG_ERROR);
    b->broker = (struct brk_broker){.backend = backend, .control.eventfd = -1, .requests.eventfd = -1};
    b->stranger.magic = BRK_SOCKET_MAGIC;
    rt_reader_register();
    if (!start(b, config, why, size)) {
        rt_reader_unregister();
        brk_broker_close(&b->broker);
        free(b);
        return NULL;
    }
    return b;
}

void micro_broker_free(struct micro_broker *b)
{
    brk_control_stop(b->control);
    while (!b->broker.workers[0]->stop)
        brk_worker_turn(b->broker.workers[0]);
    atomic_store(&b->broker.ended, true);
    brk_control_settle(b->control);
    brk_control_free(b->control);
    rt_reader_unregister();
    brk_broker_close(&b->broker);
    free(b);
}

struct tr_loop *micro_broker_loop(const struct micro_broker *b)
{
    return b->broker.workers[0]->loop;
}

void *micro_broker_stranger(struct micro_broker *b)
{
    return &b->stranger;
}

void micro_broker_turn(struct micro_broker *b)
{
    brk_worker_turn(b->broker.workers[0]);
    brk_control_turn(b->control, false);
}
