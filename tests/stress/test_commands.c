/* Commands to workers that a parcel wakes at the same moment: both write to one eventfd, and neither may be
 * missed because of the other. Real workers, over a simulated backend in which nothing happens: they handle
 * only what is posted, and no timer wakes them. Each round posts a parcel to a sleeping worker and asks it
 * for the account when it has just been woken. Nothing else is sent until all workers have reached the
 * account's barrier: a worker that misses its command sleeps for ever. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "broker/broker.h"
#include "broker/control.h"
#include "broker/log.h"
#include "broker/state.h"
#include "broker/worker.h"
#include "routing/message.h"
#include "tests/stress/paper.h"
#include "tests/stress/stress.h"

enum { ROUNDS = 2000, WORKERS = 2, PATIENCE_S = 60 };

static const char text[] = "broker: {workers: 2, log_level: error}\n"
                           "listeners: [{name: access, address: 127.0.0.1, port: 2900}]\n"
                           "peers: [{name: core, address: 127.0.0.1, port: 3000}]\n"
                           "routes: [{from: access, to: core, session: paired}]\n";

static struct cfg_config *config(void)
{
    struct cfg_remarks remarks;
    struct cfg_config *c = cfg_parse("commands.yaml", text, sizeof text - 1, &remarks);
    cfg_remarks_free(&remarks);
    check(c, "the configuration");
    return c;
}

static struct rt_parcel parcels[ROUNDS]; /* nobody has anything to do for them */
static unsigned round_now;               /* atomic; 1 and up */

/* Posts a parcel and waits, not for long, until it has woken the worker. */
static void wake(struct brk_worker *w, struct rt_parcel *p)
{
    struct rt_batch batch;
    rt_batch_init(&batch);
    p->kind = RT_CONTROL;
    rt_batch_add(&batch, p);
    rt_inbox_post(&w->inbox, &batch);
    for (unsigned looks = 0; looks < 20000 && !relaxed_load(&w->inbox.awake); looks++)
        caa_cpu_relax();
}

static void command(struct brk_broker *b)
{
    uint64_t random = 1;
    for (unsigned r = 1; r <= ROUNDS; r++) {
        struct brk_worker *w = b->workers[r % WORKERS];
        relaxed_set(&round_now, r);
        while (relaxed_load(&w->inbox.awake))
            usleep(10);
        wake(w, &parcels[r - 1]);
        for (unsigned spin = below(&random, 100); spin; spin--)
            caa_cpu_relax();
        brk_worker_command(w, BRK_CMD_ACCOUNT);
        for (unsigned i = 0; i < WORKERS; i++)
            if (b->workers[i] != w)
                brk_worker_command(b->workers[i], BRK_CMD_ACCOUNT);
        pthread_barrier_wait(&b->account_enter);
        pthread_barrier_wait(&b->account_leave);
    }
}

static void *watch(void *done)
{
    unsigned last = 0;
    for (double since = seconds_now(); !relaxed_load((bool *)done); usleep(10000)) {
        unsigned now = relaxed_load(&round_now);
        if (now != last)
            since = seconds_now();
        last = now;
        check(seconds_now() < since + PATIENCE_S, "a worker sleeps on a command: round %u of %u", now,
              ROUNDS);
    }
    return NULL;
}

static void test_no_command_is_overlooked(void **state)
{
    struct brk_broker b = {.control.eventfd = -1, .backend = &paper};
    pthread_t watcher;
    bool done = false;
    (void)state;
    brk_log_open(CFG_LOG_ERROR);
    b.plan = rt_plan_new(config(), 1);
    paper_begin(NULL);
    paper_calm();
    check(b.plan && brk_broker_open(&b) && b.worker_count == WORKERS, "the broker does not start");
    struct brk_control *c = brk_control_new(&b);
    check(c, "out of memory");
    for (unsigned i = 0; i < WORKERS; i++)
        check(!pthread_create(&b.workers[i]->thread, NULL, brk_worker_main, b.workers[i]), "thread");
    check(!pthread_create(&watcher, NULL, watch, &done), "thread");
    command(&b);
    relaxed_set(&done, true);
    pthread_join(watcher, NULL);
    brk_control_stop(c);
    for (unsigned i = 0; i < WORKERS; i++)
        pthread_join(b.workers[i]->thread, NULL);
    brk_control_settle(c);
    brk_control_free(c);
    brk_broker_close(&b);
    paper_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_no_command_is_overlooked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
